//! One handle for SQLite and PostgreSQL: transactions, migrations, the log, and the tables that are folded from it.
//!
//! | module | for |
//! |---|---|
//! | [`database`], [`tx`], [`row`], [`param`], [`error`] | the handle, its transactions, what goes in and comes out |
//! | [`bulk`], [`select`] | many rows in one statement; lists with filters and cursors |
//! | [`log`], [`shard`] | the truth: transitions, and where each chain ends |
//! | [`project`] and [`instance`], [`task`], [`inbox`], [`job`], [`timer`], [`incident`], [`snapshot`] | derived from it |
//! | [`outbox`], [`subscription`], [`message`] | what streams send each other |
//! | [`business_key`], [`idempotency`], [`release`], [`schedule`], [`clock_alarm`], [`meta`] | the rest |
//! | [`copy`], [`catalogue`] | moving to the other kind of database |
//! | [`record`] | rows of services' tables: declared once, read, written and digested in one form |
//! | [`yardstick`] | bare inserts of the same rows, to measure the engine by |
//! | `dialect`, `migrate` | the few places where the databases differ; how a database is made |
//!
//! Invariant: only `dialect`, `bulk` and the migrations name a database in their SQL.

pub mod bulk;
pub mod business_key;
pub mod catalogue;
pub mod clock_alarm;
pub mod copy;
pub mod database;
pub mod error;
pub mod idempotency;
pub mod inbox;
pub mod incident;
pub mod instance;
pub mod job;
pub mod log;
pub mod message;
pub mod meta;
pub mod outbox;
pub mod param;
pub mod project;
pub mod record;
pub mod release;
pub mod row;
pub mod schedule;
pub mod select;
pub mod shard;
pub mod snapshot;
pub mod subscription;
pub mod task;
pub mod timer;
pub mod tx;
pub mod yardstick;

mod connection;
mod dialect;
mod lane;
mod migrate;

#[cfg(feature = "testing")]
pub mod testing;

pub use database::{Database, Kind, OpenOptions};
pub use error::{ErrorKind, StoreError};
pub use param::Param;
pub use row::Row;
pub use select::{Page, Read};
pub use tx::{Reader, Tx};
