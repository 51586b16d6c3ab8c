//! `GET /tasks`: inboxes.

use axum::Json;
use axum::extract::State;
use engine::command::WorkId;
use engine::id::{InstanceId, RunId};
use engine::project::TaskStatus;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::inbox::{self, Part};
use store::task::{self, Cursor};
use utoipa::{IntoParams, ToSchema};

use super::TaskShape;
use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

const LIST: &str = "tasks";

/// Whose tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// What the caller has, and what the caller could take.
    #[default]
    All,
    /// What the caller has claimed or was assigned.
    Mine,
    /// What the caller could take.
    Claimable,
    /// What the caller has completed.
    Done,
    /// Everybody's open tasks of one process, for those who may read it.
    Everybody,
}

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    #[serde(default)]
    #[param(inline)]
    pub list: List,
    pub process: Option<String>,
    /// Only those due before this moment (RFC 3339).
    pub due_before: Option<String>,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Where a page ended: due, instance, run, seat.
type Place = (i64, InstanceId, u64, u32);

/// A page of an inbox: what is due first comes first. A page may be short and still have a next one.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(Wanted),
    responses((status = 200, body = Page<TaskShape>), Reading))]
pub async fn list_tasks(
    State(backend): State<Backend>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<TaskShape>>, Reading> {
    // A cursor belongs to one list with its filters in mind; the part is in its name.
    let name = format!("{LIST} {:?}", wanted.list);
    let paging = Paging::<Place>::of(&name, wanted.limit, wanted.cursor.as_deref())?;
    let after =
        paging.after.map(|(due, instance, run, seat)| Cursor { due, instance, work: WorkId { run: RunId(run), seat } });
    let due_before = wanted.due_before.as_deref().map(moment).transpose()?;
    let mut reader = backend.database().read().await?;
    let part = match wanted.list {
        List::All => Some(Part::All),
        List::Mine => Some(Part::Mine),
        List::Claimable => Some(Part::Free),
        List::Done | List::Everybody => None,
    };
    let found = match part {
        Some(part) => {
            let process = wanted.process.as_deref().map(Into::into);
            named_where_needed(&caller, wanted.process.as_deref())?;
            let filter = inbox::Filter { process, due_before, ..inbox_of(&backend, &caller, part) };
            inbox::list(&mut reader, &filter, after, paging.rows).await?
        }
        None => {
            task::list(&mut reader, &of_others(&backend, &caller, &wanted, due_before).await?, after, paging.rows)
                .await?
        }
    };
    let next = found.next.map(|place| (place.due, place.instance, place.work.run.0, place.work.seat));
    Ok(Json(Page::new(&name, found.rows.iter().map(TaskShape::from).collect(), next)))
}

/// A substitute for some processes only looks at one of them at a time.
fn named_where_needed(caller: &Caller, process: Option<&str>) -> Result<(), Problem> {
    let Some(absent) = caller.absent() else { return Ok(()) };
    if absent.processes.is_none() || process.is_some_and(|name| caller.absent_in(name).is_some()) {
        return Ok(());
    }
    let names = absent.processes.iter().flatten().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let (en, zh) = (format!("you stand in for: {names}"), format!("您可代理的流程：{names}"));
    Err(Problem::field(Code::InvalidRequest, "process", en, zh))
}

/// A part of the caller's own inbox, or of theirs for whom the caller stands.
pub(crate) fn inbox_of(backend: &Backend, caller: &Caller, part: Part) -> inbox::Filter {
    let (who, roles) = match caller.absent() {
        Some(absent) => (absent.id.clone(), absent.roles.clone()),
        None => (caller.id.clone(), caller.roles.clone()),
    };
    inbox::Filter {
        manages: backend.identity().directory().snapshot().reports_of(&who),
        people: vec![who],
        roles,
        process: None,
        due_before: None,
        part,
    }
}

async fn of_others(
    backend: &Backend,
    caller: &Caller,
    wanted: &Wanted,
    due_before: Option<Timestamp>,
) -> Result<task::Filter, Problem> {
    if due_before.is_some() {
        let (en, zh) = ("only for all, mine and claimable", "仅用于 all、mine 和 claimable");
        return Err(Problem::field(Code::InvalidRequest, "due_before", en, zh));
    }
    let process = wanted.process.as_deref().map(Into::into);
    if wanted.list == List::Done {
        return Ok(task::Filter { process, completed_by: Some(caller.id.clone()), ..task::Filter::default() });
    }
    if !access::sees_everything(caller) {
        let Some(name) = &wanted.process else {
            let (en, zh) = ("name a process that you may read", "请指定您可读取的流程");
            return Err(Problem::field(Code::InvalidRequest, "process", en, zh));
        };
        if !access::reads_process(caller, &*backend.effective(name).await?) {
            return Err(Problem::plain(Code::Forbidden));
        }
    }
    Ok(task::Filter { process, status: Some(TaskStatus::Open), ..task::Filter::default() })
}

fn moment(text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).ok_or_else(|| {
        let (en, zh) = ("a moment like 2026-03-02T09:00:00+08:00", "时间格式如 2026-03-02T09:00:00+08:00");
        Problem::field(Code::InvalidRequest, "due_before", en, zh)
    })
}
