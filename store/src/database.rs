//! One database of either kind: its pools, its format, its number of shards.

use std::sync::Arc;
use std::time::Duration;

use engine::time::Timestamp;
use sqlx::SqlSafeStr;

use crate::connection::Connection;
use crate::dialect::{self, Pool};
use crate::error::{ErrorKind, StoreError};
use crate::meta;
use crate::migrate;
use crate::tx::{Reader, Tx};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// What to do on opening, and what each connection is limited to.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Makes the database if there is none: the file of SQLite, and the row that fixes the number of shards.
    pub create: bool,
    /// Runs the migrations that have not run yet; otherwise they are an error.
    pub migrate: bool,
    /// The number of shards of a new database. An existing one must have the same, unless this is none.
    pub shards: Option<u16>,
    /// How many connections read.
    pub readers: u32,
    /// How many connections write on PostgreSQL; SQLite has one writer.
    pub writers: u32,
    /// How long a statement waits for another's lock.
    pub lock_timeout: Duration,
    /// After how long PostgreSQL ends a transaction that does nothing.
    pub idle_in_transaction_timeout: Duration,
    /// How long to wait for a free connection; ten seconds when none.
    pub acquire_timeout: Option<Duration>,
}

/// The number of shards of a new database when nobody says.
pub const SHARDS_USUAL: u16 = 1;

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            create: true,
            migrate: true,
            shards: None,
            readers: 8,
            writers: 8,
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
            acquire_timeout: None,
        }
    }
}

/// An open database. Cloning shares its pools.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Shared>,
}

pub(crate) struct Shared {
    pool: Pool,
    kind: Kind,
    shards: u16,
    writers: u32,
}

impl Database {
    /// Opens `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, and makes and migrates it as the options say.
    pub async fn open(url: &str, options: OpenOptions) -> Result<Database, StoreError> {
        let pool = dialect::open(url, &options).await?;
        let kind = match &pool {
            Pool::Sqlite { .. } => Kind::Sqlite,
            Pool::Postgres { .. } => Kind::Postgres,
        };
        let mut tx = Tx::begin(pool.writer().await?).await?;
        migrate::run(&mut tx, options.migrate, options.create).await?;
        let shards = meta::open(&mut tx, &options).await?;
        tx.commit().await?;
        Ok(Database { inner: Arc::new(Shared { pool, kind, shards, writers: options.writers }) })
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The number of shards, fixed at creation.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.inner.shards
    }

    /// Begins a writing transaction. On SQLite it waits for the one writer connection.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        // Connections that waited may have died with their server: each is found out once, and then replaced.
        let mut tries = self.inner.writers;
        loop {
            match Tx::begin(self.inner.pool.writer().await?).await {
                Err(error) if tries > 0 && error.kind() == ErrorKind::Unavailable => tries -= 1,
                answer => return answer,
            }
        }
    }

    /// A connection that can only read, and sees what is committed.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(Reader::new(self.inner.pool.reader().await?))
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let mut connection = self.inner.pool.reader().await?;
        now(&mut connection).await
    }

    /// Moves SQLite's write-ahead log into its file, as far as no reader needs it, beside whatever is being written.
    /// Nothing on PostgreSQL.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Some(sql) = dialect::checkpoint(self.kind()) {
            // A connection that only reads may do it, and the writer need not wait.
            self.inner.pool.reader().await?.fetch(sql.into_sql_str(), &[]).await?;
        }
        Ok(())
    }

    /// Closes every connection; waits for those in use.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }
}

/// The clock of the database behind a connection.
pub(crate) async fn now(connection: &mut Connection) -> Result<Timestamp, StoreError> {
    let sql = dialect::now(connection.kind());
    let rows = connection.fetch(sql.into_sql_str(), &[]).await?;
    rows.first().ok_or_else(|| StoreError::corrupt("the clock", "now", "", "no row"))?.timestamp(0)
}
