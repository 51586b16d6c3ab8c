//! Calendars of business time: which days are worked, from when to when, in which zone. Versioned data.
//!
//! Two rules, which the deadlines of processes rest on:
//! - *n business days* after a moment is the same local time on the n-th day worked after it, held within that
//!   day's working hours. A moment on a day that is not worked counts as the end of the working day before it, so that a
//!   deadline is never earlier for what began later.
//! - *n business hours* are counted along the working hours only; the result lies within them.

mod parse;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::rules::span::{DurationSpec, Unit};
use crate::rules::wall::wall;
use crate::time::Timestamp;

pub use parse::CalendarFault;

/// How many days ahead are looked at.
const DAYS_MAX: usize = 366 * 200;

const HOUR_MICROS: i64 = 3_600_000_000;
const MINUTES_OF_DAY: u32 = 24 * 60;

/// A calendar, from `calendars/*.calendar.yaml` of the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    name: Arc<str>,
    version: Arc<str>,
    zone: Tz,
    /// From Monday; the hours worked on each, in order.
    week: [Vec<Hours>; 7],
    holidays: BTreeSet<NaiveDate>,
    /// Days worked although the week or a holiday says otherwise (调休), with the hours of the first day of the week that is worked.
    working: BTreeSet<NaiveDate>,
}

/// Hours worked without a break, in minutes from midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hours {
    from: u32,
    to: u32,
}

