//! The table `timer`: what becomes due, and when. Derived.

use engine::id::{InstanceId, RunId, ShardId, TimerId};
use engine::project::TimerRow;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "timer",
    columns: &[
        ("instance", Type::Bytes),
        ("timer", Type::I64),
        ("shard", Type::I64),
        ("run", Type::I64),
        ("purpose", Type::Text),
        ("due", Type::I64),
    ],
    key: 2,
};

/// Arms timers, each given at most once.
pub async fn put(tx: &mut Tx, rows: &[&TimerRow]) -> Result<(), StoreError> {
    let purposes: Vec<String> = rows.iter().map(|row| crate::project::json(&row.purpose)).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for (row, purpose) in rows.iter().zip(&purposes) {
        params.extend(params![&row.instance, row.timer.0, row.instance.shard().0, row.run.0, purpose, row.due]);
    }
    bulk::write(tx, &TABLE, Conflict::Replace, &params).await.map(|_| ())
}

/// Disarms timers.
pub async fn remove(tx: &mut Tx, timers: &[(InstanceId, TimerId)]) -> Result<u64, StoreError> {
    let mut params = Vec::with_capacity(timers.len() * 2);
    for (instance, timer) in timers {
        params.extend(params![instance, timer.0]);
    }
    bulk::remove(tx, &TABLE, &params).await
}

/// The timers of a shard that are due, earliest first. Those of instances that are held rest.
pub async fn due(
    reader: &mut impl Read,
    shard: ShardId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<TimerRow>, StoreError> {
    const SQL: &str = "SELECT instance, timer, run, purpose, due FROM timer WHERE shard = $1 AND due <= $2 \
         AND NOT EXISTS (SELECT 1 FROM instance AS held WHERE held.instance = timer.instance \
         AND held.status IN ('suspended', 'quarantined')) ORDER BY due, instance, timer LIMIT $3";
    reader.all(SQL, &params![shard.0, now, limit]).await?.iter().map(read).collect()
}

/// When the next timer of a shard is due.
pub async fn next_due(reader: &mut impl Read, shard: ShardId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT due FROM timer WHERE shard = $1 \
         AND NOT EXISTS (SELECT 1 FROM instance AS held WHERE held.instance = timer.instance \
         AND held.status IN ('suspended', 'quarantined')) ORDER BY due LIMIT 1";
    reader.one(SQL, &params![shard.0]).await?.map(|row| row.timestamp(0)).transpose()
}

/// The armed timers of an instance, earliest first.
pub async fn of_instance(reader: &mut impl Read, instance: InstanceId) -> Result<Vec<TimerRow>, StoreError> {
    const SQL: &str = "SELECT instance, timer, run, purpose, due FROM timer WHERE instance = $1 ORDER BY due, timer";
    reader.all(SQL, &params![&instance]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<TimerRow, StoreError> {
    Ok(TimerRow {
        instance: row.instance(0)?,
        timer: TimerId(row.count(1)?),
        run: RunId(row.count(2)?),
        purpose: row.json(3)?,
        due: row.timestamp(4)?,
    })
}
