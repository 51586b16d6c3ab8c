//! `POST /tasks/{task}/assign`: gives it to somebody.

use axum::Json;
use axum::extract::State;
use engine::command::Action;
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// To whom, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// An account that may take it.
    pub to: String,
    /// Needed unless the caller has the task.
    pub reason: Option<String>,
}

/// Gives a task to one of those who may take it. Whoever has it may; else the process's owner and administrators, with a reason.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/assign", tag = "tasks", request_body = Assignment,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn assign_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Assignment>,
) -> Result<Json<Done>, Signing> {
    let Assignment { to, reason } = body.content;
    let reason = reason.as_deref().map(|text| checked_text("reason", text).map(Into::into)).transpose()?;
    let action = Action::Assign { work: task.work, to: to.into(), reason };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