/// The calendar cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar has no answer: {0}")]
pub struct CalendarError(pub &'static str);

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// How far back a moment is looked for: about 100 years.
const BACK_MAX_MICROS: i64 = 36_525 * DAY_MICROS;
const TOO_FAR: CalendarError = CalendarError("the moment lies too far away");

impl Calendar {
    /// Reads a calendar file; all its faults at once.
    pub fn parse(source: &str) -> Result<Self, Vec<CalendarFault>> {
        parse::parse(source)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version that people gave it; empty if they gave none.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// Whether anything is worked on the day.
    #[must_use]
    pub fn is_worked(&self, day: NaiveDate) -> bool {
        !self.hours(day).is_empty()
    }

    /// The moment that lies `span` after `from`; clock time for clock units.
    pub fn add(&self, from: Timestamp, span: DurationSpec) -> Result<Timestamp, CalendarError> {
        let moment = match span.unit {
            Unit::BusinessDay => self.add_days(from, span.count)?,
            Unit::BusinessHour => self.add_hours(from, span.count)?,
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day | Unit::Week => {
                let micros = span.clock_micros().ok_or(TOO_FAR)?;
                from.micros().checked_add(micros).map(Timestamp::from_micros).ok_or(TOO_FAR)?
            }
        };
        if moment > Timestamp::MAX { Err(TOO_FAR) } else { Ok(moment) }
    }

    /// When the day is over, whether it is worked or not.
    pub fn end_of(&self, day: NaiveDate) -> Result<Timestamp, CalendarError> {
        self.closing(day, MINUTES_OF_DAY).map(Timestamp::from_utc)
    }

    fn hours(&self, day: NaiveDate) -> &[Hours] {
        if self.working.contains(&day) {
            return self.week.iter().find(|hours| !hours.is_empty()).map_or(&[], Vec::as_slice);
        }
        if self.holidays.contains(&day) {
            return &[];
        }
        self.week.get(day.weekday().num_days_from_monday() as usize).map_or(&[], Vec::as_slice)
    }

    /// Days worked after `day`, soonest first.
    fn days_after(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        day.iter_days().skip(1).take(DAYS_MAX).filter(|day| self.is_worked(*day))
    }

    fn add_days(&self, from: Timestamp, count: i64) -> Result<Timestamp, CalendarError> {
        let local = from.to_utc().with_timezone(&self.zone).naive_local();
        let nth = usize::try_from(count).ok().and_then(|count| count.checked_sub(1)).ok_or(TOO_FAR)?;
        let day = self.days_after(local.date()).nth(nth).ok_or(TOO_FAR)?;
        let hours = self.hours(day);
        let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return Err(TOO_FAR) };
        let (opens, closes) = (self.moment(day, first.from)?, self.closing(day, last.to)?);
        if !self.is_worked(local.date()) {
            return Ok(Timestamp::from_utc(closes));
        }
        let same = wall(self.zone, day.and_time(local.time())).ok_or(TOO_FAR)?.first();
        Ok(Timestamp::from_utc(same.clamp(opens, closes)))
    }

    fn add_hours(&self, from: Timestamp, count: i64) -> Result<Timestamp, CalendarError> {
        let mut left = TimeDelta::microseconds(count.checked_mul(HOUR_MICROS).ok_or(TOO_FAR)?);
        let start = from.to_utc();
        // The day before, since a day in the zone may have begun before the day in UTC.
        let today = start.with_timezone(&self.zone).date_naive().pred_opt().ok_or(TOO_FAR)?;
        for day in self.days_after(today.pred_opt().ok_or(TOO_FAR)?) {
            for hours in self.hours(day) {
                let (opens, closes) = (self.moment(day, hours.from)?.max(start), self.closing(day, hours.to)?);
                let worked = closes.signed_duration_since(opens);
                if worked <= TimeDelta::zero() {
                    continue;
                }
                if left <= worked {
                    return opens.checked_add_signed(left).map(Timestamp::from_utc).ok_or(TOO_FAR);
                }
                left -= worked;
            }
        }
        Err(TOO_FAR)
    }

    /// When work begins; a time that comes twice begins at its first coming.
    fn moment(&self, day: NaiveDate, minute: u32) -> Result<DateTime<Utc>, CalendarError> {
        self.at(day, minute).map(|wall| wall.first())
    }

    /// When work ends; a time that comes twice ends at its second.
    fn closing(&self, day: NaiveDate, minute: u32) -> Result<DateTime<Utc>, CalendarError> {
        self.at(day, minute).map(|wall| wall.last())
    }

    fn at(&self, day: NaiveDate, minute: u32) -> Result<crate::rules::wall::Wall, CalendarError> {
        // 24:00 is the midnight of the next day.
        let local = day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(minute)));
        local.and_then(|local| wall(self.zone, local)).ok_or(TOO_FAR)
    }

    /// The first of the moments from which `span` reaches as near to `until` as it can without passing it.
    ///
    /// Adding never goes down, so both ends are found by halving.
    pub fn subtract(&self, until: Timestamp, span: DurationSpec) -> Result<Timestamp, CalendarError> {
        if let Some(micros) = span.clock_micros() {
            return Ok(until.plus_micros(-micros));
        }
        // The last moment that does not pass `until`, then the first that reaches the same.
        let low = self.back_from(until, |at| Ok(self.add(at, span)? <= until))?;
        let last = self.halve(low, until, |at| Ok(self.add(at, span)? <= until))?;
        let reached = self.add(last, span)?;
        let low = self.back_from(last, |at| Ok(self.add(at, span)? < reached))?;
        let before = self.halve(low, last, |at| Ok(self.add(at, span)? < reached))?;
        Ok(before.plus_micros(1))
    }

    /// A moment before `from` for which it `holds`, looked for in growing steps.
    fn back_from(
        &self,
        from: Timestamp,
        holds: impl Fn(Timestamp) -> Result<bool, CalendarError>,
    ) -> Result<Timestamp, CalendarError> {
        let mut back = DAY_MICROS;
        while !holds(from.plus_micros(-back))? {
            back = back.checked_mul(2).filter(|back| *back < BACK_MAX_MICROS).ok_or(TOO_FAR)?;
        }
        Ok(from.plus_micros(-back))
    }

    /// The last moment from `low` on that `holds`, which is so at `low` and not at `high` or after it, or so at both.
    fn halve(
        &self,
        low: Timestamp,
        high: Timestamp,
        holds: impl Fn(Timestamp) -> Result<bool, CalendarError>,
    ) -> Result<Timestamp, CalendarError> {
        if holds(high)? {
            return Ok(high);
        }
        let (mut low, mut high) = (low.micros(), high.micros());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if holds(Timestamp::from_micros(middle))? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Timestamp::from_micros(low))
    }
}

#[cfg(test)]
mod tests;
