//! Calendars of business time: which days are worked, from when to when, in which zone. Versioned data.

use crate::rules::span::DurationSpec;
use crate::time::Timestamp;

/// A calendar, from `calendars/*.calendar.yaml` of the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {}

/// The calendar cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar has no answer: {0}")]
pub struct CalendarError(pub &'static str);

impl Calendar {
    /// The moment that lies `span` after `from`; clock time for clock units.
    pub fn add(&self, from: Timestamp, span: DurationSpec) -> Result<Timestamp, CalendarError> {
        span.clock_micros().map(|micros| from.plus_micros(micros)).ok_or(CalendarError("stub"))
    }

    /// The moment that lies `span` before `until`.
    pub fn subtract(&self, until: Timestamp, span: DurationSpec) -> Result<Timestamp, CalendarError> {
        span.clock_micros().map(|micros| until.plus_micros(-micros)).ok_or(CalendarError("stub"))
    }
}
