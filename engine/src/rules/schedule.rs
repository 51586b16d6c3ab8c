//! Cron schedules with a zone and a word on what happens at changes of the clock.

use crate::time::Timestamp;

/// A parsed schedule.
#[derive(Clone, Debug)]
pub struct Schedule {}

impl Schedule {
    /// The first firing strictly after `after`.
    #[must_use]
    pub fn next_after(&self, _after: Timestamp) -> Option<Timestamp> {
        None
    }
}
