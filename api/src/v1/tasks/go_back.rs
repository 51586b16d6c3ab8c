//! `POST /tasks/{task}/return`: goes back to an earlier step.

use axum::Json;
use axum::extract::State;
use engine::command::{self, Act, Action};
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// Where to, how it goes on then, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// One of the targets of `return` in `allowed_actions`.
    pub to: String,
    #[serde(default)]
    pub resume: Resume,
    pub reason: String,
}

/// How it goes on when that step is done.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// Step by step.
    #[default]
    Replay,
    /// At once at the caller's step.
    BackToMe,
}

/// Goes back to an earlier step (退回). What is open in between is withdrawn, ballots close, signatures there are void and stay visible.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/return", tag = "tasks", request_body = Return,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn return_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<Return>,
) -> Result<Json<Done>, Signing> {
    let Return { to, resume, reason } = body.content;
    let resume = match resume {
        Resume::Replay => command::Resume::Replay,
        Resume::BackToMe => command::Resume::BackToMe,
    };
    let wanted = Act::Return { to: to.into(), resume, reason: checked_text("reason", &reason)?.into() };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
