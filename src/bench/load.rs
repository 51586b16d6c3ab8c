//! Submitters in the node's own process: each takes one instance after another from start to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use runtime::Handle;

use super::plant::{self, Course};
use super::progress::Progress;

/// What all submitters share.
pub(crate) struct Shared {
    pub(crate) stop: AtomicBool,
    /// Instances begun before this are not counted.
    pub(crate) counting: AtomicBool,
    pub(crate) numbers: AtomicI64,
}

impl Shared {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Shared { stop: AtomicBool::new(false), counting: AtomicBool::new(false), numbers: AtomicI64::new(0) })
    }

    /// The next instance's number; it decides the branch, so that half of them take each.
    pub(crate) fn next(&self) -> i64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) % 190
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> bool {
        self.counting.load(Ordering::Relaxed)
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

/// Microseconds since a moment.
pub(crate) fn micros_since(begun: Instant) -> u64 {
    u64::try_from((clock() - begun).as_micros()).unwrap_or(u64::MAX)
}

/// One submitter, until it is told to stop; gives the micros from each approval to the end seen.
pub(crate) async fn submitter(
    handle: Handle,
    process: Arc<str>,
    course: Course,
    progress: Progress,
    shared: Arc<Shared>,
) -> anyhow::Result<Vec<u64>> {
    let mut times = Vec::new();
    while !shared.stopped() {
        let receipt = plant::start(&handle, &process, shared.next()).await?;
        let id = receipt.instance;
        if receipt.version < course.waits {
            let waits = progress.expect(id, course.waits);
            progress.until(waits, receipt.version).await?;
        }
        let begun = clock();
        let ends = (course.ends > course.waits + 1).then(|| progress.expect(id, course.ends));
        let receipt = plant::approve(&handle, id, course.work).await?;
        if let Some(ends) = ends {
            progress.until(ends, receipt.version).await?;
        }
        if shared.counts() {
            times.push(micros_since(begun));
        }
    }
    Ok(times)
}
