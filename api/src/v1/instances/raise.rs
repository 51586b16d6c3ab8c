//! `POST /instances/{instance}/raise`: makes an event of people happen.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use engine::command::{Action, Raise};
use engine::id::{Digest, InstanceId, RunId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Language, Path, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::access;
use crate::v1::shape::{Done, checked_text};
use crate::v1::signature::{SignatureGiven, assertion};

/// Which event, with what.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseEvent {
    #[schema(example = "add_lots")]
    pub event: String,
    /// Of which open step, as `allowed_events` of the instance says; absent: of the process itself.
    #[serde(default)]
    pub host: u64,
    /// The form's fields. Numbers are kept exactly.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: serde_json::Value,
    pub reason: Option<String>,
    pub signature: Option<SignatureGiven>,
}

/// Raises an event. Where it asks for a signature, fetch `raise/to-sign` first and send its digest with the password. An event can be raised again: use an `Idempotency-Key` to raise it once.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/raise", tag = "instances", request_body = RaiseEvent,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn raise_event(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body<RaiseEvent>,
) -> Result<Json<Done>, Signing> {
    let request = Digest::of(&serde_json::to_vec(&body.content).map_err(|_| Problem::plain(Code::Internal))?);
    let key = key.with(request);
    if let Some(receipt) = backend.answered(&caller, key.as_ref()).await? {
        return Ok(Json(Done::from(&receipt)));
    }
    access::instance(&backend, &caller, id).await?;
    let RaiseEvent { event, host, answer, reason, signature } = body.content;
    let reason = reason.as_deref().map(|text| checked_text("reason", text).map(Into::into)).transpose()?;
    let answer = to_value(&answer, "/answer")?;
    let signature = match signature {
        Some(given) => Some(assertion(&backend, &caller, Language::of(&headers), given).await?),
        None => None,
    };
    let raise = Raise { host: RunId(host), event: event.into(), answer, reason, signature };
    let receipt = backend.submit(&caller, id, Action::Raise(raise), key).await?;
    Ok(Json(Done::from(&receipt)))
}
