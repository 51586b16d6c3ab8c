//! The table `job`: work for machines, and who has it. Derived, but for its lease, which may be lost without harm.
//!
//! `ready ──lease──▶ leased ──heartbeat──▶ leased`; `leased ──release | lease ends──▶ ready`; gone when its run has a result.
//! Each lease raises the fence, so that who lost a lease cannot prolong it. A result is fenced by the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::id::{InstanceId, RunId};
use engine::language::definition::ActivityMode;
use engine::project::JobRow;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::dialect;
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Read, Select};
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "job",
    columns: &[
        ("instance", Type::Bytes),
        ("run", Type::I64),
        ("shard", Type::I64),
        ("activity", Type::Text),
        ("mode", Type::Text),
        ("attempt", Type::I64),
        ("input", Type::Text),
        ("idempotency_key", Type::Text),
        ("available_at", Type::I64),
        ("lease_micros", Type::I64),
        ("ready_at", Type::I64),
        ("fence", Type::I64),
    ],
    key: 2,
};

/// The same attempt written again keeps its lease; a new attempt is free.
const AGAIN: &str = "activity = excluded.activity, mode = excluded.mode, input = excluded.input, \
     idempotency_key = excluded.idempotency_key, lease_micros = excluded.lease_micros, \
     worker = CASE WHEN job.attempt = excluded.attempt THEN job.worker ELSE NULL END, \
     lease_until = CASE WHEN job.attempt = excluded.attempt THEN job.lease_until ELSE NULL END, \
     ready_at = CASE WHEN job.attempt = excluded.attempt AND job.lease_until IS NOT NULL THEN job.ready_at \
     ELSE excluded.ready_at END, available_at = excluded.available_at, attempt = excluded.attempt";

/// Jobs of instances that are held rest; those in a worker's hands may be finished.
const NOT_HELD: &str = "NOT EXISTS (SELECT 1 FROM instance AS held WHERE held.instance = job.instance \
     AND held.status IN ('suspended', 'quarantined'))";

/// A job in a worker's hands.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    pub job: JobRow,
    pub lease_until: Timestamp,
    /// The number of this lease.
    pub fence: u64,
}

/// A job as operators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub job: JobRow,
    pub worker: Option<String>,
    pub lease_until: Option<Timestamp>,
}

