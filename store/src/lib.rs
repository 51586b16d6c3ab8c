//! One handle for SQLite and PostgreSQL: transactions, migrations, the log, and the tables that are folded from it.
//!
//! | module | for |
//! |---|---|
//! | [`database`], [`tx`], [`row`], [`param`], [`error`] | the handle, its transactions, what goes in and comes out |
//! | [`record`] | rows of services' tables: declared once, read, written and digested in one form |
//! | `dialect` | the few places where the databases differ |
//! | `migrate`, [`meta`] | how a database is made |

pub mod database;
pub mod error;
pub mod meta;
pub mod param;
pub mod record;
pub mod row;
pub mod tx;

mod connection;
mod dialect;
mod migrate;

#[cfg(feature = "testing")]
pub mod testing;

pub use database::{Database, Kind, OpenOptions};
pub use error::{ErrorKind, StoreError};
pub use param::Param;
pub use row::Row;
pub use tx::{Reader, Tx};
