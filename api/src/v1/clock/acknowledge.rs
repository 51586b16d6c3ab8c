//! `POST /clock/acknowledge`: the database's clock may be believed as it is now.

use axum::Json;
use axum::extract::State;
use identity::role::ADMINISTRATOR;

use crate::backend::Backend;
use crate::extract::{Body, Caller};
use crate::problem::Acting;
use crate::v1::shape::{Done, Reason};

/// Says that the database's clock may be believed as it is now: timers fire again, and people sign. For administrators; the
/// reason is kept for ever.
#[utoipa::path(post, path = "/api/v1/clock/acknowledge", tag = "node", request_body = Reason,
    responses((status = 200, body = Done), Acting))]
pub async fn acknowledge_clock(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<Reason>,
) -> Result<Json<Done>, Acting> {
    caller.require(&[ADMINISTRATOR])?;
    let reason = body.content.checked()?;
    let receipt =
        backend.handle().acknowledge_clock(caller.actor(), &reason).await.map_err(crate::problem::Problem::from)?;
    Ok(Json(Done::from(&receipt)))
}
