//! Background jobs: long work of our own, in a transaction of its own that also writes the result.
//!
//! The effects and the result commit together; the result is an item of the outbox, so the engine takes it
//! exactly once. A job whose node died is leased again when its lease runs out, and its first writer wins.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use engine::command::{Action, ActivityFailure, Actor, Command, JobResult, failure};
use engine::id::ShardId;
use engine::language::definition::ActivityMode;
use engine::project::{JobRow, Outgoing};
use engine::value::Value;
use futures_util::FutureExt;
use store::outbox::Origin;
use store::{ErrorKind, Kind, StoreError};

use crate::activity::{Call, CallError};
use crate::handle::new_instance_id;
use crate::load;
use crate::releases::ReleaseError;
use crate::request::Request;
use crate::shared::Shared;
use crate::writer::chain;

/// The shard number under which results wait in the outbox: no shard has it.
pub(crate) const RESULTS: ShardId = ShardId(u16::MAX);

pub(crate) async fn run(shared: Arc<Shared>, at_once: usize) {
    let permits = Arc::new(tokio::sync::Semaphore::new(at_once));
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        // Asked before looking, so that a job queued meanwhile is not missed.
        let changed = shared.jobs.notified();
        match lease_one(&shared).await {
            Ok(Some((job, fence))) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    if let Err(error) = execute(&shared, &job, fence).await {
                        tracing::warn!(error = %chain(&error), job.id = %job.idempotency_key, "a background job could not be stored; it is tried again");
                    }
                    drop(permit);
                });
            }
            Ok(None) => {
                drop(permit);
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(Duration::from_secs(5)) => {}
                }
            }
            Err(error) => {
                drop(permit);
                tracing::warn!(error = %chain(&error), "cannot look for background jobs");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn lease_one(shared: &Arc<Shared>) -> Result<Option<(JobRow, u64)>, StoreError> {
    let names: Vec<Arc<str>> = shared.activities.names().cloned().collect();
    let now = shared.clock.now();
    let mut reader = shared.database.read().await?;
    let next = store::job::next_ready(&mut reader, ActivityMode::Background, &names).await?;
    drop(reader);
    if next.is_none_or(|next| next > now) {
        return Ok(None);
    }
    let mut tx = shared.database.begin().await?;
    let leased = store::job::lease(&mut tx, ActivityMode::Background, &names, "node", now, 1).await?;
    tx.commit().await?;
    Ok(leased.into_iter().next().map(|leased| (leased.job, leased.fence)))
}

async fn execute(shared: &Arc<Shared>, job: &JobRow, fence: u64) -> Result<(), StoreError> {
    let Some(activity) = shared.activities.lookup(&job.activity) else { return Ok(()) };
    let mut tx = shared.database.begin().await?;
    tx.savepoint().await?;
    let call = Call {
        tx: &mut tx,
        input: &job.input,
        now: shared.clock.now(),
        actor: &Actor::System,
        instance: job.instance,
        run: job.run,
        key: &job.idempotency_key,
    };
    let work = AssertUnwindSafe(async { activity(call).await }).catch_unwind();
    let result = tokio::select! {
        result = work => result,
        never = keep_lease(shared, job, fence) => match never {},
    };
    let result = match result {
        Ok(Ok(output)) => match fits(shared, job, &output).await? {
            Ok(()) => {
                tx.release_savepoint().await?;
                JobResult::Succeeded { output }
            }
            // As with an inline activity, a misfit undoes the effects.
            Err(failure) => {
                tx.rollback_to_savepoint().await?;
                JobResult::Failed { failure }
            }
        },
        other => {
            let failure = match other {
                Ok(Err(CallError::Failed(failure))) => failure,
                Ok(Err(CallError::Store(error))) if error.kind() == ErrorKind::Retryable => return Err(error),
                Ok(Err(CallError::Store(error))) => {
                    tracing::error!(error = %chain(&error), activity = %job.activity, "a background activity's statement failed");
                    let message: Arc<str> = "the store refused a statement of the activity".into();
                    ActivityFailure { code: failure::STORE.into(), message, detail: Value::Null, transient: true }
                }
                _ => ActivityFailure::business(failure::PANICKED, "the activity's code panicked"),
            };
            tx.rollback_to_savepoint().await?;
            JobResult::Failed { failure }
        }
    };
    // The lease is the fence: one that was given on meanwhile writes nothing.
    if !store::job::release(&mut tx, job.instance, job.run, fence, engine::time::Timestamp::MAX).await? {
        tx.rollback().await?;
        return Ok(());
    }
    let command =
        Command { actor: Actor::System, action: Action::FinishJob { run: job.run, attempt: job.attempt, result } };
    let outgoing = Outgoing::Command { to: job.instance, command };
    let unique = new_instance_id(RESULTS);
    let bytes = unique.as_bytes();
    let position = u64::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[8], bytes[9]]);
    let origin = Origin { shard: RESULTS, position: position >> 2, seq: 0 };
    store::outbox::append(&mut tx, &[(origin, &outgoing)]).await?;
    tx.commit().await?;
    let request = Request::delivery(origin, outgoing);
    // A queue that is closed finds the result in the outbox at the next start.
    let _ = shared.send_waiting(job.instance.shard(), request).await;
    Ok(())
}

/// Whether the output fits what the instance's definition says of it.
async fn fits(shared: &Arc<Shared>, job: &JobRow, output: &Value) -> Result<Result<(), ActivityFailure>, StoreError> {
    let state = match shared.cache.get(job.instance) {
        Some(cached) => Some(cached.state),
        None => match load::newest(&shared.database, job.instance).await {
            Ok(found) => found.map(|found| found.state),
            Err(load::LoadError::Store(error)) => return Err(error),
            // Its writer meets the same and quarantines it.
            Err(load::LoadError::Fold(_)) => None,
        },
    };
    let Some(state) = state else { return Ok(Ok(())) };
    match shared.releases.definition(state.release()).await {
        Ok(definition) => Ok(state.fits(&definition, job.run, output)),
        Err(ReleaseError::Store(error)) => Err(error),
        Err(_) => Ok(Ok(())),
    }
}

/// Prolongs the lease of a job that runs, until the work is done. On SQLite the job's own transaction holds everybody
/// off, so there is nothing to prolong.
async fn keep_lease(shared: &Arc<Shared>, job: &JobRow, fence: u64) -> std::convert::Infallible {
    if shared.database.kind() == Kind::Sqlite {
        return std::future::pending().await;
    }
    let third = Duration::from_micros(job.lease_micros.max(3_000_000).unsigned_abs() / 3);
    loop {
        tokio::time::sleep(third).await;
        if let Err(error) = prolong(shared, job, fence).await {
            tracing::warn!(error = %chain(&error), job.id = %job.idempotency_key, "cannot prolong the lease of a background job");
        }
    }
}

async fn prolong(shared: &Arc<Shared>, job: &JobRow, fence: u64) -> Result<(), StoreError> {
    let mut tx = shared.database.begin().await?;
    let until = shared.clock.now().plus_micros(job.lease_micros);
    store::job::heartbeat(&mut tx, job.instance, job.run, fence, until).await?;
    tx.commit().await
}
