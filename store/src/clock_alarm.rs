//! The table `clock_alarm`: when the clock was in doubt, and who said that it may be believed again.

use std::sync::Arc;

use engine::time::Timestamp;

use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

/// One doubt, by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    pub id: u64,
    /// What it should have been, by the time that had passed.
    pub expected: Timestamp,
    /// What the database's clock said.
    pub seen: Timestamp,
    pub acknowledged: Option<Acknowledged>,
}

/// Somebody has looked, and believes the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// On the time as it was before: nothing earlier is written after it.
    pub at: Timestamp,
    pub by: Arc<str>,
    pub reason: Arc<str>,
}

/// Stores a doubt. `false`: there is one with this number.
pub async fn raise(tx: &mut Tx, row: &AlarmRow) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO clock_alarm (id, expected, seen) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(SQL, &params![id(row.id), row.expected, row.seen]).await? == 1)
}

/// Notes who believes the clock. `false`: somebody did so already.
pub async fn acknowledge(tx: &mut Tx, alarm: u64, word: &Acknowledged) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE clock_alarm SET acknowledged_at = $1, acknowledged_by = $2, reason = $3 \
         WHERE id = $4 AND acknowledged_at IS NULL";
    Ok(tx.execute(SQL, &params![word.at, &word.by, &word.reason, id(alarm)]).await? == 1)
}

/// The newest doubt, acknowledged or not.
pub async fn latest(reader: &mut impl Read) -> Result<Option<AlarmRow>, StoreError> {
    const SQL: &str = "SELECT id, expected, seen, acknowledged_at, acknowledged_by, reason FROM clock_alarm \
         ORDER BY id DESC LIMIT 1";
    let row = reader.one(SQL, &[]).await?;
    row.as_ref().map(read).transpose()
}

/// All of them, in their order.
pub async fn list(reader: &mut impl Read) -> Result<Vec<AlarmRow>, StoreError> {
    const SQL: &str =
        "SELECT id, expected, seen, acknowledged_at, acknowledged_by, reason FROM clock_alarm ORDER BY id";
    reader.all(SQL, &[]).await?.iter().map(read).collect()
}

fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<AlarmRow, StoreError> {
    let acknowledged = match (row.opt_timestamp(3)?, row.opt_text(4)?, row.opt_text(5)?) {
        (Some(at), Some(by), Some(reason)) => Some(Acknowledged { at, by: by.into(), reason: reason.into() }),
        _ => None,
    };
    Ok(AlarmRow { id: row.count(0)?, expected: row.timestamp(1)?, seen: row.timestamp(2)?, acknowledged })
}
