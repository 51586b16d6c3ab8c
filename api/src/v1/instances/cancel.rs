//! `POST /instances/{instance}/cancel`: gives an instance up.

use axum::Json;
use axum::extract::State;
use engine::command::Action;
use engine::id::InstanceId;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::access;
use crate::v1::shape::{Done, checked_text};

/// Why an instance is given up, and what becomes of what it has done.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// What the instance has done is undone first, newest first; until then it is `compensating`.
    #[serde(default)]
    pub undo: bool,
}

/// Cancels a running instance, with all that is open in it. For the process's owner and administrators; the reason is kept for ever.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/cancel", tag = "instances", request_body = Cancel,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn cancel_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Cancel>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, id).await?;
    let Cancel { reason, undo } = body.content;
    let action = Action::Cancel { reason: checked_text("reason", &reason)?.into(), undo };
    let receipt = backend.submit(&caller, id, action, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}
