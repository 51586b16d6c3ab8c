//! `POST /tasks/{task}/release`: gives it back.

use axum::Json;
use axum::extract::State;
use engine::command::Action;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::Done;

/// Gives a claimed task back to its candidates.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/release", tag = "tasks",
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn release_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
) -> Result<Json<Done>, Signing> {
    let action = Action::Release { work: task.work };
    Ok(Json(act(&backend, &caller, task, seen_at, key.alone(), action).await?))
}
