//! `GET /instances/{instance}/moves`: where what is open can be moved, and why not elsewhere.

use axum::Json;
use axum::extract::State;
use engine::id::{IncidentId, InstanceId, RunId};
use engine::operate::{Spot, targets};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::backend::Backend;
use crate::extract::{Caller, Path, Query};
use crate::problem::{Code, Problem, Signing};
use crate::v1::access::{self, Readable};

/// Which spot.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The run of an open step, as the state lists them.
    pub run: Option<u64>,
    /// The number of an incident: the last part of its id.
    pub incident: Option<u64>,
}

/// One step as a target.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MoveTarget {
    pub step: String,
    pub legal: bool,
    /// Open steps that would be given up.
    pub gives_up: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not_en: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not_zh: Option<String>,
}

/// Every step of the process, in its order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Moves {
    pub targets: Vec<MoveTarget>,
}

/// Where a spot can be moved.
#[utoipa::path(get, path = "/api/v1/instances/{instance}/moves", tag = "instances",
    params(("instance" = String, Path), Wanted), responses((status = 200, body = Moves), Signing))]
pub async fn list_moves(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Moves>, Signing> {
    let Readable { state, definition } = access::instance(&backend, &caller, id).await?;
    let at = match (wanted.run, wanted.incident) {
        (Some(run), None) => Spot::Run { run: RunId(run) },
        (None, Some(incident)) => Spot::Incident { incident: IncidentId(incident) },
        _ => {
            let (en, zh) = ("give either `run` or `incident`", "请给出 `run` 或 `incident` 之一");
            return Err(Problem::field(Code::InvalidRequest, "run", en, zh).into());
        }
    };
    let targets = targets(&definition, &state, at)?;
    let targets = targets.into_iter().map(|target| {
        let (en, zh) = target.why_not.unzip();
        MoveTarget {
            step: target.step.to_string(),
            legal: en.is_none(),
            gives_up: target.gives_up.iter().map(ToString::to_string).collect(),
            why_not_en: en,
            why_not_zh: zh,
        }
    });
    Ok(Json(Moves { targets: targets.collect() }))
}
