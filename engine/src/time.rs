//! Moments as the record stores them: microseconds since 1970-01-01T00:00:00Z.
//!
//! Invariant: nothing here reads a clock; `now` arrives as a fact.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment in UTC, in microseconds; the same 64-bit number in both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const EPOCH: Timestamp = Timestamp(0);
    /// The last moment that RFC 3339 can write: 9999-12-31T23:59:59Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_000_000);

    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Later by `micros`, held between the epoch's far past and [`Timestamp::MAX`].
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        let sum = self.0.saturating_add(micros);
        if sum > Self::MAX.0 { Self::MAX } else { Timestamp(sum) }
    }

    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    #[must_use]
    pub fn from_utc(moment: DateTime<Utc>) -> Self {
        Timestamp(moment.timestamp_micros())
    }

    /// Reads RFC 3339 with an offset, seconds optional (`2026-03-02T09:00+08:00`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::from_utc(moment.with_timezone(&Utc)));
        }
        DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z")
            .ok()
            .map(|moment| Self::from_utc(moment.with_timezone(&Utc)))
    }
}

/// RFC 3339 in UTC with six decimals, so that texts sort as moments do.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_its_text() {
        let moment = Timestamp::from_micros(1_772_413_200_123_456);
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
    }

    #[test]
    fn an_offset_without_seconds_is_read() {
        assert_eq!(Timestamp::parse("2026-03-02T09:00+08:00"), Timestamp::parse("2026-03-02T01:00:00Z"));
        assert_eq!(Timestamp::parse("2026-03-02"), None);
    }
}
