//! `POST /tasks/{task}/remove`: asks a seat no more.

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
pub struct SeatRemoval {
    pub reason: String,
}

/// Asks a seat no more (减签). Whoever added it may; of the process's own seats its owner and administrators, as far as its rule allows.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/remove", tag = "tasks", request_body = SeatRemoval,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn remove_approver(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<SeatRemoval>,
) -> Result<Json<Done>, Signing> {
    let wanted = Act::RemoveApprover { reason: checked_text("reason", &body.content.reason)?.into() };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
