//! `POST /tasks/{task}/to-sign`: exactly what a signature would be over.

use axum::Json;
use axum::extract::State;
use engine::signing::to_sign;
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::unchanged;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IfMatch, Path, TaskRef, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::signature::ToSign;

/// How the caller means to complete it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    pub outcome: String,
    /// The form's fields, as they will be sent.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
}

/// The record that completing with this outcome and answer would sign, and its digest.
#[utoipa::path(post, path = "/api/v1/tasks/{task}/to-sign", tag = "tasks", request_body = Intent,
    params(("task" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 200, body = ToSign), Signing))]
pub async fn prepare_signature(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
    seen_at: IfMatch,
    body: Body<Intent>,
) -> Result<Json<ToSign>, Signing> {
    let seen = unchanged(&backend, &caller, task, seen_at).await?;
    if !seen.row.outcomes.iter().any(|outcome| **outcome == *body.content.outcome) {
        let allowed = seen.row.outcomes.join(", ");
        return Err(Problem::new(Code::UnknownOutcome, format!("one of: {allowed}"), format!("可选：{allowed}")).into());
    }
    let answer = to_value(&body.content.answer, "/answer")?;
    let meaning = seen.row.sign.clone().ok_or_else(|| {
        Problem::field(Code::InvalidInput, "/outcome", "this task needs no signature", "此任务不需要签名")
    })?;
    let record = to_sign(&seen.definition, &seen.state, task.work, &body.content.outcome.into(), &answer)
        .ok_or_else(|| Problem::plain(Code::Gone))?;
    Ok(Json(ToSign::of(&seen.definition, &record, &meaning)?))
}
