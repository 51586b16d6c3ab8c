//! Starts instances by schedule. A firing has an id of its own, so that none starts twice.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Action, Actor, Cause, Command, Start};
use engine::id::{Digest, InstanceId, ShardId};
use engine::language::definition::{Definition, Start as StartRule, Template};
use engine::rejection::Rejection;
use engine::time::Timestamp;
use engine::value::{Map, Value};
use store::StoreError;
use store::schedule::ScheduleRow;

use crate::error::SubmitError;
use crate::handle::Handle;
use crate::writer::chain;

/// How often it looks whether another node has deployed something.
const LOOK_EVERY_MICROS: i64 = 30_000_000;
const PAGE: u32 = 100;

pub(crate) async fn run(handle: Handle) {
    loop {
        handle.shared.skew.trusted().await;
        if let Err(error) = fire_due(&handle).await {
            tracing::warn!(error = %chain(&error), "cannot look for due schedules");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let shared = &handle.shared;
        let soon = shared.clock.now().plus_micros(LOOK_EVERY_MICROS);
        let next = match shared.database.read().await {
            Ok(mut reader) => store::schedule::next_due(&mut reader).await.ok().flatten(),
            Err(_) => None,
        };
        tokio::select! {
            () = shared.clock.sleep_until(next.map_or(soon, |next| next.min(soon))) => {}
            () = tokio::time::sleep(Duration::from_secs(30)) => {}
        }
    }
}

/// Arms the schedules of effective releases and starts what is due.
async fn fire_due(handle: &Handle) -> Result<(), StoreError> {
    let shared = &handle.shared;
    let now = shared.clock.now();
    for (process, release) in shared.releases.all_effective(now) {
        let Ok(definition) = shared.releases.definition(release).await else { continue };
        arm(handle, &process, &definition, now).await?;
    }
    let mut reader = shared.database.read().await?;
    let due = store::schedule::due(&mut reader, now, PAGE).await?;
    drop(reader);
    for row in due {
        let Ok(definition) = shared.releases.definition(row.release).await else { continue };
        let rule = definition.starts.iter().filter_map(|start| match start {
            StartRule::Schedule { schedule, with } => Some((schedule, with)),
            _ => None,
        });
        let Some((schedule, with)) = rule.skip(row.schedule as usize).take(1).next() else { continue };
        // What was missed while nobody ran fires once, with the moment it was due.
        let next = schedule.next_after(now.max(row.next_due)).unwrap_or(Timestamp::MAX);
        // The start comes first: a crash between the two repeats it, and its id lets it happen once.
        if !start(handle, &row, with).await {
            continue;
        }
        let mut tx = shared.database.begin().await?;
        store::schedule::advance(&mut tx, &row, next).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn arm(handle: &Handle, process: &Arc<str>, definition: &Definition, now: Timestamp) -> Result<(), StoreError> {
    let schedules = definition.starts.iter().filter_map(|start| match start {
        StartRule::Schedule { schedule, .. } => Some(schedule),
        _ => None,
    });
    for (number, schedule) in (0u32..).zip(schedules) {
        let Some(next_due) = schedule.next_after(now) else { continue };
        let row = ScheduleRow { process: process.clone(), release: definition.release, schedule: number, next_due };
        let mut tx = handle.shared.database.begin().await?;
        store::schedule::arm(&mut tx, &row).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Starts what is due; `false` if that must be tried again.
async fn start(handle: &Handle, row: &ScheduleRow, with: &std::collections::BTreeMap<Arc<str>, Template>) -> bool {
    let input: Map = with
        .iter()
        .filter_map(|(name, template)| match template {
            Template::Literal(value) => Some((name.clone(), value.clone())),
            _ => None,
        })
        .collect();
    let action = Action::Start(Start {
        process: row.process.clone(),
        release: row.release,
        input: Value::map(input),
        cause: Cause::Schedule { due: row.next_due },
        signature: None,
    });
    let to = firing_id(row, handle.shared.database.shards());
    match handle.submit(to, Command { actor: Actor::System, action }, None).await {
        // It was started before a crash.
        Ok(_) | Err(SubmitError::Rejected(Rejection::Gone(_) | Rejection::Ended { .. })) => true,
        Err(error) => {
            tracing::warn!(error = %error, process = %row.process, "a scheduled start was refused");
            !matches!(error, SubmitError::Busy | SubmitError::Stopped | SubmitError::Store(_))
        }
    }
}

/// The same firing has the same id on every node and after every restart.
fn firing_id(row: &ScheduleRow, shards: u16) -> InstanceId {
    let name = format!("{}/{}/{}/{}", row.process, row.release, row.schedule, row.next_due.micros());
    let digest = Digest::of(name.as_bytes()).0;
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    let shard = ShardId(u16::from_be_bytes([digest[16], digest[17]]) % shards.max(1));
    bytes[14..].copy_from_slice(&shard.0.to_be_bytes());
    InstanceId::from_bytes(bytes)
}
