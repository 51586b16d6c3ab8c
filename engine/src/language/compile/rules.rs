//! Files that the rules parse: tables, scripts, calendars. Their faults become findings in their own file.

use crate::language::diagnostics::Sink;
use crate::rules::calendar::Calendar;
use crate::rules::script::Script;
use crate::rules::table::Table;

pub(super) fn table(_path: &str, _bytes: &[u8], _sink: &mut Sink) -> Option<Table> {
    Some(Table {})
}

pub(super) fn script(_path: &str, _bytes: &[u8], _sink: &mut Sink) -> Option<Script> {
    Some(Script {})
}

pub(super) fn calendar(_path: &str, _bytes: &[u8], _sink: &mut Sink) -> Option<Calendar> {
    Some(Calendar {})
}

/// The names of a table's outputs.
pub(super) fn outputs(_table: &Table) -> Vec<String> {
    Vec::new()
}

/// A cron schedule; whether the zone is at fault, and why.
pub(super) fn schedule(
    _cron: &str,
    _zone: &str,
    _gap: usize,
    _overlap: usize,
) -> Result<crate::rules::schedule::Schedule, (bool, crate::language::definition::Text)> {
    Ok(crate::rules::schedule::Schedule {})
}
