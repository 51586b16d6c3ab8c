//! The table `task_candidate`: whose inbox an open task is in. Derived.
//!
//! A task that nobody has is in the inboxes of its candidates; one that somebody has, in that person's only. A page is
//! read with one short index walk for each role and person, whose results are merged: its cost does not grow with
//! the number of open tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::command::WorkId;
use engine::event::Candidates;
use engine::facts::RoleFact;
use engine::id::{RunId, UserId};
use engine::project::{TaskRow, TaskStatus};
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Page, Read, Select};
use crate::task::{self, Cursor};
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "task_candidate",
    columns: &[
        ("instance", Type::Bytes),
        ("run", Type::I64),
        ("seat", Type::I64),
        ("kind", Type::Text),
        ("name", Type::Text),
        ("scope", Type::Text),
        ("process", Type::Text),
        ("due_order", Type::I64),
    ],
    key: 6,
};

const ASSIGNEE: &str = "assignee";
const ROLE: &str = "role";
const USER: &str = "user";
const MANAGER: &str = "manager_of";

/// How many rows are looked at for one page, at most this many times its length: scopes are compared here, not by SQL.
const ROUNDS_MAX: usize = 8;

/// Whose work, and which of it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The person, and those for whom the person acts.
    pub people: Vec<UserId>,
    pub roles: Vec<RoleFact>,
    /// Those whose manager the person is.
    pub manages: Vec<UserId>,
    pub process: Option<Arc<str>>,
    pub due_before: Option<Timestamp>,
    pub part: Part,
}

/// Which part of an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    All,
    /// What the person has claimed or was assigned.
    Mine,
    /// What the person could take.
    Free,
}

/// Replaces the inbox entries of tasks.
pub(crate) async fn put(tx: &mut Tx, rows: &[&TaskRow]) -> Result<(), StoreError> {
    let mut keys = Vec::with_capacity(rows.len() * 3);
    for row in rows {
        keys.extend(params![&row.instance, row.work.run.0, row.work.seat]);
    }
    bulk::remove_by(tx, &TABLE, 3, &keys).await?;
    let entries: Vec<(&TaskRow, BTreeSet<Entry<'_>>)> = rows.iter().map(|row| (*row, entries(row))).collect();
    let mut params = Vec::new();
    for (row, entries) in &entries {
        for (kind, name, scope) in entries {
            params.extend(params![
                &row.instance,
                row.work.run.0,
                row.work.seat,
                *kind,
                *name,
                scope,
                &row.process,
                task::due_order(row)
            ]);
        }
    }
    bulk::write(tx, &TABLE, Conflict::Refuse, &params).await.map(|_| ())
}

/// Kind, name and scope.
type Entry<'a> = (&'static str, &'a str, String);

fn entries(row: &TaskRow) -> BTreeSet<Entry<'_>> {
    if row.status != TaskStatus::Open {
        return BTreeSet::new();
    }
    if let Some(person) = &row.assignee {
        return BTreeSet::from([(ASSIGNEE, person.as_ref(), String::new())]);
    }
    row.candidates
        .iter()
        .map(|candidate| match candidate {
            Candidates::Role { role, scope } if scope.is_empty() => (ROLE, role.as_ref(), String::new()),
            Candidates::Role { role, scope } => (ROLE, role.as_ref(), crate::project::json(scope)),
            Candidates::User { id } => (USER, id.as_ref(), String::new()),
            Candidates::ManagerOf { id } => (MANAGER, id.as_ref(), String::new()),
        })
        .collect()
}

