//! `POST /tasks/{task}/withdraw`: takes one's own completion or vote back.

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

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    pub reason: String,
}

/// Takes one's own completion or vote back (撤回), while nobody has acted after it and no machine has done anything since.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/withdraw", tag = "tasks", request_body = Withdrawal,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn withdraw_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Withdrawal>,
) -> Result<Json<Done>, Signing> {
    let wanted = Act::Withdraw { reason: checked_text("reason", &body.content.reason)?.into() };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
