//! The table `task`: work for people, as lists show it. Derived. Whose inbox a task is in: [`crate::inbox`].

use std::sync::Arc;

use engine::command::WorkId;
use engine::id::{InstanceId, RunId};
use engine::language::definition::Text;
use engine::project::{TaskRow, TaskStatus};

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Page, Read, Select};
use crate::tx::Tx;

pub(crate) const TABLE: Table<'static> = Table {
    name: "task",
    columns: &[
        ("instance", Type::Bytes),
        ("run", Type::I64),
        ("seat", Type::I64),
        ("process", Type::Text),
        ("step", Type::Text),
        ("title_zh", Type::Text),
        ("title_en", Type::Text),
        ("status", Type::Text),
        ("candidates", Type::Text),
        ("assignee", Type::Text),
        ("form", Type::Text),
        ("sign", Type::Text),
        ("outcomes", Type::Text),
        ("due", Type::I64),
        ("due_order", Type::I64),
        ("key", Type::Text),
        ("revision", Type::I64),
        ("opened_at", Type::I64),
        ("closed_at", Type::I64),
        ("outcome", Type::Text),
        ("completed_by", Type::Text),
    ],
    key: 3,
};

/// The columns that [`read`] reads, of a table named `task`.
pub(crate) const COLUMNS: &str = "task.instance, task.run, task.seat, task.process, task.step, task.title_zh, \
     task.title_en, task.status, task.candidates, task.assignee, task.form, task.sign, task.outcomes, task.due, task.key, \
     task.revision, task.opened_at, task.closed_at, task.outcome, task.completed_by, task.due_order";

/// Which tasks a list shows; those due first come first, those without a due moment last.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub process: Option<Arc<str>>,
    pub status: Option<TaskStatus>,
    pub instance: Option<InstanceId>,
    pub assignee: Option<Arc<str>>,
    pub completed_by: Option<Arc<str>>,
}

/// Where a page of tasks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Microseconds; the largest number stands for "never due".
    pub due: i64,
    pub instance: InstanceId,
    pub work: WorkId,
}

/// Where a task stands in the order by due moment.
pub(crate) fn cursor(row: &TaskRow) -> Cursor {
    Cursor { due: due_order(row), instance: row.instance, work: row.work }
}

pub(crate) fn due_order(row: &TaskRow) -> i64 {
    row.due.map_or(i64::MAX, |due| due.micros())
}

/// Writes tasks, each given at most once, and puts them into the right inboxes.
pub async fn put(tx: &mut Tx, rows: &[&TaskRow]) -> Result<(), StoreError> {
    let texts: Vec<(String, String)> =
        rows.iter().map(|row| (crate::project::json(&row.candidates), crate::project::json(&row.outcomes))).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for (row, (candidates, outcomes)) in rows.iter().zip(&texts) {
        params.extend(params![
            &row.instance,
            row.work.run.0,
            row.work.seat,
            &row.process,
            &row.step,
            &row.title.zh,
            &row.title.en,
            row.status.word(),
            candidates,
            &row.assignee,
            &row.form,
            &row.sign,
            outcomes,
            row.due,
            due_order(row),
            &row.key,
            row.revision,
            row.opened_at,
            row.closed_at,
            &row.outcome,
            &row.completed_by
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Replace, &params).await?;
    crate::inbox::put(tx, rows).await
}

/// One task.
pub async fn find(reader: &mut impl Read, instance: InstanceId, work: WorkId) -> Result<Option<TaskRow>, StoreError> {
    let mut select = start();
    select.and("(instance, run, seat) = ").list(params![&instance, work.run.0, work.seat]);
    select.fetch(reader).await?.first().map(read).transpose()
}

/// A page of tasks, by due moment.
pub async fn list(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<TaskRow, Cursor>, StoreError> {
    let mut select = start();
    if let Some(process) = &filter.process {
        select.and("process = ").value(process);
    }
    if let Some(status) = filter.status {
        // A literal, so that the partial index of open tasks is used.
        select.and("status = '").text(status.word()).text("'");
    }
    if let Some(instance) = &filter.instance {
        select.and("instance = ").value(instance);
    }
    if let Some(assignee) = &filter.assignee {
        select.and("assignee = ").value(assignee);
    }
    if let Some(person) = &filter.completed_by {
        select.and("completed_by = ").value(person);
    }
    if let Some(after) = &after {
        select.and("(due_order, instance, run, seat) > ");
        select.list(params![after.due, &after.instance, after.work.run.0, after.work.seat]);
    }
    select.text(" ORDER BY due_order, instance, run, seat LIMIT ").value(i64::from(limit) + 1);
    let rows = select.fetch(reader).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::cut(rows, limit, cursor))
}

fn start<'p>() -> Select<'p> {
    let mut select = Select::new("SELECT ");
    select.text(COLUMNS).text(" FROM task");
    select
}

pub(crate) fn read(row: &Row) -> Result<TaskRow, StoreError> {
    let instance = row.instance(0)?;
    let status = match row.text(7)? {
        "open" => TaskStatus::Open,
        "completed" => TaskStatus::Completed,
        "withdrawn" => TaskStatus::Withdrawn,
        other => return Err(StoreError::corrupt("task", "status", instance, format!("`{other}`"))),
    };
    Ok(TaskRow {
        instance,
        work: WorkId { run: RunId(row.count(1)?), seat: row.count32(2)? },
        process: row.text(3)?.into(),
        step: row.text(4)?.into(),
        title: Text { zh: row.text(5)?.into(), en: row.text(6)?.into() },
        status,
        candidates: row.json(8)?,
        assignee: row.opt_text(9)?.map(Into::into),
        form: row.opt_text(10)?.map(Into::into),
        sign: row.opt_text(11)?.map(Into::into),
        outcomes: row.json(12)?,
        due: row.opt_timestamp(13)?,
        key: row.opt_text(14)?.map(Into::into),
        revision: row.count(15)?,
        opened_at: row.timestamp(16)?,
        closed_at: row.opt_timestamp(17)?,
        outcome: row.opt_text(18)?.map(Into::into),
        completed_by: row.opt_text(19)?.map(Into::into),
    })
}
