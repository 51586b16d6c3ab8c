//! `POST /tasks/{task}/approvers`: asks somebody else in.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action};
use engine::event;
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::act;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Path, TaskRef};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// Who is asked in, where, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApprover {
    pub who: String,
    pub place: Place,
    pub reason: String,
}

/// Where the new approver stands to the caller's seat.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Before,
    Beside,
    After,
}

/// Asks somebody else to approve, too (加签): before the caller may, beside them, or after them. Their no stops it; their yes never carries it.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/approvers", tag = "tasks", request_body = NewApprover,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn add_approver(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    body: Body<NewApprover>,
) -> Result<Json<Done>, Signing> {
    let NewApprover { who, place, reason } = body.content;
    let place = match place {
        Place::Before => event::Place::Before,
        Place::Beside => event::Place::Beside,
        Place::After => event::Place::After,
    };
    let wanted = Act::AddApprover { who: who.into(), place, reason: checked_text("reason", &reason)?.into() };
    let action = Action::Work { work: task.work, act: wanted };
    Ok(Json(act(&backend, &caller, task, seen_at, key.with(body.digest), action).await?))
}
