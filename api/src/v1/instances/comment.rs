//! `POST /instances/{instance}/comments`: says something about it.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action, WorkId};
use engine::id::InstanceId;
use engine::state::ROOT_RUN;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path, TaskRef};
use crate::problem::{Code, Problem, Signing};
use crate::v1::access;
use crate::v1::shape::{Done, checked_text};

/// What is said, and about which task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    pub text: String,
    /// A task of this instance; none: the instance.
    pub task: Option<String>,
}

/// Puts a comment on record, for whoever is concerned with the instance. It stays for ever.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/comments", tag = "instances", request_body = NewComment,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn comment_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<NewComment>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, id).await?;
    let NewComment { text, task } = body.content;
    let wanted = Act::Comment { text: checked_text("text", &text)?.into() };
    let work = about(id, task.as_deref())?;
    let receipt = backend.submit(&caller, id, Action::Work { work, act: wanted }, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}

/// The task that something is about, which is of this instance; else the process itself.
pub(crate) fn about(id: InstanceId, task: Option<&str>) -> Result<WorkId, Problem> {
    let Some(task) = task else { return Ok(WorkId { run: ROOT_RUN, seat: 0 }) };
    let named = task.parse::<TaskRef>().ok().filter(|task| task.instance == id);
    let (en, zh) = ("a task of this instance", "应是本实例的任务");
    named.map(|task| task.work).ok_or_else(|| Problem::field(Code::InvalidInput, "/task", en, zh))
}
