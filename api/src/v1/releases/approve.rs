//! `POST /releases/{release}/approve`: makes a draft effective.

use axum::Json;
use axum::extract::State;
use engine::id::Digest;
use identity::role::{ADMINISTRATOR, PUBLISHER};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ReleaseShape, moment};
use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Acting, Code, Problem};

/// From when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// From when new instances use it (RFC 3339); absent: at once.
    pub effective_from: Option<String>,
}

/// Makes a draft effective, at once or from a moment on. For the process's owner, publishers and administrators, and never
/// by whoever deployed it.
#[utoipa::path(post, path = "/api/v1/releases/{release}/approve", tag = "releases", request_body = Approval,
    params(("release" = String, Path, description = "Its digest")), responses((status = 200, body = ReleaseShape), Acting))]
pub async fn approve_release(
    State(backend): State<Backend>,
    caller: Caller,
    Path(release): Path<String>,
    body: Body<Approval>,
) -> Result<Json<ReleaseShape>, Acting> {
    let digest: Digest = release.parse().map_err(|_| Problem::plain(Code::NotFound))?;
    let effective_from = body.content.effective_from.as_deref().map(moment).transpose()?;
    let definition = backend.definition(digest).await?;
    if !caller.holds(&definition.owner) {
        caller.require(&[PUBLISHER, ADMINISTRATOR])?;
    }
    backend.approve(&caller, digest, effective_from).await?;
    let row = store::release::find(&mut backend.database().read().await?, digest).await?;
    Ok(Json(ReleaseShape::from(&row.ok_or_else(|| Problem::plain(Code::Internal))?)))
}
