//! `POST /tasks/{task}/complete`: does it, with a signature where the step asks for one.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use engine::command::{Action, Complete};
use engine::id::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::open::unchanged;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IfMatch, Language, Path, TaskRef, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::shape::{Done, checked_text};
use crate::v1::signature::{SignatureGiven, assertion};

/// How it was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// One of the task's outcomes; may be left out where there is only one.
    pub outcome: Option<String>,
    /// The form's fields. Numbers are kept exactly.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
    pub comment: Option<String>,
    /// The step to go back to, where the outcome lets one choose.
    pub back_to: Option<String>,
    pub signature: Option<SignatureGiven>,
}

/// Completes a task, or votes on a seat. Where the step asks for a signature, fetch `to-sign` first and send its digest with the password.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/complete", tag = "tasks", request_body = CompleteTask,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn complete_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body<CompleteTask>,
) -> Result<Json<Done>, Signing> {
    let request = Digest::of(&serde_json::to_vec(&body.content).map_err(|_| Problem::plain(Code::Internal))?);
    let key = key.with(request);
    if let Some(receipt) = backend.answered(&caller, key.as_ref()).await? {
        return Ok(Json(Done::from(&receipt)));
    }
    unchanged(&backend, &caller, task, seen_at).await?;
    let CompleteTask { outcome, answer, comment, back_to, signature } = body.content;
    let comment = comment.as_deref().map(|text| checked_text("comment", text).map(Into::into)).transpose()?;
    let answer = to_value(&answer, "/answer")?;
    let signature = match signature {
        Some(given) => Some(assertion(&backend, &caller, Language::of(&headers), given).await?),
        None => None,
    };
    let complete = Complete {
        work: task.work,
        outcome: outcome.map(Into::into),
        answer,
        comment,
        back_to: back_to.map(Into::into),
        signature,
    };
    let action = seen_at.guard(task.work, Action::Complete(complete));
    let receipt = backend.submit(&caller, task.instance, action, key).await?;
    Ok(Json(Done::from(&receipt)))
}
