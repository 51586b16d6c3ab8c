//! `POST /instances/{instance}/cancel`: gives an instance up.

use axum::Json;
use axum::extract::State;
use engine::command::Action;
use engine::id::InstanceId;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::access;
use crate::v1::shape::{Done, Reason};

/// Cancels a running instance, with all that is open in it. For the process's owner and administrators; the reason is kept for ever.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/cancel", tag = "instances", request_body = Reason,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn cancel_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, id).await?;
    let action = Action::Cancel { reason: body.content.checked()? };
    let receipt = backend.submit(&caller, id, action, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}
