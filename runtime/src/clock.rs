//! The one place that reads a clock, and the virtual one that tests drive.
//!
//! A node's time is what the database's clock said, carried on by this machine's steady counter; so a clock that is set, here
//! or there, is noticed before anything is dated by it ([`Clock::judge`], and [`crate::skew`] for what follows).
//! `now` of a transition is the larger of this clock and the last transition's (law 17).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::time::Timestamp;
use tokio::sync::watch;

/// A step back up to this is clamped: nobody is asked.
pub const BACK_MICROS_MAX: i64 = 1_000_000;
/// A step ahead up to this is taken over: nobody is asked.
pub const AHEAD_MICROS_MAX: i64 = 60_000_000;

/// Where time comes from. Cloning shares it.
#[derive(Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// A steady counter, and how far the database's clock was from it when it was last believed.
    System { began: Instant, offset_micros: Arc<AtomicI64> },
    /// Stands still until somebody moves it; `step_micros` is how far the database's clock was set beside it.
    Virtual { now: Arc<watch::Sender<i64>>, step_micros: Arc<AtomicI64> },
}

/// The database's clock says something else than the time that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    pub expected: Timestamp,
    pub seen: Timestamp,
}

impl Skew {
    /// Whether two readings are too far apart for the later to be believed.
    #[must_use]
    pub fn between(expected: Timestamp, seen: Timestamp) -> Option<Skew> {
        let drift = seen.micros().saturating_sub(expected.micros());
        (!(-BACK_MICROS_MAX..=AHEAD_MICROS_MAX).contains(&drift)).then_some(Skew { expected, seen })
    }
}

impl Clock {
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
    pub fn system() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Clock { source: Source::System { began: Instant::now(), offset_micros: Arc::new(AtomicI64::new(micros)) } }
    }

    #[must_use]
    pub fn stopped_at(now: Timestamp) -> Self {
        let now = Arc::new(watch::Sender::new(now.micros()));
        Clock { source: Source::Virtual { now, step_micros: Arc::default() } }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System { began, offset_micros } => {
                Timestamp::from_micros(steady(*began).saturating_add(offset_micros.load(Ordering::Relaxed)))
            }
            Source::Virtual { now, .. } => Timestamp::from_micros(*now.borrow()),
        }
    }

    /// Moves a virtual clock forwards and wakes whoever sleeps on it. A system clock takes no orders.
    pub fn advance_to(&self, moment: Timestamp) {
        if let Source::Virtual { now, .. } = &self.source {
            now.send_if_modified(|current| {
                let later = moment.micros() > *current;
                *current = moment.micros().max(*current);
                later
            });
        }
    }

    /// As if somebody had set the database's clock, by so much beside the virtual one. A system clock takes no orders.
    pub fn step(&self, micros: i64) {
        if let Source::Virtual { step_micros, .. } = &self.source {
            step_micros.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// What the database's clock says; on a virtual clock it is that one, as it was set.
    pub(crate) fn reading(&self, database: Timestamp) -> Timestamp {
        match &self.source {
            Source::System { .. } => database,
            Source::Virtual { step_micros, .. } => self.now().plus_micros(step_micros.load(Ordering::Relaxed)),
        }
    }

    /// Looks at what the database's clock says; see [`Self::judge`].
    pub(crate) fn look(&self, database: Timestamp) -> Option<Skew> {
        match &self.source {
            Source::System { .. } => self.judge(database),
            // Nobody has set it. Its reading would be old as soon as somebody moves the clock between here and judging.
            Source::Virtual { step_micros, .. } if step_micros.load(Ordering::Relaxed) == 0 => None,
            Source::Virtual { .. } => self.judge(self.reading(database)),
        }
    }

    /// Takes a reading over if the time that has passed agrees with it.
    pub(crate) fn judge(&self, reading: Timestamp) -> Option<Skew> {
        let skew = Skew::between(self.now(), reading);
        if skew.is_none() {
            self.adopt(reading);
        }
        skew
    }

    /// Goes on from this moment, whatever it was before.
    pub(crate) fn adopt(&self, moment: Timestamp) {
        match &self.source {
            Source::System { began, offset_micros } => {
                offset_micros.store(moment.micros().saturating_sub(steady(*began)), Ordering::Relaxed);
            }
            Source::Virtual { now, step_micros } => {
                let moved = moment.micros().saturating_sub(*now.borrow());
                if moved != 0 {
                    step_micros.fetch_sub(moved, Ordering::Relaxed);
                    now.send_replace(moment.micros());
                }
            }
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
            Source::Virtual { now, .. } => {
                let mut moved = now.subscribe();
                // The sender lives as long as this clock, so waiting ends only by the moment.
                let _ = moved.wait_for(|now| *now >= moment.micros()).await;
            }
        }
    }
}

/// Microseconds of a counter that nobody can set.
fn steady(began: Instant) -> i64 {
    i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn told(step: i64) -> Option<i64> {
        let clock = Clock::stopped_at(NOW);
        clock.step(step);
        let skew = clock.judge(clock.reading(Timestamp::EPOCH));
        assert_eq!(clock.now(), if skew.is_none() { NOW.plus_micros(step) } else { NOW });
        skew.map(|skew| skew.seen.micros() - skew.expected.micros())
    }

    #[test]
    fn a_small_step_is_taken_over_and_a_large_one_is_not_believed() {
        assert_eq!(told(0), None);
        assert_eq!(told(-BACK_MICROS_MAX), None);
        assert_eq!(told(-BACK_MICROS_MAX - 1), Some(-BACK_MICROS_MAX - 1));
        assert_eq!(told(AHEAD_MICROS_MAX), None);
        assert_eq!(told(AHEAD_MICROS_MAX + 1), Some(AHEAD_MICROS_MAX + 1));
    }

    #[test]
    fn a_reading_that_was_adopted_is_the_time_from_then_on() {
        for clock in [Clock::stopped_at(NOW), Clock::system()] {
            let later = NOW.plus_micros(3_600_000_000);
            clock.adopt(later);
            assert_eq!(clock.judge(later), None);
            assert!(clock.judge(NOW).is_some());
        }
    }
}
