//! Files that the rules parse: tables, scripts, calendars. Their faults become findings in their own file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::definition::Text;
use crate::language::diagnostics::registry as codes;
use crate::language::diagnostics::{Code, Sink};
use crate::language::syntax::{self, Source};
use crate::language::types::Type;
use crate::rules::calendar::Calendar;
use crate::rules::schedule::{Gap, Overlap, Schedule, SchedulePart};
use crate::rules::script::Script;
use crate::rules::table::{Collect, HitPolicy, Table};
use crate::value::Value;

/// A decision table; its YAML is first refused what ours is refused.
pub(super) fn table(path: &str, bytes: &[u8], sink: &mut Sink) -> Option<Table> {
    let mut own = Sink::default();
    let (source, tree) = syntax::parse(path, bytes, &mut own);
    let broken = own.has_errors() || tree.is_none();
    own.into_sorted().into_iter().for_each(|finding| sink.add(finding));
    if broken {
        return None;
    }
    match Table::parse(std::str::from_utf8(bytes).ok()?) {
        Ok(table) => Some(table),
        Err(faults) => {
            for fault in faults {
                add(sink, &source, &codes::TABLE_INVALID, (fault.line, fault.column), (fault.zh, fault.en));
            }
            None
        }
    }
}

/// A finding at a line and column that a parser of the rules gave.
pub(crate) fn add(sink: &mut Sink, source: &Source, code: &'static Code, at: (u32, u32), words: (String, String)) {
    let offset = source.offset(at.0 as usize, (at.1 as usize).saturating_sub(1));
    sink.add(source.finding(code, offset, offset + 1, Text { zh: words.0.into(), en: words.1.into() }, None));
}

pub(super) fn script(path: &str, bytes: &[u8], sink: &mut Sink) -> Option<Script> {
    let text = utf8(path, bytes, sink)?;
    match Script::compile(path, text) {
        Ok(script) => Some(script),
        Err(fault) => {
            let source = Source::new(path, text);
            add(sink, &source, &codes::SCRIPT_INVALID, (fault.line, fault.column), (fault.zh, fault.en));
            None
        }
    }
}

pub(super) fn calendar(path: &str, bytes: &[u8], sink: &mut Sink) -> Option<Calendar> {
    let mut own = Sink::default();
    let (source, tree) = syntax::parse(path, bytes, &mut own);
    let broken = own.has_errors();
    own.into_sorted().into_iter().for_each(|finding| sink.add(finding));
    tree.filter(|_| !broken)?;
    match Calendar::parse(utf8(path, bytes, sink)?) {
        Ok(calendar) => Some(calendar),
        Err(faults) => {
            for fault in faults {
                let (zh, en) = (format!("{}：{}", fault.path, fault.zh), format!("{}: {}", fault.path, fault.en));
                add(sink, &source, &codes::CALENDAR_INVALID, (fault.line, fault.column), (zh, en));
            }
            None
        }
    }
}

/// The text of a file, or a finding at the first byte that is none.
fn utf8<'a>(path: &str, bytes: &'a [u8], sink: &mut Sink) -> Option<&'a str> {
    std::str::from_utf8(bytes).map_err(|_| syntax::parse(path, bytes, sink)).ok()
}

/// What a table gives: a record of its outputs, or the one output bare, each as `kind` says; several rows make a list.
pub(crate) fn output_type(table: &Table, kind: fn(&Table, usize) -> Type) -> Type {
    fn place(fields: &mut BTreeMap<Arc<str>, Type>, path: &[Arc<str>], kind: Type) {
        let Some((first, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            fields.insert(first.clone(), kind);
            return;
        }
        let mut inner = match fields.get(first) {
            Some(Type::Record(inner)) => (**inner).clone(),
            _ => BTreeMap::new(),
        };
        place(&mut inner, rest, kind);
        fields.insert(first.clone(), Type::Record(Arc::new(inner)));
    }
    let one = if table.outputs().len() == 1 {
        kind(table, 0)
    } else {
        let mut fields = BTreeMap::new();
        table
            .outputs()
            .iter()
            .enumerate()
            .for_each(|(column, output)| place(&mut fields, &output.path, kind(table, column)));
        Type::Record(Arc::new(fields))
    };
    match table.hit() {
        HitPolicy::Unique | HitPolicy::First | HitPolicy::Any | HitPolicy::Priority => one,
        HitPolicy::RuleOrder | HitPolicy::Collect(Collect::List) => Type::List(Arc::new(one)),
        HitPolicy::Collect(Collect::Count) => Type::Integer { min: None, max: None },
        HitPolicy::Collect(Collect::Sum | Collect::Min | Collect::Max) => Type::Any,
    }
}

/// What the cells of an output column say, if all are literals of one kind.
pub(crate) fn column_type(table: &Table, column: usize) -> Type {
    let values = table.literals(column).unwrap_or_default();
    let all = |test: fn(&Value) -> bool| !values.is_empty() && values.iter().all(|value| test(value));
    if all(|value| matches!(value, Value::Bool(_))) {
        return Type::Boolean;
    }
    if all(|value| matches!(value, Value::Int(_))) {
        return Type::Integer { min: None, max: None };
    }
    if all(|value| value.as_decimal().is_some()) {
        return Type::Decimal;
    }
    let words: Option<BTreeSet<Arc<str>>> = values.iter().map(|value| value.as_str().map(Arc::from)).collect();
    // A text that may be a date or a duration is compared as one.
    let word = |text: &Arc<str>| text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    match words {
        Some(words) if !words.is_empty() && words.iter().all(word) => Type::OneOf(words.into_iter().collect()),
        _ => Type::Any,
    }
}

/// A cron schedule; whether the zone is at fault, and why.
pub(super) fn schedule(cron: &str, zone: &str, gap: usize, overlap: usize) -> Result<Schedule, (bool, Text)> {
    let gap = [Gap::Next, Gap::Skip][gap.min(1)];
    let overlap = [Overlap::First, Overlap::Both, Overlap::Second][overlap.min(2)];
    Schedule::parse(cron, zone, gap, overlap)
        .map_err(|error| (error.part == SchedulePart::Zone, Text { zh: error.zh.into(), en: error.en.into() }))
}
