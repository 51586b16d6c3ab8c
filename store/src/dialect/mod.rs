//! The few places where SQLite and PostgreSQL differ. No other file names a database in its SQL.

mod classify;
mod connect;
mod words;

pub(crate) use classify::classify;
pub(crate) use connect::{Pool, open};
pub(crate) use words::*;
