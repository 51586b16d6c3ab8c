//! `POST /tasks/{task}/delegate`: has somebody prepare it.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action};
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::{Done, optional_text};

/// Who is to prepare it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Any active account that the separation of duties does not keep out.
    pub to: String,
    pub reason: Option<String>,
}

/// Has somebody prepare a task (委派): their answer comes back with `resolve`, and whoever had the task completes it.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/delegate", tag = "tasks", request_body = Delegation,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn delegate_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Delegation>,
) -> Result<Json<Done>, Signing> {
    let Delegation { to, reason } = body.content;
    let wanted = Act::Delegate { to: to.into(), reason: optional_text("reason", reason.as_deref())? };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
