//! `POST /tasks/{task}/recall`: takes it back from the delegate.

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

/// Why; operators must say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    pub reason: Option<String>,
}

/// Takes a task back from the delegate. For whoever delegated it; else for the process's owner and administrators, with a reason.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/recall", tag = "tasks", request_body = Recall,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn recall_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Recall>,
) -> Result<Json<Done>, Signing> {
    let wanted = Act::Recall { reason: optional_text("reason", body.content.reason.as_deref())? };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
