//! What can go wrong between us and the database: weather, mostly. The caller retries, waits or gives up by [`ErrorKind`].

use engine::time::Timestamp;

use crate::dialect;

/// A database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database URL {why}; write `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
    Url { why: &'static str },
    /// The name has no password in it.
    #[error("cannot open the database {name}; check the path or the address, and who may read it")]
    Open {
        name: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("there is no Countersign database here; create one first")]
    NotCreated,
    #[error("the database has format {found}, this program knows up to {known}; use a newer program")]
    Format { found: i64, known: i64 },
    #[error("the database has {found} shards and {wanted} were asked for; the number is fixed at creation")]
    Shards { found: u16, wanted: u16 },
    #[error("the database needs the migration {name}; start once with permission to migrate")]
    NotMigrated { name: String },
    #[error("the migration {name} was changed after it ran here")]
    MigrationChanged { name: String },
    #[error("the database has the migration {name}, which this program does not know; use a newer program")]
    MigrationUnknown { name: String },
    #[error("cannot run the migration {name}")]
    Migrate {
        name: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("cannot run `{statement}`")]
    Statement {
        statement: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("cannot get a connection")]
    Connection(#[source] sqlx::Error),
    /// The answer to a COMMIT did not come: the head of the shard tells what happened.
    #[error("cannot commit")]
    Commit(#[source] sqlx::Error),
    #[error("an earlier statement of this transaction failed; go back to a savepoint, or roll back")]
    TransactionFailed,
    #[error("there is no savepoint to go back to")]
    NoSavepoint,
    #[error("parameter {parameter} has the character U+0000")]
    NulCharacter { parameter: usize },
    #[error("parameter {parameter} of a bulk statement on {table} has another type than its column {column}")]
    BulkType { table: String, column: String, parameter: usize },
    #[error("cannot read {table}.{column} of {key}: {why}")]
    Corrupt { table: String, column: String, key: String, why: String },
    /// `server_running`: somebody else writes this shard.
    #[error("server_running: shard {shard} is written by {holder} until {until}")]
    ServerRunning { shard: u16, holder: String, until: Timestamp },
    #[error("shard {shard} was written with semantics {found}, this program knows up to {known}; use a newer program")]
    Semantics { shard: u16, found: i64, known: i64 },
    #[error("the key {key} of {process} is claimed and freed too often to be claimed now")]
    KeyContended { process: String, key: String },
    #[error("cannot copy: {0}")]
    Copy(String),
}

/// What the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Deadlock, serialization failure, lock timeout, busy: the same again may work.
    Retryable,
    /// The disk is full: read-only until somebody makes room.
    Full,
    /// The database does not answer.
    Unavailable,
    /// A stored row cannot be read.
    Corrupt {
        table: String,
        column: String,
        key: String,
    },
    Other,
}

impl StoreError {
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Open { source, .. }
            | StoreError::Migrate { source, .. }
            | StoreError::Statement { source, .. }
            | StoreError::Connection(source)
            | StoreError::Commit(source) => dialect::classify(source),
            StoreError::Corrupt { table, column, key, .. } => {
                ErrorKind::Corrupt { table: table.clone(), column: column.clone(), key: key.clone() }
            }
            StoreError::KeyContended { .. } => ErrorKind::Retryable,
            _ => ErrorKind::Other,
        }
    }

    /// Whether a unique key refused the row.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, StoreError::Statement { source: sqlx::Error::Database(error), .. } if error.is_unique_violation())
    }

    pub(crate) fn statement(sql: &str, source: sqlx::Error) -> Self {
        const SHOWN_MAX: usize = 120;
        let mut statement: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = statement.char_indices().nth(SHOWN_MAX) {
            statement.truncate(cut);
            statement.push('…');
        }
        StoreError::Statement { statement, source }
    }

    /// A stored value that our own types refuse.
    pub fn corrupt(table: &str, column: &str, key: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        StoreError::Corrupt { table: table.into(), column: column.into(), key: key.to_string(), why: why.to_string() }
    }
}
