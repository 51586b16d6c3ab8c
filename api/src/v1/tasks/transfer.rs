//! `POST /tasks/{task}/transfer`: gives it to another candidate for good.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action};
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
pub struct Transfer {
    /// An account that may take it.
    pub to: String,
    pub reason: String,
}

/// Gives a task to another of those who may take it, for good (转办). For whoever has it, or could take it.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/transfer", tag = "tasks", request_body = Transfer,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn transfer_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Transfer>,
) -> Result<Json<Done>, Signing> {
    let Transfer { to, reason } = body.content;
    let wanted = Act::Transfer { to: to.into(), reason: checked_text("reason", &reason)?.into() };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
