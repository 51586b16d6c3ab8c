//! `POST /instances/{instance}/raise/to-sign`: exactly what a signature under an event would be over.

use axum::Json;
use axum::extract::State;
use engine::command::Raise;
use engine::id::{InstanceId, RunId};
use engine::raise::{event_meaning, to_sign_event};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, Path, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::access;
use crate::v1::signature::ToSign;

/// How the caller means to raise it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseIntent {
    pub event: String,
    #[serde(default)]
    pub host: u64,
    /// The form's fields, as they will be sent.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
    /// As it will be sent: it is signed too.
    pub reason: Option<String>,
}

/// The record that raising the event with this answer and reason would sign, and its digest.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/raise/to-sign", tag = "instances", request_body = RaiseIntent,
    params(("instance" = String, Path)), responses((status = 200, body = ToSign), Signing))]
pub async fn prepare_raise(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    body: Body<RaiseIntent>,
) -> Result<Json<ToSign>, Signing> {
    let seen = access::instance(&backend, &caller, id).await?;
    let RaiseIntent { event, host, answer, reason } = body.content;
    let answer = to_value(&answer, "/answer")?;
    let reason = reason.map(Into::into);
    let raise = Raise { host: RunId(host), event: event.into(), answer, reason, signature: None };
    let meaning = event_meaning(&seen.definition, &seen.state, &raise).map_err(Problem::from)?;
    let meaning = meaning.ok_or_else(|| {
        Problem::field(Code::InvalidInput, "/event", "this event needs no signature", "此事件不需要签名")
    })?;
    let record = to_sign_event(&seen.definition, &seen.state, &raise).ok_or_else(|| Problem::plain(Code::Gone))?;
    Ok(Json(ToSign::of(&seen.definition, &record, &meaning)?))
}
