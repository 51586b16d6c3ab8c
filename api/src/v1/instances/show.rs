//! `GET /instances/{instance}`: one instance.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use engine::id::InstanceId;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventShape, InstanceShape};
use crate::backend::Backend;
use crate::extract::{Caller, Path, etag};
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

/// One instance, with what can be raised in it now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstanceInFull {
    #[serde(flatten)]
    pub instance: InstanceShape,
    /// The outcome with which it ends as soon as what must be done alongside is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
    /// Events of people that are open, and why the caller may not raise them, where they may not.
    pub allowed_events: Vec<EventShape>,
}

/// One instance, with the events that can be raised in it. Its `ETag` is its version.
#[utoipa::path(get, path = "/api/v1/instances/{instance}", tag = "instances",
    params(("instance" = String, Path)), responses((status = 200, body = InstanceInFull), Reading))]
pub async fn show_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> Result<impl IntoResponse, Reading> {
    let seen = access::instance(&backend, &caller, id).await?;
    let row = store::instance::find(&mut backend.database().read().await?, id).await?;
    let row = row.ok_or_else(|| Problem::plain(Code::UnknownInstance))?;
    let events = access::events(&backend, &caller, &seen.definition, &seen.state);
    let shape = InstanceInFull {
        ending: seen.state.ending().filter(|_| seen.state.is_live()).map(ToString::to_string),
        allowed_events: events.into_iter().map(|event| EventShape::of(&seen.definition, event)).collect(),
        instance: InstanceShape::from(row.clone()),
    };
    Ok(([etag(row.version)], Json(shape)))
}
