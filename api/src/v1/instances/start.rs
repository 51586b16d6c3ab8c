//! `POST /instances`: starts a process.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use engine::command::Cause;
use engine::id::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Language, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::shape::Done;
use crate::v1::signature::{SignatureGiven, assertion};

/// What to start.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartInstance {
    #[schema(example = "order_review")]
    pub process: String,
    /// The fields that the process declares under `input`. Numbers are kept exactly.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
    /// Where the start signs: over what `to-sign` of the definition gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureGiven>,
}

/// Starts an instance of the effective release. With an `Idempotency-Key`, repeating the request starts no second one.
#[utoipa::path(post, path = "/api/v1/instances", tag = "instances", request_body = StartInstance,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 characters; the same key gives the same answer for seven days")),
    responses((status = 201, body = Done, description = "Started; `Location` is its address"), Signing))]
pub async fn start_instance(
    State(backend): State<Backend>,
    caller: Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    body: Body<StartInstance>,
) -> Result<impl IntoResponse, Signing> {
    let request = Digest::of(&serde_json::to_vec(&body.content).map_err(|_| Problem::plain(Code::Internal))?);
    let StartInstance { process, input, signature } = body.content;
    let input = to_value(&input, "/input")?;
    let signature = match signature {
        Some(given) => Some(assertion(&backend, &caller, Language::of(&headers), given).await?),
        None => None,
    };
    let receipt = backend.start(&caller, &process, input, Cause::Person, signature, key.with(request)).await?;
    let place = format!("/api/v1/instances/{}", receipt.instance);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(Done::from(&receipt))))
}
