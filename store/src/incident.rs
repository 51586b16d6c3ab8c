//! The table `incident`: what waits for an operator, and what did. Derived.

use std::sync::Arc;

use engine::id::{IncidentId, InstanceId};
use engine::incident::IncidentCode;
use engine::project::IncidentRow;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Page, Read, Select};
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "incident",
    columns: &[
        ("instance", Type::Bytes),
        ("incident", Type::I64),
        ("process", Type::Text),
        ("step", Type::Text),
        ("code", Type::Text),
        ("detail", Type::Text),
        ("raised_at", Type::I64),
        ("resolved_at", Type::I64),
        ("resolved_by", Type::Text),
    ],
    key: 2,
};

const COLUMNS: &str =
    "SELECT instance, incident, process, step, code, detail, raised_at, resolved_at, resolved_by FROM incident";

/// Which incidents a list shows; newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that nobody has resolved.
    pub open: bool,
    pub process: Option<Arc<str>>,
    pub instance: Option<InstanceId>,
    pub code: Option<IncidentCode>,
}

/// Where a page of incidents ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub raised_at: Timestamp,
    pub instance: InstanceId,
    pub incident: IncidentId,
}

/// Writes incidents, each given at most once.
pub async fn put(tx: &mut Tx, rows: &[&IncidentRow]) -> Result<(), StoreError> {
    let texts: Vec<(String, String)> =
        rows.iter().map(|row| (word(row.code), crate::project::json(&row.detail))).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for (row, (code, detail)) in rows.iter().zip(&texts) {
        params.extend(params![
            &row.instance,
            row.incident.0,
            &row.process,
            &row.step,
            code,
            detail,
            row.raised_at,
            row.resolved_at,
            &row.resolved_by
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Replace, &params).await.map(|_| ())
}

/// A page of incidents, newest first.
pub async fn list(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<IncidentRow, Cursor>, StoreError> {
    let code = filter.code.map(word);
    let mut select = Select::new(COLUMNS);
    if filter.open {
        select.and("resolved_at IS NULL");
    }
    if let Some(process) = &filter.process {
        select.and("process = ").value(process);
    }
    if let Some(instance) = &filter.instance {
        select.and("instance = ").value(instance);
    }
    if let Some(code) = &code {
        select.and("code = ").value(code);
    }
    if let Some(after) = &after {
        select.and("(raised_at, instance, incident) < ");
        select.list(params![after.raised_at, &after.instance, after.incident.0]);
    }
    select.text(" ORDER BY raised_at DESC, instance DESC, incident DESC LIMIT ").value(i64::from(limit) + 1);
    let rows = select.fetch(reader).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::cut(rows, limit, |row: &IncidentRow| Cursor {
        raised_at: row.raised_at,
        instance: row.instance,
        incident: row.incident,
    }))
}

/// The stored word of a code.
fn word(code: IncidentCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a code is a word: {other:?}"),
    }
}

fn read(row: &Row) -> Result<IncidentRow, StoreError> {
    let instance = row.instance(0)?;
    let code = serde_json::from_value(row.text(4)?.into())
        .map_err(|error| StoreError::corrupt("incident", "code", instance, error))?;
    Ok(IncidentRow {
        instance,
        incident: IncidentId(row.count(1)?),
        process: row.text(2)?.into(),
        step: row.opt_text(3)?.map(Into::into),
        code,
        detail: row.json(5)?,
        raised_at: row.timestamp(6)?,
        resolved_at: row.opt_timestamp(7)?,
        resolved_by: row.opt_text(8)?.map(Into::into),
    })
}
