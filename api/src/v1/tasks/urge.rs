//! `POST /tasks/{task}/urge`: reminds whoever has it.

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

/// With which words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Urging {
    pub text: Option<String>,
}

/// Reminds whoever has a task, or could take it (催办). Once an hour for each task.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/urge", tag = "tasks", request_body = Urging,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn urge_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Urging>,
) -> Result<Json<Done>, Signing> {
    let wanted = Act::Urge { text: optional_text("text", body.content.text.as_deref())? };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
