//! `POST /instances/{instance}/resume`: lets a suspended or quarantined instance go on.

use axum::Json;
use axum::extract::State;
use engine::id::InstanceId;
use engine::operate::{Operation, TimersOnResume};
use serde::Deserialize;
use utoipa::ToSchema;

use super::operate;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// How it goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resumption {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// What becomes of timers that came due meanwhile; absent: what the process declares as `suspended_timers`.
    pub timers: Option<TimersWanted>,
}

/// What becomes of timers.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimersWanted {
    FireOnResume,
    Shift,
    Skip,
}

/// Resumes an instance; after a quarantine this releases it. Parked results are taken, waits ask for their messages again.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/resume", tag = "instances", request_body = Resumption,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn resume_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Resumption>,
) -> Result<Json<Done>, Signing> {
    let key = key.with(body.digest);
    let reason = checked_text("reason", &body.content.reason)?.into();
    let timers = body.content.timers.map(|wanted| match wanted {
        TimersWanted::FireOnResume => TimersOnResume::FireOnResume,
        TimersWanted::Shift => TimersOnResume::Shift,
        TimersWanted::Skip => TimersOnResume::Skip,
    });
    Ok(operate::submit(&backend, &caller, id, Operation::Resume { timers }, reason, key).await?)
}
