//! `POST /signals`: tells everybody who waits at this moment.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::language::definition::SIGNAL;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::publish::{judged, may_send, plain};
use crate::backend::Backend;
use crate::extract::{Body, Caller, to_value};
use crate::problem::Acting;

/// A signal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    #[schema(example = "line_stopped")]
    pub name: String,
    /// The sender's own id, for the record.
    pub id: String,
    /// What it says. Waiting steps match on its fields.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Signalled {
    pub name: String,
    /// `delivered`, or `lost`: nobody waited.
    #[schema(example = "delivered")]
    pub verdict: String,
    /// Who hears it; the first of many.
    pub to: Vec<String>,
}

/// Sends a signal to everybody who waits now; it is kept for nobody. Needs the role `messenger`.
#[utoipa::path(post, path = "/api/v1/signals", tag = "messages", request_body = Signal,
    responses((status = 202, body = Signalled, description = "On record; those who wait hear it within moments"), Acting))]
pub async fn send_signal(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<Signal>,
) -> Result<(StatusCode, Json<Signalled>), Acting> {
    let Signal { name, id, payload } = body.content;
    may_send(&caller, &name)?;
    plain("/name", &name, false)?;
    plain("/id", &id, true)?;
    let payload = to_value(&payload, "/payload")?;
    let receipt = backend.publish(&caller, &format!("{SIGNAL}{name}"), &id, payload, (0, false)).await?;
    let (verdict, to) = judged(&receipt.result);
    Ok((StatusCode::ACCEPTED, Json(Signalled { name, verdict, to })))
}
