//! `POST /tasks/{task}/resolve`: the delegate's answer.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action};
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Path, TaskRef, to_value};
use crate::problem::Signing;
use crate::v1::shape::{Done, optional_text};

/// What the delegate proposes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// One of the task's outcomes.
    pub outcome: Option<String>,
    /// The form's fields, as far as they are known.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
    pub comment: Option<String>,
}

/// The delegate's answer: whoever delegated the task has it again, with what is proposed.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/resolve", tag = "tasks", request_body = Resolution,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn resolve_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Resolution>,
) -> Result<Json<Done>, Signing> {
    let Resolution { outcome, answer, comment } = body.content;
    let comment = optional_text("comment", comment.as_deref())?;
    let wanted = Act::Resolve { outcome: outcome.map(Into::into), answer: to_value(&answer, "/answer")?, comment };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
