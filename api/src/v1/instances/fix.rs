//! `POST /instances/{instance}/fix`: writes data fields.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use engine::event::FieldWrite;
use engine::id::InstanceId;
use engine::operate::Operation;
use serde::Deserialize;
use utoipa::ToSchema;

use super::operate;
use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path, to_value};
use crate::problem::Signing;
use crate::v1::shape::{Done, checked_text};

/// What to write, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// Values by field, parts of records with dots: `{ "plan.cost": 100 }`.
    #[schema(value_type = Object)]
    pub writes: BTreeMap<String, serde_json::Value>,
}

/// Mends data of an instance. Values are judged by their types; what was there before is on record. Signatures whose
/// shown content changes are void.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/fix", tag = "instances", request_body = Fix,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn fix_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<Fix>,
) -> Result<Json<Done>, Signing> {
    let key = key.with(body.digest);
    let reason = checked_text("reason", &body.content.reason)?.into();
    let mut writes = Vec::with_capacity(body.content.writes.len());
    for (field, value) in &body.content.writes {
        let value = to_value(value, &format!("/writes/{field}"))?;
        writes.push(FieldWrite { path: field.split('.').map(Into::into).collect(), value });
    }
    Ok(operate::submit(&backend, &caller, id, Operation::Fix { writes }, reason, key).await?)
}
