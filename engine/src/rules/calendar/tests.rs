//! What business time is.

use proptest::prelude::*;

use super::*;

const PLANT: &str = "\
calendar: plant_cn
title: { zh: 工厂日历, en: Plant calendar }
version: 2026.1
zone: Asia/Shanghai
week:
  monday:    [ \"08:30-12:00\", \"13:00-17:30\" ]
  tuesday:   [ \"08:30-12:00\", \"13:00-17:30\" ]
  wednesday: [ \"08:30-12:00\", \"13:00-17:30\" ]
  thursday:  [ \"08:30-12:00\", \"13:00-17:30\" ]
  friday:    [ \"08:30-12:00\", \"13:00-16:30\" ]
holidays:
  - 2026-01-01
  - 2026-02-16..2026-02-22
working: [ 2026-02-14 ]
";

fn plant() -> Calendar {
    Calendar::parse(PLANT).expect("calendar")
}

fn office(zone: &str, hours: &str) -> Calendar {
    let days: String = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        .map(|day| format!("  {day}: [ \"{hours}\" ]\n"))
        .concat();
    Calendar::parse(&format!("calendar: o\nversion: 1\nzone: {zone}\nweek:\n{days}")).expect("calendar")
}

#[track_caller]
fn adds(calendar: &Calendar, from: &str, span: &str, wanted: &str) {
    let from = Timestamp::parse(from).expect("from");
    let span = DurationSpec::parse(span).expect("span");
    let found = calendar.add(from, span).expect("an answer");
    assert_eq!(Some(found), Timestamp::parse(wanted), "{from} + {span} is {found}, not {wanted}");
}

#[test]
fn the_file_says_what_it_is() {
    let plant = plant();
    assert_eq!((plant.name(), plant.version(), plant.zone()), ("plant_cn", "2026.1", "Asia/Shanghai"));
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("date");
    assert!(plant.is_worked(day("2026-02-14")) && !plant.is_worked(day("2026-02-15")));
    assert!(!plant.is_worked(day("2026-02-18")) && plant.is_worked(day("2026-02-23")));
}

#[test]
fn business_days_keep_the_local_time() {
    let plant = plant();
    adds(&plant, "2026-03-02T09:00+08:00", "5 business days", "2026-03-09T09:00+08:00");
    adds(&plant, "2026-03-06T15:00+08:00", "1 business day", "2026-03-09T15:00+08:00");
    // Over the Spring Festival, with the Saturday worked before it.
    adds(&plant, "2026-02-13T09:00+08:00", "1 business day", "2026-02-14T09:00+08:00");
    adds(&plant, "2026-02-13T09:00+08:00", "2 business days", "2026-02-23T09:00+08:00");
}

#[test]
fn business_days_end_within_working_hours() {
    let plant = plant();
    adds(&plant, "2026-03-02T22:00+08:00", "1 business day", "2026-03-03T17:30+08:00");
    adds(&plant, "2026-03-02T05:00+08:00", "1 business day", "2026-03-03T08:30+08:00");
    adds(&plant, "2026-03-05T17:30+08:00", "1 business day", "2026-03-06T16:30+08:00");
    // A day that is not worked counts as the end of the one before.
    adds(&plant, "2026-03-07T10:00+08:00", "1 business day", "2026-03-09T17:30+08:00");
}

#[test]
fn business_hours_run_in_working_time_only() {
    let plant = plant();
    adds(&plant, "2026-03-02T09:00+08:00", "4 business hours", "2026-03-02T14:00+08:00");
    adds(&plant, "2026-03-06T16:00+08:00", "4 business hours", "2026-03-09T12:00+08:00");
    adds(&plant, "2026-03-07T10:00+08:00", "1 business hour", "2026-03-09T09:30+08:00");
    adds(&plant, "2026-03-02T12:30+08:00", "1 business hour", "2026-03-02T14:00+08:00");
    adds(&plant, "2026-03-02T00:00+08:00", "8 business hours", "2026-03-02T17:30+08:00");
}

#[test]
fn clock_time_is_clock_time() {
    adds(&plant(), "2026-03-06T16:00+08:00", "4 hours", "2026-03-06T20:00+08:00");
    adds(&plant(), "2026-03-06T16:00+08:00", "2 weeks", "2026-03-20T16:00+08:00");
}

#[test]
fn changes_of_the_clock_lose_no_time() {
    let night = office("America/New_York", "00:00-06:00");
    // Five hours are worked on the day the clock springs forward, seven on the day it falls back.
    adds(&night, "2027-03-14T00:00-05:00", "6 business hours", "2027-03-15T01:00-04:00");
    adds(&night, "2027-11-07T00:00-04:00", "7 business hours", "2027-11-07T06:00-05:00");
    let early = office("America/New_York", "02:30-06:00");
    adds(&early, "2027-03-14T00:00-05:00", "1 business hour", "2027-03-14T04:00-04:00");
    adds(&early, "2027-03-13T02:45-05:00", "1 business day", "2027-03-14T03:00-04:00");
    let whole = office("Asia/Shanghai", "00:00-24:00");
    adds(&whole, "2026-03-02T09:00+08:00", "24 business hours", "2026-03-03T09:00+08:00");
}

#[test]
fn business_time_is_counted_back_as_it_is_counted_forth() {
    for (until, span, wanted) in [
        ("2026-03-06T10:00+08:00", "1 business day", "2026-03-05T10:00+08:00"),
        ("2026-03-09T10:00+08:00", "1 business day", "2026-03-06T10:00+08:00"),
        ("2026-03-11T10:00+08:00", "5 business days", "2026-03-04T10:00+08:00"),
        ("2026-03-09T09:30+08:00", "2 business hours", "2026-03-06T15:30+08:00"),
    ] {
        let at = |text: &str| Timestamp::parse(text).expect("a moment");
        let found = plant().subtract(at(until), DurationSpec::parse(span).expect("span"));
        assert_eq!(found, Ok(at(wanted)), "{span} before {until}");
    }
}

#[test]
fn what_lies_too_far_is_an_error() {
    let from = Timestamp::MAX;
    for span in ["1 business day", "1 business hour", "1 second"] {
        assert!(plant().add(from, DurationSpec::parse(span).expect("span")).is_err(), "{span}");
    }
    // A moment that chrono cannot name is no panic.
    let _ = plant().add(Timestamp::from_micros(i64::MIN), DurationSpec::parse("36600 business days").expect("span"));
}

#[test]
fn a_fault_has_its_place_and_path() {
    for (from, to, line, path) in [
        ("monday: ", "mondy: ", 6, "week"),
        ("\"08:30-12:00\", \"13:00-16:30\"", "\"13:00-16:30\", \"08:30-12:00\"", 10, "week.friday"),
        ("13:00-16:30", "13:00-25:00", 10, "week.friday"),
        ("13:00-16:30", "17:00-16:30", 10, "week.friday"),
        ("Asia/Shanghai", "Shanghai", 4, "zone"),
        ("2026-01-01", "2026-02-30", 12, "holidays"),
        ("2026-02-16..2026-02-22", "2026-02-22..2026-02-16", 13, "holidays"),
        ("[ 2026-02-14 ]", "[ 2026-02-16 ]", 14, "working"),
        ("version: 2026.1", "version: []", 3, "version"),
        ("zone:", "zon:", 4, ""),
    ] {
        let source = PLANT.replace(from, to);
        let faults = Calendar::parse(&source).expect_err(to);
        assert!(faults.iter().any(|fault| fault.line == line && fault.path == path), "{to}: {faults:?}");
        assert!(faults.iter().all(|fault| !fault.zh.is_ascii()));
    }
    assert!(Calendar::parse("calendar: a\nversion: 1\nzone: UTC\nweek: { monday: [] }\n").is_err());
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let zones = vec!["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"];
    let offices =
        (prop::sample::select(zones), prop::sample::select(vec!["00:00-24:00", "01:30-02:30", "09:00-17:00"]));
    prop_oneof![Just(plant()), offices.prop_map(|(zone, hours)| office(zone, hours))]
}

fn in_working_time(calendar: &Calendar, moment: Timestamp) -> bool {
    let day = moment.to_utc().with_timezone(&calendar.zone).date_naive();
    [day.pred_opt(), Some(day)].into_iter().flatten().any(|day| {
        calendar.hours(day).iter().any(|hours| {
            let opens = calendar.moment(day, hours.from).map(Timestamp::from_utc);
            let closes = calendar.closing(day, hours.to).map(Timestamp::from_utc);
            opens.is_ok_and(|opens| opens <= moment) && closes.is_ok_and(|closes| moment <= closes)
        })
    })
}

proptest! {
    #[test]
    fn what_begins_later_is_not_due_earlier(
        calendar in calendars(), start in 1_700_000_000i64..1_900_000_000, later in 0i64..500_000, count in 1i64..60, days: bool,
    ) {
        let unit = if days { Unit::BusinessDay } else { Unit::BusinessHour };
        let span = DurationSpec { count, unit };
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (first, second) = (calendar.add(at(start), span).ok(), calendar.add(at(start + later), span).ok());
        prop_assert!(first <= second, "{:?} {:?}", first, second);
        let longer = calendar.add(at(start), DurationSpec { count: count + 1, unit }).ok();
        prop_assert!(first < longer);
        prop_assert!(first.is_some_and(|moment| moment > at(start)));
    }

    #[test]
    fn what_is_counted_back_never_passes_the_moment(
        until in 1_767_225_600i64..1_798_761_600, count in 1i64..15, days in any::<bool>(),
    ) {
        let unit = if days { crate::rules::span::Unit::BusinessDay } else { crate::rules::span::Unit::BusinessHour };
        let (until, span) = (Timestamp::from_micros(until * 1_000_000), DurationSpec { count, unit });
        let back = plant().subtract(until, span).expect("an answer");
        let again = plant().add(back, span).expect("an answer");
        prop_assert!(back < until && again <= until);
        // And from no later moment is it nearer: what is reached from there is the same, or beyond.
        let later = plant().add(until, span).expect("an answer");
        prop_assert!(later > until && plant().subtract(again, span) == Ok(back));
    }

    #[test]
    fn business_hours_end_in_working_time(
        calendar in calendars(), start in 1_700_000_000i64..1_900_000_000, count in 1i64..60,
    ) {
        let span = DurationSpec { count, unit: Unit::BusinessHour };
        let found = calendar.add(Timestamp::from_micros(start * 1_000_000), span).expect("an answer");
        prop_assert!(in_working_time(&calendar, found), "{}", found);
    }

    #[test]
    fn no_file_panics(source in "\\PC{0,200}") {
        let _ = Calendar::parse(&source);
    }
}

#[test]
fn a_day_is_over_at_midnight_where_the_calendar_is_even_when_the_clock_changes() {
    let ends = |calendar: &Calendar, day: &str, wanted: &str| {
        let day = day.parse().expect("a day");
        assert_eq!(calendar.end_of(day).ok(), Timestamp::parse(wanted));
    };
    ends(&plant(), "2026-05-04", "2026-05-05T00:00:00+08:00");
    ends(&plant(), "2026-02-16", "2026-02-17T00:00:00+08:00");
    ends(&office("Europe/Brussels", "09:00-17:00"), "2026-10-25", "2026-10-26T00:00:00+01:00");
}
