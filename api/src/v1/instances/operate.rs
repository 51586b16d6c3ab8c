//! What the endpoints for operators share: where they take hold, and how the operation is submitted.

use std::sync::Arc;

use axum::Json;
use engine::command::Action;
use engine::id::{InstanceId, RunId};
use engine::operate::{Operation, Spot};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::{Backend, Key};
use crate::extract::{Caller, IncidentRef};
use crate::problem::{Code, Problem};
use crate::v1::access;
use crate::v1::shape::Done;

/// An open step by its run, or what an incident stopped: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotGiven {
    /// As the instance's state lists its open steps.
    pub run: Option<u64>,
    /// The incident's id.
    #[schema(value_type = Option<String>)]
    pub incident: Option<IncidentRef>,
}

impl SpotGiven {
    pub(crate) fn spot(&self) -> Result<Spot, Problem> {
        match (self.run, self.incident) {
            (Some(run), None) => Ok(Spot::Run { run: RunId(run) }),
            (None, Some(incident)) => Ok(Spot::Incident { incident: incident.incident }),
            _ => {
                let (en, zh) = ("give either `run` or `incident`", "请给出 `run` 或 `incident` 之一");
                Err(Problem::field(Code::InvalidInput, "/at", en, zh))
            }
        }
    }
}

pub(crate) async fn submit(
    backend: &Backend,
    caller: &Caller,
    id: InstanceId,
    what: Operation,
    reason: Arc<str>,
    key: Option<Key>,
) -> Result<Json<Done>, Problem> {
    access::instance(backend, caller, id).await?;
    let receipt = backend.submit(caller, id, Action::Operate { what, reason }, key).await?;
    Ok(Json(Done::from(&receipt)))
}
