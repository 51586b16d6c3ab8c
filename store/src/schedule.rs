//! The table `schedule_state`: when each schedule of an effective release starts its process next.

use std::sync::Arc;

use engine::id::Digest;
use engine::time::Timestamp;

use crate::error::StoreError;
use crate::params;
use crate::select::Read;
use crate::tx::Tx;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    pub process: Arc<str>,
    pub release: Digest,
    /// Its place in the definition, from 0.
    pub schedule: u32,
    pub next_due: Timestamp,
}

/// Arms a schedule, if it is not armed.
pub async fn arm(tx: &mut Tx, row: &ScheduleRow) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO schedule_state (process, release, schedule, next_due) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING";
    Ok(tx.execute(SQL, &params![&row.process, &row.release, row.schedule, row.next_due]).await? == 1)
}

/// Moves a schedule on. `false`: somebody else has fired this moment.
pub async fn advance(tx: &mut Tx, row: &ScheduleRow, next_due: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE schedule_state SET next_due = $1 \
         WHERE process = $2 AND release = $3 AND schedule = $4 AND next_due = $5";
    Ok(tx.execute(SQL, &params![next_due, &row.process, &row.release, row.schedule, row.next_due]).await? == 1)
}

/// Removes the schedules of a process that are of another release.
pub async fn retain(tx: &mut Tx, process: &str, release: Digest) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM schedule_state WHERE process = $1 AND release <> $2", &params![process, &release]).await
}

/// Schedules that are due, earliest first.
pub async fn due(reader: &mut impl Read, now: Timestamp, limit: u32) -> Result<Vec<ScheduleRow>, StoreError> {
    const SQL: &str = "SELECT process, release, schedule, next_due FROM schedule_state WHERE next_due <= $1 \
         ORDER BY next_due, process, schedule LIMIT $2";
    let rows = reader.all(SQL, &params![now, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(ScheduleRow {
                process: row.text(0)?.into(),
                release: row.digest(1)?,
                schedule: row.count32(2)?,
                next_due: row.timestamp(3)?,
            })
        })
        .collect()
}

/// When the next schedule is due.
pub async fn next_due(reader: &mut impl Read) -> Result<Option<Timestamp>, StoreError> {
    let row = reader.one("SELECT next_due FROM schedule_state ORDER BY next_due LIMIT 1", &[]).await?;
    row.map(|row| row.timestamp(0)).transpose()
}
