//! `GET /instances/{instance}/state`: where it stands and what it holds, now or at an earlier version.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use engine::id::InstanceId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::backend::Backend;
use crate::extract::{Caller, Path, Query, etag};
use crate::problem::Reading;
use crate::v1::access::{self, Readable};

/// Which moment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Moment {
    /// After this many transitions of its history; absent: now.
    pub version: Option<u64>,
}

/// The folded state: open steps, fields, results of steps, milestones. Fields that `seen_by` keeps from the caller are left out.
#[utoipa::path(get, path = "/api/v1/instances/{instance}/state", tag = "instances",
    params(("instance" = String, Path), Moment), responses((status = 200, body = Object), Reading))]
pub async fn show_state(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Query(moment): Query<Moment>,
) -> Result<impl IntoResponse, Reading> {
    let Readable { state, definition } = access::instance(&backend, &caller, id).await?;
    let hidden = access::hidden_fields(&caller, &definition);
    let (state, version) = match moment.version {
        Some(version) => (backend.state_at(id, version).await?, version),
        None => {
            let row = store::instance::find(&mut backend.database().read().await?, id).await?;
            (state, row.map_or(0, |row| row.version))
        }
    };
    let mut view = state.to_view();
    if !hidden.is_empty() {
        view["input"] = access::without(state.input(), &hidden).to_json();
        view["data"] = access::without(state.data(), &hidden).to_json();
        // Results of steps are where fields come from.
        view["steps"] = serde_json::Value::Null;
    }
    view["version"] = version.into();
    Ok(([etag(version)], Json(view)))
}
