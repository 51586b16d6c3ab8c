//! One large thing, and what it does to others: a few submitters take W before it and while it goes on.

mod items;
mod returns;
mod timers;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use runtime::Handle;
use tokio::task::JoinSet;

use super::args::TrialKind;
use super::load::{self, Shared};
use super::measure::{self, Moment};
use super::plant::{self, Course, Plant};
use super::progress::Progress;
use super::report::{Foreign, Trial};

/// Those who take W meanwhile.
const OTHERS: u32 = 8;
/// How long they are measured alone.
const BEFORE: Duration = Duration::from_secs(5);

/// A trial that is made ready and can begin.
enum Ready {
    Timers(timers::Armed),
    Returns(returns::Spread),
    Items(items::Listed),
}

pub(crate) async fn run(plant: &Plant, course: Course, kind: TrialKind, size: Option<u64>) -> anyhow::Result<Trial> {
    let progress = Progress::listen(&plant.handle);
    let (name, size) = match kind {
        TrialKind::Timers => ("timers", size.unwrap_or(1_000_000)),
        TrialKind::Returns => ("returns", size.unwrap_or(50)),
        TrialKind::Items => ("items", size.unwrap_or(100_000)),
    };
    let before = Others::begin(plant, course, &progress);
    tokio::time::sleep(BEFORE).await;
    let (before, _) = before.end().await?;
    let ready = match kind {
        TrialKind::Timers => Ready::Timers(timers::arm(plant, size).await?),
        TrialKind::Returns => Ready::Returns(returns::spread(plant, size).await?),
        TrialKind::Items => Ready::Items(items::list(plant, size).await?),
    };
    let (others, begun) = (Others::begin(plant, course, &progress), Moment::now());
    let figures = match ready {
        Ready::Timers(armed) => armed.fall_due(plant, &progress).await?,
        Ready::Returns(spread) => spread.take_back(plant).await?,
        Ready::Items(listed) => listed.go_half_way(plant).await?,
    };
    let used = begun.until(&Moment::now());
    let (meanwhile, seconds) = others.end().await?;
    let p99 = |times: &[u64]| measure::percentile(times, 0.99);
    Ok(Trial {
        trial: name,
        size,
        seconds: used.seconds,
        figures,
        others_p50_ms_before: measure::percentile(&before, 0.5),
        others_p99_ms_before: p99(&before),
        others_p50_ms_meanwhile: measure::percentile(&meanwhile, 0.5),
        others_p99_ms_meanwhile: p99(&meanwhile),
        others_p99_ratio: p99(&meanwhile) / p99(&before).max(1e-9),
        others_per_s_meanwhile: meanwhile.len() as f64 / seconds.max(1e-9),
        foreign: Foreign { busy_processors: used.foreign / used.seconds, load_average: measure::load_average() },
    })
}

/// Submitters that take W until they are told to stop.
struct Others {
    shared: Arc<Shared>,
    submitters: JoinSet<anyhow::Result<Vec<u64>>>,
    begun: Moment,
}

impl Others {
    fn begin(plant: &Plant, course: Course, progress: &Progress) -> Others {
        let shared = Shared::new();
        shared.counting.store(true, Ordering::Relaxed);
        let mut submitters = JoinSet::new();
        for _ in 0..OTHERS {
            let (handle, process) = (plant.handle.clone(), plant.process.clone());
            submitters.spawn(load::submitter(handle, process, course, progress.clone(), shared.clone()));
        }
        Others { shared, submitters, begun: Moment::now() }
    }

    /// The sorted times of all, and how long they were at it.
    async fn end(mut self) -> anyhow::Result<(Vec<u64>, f64)> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        while let Some(submitter) = self.submitters.join_next().await {
            times.extend(submitter.context("a submitter panicked")??);
        }
        times.sort_unstable();
        Ok((times, self.begun.until(&Moment::now()).seconds))
    }
}

/// Deploys a process of the trial's own; gives its name.
async fn deploy(handle: &Handle, word: &str, text: &str) -> anyhow::Result<Arc<str>> {
    let process: Arc<str> = format!("bench_{word}_{:x}", handle.now().micros()).into();
    plant::deploy(handle, &process, text.replace("PROCESS", &process)).await?;
    Ok(process)
}
