//! `GET /definitions`: the processes that have an effective release.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::DefinitionShape;
use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::problem::Reading;

const LIST: &str = "definitions";

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of processes, by name.
#[utoipa::path(get, path = "/api/v1/definitions", tag = "definitions", params(Part),
    responses((status = 200, body = Page<DefinitionShape>), Reading))]
pub async fn list_definitions(
    State(backend): State<Backend>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Page<DefinitionShape>>, Reading> {
    let paging = Paging::<String>::of(LIST, part.limit, part.cursor.as_deref())?;
    let after = paging.after.as_deref().unwrap_or_default();
    let mut rest = backend.all_effective().into_iter().filter(|(process, _)| process.as_ref() > after);
    let mut items = Vec::new();
    for (_, release) in rest.by_ref().take(paging.rows as usize) {
        items.push(DefinitionShape::of(&*backend.definition(release).await?, &caller));
    }
    let next = items.last().map(|last| last.process.clone()).filter(|_| rest.next().is_some());
    Ok(Json(Page::new(LIST, items, next)))
}
