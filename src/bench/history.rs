//! What a step costs after a long history, against a short one: the instances are alike but for their past.
//!
//! A transition is a claim or a release of the approval's seat: work for a person, decided in full. Pairs are interleaved,
//! so that what else the machine does falls on both.

use engine::command::{Action, WorkId};
use engine::id::InstanceId;
use runtime::Handle;
use std::sync::atomic::Ordering;

use super::measure::Moment;
use super::plant::{self, Course, Plant};
use super::report::History;

/// The past of the other instance.
const SHORT: u64 = 10;
/// Transitions in one stretch that is measured.
const STRETCH: u64 = 2_000;
/// Stretches of each instance.
const PAIRS: usize = 5;
/// Requests that wait at once, so that they are written in batches.
const AHEAD: u64 = 200;

pub(crate) async fn run(plant: &Plant, course: Course, length: u64) -> anyhow::Result<History> {
    let handle = &plant.handle;
    let (short, long) = (plant.start(1).await?.instance, plant.start(1).await?.instance);
    grow(handle, short, course.work, SHORT).await?;
    grow(handle, long, course.work, length).await?;
    let mut measured = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        // Who comes first changes, so that neither always follows the other.
        for place in [pair % 2, 1 - pair % 2] {
            measured[place].push(stretch(handle, [short, long][place], course.work).await?);
        }
    }
    let [short, long] = measured;
    let mut ratios: Vec<f64> = short.iter().zip(&long).map(|(short, long)| long.cpu / short.cpu.max(1e-9)).collect();
    ratios.sort_by(f64::total_cmp);
    let micros = |stretches: &[Stretch]| {
        let mut each: Vec<f64> = stretches.iter().map(|one| one.cpu * 1e6 / STRETCH as f64).collect();
        each.sort_by(f64::total_cmp);
        each[each.len() / 2]
    };
    Ok(History {
        long: length,
        short: SHORT,
        cpu_micros_long: micros(&long),
        cpu_micros_short: micros(&short),
        cpu_ratio: ratios[ratios.len() / 2],
        rows_long: long.iter().map(|one| one.rows).sum(),
        rows_short: short.iter().map(|one| one.rows).sum(),
    })
}

/// What a stretch took.
struct Stretch {
    /// Seconds of processor time.
    cpu: f64,
    rows: u64,
}

async fn stretch(handle: &Handle, instance: InstanceId, work: WorkId) -> anyhow::Result<Stretch> {
    let rows = handle.counts().rows.load(Ordering::Relaxed);
    let begun = Moment::now();
    grow(handle, instance, work, STRETCH).await?;
    let used = begun.until(&Moment::now());
    Ok(Stretch { cpu: used.own + used.database, rows: handle.counts().rows.load(Ordering::Relaxed) - rows })
}

/// Adds transitions to an instance's history.
async fn grow(handle: &Handle, instance: InstanceId, work: WorkId, transitions: u64) -> anyhow::Result<()> {
    let mut left = transitions;
    while left > 0 {
        let now = left.min(AHEAD);
        let asked = (0..now).map(|number| {
            let action = if number % 2 == 0 { Action::Claim { work } } else { Action::Release { work } };
            plant::act(handle, instance, action)
        });
        // Polled in their order, they are queued in their order.
        futures_util::future::try_join_all(asked).await?;
        left -= now;
    }
    Ok(())
}
