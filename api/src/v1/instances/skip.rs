//! `POST /instances/{instance}/skip`: ends a step in place of whoever should have.

use axum::Json;
use axum::extract::State;
use engine::id::InstanceId;
use engine::operate::Operation;
use serde::Deserialize;
use utoipa::ToSchema;

use super::operate::{self, SpotGiven};
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path, to_value};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// Which step ends how, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    pub at: SpotGiven,
    /// One of the step's outcomes; may be left out where there is only one.
    pub outcome: Option<String>,
    /// What the step gives: written where its `into` and `fills` say. Absent: nothing is written.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub output: serde_json::Value,
}

/// Skips a step. The operator counts as having acted there. A step that must be signed cannot be skipped in a process of high risk.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/skip", tag = "instances", request_body = Skip,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn skip_step(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Skip>,
) -> Result<Json<Done>, Signing> {
    let key = key.with(body.digest);
    let reason = checked_text("reason", &body.content.reason)?.into();
    let what = Operation::Skip {
        at: body.content.at.spot()?,
        outcome: body.content.outcome.as_deref().map(Into::into),
        output: to_value(&body.content.output, "/output")?,
    };
    Ok(operate::submit(&backend, &caller, id, what, reason, key).await?)
}
