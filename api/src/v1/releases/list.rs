//! `GET /releases`: what was deployed, the newest of each process first.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ReleaseShape;
use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::problem::{Code, Problem, Reading};

const LIST: &str = "releases";

/// Which releases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    pub process: Option<String>,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of releases.
#[utoipa::path(get, path = "/api/v1/releases", tag = "releases", params(Wanted),
    responses((status = 200, body = Page<ReleaseShape>), Reading))]
pub async fn list_releases(
    State(backend): State<Backend>,
    _caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<ReleaseShape>>, Reading> {
    let paging = Paging::<String>::of(LIST, wanted.limit, wanted.cursor.as_deref())?;
    // Releases are few: people make them. The place is the digest of the last one shown.
    let rows = store::release::list(&mut backend.database().read().await?, wanted.process.as_deref()).await?;
    let mut items: Vec<ReleaseShape> = rows.iter().map(ReleaseShape::from).collect();
    if let Some(last) = &paging.after {
        let place = items.iter().position(|item| item.release == *last);
        let place = place.ok_or_else(|| Problem::plain(Code::InvalidCursor))?;
        items.drain(..=place);
    }
    let more = items.len() > paging.rows as usize;
    items.truncate(paging.rows as usize);
    let next = items.last().map(|last| last.release.clone()).filter(|_| more);
    Ok(Json(Page::new(LIST, items, next)))
}