/// A page of somebody's inbox: those due first come first. A page may be shorter than asked for and still have a next.
pub async fn list(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<TaskRow, Cursor>, StoreError> {
    let branches = branches(filter);
    let wanted = limit as usize;
    // Room for a task that is found by every branch.
    let length = wanted + branches.len() + 1;
    let mut found: BTreeMap<Cursor, TaskRow> = BTreeMap::new();
    let mut after = after;
    for _ in 0..ROUNDS_MAX {
        let rows = read(reader, filter, &branches, after, length).await?;
        let last = rows.last().map(place).transpose()?;
        let full = rows.len() == length;
        let mut seen = after;
        for row in &rows {
            let place = place(row)?;
            // The last task of a full answer may have more entries than were read.
            if full && Some(place) == last && seen != after {
                break;
            }
            seen = Some(place);
            if !found.contains_key(&place) && may_take(filter, row)? {
                found.insert(place, task::read(row)?);
            }
        }
        if found.len() > wanted {
            let rows: Vec<TaskRow> = found.into_values().collect();
            return Ok(Page::cut(rows, limit, task::cursor));
        }
        if !full {
            return Ok(Page { rows: found.into_values().collect(), next: None });
        }
        after = seen;
    }
    Ok(Page { rows: found.into_values().collect(), next: after })
}

/// Which entries of the table are this inbox.
fn branches(filter: &Filter) -> BTreeSet<(&'static str, &str)> {
    let mine = filter.people.iter().map(|id| (ASSIGNEE, id.as_ref()));
    let free = filter.people.iter().map(|id| (USER, id.as_ref()));
    let free = free.chain(filter.roles.iter().map(|role| (ROLE, role.role.as_ref())));
    let free = free.chain(filter.manages.iter().map(|id| (MANAGER, id.as_ref())));
    match filter.part {
        Part::All => mine.chain(free).collect(),
        Part::Mine => mine.collect(),
        Part::Free => free.collect(),
    }
}

async fn read(
    reader: &mut impl Read,
    filter: &Filter,
    branches: &BTreeSet<(&'static str, &str)>,
    after: Option<Cursor>,
    length: usize,
) -> Result<Vec<Row>, StoreError> {
    const ORDER: &str = " ORDER BY due_order, instance, run, seat LIMIT ";
    if branches.is_empty() {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(length).unwrap_or(i64::MAX);
    let mut select = Select::new("SELECT ");
    select.text(task::COLUMNS).text(", entry.kind, entry.name, entry.scope FROM (SELECT * FROM (");
    for (place, (kind, name)) in branches.iter().enumerate() {
        select.text(if place == 0 { "" } else { " UNION ALL " });
        select.text("SELECT * FROM (SELECT instance, run, seat, kind, name, scope, due_order FROM task_candidate");
        select.branch().and("kind = '").text(kind).text("'");
        select.and("name = ").value(*name);
        if let Some(process) = &filter.process {
            select.and("process = ").value(process);
        }
        if let Some(before) = filter.due_before {
            select.and("due_order < ").value(before);
        }
        if let Some(after) = &after {
            select.and("(due_order, instance, run, seat) > ");
            select.list(params![after.due, &after.instance, after.work.run.0, after.work.seat]);
        }
        select.text(ORDER).value(limit).text(&format!(") AS branch_{place}"));
    }
    select.text(") AS merged").text(ORDER).value(limit);
    select.text(
        ") AS entry JOIN task ON task.instance = entry.instance AND task.run = entry.run AND task.seat = entry.seat",
    );
    select.text(" ORDER BY entry.due_order, entry.instance, entry.run, entry.seat");
    select.fetch(reader).await
}

/// How many columns of the answer are the task's.
const TASK_COLUMNS: usize = 21;

/// Whether this entry is the person's in truth: a role counts only within the scope it was granted for.
fn may_take(filter: &Filter, row: &Row) -> Result<bool, StoreError> {
    if row.text(TASK_COLUMNS)? != ROLE {
        return Ok(true);
    }
    let (role, scope) = (row.text(TASK_COLUMNS + 1)?, row.text(TASK_COLUMNS + 2)?);
    let scope: BTreeMap<Arc<str>, Arc<str>> =
        if scope.is_empty() { BTreeMap::new() } else { row.json(TASK_COLUMNS + 2)? };
    Ok(filter.roles.iter().any(|grant| grant.covers(role, &scope)))
}

fn place(row: &Row) -> Result<Cursor, StoreError> {
    Ok(Cursor {
        due: row.i64(TASK_COLUMNS - 1)?,
        instance: row.instance(0)?,
        work: WorkId { run: RunId(row.count(1)?), seat: row.count32(2)? },
    })
}
