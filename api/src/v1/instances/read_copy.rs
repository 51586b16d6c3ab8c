//! `POST /instances/{instance}/copies/read`: a copy was looked at.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action, WorkId};
use engine::id::InstanceId;
use engine::state::ROOT_RUN;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::access;
use crate::v1::shape::Done;

/// Which copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyRead {
    /// Its number, as in the history.
    pub copy: u64,
}

/// Says that the caller has looked at their copy. Saying it again changes nothing.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/copies/read", tag = "instances", request_body = CopyRead,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn read_copy(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<CopyRead>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, id).await?;
    let wanted = Act::Read { copy: body.content.copy };
    let work = WorkId { run: ROOT_RUN, seat: 0 };
    let receipt = backend.submit(&caller, id, Action::Work { work, act: wanted }, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}
