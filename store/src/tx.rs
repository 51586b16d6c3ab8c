//! A writing transaction, with savepoints and the digests of what services wrote; and a reader.
//!
//! `open ──error──▶ failed ──rollback_to_savepoint──▶ open`; `open ──commit──▶ durable`; dropped or `rollback ──▶ undone`.
//!
//! After an error both databases behave alike: nothing more is accepted but going back to a savepoint. (Left alone,
//! PostgreSQL would answer COMMIT with success and roll back, and SQLite might go on outside the transaction.)
//! A transaction that is dropped, or whose future is cancelled anywhere, closes its connection: that ends it for sure.

use std::sync::Arc;

use engine::history::transition::RowDigest;
use engine::id::Digest;
use engine::time::Timestamp;
use engine::value::Value;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::connection::Connection;
use crate::database::{self, Kind};
use crate::dialect;
use crate::error::StoreError;
use crate::lane::Writer;
use crate::param::Param;
use crate::row::Row;

/// How many savepoints a transaction may open: PostgreSQL slows everybody down beyond 64.
pub const SAVEPOINTS_MAX: u32 = 60;

/// A writing transaction.
pub struct Tx {
    writer: Option<Writer>,
    failed: bool,
    savepoints: Vec<Savepoint>,
    /// How many savepoints the database was asked for in all.
    opened: u32,
    rows: Vec<RowDigest>,
}

/// A place to go back to. The database hears of it only when something is done after it, so that work which
/// never touches the database costs nothing.
struct Savepoint {
    /// How many rows had been noted.
    noted: usize,
    /// The database has it.
    real: bool,
}

impl Tx {
    pub(crate) async fn begin(writer: Writer) -> Result<Tx, StoreError> {
        // The transaction exists before BEGIN is sent: a cancelled BEGIN closes the connection like any other drop.
        let mut tx = Tx { writer: Some(writer), failed: false, savepoints: Vec::new(), opened: 0, rows: Vec::new() };
        let sql = dialect::begin(tx.kind());
        tx.run(sql.into_sql_str()).await.map_err(|source| StoreError::statement(sql, source))?;
        Ok(tx)
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.writer.as_ref().and_then(Writer::kind).unwrap_or(Kind::Sqlite)
    }

