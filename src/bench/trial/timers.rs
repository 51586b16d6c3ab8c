//! A million timers are armed, and ten thousand instances fall due in one moment.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use engine::id::InstanceId;
use engine::time::Timestamp;
use engine::value::Value;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::bench::load;
use crate::bench::plant::{self, Plant};
use crate::bench::progress::Progress;

/// Instances that fall due together.
const DUE: u64 = 10_000;
/// Timers of one instance among those that only wait.
const FAR_EACH: u64 = 1_000;
/// Starts that are on their way at once.
const AT_ONCE: usize = 64;
/// From the first of them to the moment they are due, in microseconds: time to start them all.
const LEAD_MICROS: i64 = 30_000_000;

const WAITING: &str = "\
process: PROCESS
title: { zh: 基准, en: Benchmark }
owner: bench_owner
start: [ { by: [ bench_starter ] } ]
input: { at: datetime }
steps:
  - { id: until, wait: { until: =input.at } }
";

const FAR: &str = "\
process: PROCESS
title: { zh: 基准, en: Benchmark }
owner: bench_owner
start: [ { by: [ bench_starter ] } ]
input: { items: list of integer }
steps:
  - id: all
    each: { of: =input.items, as: one, at_once: 1000 }
    steps: [ { id: far, wait: 30 days } ]
";

/// All timers are armed.
pub(super) struct Armed {
    due: Timestamp,
    waiting: Vec<InstanceId>,
}

pub(super) async fn arm(plant: &Plant, size: u64) -> anyhow::Result<Armed> {
    let handle = &plant.handle;
    let (far, waiting) = (super::deploy(handle, "far", FAR).await?, super::deploy(handle, "until", WAITING).await?);
    let items = Value::list((0..FAR_EACH).map(|number| Value::Int(number as i64)).collect());
    let input = Value::record([("items", items)]);
    let instances = size.saturating_sub(DUE).div_ceil(FAR_EACH);
    stream::iter(0..instances)
        .map(|_| plant::start_with(handle, &far, input.clone()))
        .buffer_unordered(4)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    let due = handle.now().plus_micros(LEAD_MICROS);
    let waiting = start_waiting(plant, &waiting, due).await?;
    ensure!(handle.now() < due, "the instances could not be started before they were due");
    Ok(Armed { due, waiting })
}

async fn start_waiting(plant: &Plant, process: &Arc<str>, due: Timestamp) -> anyhow::Result<Vec<InstanceId>> {
    let input = Value::record([("at", Value::from(due.to_string().as_str()))]);
    stream::iter(0..DUE)
        .map(|_| plant::start_with(&plant.handle, process, input.clone()))
        .buffer_unordered(AT_ONCE)
        .map_ok(|receipt| receipt.instance)
        .try_collect()
        .await
}

impl Armed {
    /// Waits until all that fell due have gone on.
    pub(super) async fn fall_due(self, plant: &Plant, progress: &Progress) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let ended: Vec<_> = self.waiting.iter().map(|instance| progress.expect(*instance, 2)).collect();
        let micros = self.due.micros() - plant.handle.now().micros();
        tokio::time::sleep(Duration::from_micros(u64::try_from(micros).unwrap_or(0))).await;
        let begun = load::clock();
        let mut lateness = Vec::with_capacity(ended.len());
        for awaited in ended {
            progress.until(awaited, 0).await?;
            lateness.push(load::micros_since(begun));
        }
        let last = lateness.iter().max().copied().unwrap_or_default();
        Ok(vec![("due_together", DUE as f64), ("all_fired_ms", last as f64 / 1e3)])
    }
}
