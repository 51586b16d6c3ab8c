//! Cron schedules with a zone and a word on what happens at changes of the clock.
//!
//! The `cron` crate only parses and walks wall-clock time that knows no zone; turning wall-clock time into
//! moments is ours, since the crate's own way goes backwards where the clock does.

use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::rules::wall::{Wall, wall};
use crate::time::Timestamp;

/// The longest fold of a clock.
const FOLD_HOURS_MAX: i64 = 3;
/// Firings of wall-clock time that are looked at: every second of the longest fold, twice.
const FIRINGS_MAX: usize = 2 * 2 * 3_600 * 3;
/// The years in which a schedule must fire: eight include a 29 February even around 2100.
const YEARS_LOOKED_AT: i32 = 12;

/// A parsed schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    source: Arc<str>,
    cron: Arc<cron::Schedule>,
    zone: Tz,
    gap: Gap,
    overlap: Overlap,
}

/// What becomes of a firing whose wall-clock time does not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gap {
    /// It fires when the clock goes on.
    #[default]
    Next,
    Skip,
    /// It fires in the last second before the clock jumps.
    Prev,
}

/// What becomes of a firing whose wall-clock time comes twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    #[default]
    First,
    Both,
    Second,
}

/// A text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleError {
    /// Which part is wrong.
    pub part: SchedulePart,
    pub en: String,
    pub zh: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchedulePart {
    Cron,
    Zone,
    Gap,
    Overlap,
}

impl Gap {
    pub fn parse(word: &str) -> Result<Self, ScheduleError> {
        match word {
            "next" => Ok(Gap::Next),
            "skip" => Ok(Gap::Skip),
            "prev" => Ok(Gap::Prev),
            _ => Err(fault(
                SchedulePart::Gap,
                format!(
                    "`{word}` is no word for `gap`; write `next` (fire when the clock goes on), `prev` (just before it jumps) or `skip`"
                ),
                format!("`gap` 不能写 `{word}`；请写 `next`（时钟恢复时触发）、`prev`（跳变之前触发）或 `skip`"),
            )),
        }
    }
}

impl Overlap {
    pub fn parse(word: &str) -> Result<Self, ScheduleError> {
        match word {
            "first" => Ok(Overlap::First),
            "both" => Ok(Overlap::Both),
            "second" => Ok(Overlap::Second),
            _ => Err(fault(
                SchedulePart::Overlap,
                format!("`{word}` is no word for `overlap`; write `first`, `both` or `second`"),
                format!("`overlap` 不能写 `{word}`；请写 `first`、`both` 或 `second`"),
            )),
        }
    }
}

fn fault(part: SchedulePart, en: impl Into<String>, zh: impl Into<String>) -> ScheduleError {
    ScheduleError { part, en: en.into(), zh: zh.into() }
}

