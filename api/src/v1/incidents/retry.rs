//! `POST /incidents/{incident}/retry`: tries again what stood still.

use axum::Json;
use axum::extract::State;
use engine::command::Action;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, IncidentRef, Path};
use crate::problem::Signing;
use crate::v1::access;
use crate::v1::shape::{Done, Reason};

/// Tries again what an incident stopped. For the process's owner and administrators; the reason is kept for ever.
#[utoipa::path(post, path = "/api/v1/incidents/{incident}/retry", tag = "incidents", request_body = Reason,
    params(("incident" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn retry_incident(
    State(backend): State<Backend>,
    caller: Caller,
    Path(incident): Path<IncidentRef>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, incident.instance).await?;
    let action = Action::Retry { incident: incident.incident, reason: body.content.checked()? };
    let receipt = backend.submit(&caller, incident.instance, action, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}
