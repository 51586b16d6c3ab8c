//! From a calendar file to the calendar.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{Calendar, Hours};
use crate::rules::document::{self, Entry, Kind, Node, Place};
use crate::rules::expression::nearest;

const KEYS: [&str; 8] = ["calendar", "title", "version", "zone", "week", "holidays", "working", "official"];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// The longest range of holidays, in days.
const RANGE_MAX: i64 = 366;
/// How many days may be listed.
const LISTED_MAX: usize = 10_000;
const MIDNIGHT: u32 = 24 * 60;

/// Something is wrong with a calendar file. Line and column begin at 1 and count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFault {
    pub line: u32,
    pub column: u32,
    /// The key it concerns, such as `week.monday`; empty for the file.
    pub path: String,
    pub code: &'static str,
    pub en: String,
    pub zh: String,
}

pub(super) fn parse(source: &str) -> Result<Calendar, Vec<CalendarFault>> {
    let mut parser = Parser { faults: vec![] };
    let entries = document::read(source).map_err(|fault| {
        let document::Fault { place, code, en, zh } = fault;
        vec![CalendarFault { line: place.line, column: place.column, path: String::new(), code, en, zh }]
    })?;
    let calendar = parser.calendar(&entries);
    match calendar {
        Some(calendar) if parser.faults.is_empty() => Ok(calendar),
        _ => Err(parser.faults),
    }
}

struct Parser {
    faults: Vec<CalendarFault>,
}

impl Parser {
    fn fault(&mut self, place: Place, path: &str, en: impl Into<String>, zh: impl Into<String>) {
        self.faults.push(CalendarFault {
            line: place.line,
            column: place.column,
            path: path.to_owned(),
            code: "calendar_invalid",
            en: en.into(),
            zh: zh.into(),
        });
    }

    fn calendar(&mut self, entries: &[Entry]) -> Option<Calendar> {
        self.unknown(entries, &KEYS, "");
        let find = |key: &str| entries.iter().find(|entry| entry.key == key);
        let name = self.word(find("calendar"), "calendar", "must name the calendar", "必须写日历名");
        // A release pins the file by its digest; the version is the name that people give it.
        let version = match find("version") {
            Some(entry) => self.word(Some(entry), "version", "must be a text", "必须是文本"),
            None => Some("".into()),
        };
        let zone = self.word(
            find("zone"),
            "zone",
            "must name a time zone such as `Asia/Shanghai`",
            "必须写时区，例如 `Asia/Shanghai`",
        );
        let zone = zone.and_then(|text| match Tz::from_str(&text) {
            Ok(zone) => Some(zone),
            Err(_) => {
                let place = find("zone").map_or(Place::default(), |entry| entry.value.place);
                self.fault(
                    place,
                    "zone",
                    format!("`{text}` is no time zone; write a name such as `Asia/Shanghai`"),
                    format!("`{text}` 不是时区；请写名称，例如 `Asia/Shanghai`"),
                );
                None
            }
        });
        let week = self.week(find("week"));
        let holidays = self.days(find("holidays"), "holidays");
        let working = self.days(find("working"), "working");
        for day in working.intersection(&holidays) {
            let place = find("working").map_or(Place::default(), |entry| entry.place);
            self.fault(place, "working", format!("{day} is also a holiday"), format!("{day} 同时列为假日"));
        }
        let official = find("official").map(|entry| self.years(entry));
        Some(Calendar { name: name?, version: version?, zone: zone?, week: week?, holidays, working, official })
    }