    /// Runs a statement; gives the number of rows changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.execute_built(sql.into_sql_str(), params).await
    }

    /// Runs a statement and reads all its rows.
    pub async fn fetch(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.fetch_built(sql.into_sql_str(), params).await
    }

    /// Runs a statement that gives at most one row.
    pub async fn fetch_optional(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, params).await?.into_iter().next())
    }

    /// The database's clock.
    pub async fn now(&mut self) -> Result<Timestamp, StoreError> {
        let answer = database::now(self.ready().await?).await;
        self.note(answer)
    }

    /// Marks a place to go back to. Savepoints nest.
    pub async fn savepoint(&mut self) -> Result<(), StoreError> {
        self.usable()?;
        self.savepoints.push(Savepoint { noted: self.rows.len(), real: false });
        Ok(())
    }

    /// Undoes everything since the newest savepoint, its noted rows too, and removes it.
    pub async fn rollback_to_savepoint(&mut self) -> Result<(), StoreError> {
        let Some(Savepoint { noted, real }) = self.savepoints.last() else { return Err(StoreError::NoSavepoint) };
        let (noted, depth) = (*noted, self.savepoints.len() - 1);
        if *real {
            self.control("ROLLBACK TO SAVEPOINT", depth).await?;
            self.control("RELEASE SAVEPOINT", depth).await?;
            self.failed = false;
        }
        self.savepoints.pop();
        self.rows.truncate(noted);
        Ok(())
    }

    /// Keeps what was done since the newest savepoint and removes it.
    pub async fn release_savepoint(&mut self) -> Result<(), StoreError> {
        let Some(newest) = self.savepoints.last() else { return Err(StoreError::NoSavepoint) };
        let real = newest.real;
        self.usable()?;
        if real {
            self.control("RELEASE SAVEPOINT", self.savepoints.len() - 1).await?;
        }
        self.savepoints.pop();
        Ok(())
    }

    /// Tells the database of the savepoints it has not heard of, before anything is done after them.
    async fn settle_savepoints(&mut self) -> Result<(), StoreError> {
        self.usable()?;
        for depth in 0..self.savepoints.len() {
            if self.savepoints[depth].real {
                continue;
            }
            self.control("SAVEPOINT", depth).await?;
            self.savepoints[depth].real = true;
            self.opened += 1;
        }
        Ok(())
    }

    /// How many savepoints this transaction has opened; see [`SAVEPOINTS_MAX`].
    #[must_use]
    pub fn savepoints_opened(&self) -> u32 {
        self.opened
    }

    /// Holds others off these keys until the transaction ends. Keys are taken in one order by everybody, so that
    /// two transactions cannot wait for each other.
    pub async fn lock(&mut self, keys: &mut [String]) -> Result<(), StoreError> {
        keys.sort();
        let Some(sql) = dialect::advisory_locks(self.kind()) else {
            self.usable()?;
            return Ok(());
        };
        let mut numbers: Vec<i64> = keys.iter().map(|key| number_of(key)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let answer = self.ready().await?.execute_list(sql, &numbers).await;
        self.note(answer)
    }

    /// Notes a row that a service wrote (none: removed), so that the transition carries its digest.
    pub fn wrote(&mut self, table: &str, key: &str, row: Option<&Value>) {
        let digest = row.map(digest_of);
        self.rows.push(RowDigest { table: Arc::from(table), key: Arc::from(key), digest });
    }

    /// Hands over the rows noted since the last time: one for each row, as it was left, in the order of first writing.
    pub fn take_rows(&mut self) -> Vec<RowDigest> {
        self.savepoints.iter_mut().for_each(|savepoint| savepoint.noted = 0);
        let mut taken: Vec<RowDigest> = Vec::with_capacity(self.rows.len());
        let mut places = std::collections::BTreeMap::new();
        for row in self.rows.drain(..) {
            match places.get(&(row.table.clone(), row.key.clone())) {
                Some(&place) => taken[place] = row,
                None => {
                    places.insert((row.table.clone(), row.key.clone()), taken.len());
                    taken.push(row);
                }
            }
        }
        taken
    }

    /// Makes everything durable. After [`StoreError::Commit`] nobody knows: read the shard's head again.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.usable()?;
        self.run("COMMIT".into_sql_str()).await.map_err(StoreError::Commit)?;
        self.finish();
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        // Where ROLLBACK fails, the connection is closed, which undoes everything too.
        if self.run("ROLLBACK".into_sql_str()).await.is_ok() {
            self.finish();
        }
        Ok(())
    }

    pub(crate) async fn execute_built(&mut self, sql: SqlStr, params: &[Param<'_>]) -> Result<u64, StoreError> {
        let answer = self.ready().await?.execute(sql, params).await;
        self.note(answer)
    }

    pub(crate) async fn fetch_built(&mut self, sql: SqlStr, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let answer = self.ready().await?.fetch(sql, params).await;
        self.note(answer)
    }

    /// Runs statements without parameters, whatever state the transaction is in.
    pub(crate) async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        let Some(connection) = self.writer.as_mut().and_then(Writer::connection) else {
            return Err(sqlx::Error::PoolClosed);
        };
        let answer = connection.run(sql).await;
        self.failed |= answer.is_err();
        answer
    }

    /// The connection, with every savepoint known to the database.
    pub(crate) async fn ready(&mut self) -> Result<&mut Connection, StoreError> {
        self.settle_savepoints().await?;
        self.usable()
    }

    /// The connection, unless something has failed on it.
    pub(crate) fn usable(&mut self) -> Result<&mut Connection, StoreError> {
        match self.writer.as_mut().and_then(Writer::connection) {
            Some(connection) if !self.failed => Ok(connection),
            _ => Err(StoreError::TransactionFailed),
        }
    }

    /// Remembers an error.
    pub(crate) fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed |= answer.is_err();
        answer
    }

    async fn control(&mut self, verb: &str, depth: usize) -> Result<(), StoreError> {
        let sql = format!("{verb} s{depth}");
        self.run(AssertSqlSafe(sql.as_str()).into_sql_str()).await.map_err(|source| StoreError::statement(&sql, source))
    }

    /// The transaction has ended in good order: its connection is the next one's.
    fn finish(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.leave();
        }
    }
}

/// A lock's number: eight bytes of the key's SHA-256.
fn number_of(key: &str) -> i64 {
    let hash = Digest::of(key.as_bytes()).0;
    i64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

/// SHA-256 of a value's stored form, RFC 8785.
fn digest_of(value: &Value) -> Digest {
    Digest::of(&engine::canonical::to_vec(value).expect("a value is plain JSON"))
}

/// A connection that can only read. Each statement sees what is committed when it begins.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    pub(crate) fn new(connection: Connection) -> Self {
        Reader { connection }
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.connection.kind()
    }

    pub async fn fetch(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.fetch_built(sql.into_sql_str(), params).await
    }

    pub async fn fetch_optional(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(sql, params).await?.into_iter().next())
    }

    /// The database's clock.
    pub async fn now(&mut self) -> Result<Timestamp, StoreError> {
        database::now(&mut self.connection).await
    }

    pub(crate) async fn fetch_built(&mut self, sql: SqlStr, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.connection.fetch(sql, params).await
    }
}
