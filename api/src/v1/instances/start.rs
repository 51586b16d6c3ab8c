//! `POST /instances`: starts a process.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use engine::command::Cause;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, to_value};
use crate::problem::Signing;
use crate::v1::shape::Done;

/// What to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartInstance {
    #[schema(example = "order_review")]
    pub process: String,
    /// The fields that the process declares under `input`. Numbers are kept exactly.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
}

/// Starts an instance of the effective release. With an `Idempotency-Key`, repeating the request starts no second one.
#[utoipa::path(post, path = "/api/v1/instances", tag = "instances", request_body = StartInstance,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 characters; the same key gives the same answer for seven days")),
    responses((status = 201, body = Done, description = "Started; `Location` is its address"), Signing))]
pub async fn start_instance(
    State(backend): State<Backend>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<StartInstance>,
) -> Result<impl IntoResponse, Signing> {
    let input = to_value(&body.content.input, "/input")?;
    let receipt = backend.start(&caller, &body.content.process, input, Cause::Person, key.with(body.digest)).await?;
    let place = format!("/api/v1/instances/{}", receipt.instance);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(Done::from(&receipt))))
}