/// Writes jobs, each given at most once.
pub async fn put(tx: &mut Tx, rows: &[&JobRow]) -> Result<(), StoreError> {
    let inputs: Vec<String> = rows.iter().map(|row| crate::project::json(&row.input)).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for (row, input) in rows.iter().zip(&inputs) {
        params.extend(params![
            &row.instance,
            row.run.0,
            row.instance.shard().0,
            &row.activity,
            word(row.mode),
            row.attempt,
            input,
            &row.idempotency_key,
            row.available_at,
            row.lease_micros,
            row.available_at,
            0i64
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Set(AGAIN), &params).await.map(|_| ())
}

/// Removes jobs whose runs are over.
pub async fn remove(tx: &mut Tx, jobs: &[(InstanceId, RunId)]) -> Result<u64, StoreError> {
    let mut params = Vec::with_capacity(jobs.len() * 2);
    for (instance, run) in jobs {
        params.extend(params![instance, run.0]);
    }
    bulk::remove(tx, &TABLE, &params).await
}

/// Gives up to `limit` jobs of these activities to a worker; the activity whose job waited longest comes first. Two workers
/// never get the same job, and neither waits for the other.
pub async fn lease(
    tx: &mut Tx,
    mode: ActivityMode,
    activities: &[Arc<str>],
    worker: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Leased>, StoreError> {
    let mut leased = Vec::new();
    for (ready_at, activity) in earliest(tx, mode, activities).await? {
        let left = (limit as usize).saturating_sub(leased.len());
        if ready_at > now || left == 0 {
            break;
        }
        leased.extend(lease_of(tx, mode, &activity, worker, now, left).await?);
    }
    leased.sort_by_key(|leased| (leased.job.available_at, leased.job.instance, leased.job.run));
    Ok(leased)
}

/// Leases jobs of one activity: one walk along the index, however many wait.
async fn lease_of(
    tx: &mut Tx,
    mode: ActivityMode,
    activity: &str,
    worker: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Leased>, StoreError> {
    let kind = tx.kind();
    let mut select = Select::new("WITH picked AS MATERIALIZED (SELECT instance, run FROM job");
    select.and("mode = ").value(word(mode));
    select.and("activity = ").value(activity);
    select.and("ready_at <= ").value(now);
    select.and(NOT_HELD);
    select.text(" ORDER BY ready_at, instance, run LIMIT ").value(i64::try_from(limit).unwrap_or(i64::MAX));
    select.text(dialect::skip_locked(kind));
    select.text(") UPDATE job SET fence = fence + 1, worker = ").value(worker);
    select.text(", lease_until = lease_micros + ").value(now);
    select.text(", ready_at = lease_micros + ").value(now);
    select.text(" WHERE (instance, run) IN (SELECT instance, run FROM picked) RETURNING ");
    select.text(COLUMNS).text(", lease_until, fence");
    let rows = select.fetch(tx).await?;
    rows.iter()
        .map(|row| Ok(Leased { job: read(row)?, lease_until: row.timestamp(9)?, fence: row.count(10)? }))
        .collect()
}

/// When the first job of each activity may be leased; the earliest first.
async fn earliest(
    reader: &mut impl Read,
    mode: ActivityMode,
    activities: &[Arc<str>],
) -> Result<Vec<(Timestamp, Arc<str>)>, StoreError> {
    let activities: BTreeSet<&Arc<str>> = activities.iter().collect();
    if activities.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = Select::new("");
    for (place, activity) in activities.into_iter().enumerate() {
        select.text(if place == 0 { "" } else { " UNION ALL " });
        select.text("SELECT * FROM (SELECT ready_at, activity FROM job");
        select.branch().and("mode = ").value(word(mode)).and("activity = ").value(activity);
        select.and(NOT_HELD);
        select.text(&format!(" ORDER BY ready_at LIMIT 1) AS branch_{place}"));
    }
    let rows = select.fetch(reader).await?;
    let mut found =
        rows.iter().map(|row| Ok((row.timestamp(0)?, row.text(1)?.into()))).collect::<Result<Vec<_>, StoreError>>()?;
    found.sort();
    Ok(found)
}

/// Makes a lease last longer. `false`: it is another's by now, or the job is gone.
pub async fn heartbeat(
    tx: &mut Tx,
    instance: InstanceId,
    run: RunId,
    fence: u64,
    until: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE job SET lease_until = $1, ready_at = $1 \
         WHERE instance = $2 AND run = $3 AND fence = $4 AND worker IS NOT NULL";
    Ok(tx.execute(SQL, &params![until, &instance, run.0, fence]).await? == 1)
}

/// Gives a job back, to be leased from a moment on. `false` as with [`heartbeat`].
pub async fn release(
    tx: &mut Tx,
    instance: InstanceId,
    run: RunId,
    fence: u64,
    ready_at: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE job SET worker = NULL, lease_until = NULL, ready_at = $1 \
         WHERE instance = $2 AND run = $3 AND fence = $4 AND worker IS NOT NULL";
    Ok(tx.execute(SQL, &params![ready_at, &instance, run.0, fence]).await? == 1)
}

/// When the next job of these activities may be leased.
pub async fn next_ready(
    reader: &mut impl Read,
    mode: ActivityMode,
    activities: &[Arc<str>],
) -> Result<Option<Timestamp>, StoreError> {
    Ok(earliest(reader, mode, activities).await?.first().map(|(ready_at, _)| *ready_at))
}

/// The jobs of an instance, by run.
pub async fn of_instance(reader: &mut impl Read, instance: InstanceId) -> Result<Vec<Listed>, StoreError> {
    let mut select = Select::new("SELECT ");
    select.text(COLUMNS).text(", lease_until, worker FROM job").and("instance = ").value(&instance);
    select.text(" ORDER BY run");
    let listed = |row: &Row| {
        Ok(Listed { job: read(row)?, lease_until: row.opt_timestamp(9)?, worker: row.opt_text(10)?.map(str::to_owned) })
    };
    select.fetch(reader).await?.iter().map(listed).collect()
}

const COLUMNS: &str = "instance, run, activity, mode, attempt, input, idempotency_key, available_at, lease_micros";

fn word(mode: ActivityMode) -> &'static str {
    match mode {
        ActivityMode::Inline => "inline",
        ActivityMode::Background => "background",
        ActivityMode::Remote => "remote",
    }
}

fn read(row: &Row) -> Result<JobRow, StoreError> {
    let instance = row.instance(0)?;
    let mode = match row.text(3)? {
        "inline" => ActivityMode::Inline,
        "background" => ActivityMode::Background,
        "remote" => ActivityMode::Remote,
        other => return Err(StoreError::corrupt("job", "mode", instance, format!("`{other}`"))),
    };
    Ok(JobRow {
        instance,
        run: RunId(row.count(1)?),
        activity: row.text(2)?.into(),
        mode,
        attempt: row.count32(4)?,
        input: row.json(5)?,
        idempotency_key: row.text(6)?.into(),
        available_at: row.timestamp(7)?,
        lease_micros: row.i64(8)?,
    })
}
