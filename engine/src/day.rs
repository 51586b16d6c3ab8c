//! A calendar day without a time, as tables keep it: days since 1970-01-01.

use std::fmt;

use chrono::{Days, NaiveDate};

use crate::time::Timestamp;
use crate::value::Value;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// Reads `2026-03-20`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text).map(Day)
    }

    #[must_use]
    pub fn from_number(days: i64) -> Option<Self> {
        i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days).map(Day)
    }

    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.0.to_epoch_days())
    }

    /// The day of a moment in UTC.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        Day(moment.to_utc().date_naive())
    }

    /// Later by whole days; stays where the calendar ends.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Day(self.0.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX))
    }

    /// Days from `earlier` to this one.
    #[must_use]
    pub fn since(self, earlier: Day) -> i64 {
        self.number() - earlier.number()
    }

    #[must_use]
    pub fn to_value(self) -> Value {
        Value::text(self.to_string())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_its_number() {
        let day = Day::parse("2024-02-29").expect("a day");
        assert_eq!(Day::from_number(day.number()), Some(day));
        assert_eq!(day.plus(1).to_string(), "2024-03-01");
        assert_eq!(day.plus(366).since(day), 366);
    }

    #[test]
    fn only_the_sorted_form_is_read() {
        assert_eq!(Day::parse("2026-3-2"), None);
        assert_eq!(Day::parse("2026-02-30"), None);
    }
}
