//! An `each` over very many items, cancelled half-way: it goes on in bounded pieces between others' work.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use engine::command::{Action, Actor, Command};
use engine::id::InstanceId;
use engine::value::Value;

use crate::bench::load;
use crate::bench::plant::{self, Plant};

const LISTED: &str = "\
process: PROCESS
title: { zh: 基准, en: Benchmark }
owner: bench_owner
start: [ { by: [ bench_starter ] } ]
input: { items: list of integer }
steps:
  - id: all
    each: { of: =input.items, as: one, at_once: 100 }
    steps: [ { id: step, call: bench.step, with: { value: =one } } ]
";

/// The process is there, with its list.
pub(super) struct Listed {
    process: Arc<str>,
    size: u64,
}

pub(super) async fn list(plant: &Plant, size: u64) -> anyhow::Result<Listed> {
    Ok(Listed { process: super::deploy(&plant.handle, "items", LISTED).await?, size })
}

impl Listed {
    pub(super) async fn go_half_way(self, plant: &Plant) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let items = Value::list((0..self.size).map(|number| Value::Int(number as i64)).collect());
        let begun = load::clock();
        let receipt = plant::start_with(&plant.handle, &self.process, Value::record([("items", items)])).await?;
        let (id, started) = (receipt.instance, load::micros_since(begun));
        let done = self.until_half(plant, id).await?;
        let half = load::micros_since(begun);
        let cancel = Action::Cancel { reason: "half-way".into() };
        plant.handle.submit(id, Command { actor: Actor::System, action: cancel }, None).await?;
        let cancelled = load::micros_since(begun);
        let state = plant.handle.state(id).await?.context("the instance is gone")?;
        ensure!(!state.state.is_live(), "the instance goes on after it was cancelled");
        let ms = |micros: u64| micros as f64 / 1e3;
        Ok(vec![
            ("start_ms", ms(started)),
            ("items_done", done as f64),
            ("half_way_ms", ms(half)),
            ("cancel_ms", ms(cancelled - half)),
            ("transitions", state.version as f64),
        ])
    }

    /// Waits until half of the items are done; gives how many are.
    async fn until_half(&self, plant: &Plant, id: InstanceId) -> anyhow::Result<u64> {
        loop {
            let committed = plant.handle.state(id).await?.context("the instance is gone")?;
            let done = u64::from(committed.state.visits("step"));
            ensure!(committed.state.is_live(), "all items were done before half of them were seen");
            if done >= self.size / 2 {
                return Ok(done);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
