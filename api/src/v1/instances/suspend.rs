//! `POST /instances/{instance}/suspend`: nothing goes on until somebody resumes it.

use axum::Json;
use axum::extract::State;
use engine::id::InstanceId;
use engine::operate::Operation;

use super::operate;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::shape::{Done, Reason};

/// Suspends an instance: its tasks are frozen, timers wait, messages stay in the buffer while their time runs, and results of
/// running jobs are kept for later. For the process's owner and administrators.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/suspend", tag = "instances", request_body = Reason,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn suspend_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Reason>,
) -> Result<Json<Done>, Signing> {
    let key = key.with(body.digest);
    Ok(operate::submit(&backend, &caller, id, Operation::Suspend, body.content.checked()?, key).await?)
}
