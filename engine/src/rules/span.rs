//! Durations as people write them: `4 hours`, `90 days`, `5 business days`.

use std::fmt;

/// The longest duration: a hundred years of clock time, or as many business days or hours.
const YEARS_MAX: i64 = 100;

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

impl Unit {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "second" | "seconds" => Unit::Second,
            "m" | "minute" | "minutes" => Unit::Minute,
            "h" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "business hour" | "business hours" => Unit::BusinessHour,
            "business day" | "business days" => Unit::BusinessDay,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::BusinessHour => "business hour",
            Unit::BusinessDay => "business day",
        }
    }

    fn count_max(self) -> i64 {
        YEARS_MAX
            * match self {
                Unit::Second => 366 * 86_400,
                Unit::Minute => 366 * 1_440,
                Unit::Hour | Unit::BusinessHour => 366 * 24,
                Unit::Day | Unit::BusinessDay => 366,
                Unit::Week => 53,
            }
    }
}

/// A text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no duration; write for example `4 hours`, `90 days` or `5 business days`")]
pub struct DurationError(pub String);

impl DurationError {
    /// The same in Chinese.
    #[must_use]
    pub fn message_zh(&self) -> String {
        format!("`{}` 不是时长；请写成例如 `4 hours`、`90 days` 或 `5 business days`", self.0)
    }
}

impl DurationSpec {
    /// Reads a whole positive number and a unit; nothing, a negative and more than a hundred years are refused.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let refuse = || DurationError(text.into());
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let count: i64 = trimmed[..digits].parse().map_err(|_| refuse())?;
        let word = trimmed[digits..].split_whitespace().collect::<Vec<_>>().join(" ");
        let unit = Unit::parse(&word).ok_or_else(refuse)?;
        if count < 1 || count > unit.count_max() { Err(refuse()) } else { Ok(DurationSpec { count, unit }) }
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

/// The one spelling in which durations are kept.
impl fmt::Display for DurationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.count, self.unit.word())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_the_examples_is_read() {
        for (text, count, unit) in [
            ("4 hours", 4, Unit::Hour),
            ("1 hour", 1, Unit::Hour),
            ("90 days", 90, Unit::Day),
            ("5 business days", 5, Unit::BusinessDay),
            ("1 business day", 1, Unit::BusinessDay),
            ("4 business hours", 4, Unit::BusinessHour),
            ("2s", 2, Unit::Second),
            ("5m", 5, Unit::Minute),
            ("6h", 6, Unit::Hour),
            ("1d", 1, Unit::Day),
            ("2 weeks", 2, Unit::Week),
            (" 3  business   days ", 3, Unit::BusinessDay),
        ] {
            assert_eq!(DurationSpec::parse(text), Ok(DurationSpec { count, unit }), "{text}");
        }
    }

    #[test]
    fn what_is_no_positive_bounded_duration_is_refused() {
        let texts = [
            "",
            "0 days",
            "-1 day",
            "4",
            "hours",
            "4 fortnights",
            "1.5 hours",
            "99999999999999999999 s",
            "40000 days",
            "５ days",
        ];
        for text in texts {
            assert_eq!(DurationSpec::parse(text), Err(DurationError(text.into())));
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(count in 1i64..30_000, unit in 0usize..7) {
            let units = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::BusinessHour, Unit::BusinessDay, Unit::Week];
            let unit = units[unit];
            let span = DurationSpec { count: count.min(unit.count_max()), unit };
            prop_assert_eq!(DurationSpec::parse(&span.to_string()), Ok(span));
        }
    }
}
