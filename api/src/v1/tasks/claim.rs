//! `POST /tasks/{task}/claim`: takes it.

use axum::Json;
use axum::extract::State;
use engine::command::Action;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::Done;

/// Takes a task: from now on it is in the caller's inbox only. Claiming what one has changes nothing.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/claim", tag = "tasks",
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn claim_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
) -> Result<Json<Done>, Signing> {
    let action = Action::Claim { work: task.work };
    Ok(Json(act(&backend, &caller, task, seen_at, key.alone(), action).await?))
}