    fn unknown(&mut self, entries: &[Entry], known: &[&str], path: &str) {
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let (en, zh) = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => (format!("; did you mean `{near}`?"), format!("；是否想写 `{near}`？")),
                None => (format!("; write one of {}", known.join(", ")), format!("；请写 {} 之一", known.join("、"))),
            };
            self.fault(
                entry.place,
                path,
                format!("`{}` is no key here{en}", entry.key),
                format!("此处没有键 `{}`{zh}", entry.key),
            );
        }
    }

    fn word(&mut self, entry: Option<&Entry>, key: &str, en: &str, zh: &str) -> Option<Arc<str>> {
        if let Some(Kind::Text(text)) = entry.map(|entry| &entry.value.kind)
            && !text.is_empty()
        {
            return Some(text.as_str().into());
        }
        let place = entry.map_or(Place { line: 1, column: 1 }, |entry| entry.value.place);
        self.fault(place, key, format!("`{key}:` {en}"), format!("`{key}:` {zh}"));
        None
    }

    fn week(&mut self, entry: Option<&Entry>) -> Option<[Vec<Hours>; 7]> {
        let Some(Entry { value: Node { kind: Kind::Map(days), .. }, place, .. }) = entry else {
            let place = entry.map_or(Place { line: 1, column: 1 }, |entry| entry.value.place);
            self.fault(
                place,
                "week",
                "`week:` must give the hours of the days worked: `{ monday: [ \"08:30-12:00\", \"13:00-17:30\" ] }`",
                "`week:` 必须写工作日的时段：`{ monday: [ \"08:30-12:00\", \"13:00-17:30\" ] }`",
            );
            return None;
        };
        self.unknown(days, &DAYS, "week");
        let mut week: [Vec<Hours>; 7] = Default::default();
        for (name, hours) in DAYS.iter().zip(&mut week) {
            if let Some(day) = days.iter().find(|day| day.key == *name) {
                *hours = self.hours(&day.value, &format!("week.{name}"));
            }
        }
        if week.iter().all(Vec::is_empty) {
            self.fault(*place, "week", "no day of the week is worked", "一周没有任何工作日");
            return None;
        }
        Some(week)
    }

    fn hours(&mut self, node: &Node, path: &str) -> Vec<Hours> {
        let items = match &node.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Text(_) => std::slice::from_ref(node),
            Kind::Empty | Kind::Map(_) => &[],
        };
        if items.is_empty() && !matches!(node.kind, Kind::List(_)) {
            self.fault(
                node.place,
                path,
                "hours are a list such as `[ \"08:30-17:30\" ]`",
                "时段是列表，例如 `[ \"08:30-17:30\" ]`",
            );
        }
        let mut found: Vec<Hours> = Vec::new();
        for item in items {
            let hours = match &item.kind {
                Kind::Text(text) => hours_of(text),
                _ => None,
            };
            match hours {
                Some(hours) if found.last().is_none_or(|last| last.to <= hours.from) => found.push(hours),
                Some(_) => self.fault(
                    item.place,
                    path,
                    "these hours begin before those in front of them end",
                    "此时段在前一时段结束之前就开始",
                ),
                None => self.fault(
                    item.place,
                    path,
                    "hours are written `08:30-17:30`, from earlier to later, up to `24:00`",
                    "时段写作 `08:30-17:30`，先早后晚，至多到 `24:00`",
                ),
            }
        }
        found
    }

    /// Years whose days off are given notice of: `official: [ 2025, 2026 ]`.
    fn years(&mut self, entry: &Entry) -> BTreeSet<i32> {
        let items = match &entry.value.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&entry.value),
        };
        let mut found = BTreeSet::new();
        for item in items {
            let year = match &item.kind {
                Kind::Text(text) if text.len() == 4 => text.parse::<i32>().ok(),
                _ => None,
            };
            match year {
                Some(year) => drop(found.insert(year)),
                None => self.fault(
                    item.place,
                    "official",
                    "`official` lists years, such as `[ 2025, 2026 ]`",
                    "`official` 列出年份，例如 `[ 2025, 2026 ]`",
                ),
            }
        }
        found
    }

    /// A list of dates and of ranges `2026-10-01..2026-10-07`.
    fn days(&mut self, entry: Option<&Entry>, path: &str) -> BTreeSet<NaiveDate> {
        let mut found = BTreeSet::new();
        let Some(entry) = entry else { return found };
        let items = match &entry.value.kind {
            Kind::List(items) => items.as_slice(),
            Kind::Empty => &[],
            Kind::Text(_) | Kind::Map(_) => {
                self.fault(
                    entry.value.place,
                    path,
                    format!("`{path}` is a list of dates"),
                    format!("`{path}` 应为日期列表"),
                );
                &[]
            }
        };
        for item in items {
            let range = match &item.kind {
                Kind::Text(text) => range_of(text),
                _ => None,
            };
            match range {
                Some((from, to)) if found.len() < LISTED_MAX => {
                    found.extend(from.iter_days().take_while(|day| *day <= to))
                }
                Some(_) => {
                    self.fault(
                        item.place,
                        path,
                        format!("at most {LISTED_MAX} days may be listed"),
                        format!("最多列出 {LISTED_MAX} 天"),
                    );
                    break;
                }
                None => self.fault(
                    item.place,
                    path,
                    "a day is written `2026-10-01`, a range of at most a year `2026-10-01..2026-10-07`",
                    "日期写作 `2026-10-01`，区间（至多一年）写作 `2026-10-01..2026-10-07`",
                ),
            }
        }
        found
    }
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

fn range_of(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (date_of(from)?, date_of(to)?),
        None => (date_of(text)?, date_of(text)?),
    };
    (from <= to && to.signed_duration_since(from).num_days() <= RANGE_MAX).then_some((from, to))
}

fn hours_of(text: &str) -> Option<Hours> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute_of(from.trim())?, minute_of(to.trim())?);
    (from < to).then_some(Hours { from, to })
}

fn minute_of(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, length: usize| {
        let digits = text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() && text.len() <= length;
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 2)?, number(minute, 2).filter(|_| minute.len() == 2)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= MIDNIGHT).then_some(total)
}
