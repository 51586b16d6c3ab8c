//! `POST /instances/{instance}/move`: goes on elsewhere.

use axum::Json;
use axum::extract::State;
use engine::id::InstanceId;
use engine::operate::Operation;
use serde::Deserialize;
use utoipa::ToSchema;

use super::operate::{self, SpotGiven};
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// From where to which step, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    pub at: SpotGiven,
    /// A step of the same list or of one around it; `moves` lists them.
    pub to: String,
}

/// Moves what is open at a spot: it is given up, and its list, or one around it, goes on at another step. Signatures of steps
/// that will be done again are void.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/move", tag = "instances", request_body = Move,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn move_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Move>,
) -> Result<Json<Done>, Signing> {
    let key = key.with(body.digest);
    let reason = checked_text("reason", &body.content.reason)?.into();
    let what = Operation::Move { at: body.content.at.spot()?, to: body.content.to.as_str().into() };
    Ok(operate::submit(&backend, &caller, id, what, reason, key).await?)
}
