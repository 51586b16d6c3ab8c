//! How connections of either database are made, and what each of them is set to.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::{PoolConnectionMetadata, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, SqlitePool};
use tracing::log::LevelFilter;

use crate::connection::Connection;
use crate::database::OpenOptions;
use crate::error::StoreError;
use crate::lane::{Lane, Writer};

/// How many prepared statements a connection keeps.
const STATEMENTS_MAX: usize = 1024;
/// How long to wait for a connection before saying that there is none.
const ACQUIRE_MAX: Duration = Duration::from_secs(10);
/// Statements slower than this are logged.
const SLOW: Duration = Duration::from_secs(1);
/// Pages of the write-ahead log after which a commit does what is left of a checkpoint, so that the log begins anew.
/// Checkpoints beside the writer leave it little: without this a busy log would grow for ever.
const WAL_PAGES_MAX: u32 = 20_000;

/// Writers and readers of one database.
#[derive(Clone)]
pub(crate) enum Pool {
    /// One writer connection, because SQLite has one writer; readers see committed snapshots beside it.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        lane: Arc<Lane>,
    },
    Postgres {
        writers: PgPool,
        readers: PgPool,
        lane: Arc<Lane>,
    },
}

impl Pool {
    pub(crate) async fn writer(&self) -> Result<Writer, StoreError> {
        match self {
            Pool::Sqlite { writer, lane, .. } => {
                lane.enter(async { writer.acquire().await.map(Connection::Sqlite).map_err(StoreError::Connection) })
                    .await
            }
            Pool::Postgres { writers, lane, .. } => {
                lane.enter(async { writers.acquire().await.map(Connection::Postgres).map_err(StoreError::Connection) })
                    .await
            }
        }
    }

    pub(crate) async fn reader(&self) -> Result<Connection, StoreError> {
        match self {
            Pool::Sqlite { readers, .. } => readers.acquire().await.map(Connection::Sqlite),
            Pool::Postgres { readers, .. } => readers.acquire().await.map(Connection::Postgres),
        }
        .map_err(StoreError::Connection)
    }

    pub(crate) async fn close(&self) {
        match self {
            Pool::Sqlite { writer, readers, lane } => {
                lane.close();
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres { writers, readers, lane } => {
                lane.close();
                readers.close().await;
                writers.close().await;
            }
        }
    }
}

/// Opens the pools that a URL names. The writer's first connection is made here, so that a wrong address is told at once.
pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<Pool, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return sqlite(path, options).await.map_err(|source| StoreError::Open { name: path.to_owned(), source });
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::Url { why: "is neither SQLite's nor PostgreSQL's" });
    }
    if !names_user(url) {
        return Err(StoreError::Url { why: "does not name the user" });
    }
    let connect = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url { why: "cannot be read" })?;
    let name = format!("{} at {}", connect.get_database().unwrap_or("?"), connect.get_host());
    postgres(connect, options).await.map_err(|source| StoreError::Open { name, source })
}

/// The driver would connect as `anonymous` where the URL names nobody.
fn names_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user.split(':').next().unwrap_or(""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    !user.is_empty() || query.split('&').any(|pair| pair.strip_prefix("user=").is_some_and(|user| !user.is_empty()))
}

async fn sqlite(path: &str, options: &OpenOptions) -> Result<Pool, sqlx::Error> {
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(options.create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.lock_timeout)
        .statement_cache_capacity(STATEMENTS_MAX)
        .pragma("wal_autocheckpoint", WAL_PAGES_MAX.to_string())
        .log_statements(LevelFilter::Off)
        .log_slow_statements(LevelFilter::Warn, SLOW);
    let writer = PoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.acquire_timeout.unwrap_or(ACQUIRE_MAX))
        .test_before_acquire(false)
        .connect_with(connect.clone())
        .await?;
    let readers = PoolOptions::new()
        .max_connections(options.readers)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.acquire_timeout.unwrap_or(ACQUIRE_MAX))
        .test_before_acquire(false)
        .connect_lazy_with(connect.create_if_missing(false).pragma("query_only", "ON"));
    Ok(Pool::Sqlite { writer, readers, lane: Lane::new(1, options.acquire_timeout.unwrap_or(ACQUIRE_MAX)) })
}

async fn postgres(connect: PgConnectOptions, options: &OpenOptions) -> Result<Pool, sqlx::Error> {
    let connect = connect
        .application_name("countersign")
        .statement_cache_capacity(STATEMENTS_MAX)
        .log_statements(LevelFilter::Off)
        .log_slow_statements(LevelFilter::Warn, SLOW);
    let settings = |read_only: bool| {
        [
            // A server's own setting must not weaken what "durable" means here.
            ("synchronous_commit", "on".to_owned()),
            ("lock_timeout", options.lock_timeout.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout.as_millis().to_string()),
            ("default_transaction_isolation", "read committed".to_owned()),
            ("default_transaction_read_only", if read_only { "on" } else { "off" }.to_owned()),
            ("TimeZone", "UTC".to_owned()),
        ]
    };
    let pool = |max: u32, read_only: bool| {
        let settings = settings(read_only);
        PoolOptions::new()
            .max_connections(max)
            .acquire_timeout(options.acquire_timeout.unwrap_or(ACQUIRE_MAX))
            .test_before_acquire(false)
            .after_connect(move |connection: &mut PgConnection, _: PoolConnectionMetadata| {
                let settings = settings.clone();
                Box::pin(async move {
                    for (name, value) in settings {
                        sqlx::query("SELECT set_config($1, $2, false)")
                            .bind(name)
                            .bind(value)
                            .execute(&mut *connection)
                            .await?;
                    }
                    Ok(())
                })
            })
    };
    let writers = pool(options.writers, false).connect_with(connect.clone()).await?;
    let readers = pool(options.readers, true).connect_lazy_with(connect);
    let lane = Lane::new(options.writers, options.acquire_timeout.unwrap_or(ACQUIRE_MAX));
    Ok(Pool::Postgres { writers, readers, lane })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_user() {
        assert!(names_user("postgres://me@host/db"));
        assert!(names_user("postgres://me:secret@host/db?x=y"));
        assert!(names_user("postgres:///db?host=/tmp&user=me"));
        assert!(!names_user("postgres://host/db"));
        assert!(!names_user("postgres://:secret@host/db"));
        assert!(!names_user("postgres:///db?user="));
    }
}
