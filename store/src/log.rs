//! The log: its rows take INSERT only. It is the truth; every other table of the core is folded from it.

use engine::history::transition::Transition;
use engine::id::{Digest, InstanceId, ShardId};
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::param::Param;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

pub(crate) const TABLE: Table<'static> = Table {
    name: "transition",
    columns: &[
        ("shard", Type::I64),
        ("position", Type::I64),
        ("instance", Type::Bytes),
        ("version", Type::I64),
        ("at", Type::I64),
        ("body", Type::Bytes),
        ("leaf", Type::Bytes),
    ],
    key: 2,
};

/// One transition as it is stored: its body's bytes are kept as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    pub shard: ShardId,
    pub position: u64,
    pub instance: InstanceId,
    pub version: u64,
    pub at: Timestamp,
    pub body: Vec<u8>,
    pub leaf: Digest,
}

impl LogRow {
    /// Reads the body.
    pub fn transition(&self) -> Result<Transition, StoreError> {
        Transition::from_bytes(&self.body).map_err(|error| {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            StoreError::corrupt("transition", "body", format!("{}/{}", self.shard.0, self.position), why)
        })
    }

    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(LogRow {
            shard: shard_of(row, 0)?,
            position: row.count(1)?,
            instance: row.instance(2)?,
            version: row.count(3)?,
            at: row.timestamp(4)?,
            body: row.bytes(5)?,
            leaf: row.digest(6)?,
        })
    }
}

/// Appends transitions. A position or version that is taken is an error.
pub async fn append(tx: &mut Tx, rows: &[LogRow]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for row in rows {
        params.extend(params![
            row.shard.0,
            number(row.position),
            &row.instance,
            number(row.version),
            row.at,
            &row.body,
            &row.leaf
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Refuse, &params).await.map(|_| ())
}

/// The transitions of one stream after a version, oldest first.
pub async fn of_instance(
    reader: &mut impl Read,
    instance: InstanceId,
    after_version: u64,
    limit: u32,
) -> Result<Vec<LogRow>, StoreError> {
    const SQL: &str = "SELECT shard, position, instance, version, at, body, leaf FROM transition \
         WHERE instance = $1 AND version > $2 ORDER BY version LIMIT $3";
    reader.all(SQL, &params![&instance, number(after_version), limit]).await?.iter().map(LogRow::read).collect()
}

/// The transitions of one shard after a position, oldest first.
pub async fn of_shard(
    reader: &mut impl Read,
    shard: ShardId,
    after_position: u64,
    limit: u32,
) -> Result<Vec<LogRow>, StoreError> {
    const SQL: &str = "SELECT shard, position, instance, version, at, body, leaf FROM transition \
         WHERE shard = $1 AND position > $2 ORDER BY position LIMIT $3";
    reader.all(SQL, &params![shard.0, number(after_position), limit]).await?.iter().map(LogRow::read).collect()
}

/// A count as the databases hold it. Counts begin at 0 and grow by one: they never reach 2^63.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The shard in a column.
pub(crate) fn shard_of(row: &Row, column: usize) -> Result<ShardId, StoreError> {
    u16::try_from(row.i64(column)?).map(ShardId).map_err(|error| StoreError::corrupt("the answer", "shard", "", error))
}

/// A count as a parameter.
impl From<u64> for Param<'_> {
    fn from(value: u64) -> Self {
        Param::I64(number(value))
    }
}

/// The length of a stream's history; 0 if it has none.
pub async fn version_of(reader: &mut impl Read, instance: InstanceId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT version FROM transition WHERE instance = $1 ORDER BY version DESC LIMIT 1";
    reader.one(SQL, &params![&instance]).await?.map_or(Ok(0), |row| row.count(0))
}
