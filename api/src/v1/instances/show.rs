//! `GET /instances/{instance}`: one instance.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use engine::id::InstanceId;

use super::InstanceShape;
use crate::backend::Backend;
use crate::extract::{Caller, Path, etag};
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

/// One instance, as lists show it. Its `ETag` is its version.
#[utoipa::path(get, path = "/api/v1/instances/{instance}", tag = "instances",
    params(("instance" = String, Path)), responses((status = 200, body = InstanceShape), Reading))]
pub async fn show_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
) -> Result<impl IntoResponse, Reading> {
    access::instance(&backend, &caller, id).await?;
    let row = store::instance::find(&mut backend.database().read().await?, id).await?;
    let row = row.ok_or_else(|| Problem::plain(Code::UnknownInstance))?;
    Ok(([etag(row.version)], Json(InstanceShape::from(row))))
}