impl Schedule {
    /// Reads five or six fields (with seconds first), of which the weekday is written in names.
    pub fn parse(cron: &str, zone: &str, gap: Gap, overlap: Overlap) -> Result<Self, ScheduleError> {
        let cron = cron.trim();
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let full = match fields.len() {
            5 => format!("0 {}", fields.join(" ")),
            6 => fields.join(" "),
            found => {
                return Err(fault(
                    SchedulePart::Cron,
                    format!(
                        "a schedule has five fields (minute hour day month weekday) or six (second first), not {found}"
                    ),
                    format!("计划应为五段（分 时 日 月 周）或六段（秒在最前），而不是 {found} 段"),
                ));
            }
        };
        check_days(&fields[fields.len() - 3..])?;
        let zone = Tz::from_str(zone).map_err(|_| {
            fault(
                SchedulePart::Zone,
                format!("`{zone}` is no time zone; write a name such as `Asia/Shanghai`"),
                format!("`{zone}` 不是时区；请写名称，例如 `Asia/Shanghai`"),
            )
        })?;
        let parsed = cron::Schedule::from_str(&full).map_err(|_| {
            fault(
                SchedulePart::Cron,
                format!("`{cron}` is no schedule; write for example `0 8 * * MON`"),
                format!("`{cron}` 不是合法的计划；请写例如 `0 8 * * MON`"),
            )
        })?;
        let schedule = Schedule { source: cron.into(), cron: Arc::new(parsed), zone, gap, overlap };
        let start = NaiveDateTime::default().with_year(2_000).unwrap_or_default();
        let first = schedule.firings(start).next();
        if first.is_none_or(|first| first.year() > 2_000 + YEARS_LOOKED_AT) {
            return Err(fault(SchedulePart::Cron, format!("`{cron}` never fires"), format!("`{cron}` 永远不会触发")));
        }
        Ok(schedule)
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// What the clock on the wall shows in its zone.
    #[must_use]
    pub fn on_the_wall(&self, moment: Timestamp) -> String {
        moment.to_utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// The first firing strictly after `after`.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_utc();
        let local = self.local(after)?;
        let forward = self.search(after, local, Wall::first);
        let next = match self.overlap {
            Overlap::First => forward,
            Overlap::Second => self.search(after, self.before_fold(after, local), Wall::last),
            Overlap::Both => {
                let again = self.search(after, self.before_fold(after, local), Wall::last);
                forward.into_iter().chain(again).min()
            }
        };
        next.map(Timestamp::from_utc).filter(|next| *next <= Timestamp::MAX)
    }

    /// Moments of firings in the order of wall-clock time, where `choose` picks one of two; both orders agree,
    /// so the first that lies after `after` is the next.
    fn search(
        &self,
        after: DateTime<Utc>,
        from: NaiveDateTime,
        choose: fn(Wall) -> DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let from = from.checked_sub_signed(TimeDelta::try_seconds(1)?)?;
        self.firings(from).take(FIRINGS_MAX).find_map(|local| {
            let found = wall(self.zone, local)?;
            let moment = match (found, self.gap) {
                (Wall::Never(_), Gap::Skip) => None,
                (Wall::Never(moment), Gap::Prev) => moment.checked_sub_signed(TimeDelta::try_seconds(1)?),
                _ => Some(choose(found)),
            };
            moment.filter(|moment| *moment > after)
        })
    }

    /// Wall-clock firings after `from`; the crate is told that they are UTC, where no clock changes.
    fn firings(&self, from: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        self.cron.after_owned(Utc.from_utc_datetime(&from)).map(|moment| moment.naive_utc())
    }

    fn local(&self, moment: DateTime<Utc>) -> Option<NaiveDateTime> {
        let offset = self.zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
        moment.naive_utc().checked_add_offset(offset)
    }

    /// Where to look for second times: before the fold that `after` may lie in or just ahead of.
    fn before_fold(&self, after: DateTime<Utc>, local: NaiveDateTime) -> NaiveDateTime {
        let hours = |hours: i64| TimeDelta::try_hours(hours).unwrap_or_default();
        let offset =
            |moment: DateTime<Utc>| self.zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc();
        let ahead = after.checked_add_signed(hours(FOLD_HOURS_MAX)).unwrap_or(after);
        if offset(ahead) < offset(after) {
            local.checked_sub_signed(hours(FOLD_HOURS_MAX)).unwrap_or(local)
        } else {
            local
        }
    }
}

/// Programs disagree on the number of Sunday, and on whether day and weekday both restrict or either does.
fn check_days(fields: &[&str]) -> Result<(), ScheduleError> {
    let [day, _, weekday] = fields else { return Ok(()) };
    let mut numbers = weekday.split([',', '-']).map(|part| part.split('/').next().unwrap_or(part));
    if let Some(number) = numbers.find(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(fault(
            SchedulePart::Cron,
            format!(
                "the weekday `{number}` means another day in every cron program; write names such as `MON` or `MON-FRI`"
            ),
            format!("各种 cron 程序对星期数字 `{number}` 的理解不同；请写名称，例如 `MON` 或 `MON-FRI`"),
        ));
    }
    let free = |field: &str| matches!(field, "*" | "?");
    if !free(day) && !free(weekday) {
        return Err(fault(
            SchedulePart::Cron,
            "cron programs disagree whether a day of the month and a weekday must both fit; leave one of them `*` and narrow with `when`",
            "各种 cron 程序对“日”与“周”同时限定的理解不同；请把其中一个写成 `*`，再用 `when` 收窄",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(cron: &str, zone: &str, gap: Gap, overlap: Overlap) -> Schedule {
        Schedule::parse(cron, zone, gap, overlap).unwrap_or_else(|error| panic!("{cron}: {error:?}"))
    }

    #[track_caller]
    fn fires(schedule: &Schedule, after: &str, wanted: &[&str]) {
        let mut at = Timestamp::parse(after).expect("moment");
        for moment in wanted {
            let next = schedule.next_after(at).expect("a next firing");
            assert_eq!(Some(next), Timestamp::parse(moment), "after {at} came {next}, not {moment}");
            at = next;
        }
    }

    const NEW_YORK: &str = "America/New_York";

    #[test]
    fn five_fields_fire_at_the_full_minute() {
        let monday = schedule("0 8 * * MON", "Asia/Shanghai", Gap::Next, Overlap::First);
        fires(&monday, "2026-03-02T08:00+08:00", &["2026-03-09T08:00+08:00", "2026-03-16T08:00+08:00"]);
        fires(&monday, "2026-03-02T07:59:59.999999+08:00", &["2026-03-02T08:00+08:00"]);
        let seconds = schedule("30 0 8 * * MON-FRI", "Asia/Shanghai", Gap::Next, Overlap::First);
        fires(&seconds, "2026-03-06T09:00+08:00", &["2026-03-09T08:00:30+08:00"]);
    }

    #[test]
    fn a_fold_does_not_send_it_backwards() {
        let half_hours = schedule("0 */30 * * * *", NEW_YORK, Gap::Next, Overlap::Both);
        fires(
            &half_hours,
            "2027-11-07T00:30-04:00",
            &[
                "2027-11-07T01:00-04:00",
                "2027-11-07T01:30-04:00",
                "2027-11-07T01:00-05:00",
                "2027-11-07T01:30-05:00",
                "2027-11-07T02:00-05:00",
            ],
        );
    }

    #[test]
    fn a_time_that_comes_twice_fires_as_was_said() {
        let daily = |overlap| schedule("30 1 * * *", NEW_YORK, Gap::Next, overlap);
        let before = "2027-11-06T12:00-04:00";
        fires(&daily(Overlap::First), before, &["2027-11-07T01:30-04:00", "2027-11-08T01:30-05:00"]);
        fires(&daily(Overlap::Second), before, &["2027-11-07T01:30-05:00", "2027-11-08T01:30-05:00"]);
        let both = ["2027-11-07T01:30-04:00", "2027-11-07T01:30-05:00", "2027-11-08T01:30-05:00"];
        fires(&daily(Overlap::Both), before, &both);
        // Asked in the middle of the fold.
        fires(&daily(Overlap::Second), "2027-11-07T01:45-04:00", &["2027-11-07T01:30-05:00"]);
        fires(&daily(Overlap::First), "2027-11-07T01:15-05:00", &["2027-11-08T01:30-05:00"]);
    }

    #[test]
    fn a_time_that_does_not_come_fires_as_was_said() {
        let daily = |gap| schedule("30 2 * * *", NEW_YORK, gap, Overlap::First);
        let before = "2027-03-13T12:00-05:00";
        fires(&daily(Gap::Next), before, &["2027-03-14T03:00-04:00", "2027-03-15T02:30-04:00"]);
        fires(&daily(Gap::Skip), before, &["2027-03-15T02:30-04:00"]);
        fires(&daily(Gap::Prev), before, &["2027-03-14T01:59:59-05:00", "2027-03-15T02:30-04:00"]);
        let often = schedule("*/10 2,3 * * *", NEW_YORK, Gap::Next, Overlap::First);
        fires(&often, "2027-03-14T01:59-05:00", &["2027-03-14T03:00-04:00", "2027-03-14T03:10-04:00"]);
        let samoa = schedule("0 12 * * *", "Pacific/Apia", Gap::Next, Overlap::First);
        fires(&samoa, "2011-12-29T12:00-10:00", &["2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"]);
    }

    #[test]
    fn what_cron_programs_disagree_about_is_refused() {
        for (cron, part) in [
            ("0 8 * * 1", "names"),
            ("0 8 * * MON,5", "names"),
            ("0 8 * * 1-5", "names"),
            ("0 8 13 * FRI", "disagree"),
            ("0 8 * *", "five"),
            ("0 0 8 * * MON 2026", "five"),
            ("0 8 30 2 *", "never"),
            ("0 25 * * *", "no schedule"),
            ("@daily", "five"),
            ("", "five"),
        ] {
            let error = Schedule::parse(cron, "Asia/Shanghai", Gap::Next, Overlap::First).expect_err(cron);
            assert_eq!(error.part, SchedulePart::Cron);
            assert!(error.en.contains(part) && !error.zh.is_ascii(), "{cron}: {error:?}");
        }
        let error = Schedule::parse("0 8 * * *", "Shanghai", Gap::Next, Overlap::First).expect_err("zone");
        assert_eq!(error.part, SchedulePart::Zone);
        assert!(Gap::parse("later").is_err() && Overlap::parse("").is_err());
    }

    proptest! {
        #[test]
        fn firings_strictly_increase(
            start in 1_700_000_000i64..2_000_000_000,
            zone in prop::sample::select(vec![NEW_YORK, "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
            cron in prop::sample::select(vec!["*/20 * * * *", "30 1 * * *", "30 2 * * SUN", "0 0 1 * *", "15 */7 * * *"]),
            overlap in prop::sample::select(vec![Overlap::First, Overlap::Both, Overlap::Second]),
            gap in prop::sample::select(vec![Gap::Next, Gap::Skip, Gap::Prev]),
        ) {
            let schedule = schedule(cron, zone, gap, overlap);
            let mut at = Timestamp::from_micros(start * 1_000_000);
            for _ in 0..8 {
                let next = schedule.next_after(at).expect("it fires for ever");
                prop_assert!(next > at);
                // Nothing was jumped over: asked a moment before, it gives the same.
                let just_before = Timestamp::from_micros((at.micros() + next.micros()) / 2);
                prop_assert_eq!(schedule.next_after(just_before), Some(next));
                at = next;
            }
        }

        #[test]
        fn no_text_panics(cron in "[0-9*/,?LW#\\- A-Z]{0,30}") {
            let _ = Schedule::parse(&cron, "UTC", Gap::Next, Overlap::First);
        }
    }
}
