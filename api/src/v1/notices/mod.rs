//! What people are told.

pub mod list;
pub mod read;
