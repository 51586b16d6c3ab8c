//! A return across parallel branches: the work that is open in all of them is taken back at once.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use engine::command::WorkId;
use engine::id::InstanceId;
use engine::value::Value;
use runtime::Handle;

use crate::bench::load;
use crate::bench::measure;
use crate::bench::plant::{self, Plant};

/// Instances that are taken back, one after another.
const INSTANCES: usize = 200;

/// Every branch has open work.
pub(super) struct Spread {
    instances: Vec<(InstanceId, WorkId)>,
}

pub(super) async fn spread(plant: &Plant, branches: u64) -> anyhow::Result<Spread> {
    let process = super::deploy(&plant.handle, "returns", &text(branches)).await?;
    let mut instances = Vec::with_capacity(INSTANCES);
    for _ in 0..INSTANCES {
        instances.push(open(&plant.handle, &process, branches).await?);
    }
    Ok(Spread { instances })
}

/// A draft, then work in each of the branches, any of which may send it back to the draft.
fn text(branches: u64) -> String {
    let mut text = String::from(
        "process: PROCESS\n\
         title: { zh: 基准, en: Benchmark }\n\
         owner: bench_owner\n\
         start: [ { by: [ bench_starter ] } ]\n\
         steps:\n\
         \x20 - { id: draft, task: { title: { zh: 起草, en: Draft }, to: { role: bench_approver } } }\n\
         \x20 - id: review\n\
         \x20   parallel:\n",
    );
    for branch in 1..=branches {
        text.push_str(&format!(
            "\x20     b{branch}: [ {{ id: look_{branch}, task: {{ title: {{ zh: 审, en: Look }}, to: {{ role: bench_approver }} }}, \
             outcomes: {{ good: next, again: {{ back_to: draft }} }} }} ]\n"
        ));
    }
    text
}

/// Starts an instance and brings it to where all its branches are open.
async fn open(handle: &Handle, process: &Arc<str>, branches: u64) -> anyhow::Result<(InstanceId, WorkId)> {
    let id = plant::start_with(handle, process, Value::Null).await?.instance;
    let draft = works(handle, id).await?;
    ensure!(draft.len() == 1, "the draft is not open");
    plant::complete(handle, id, draft[0], "done").await?;
    let open = works(handle, id).await?;
    ensure!(open.len() as u64 == branches, "{} of {branches} branches are open", open.len());
    Ok((id, open[open.len() / 2]))
}

async fn works(handle: &Handle, id: InstanceId) -> anyhow::Result<Vec<WorkId>> {
    Ok(handle.state(id).await?.context("the instance is gone")?.state.open_work())
}

impl Spread {
    pub(super) async fn take_back(self, plant: &Plant) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let mut times = Vec::with_capacity(self.instances.len());
        for (instance, work) in self.instances {
            let begun = load::clock();
            plant::complete(&plant.handle, instance, work, "again").await?;
            times.push(load::micros_since(begun));
            ensure!(works(&plant.handle, instance).await?.len() == 1, "a branch is still open after the return");
        }
        times.sort_unstable();
        let at = |share| measure::percentile(&times, share);
        Ok(vec![("returns", times.len() as f64), ("return_p50_ms", at(0.5)), ("return_p99_ms", at(0.99))])
    }
}
