//! The one place that reads a clock, and the virtual one that tests drive.
//!
//! `now` of a transition is the larger of this clock and the last transition's (law 17).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::time::Timestamp;
use tokio::sync::watch;

/// Where time comes from. Cloning shares it.
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// The system's clock, moved by what the database's differed when it was last asked.
    System { offset_micros: Arc<AtomicI64> },
    /// Stands still until somebody moves it.
    Virtual { now: Arc<watch::Sender<i64>> },
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Clock { source: Source::System { offset_micros: Arc::new(AtomicI64::new(0)) } }
    }

    #[must_use]
    pub fn stopped_at(now: Timestamp) -> Self {
        Clock { source: Source::Virtual { now: Arc::new(watch::Sender::new(now.micros())) } }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System { offset_micros } => {
                Timestamp::from_micros(system_micros() + offset_micros.load(Ordering::Relaxed))
            }
            Source::Virtual { now } => Timestamp::from_micros(*now.borrow()),
        }
    }

    /// Moves a virtual clock forwards and wakes whoever sleeps on it. A system clock takes no orders.
    pub fn advance_to(&self, moment: Timestamp) {
        if let Source::Virtual { now } = &self.source {
            now.send_if_modified(|current| {
                let later = moment.micros() > *current;
                *current = moment.micros().max(*current);
                later
            });
        }
    }

    /// Takes over the database's clock as it was read just now.
    pub(crate) fn follow(&self, database: Timestamp) {
        if let Source::System { offset_micros } = &self.source {
            offset_micros.store(database.micros() - system_micros(), Ordering::Relaxed);
        }
    }

    /// Sleeps until the moment has come on this clock.
    pub(crate) async fn sleep_until(&self, moment: Timestamp) {
        match &self.source {
            Source::System { .. } => {
                let micros = moment.micros().saturating_sub(self.now().micros()).max(0);
                // A long sleep is cut, so that a change of the database's clock is noticed.
                let pause = Duration::from_micros(micros.unsigned_abs()).min(Duration::from_secs(30));
                tokio::time::sleep(pause).await;
            }
            Source::Virtual { now } => {
                let mut moved = now.subscribe();
                // The sender lives as long as this clock, so waiting ends only by the moment.
                let _ = moved.wait_for(|now| *now >= moment.micros()).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
fn system_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
