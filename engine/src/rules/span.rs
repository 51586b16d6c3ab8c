//! Durations as people write them: `4 hours`, `90 days`, `5 business days`.

use std::fmt;

/// A duration in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationSpec {
    pub count: i64,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    /// 24 hours of clock time.
    Day,
    Week,
    BusinessHour,
    BusinessDay,
}

/// A text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no duration; write for example `4 hours`, `90 days` or `5 business days`")]
pub struct DurationError(pub String);

impl DurationSpec {
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        Err(DurationError(text.into()))
    }

    /// Its length in microseconds of clock time; `None` when a calendar must say.
    #[must_use]
    pub fn clock_micros(self) -> Option<i64> {
        let unit = match self.unit {
            Unit::Second => 1_000_000,
            Unit::Minute => 60_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Day => 86_400_000_000,
            Unit::Week => 604_800_000_000,
            Unit::BusinessHour | Unit::BusinessDay => return None,
        };
        self.count.checked_mul(unit)
    }
}

impl fmt::Display for DurationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.count, self.unit)
    }
}
