//! `GET /releases/{release}`: one release with its files.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use engine::id::Digest;
use engine::language::release::Bundle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ReleaseShape;
use crate::backend::Backend;
use crate::extract::{Caller, Path};
use crate::problem::{Code, Problem, Reading};

/// A release with its files.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReleaseInFull {
    pub release: ReleaseShape,
    /// The files as deployed, by path.
    pub files: BTreeMap<String, String>,
}

/// One release, with the files it was made of.
#[utoipa::path(get, path = "/api/v1/releases/{release}", tag = "releases",
    params(("release" = String, Path, description = "Its digest")), responses((status = 200, body = ReleaseInFull), Reading))]
pub async fn show_release(
    State(backend): State<Backend>,
    _caller: Caller,
    Path(release): Path<String>,
) -> Result<Json<ReleaseInFull>, Reading> {
    let missing = || Problem::plain(Code::NotFound);
    let digest: Digest = release.parse().map_err(|_| missing())?;
    let mut reader = backend.database().read().await?;
    let row = store::release::find(&mut reader, digest).await?.ok_or_else(missing)?;
    let bytes = store::release::bundle(&mut reader, digest).await?.ok_or_else(missing)?;
    let bundle = Bundle::from_bytes(&bytes).map_err(|_| Problem::plain(Code::Internal))?;
    let files = bundle.files.into_iter().map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Json(ReleaseInFull { release: (&row).into(), files: files.collect() }))
}
