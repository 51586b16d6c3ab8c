//! `GET /definitions/{process}/diagram.svg`: the process as a picture.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::Which;
use crate::backend::Backend;
use crate::extract::{Caller, Language, Path, Query};
use crate::problem::Reading;

/// The picture's own styles are inside it; it may do nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The process as an SVG, with labels in one language. The same release gives the same bytes.
#[utoipa::path(get, path = "/api/v1/definitions/{process}/diagram.svg", tag = "definitions",
    params(("process" = String, Path), Which),
    responses((status = 200, body = String, content_type = "image/svg+xml"), Reading))]
pub async fn draw_definition(
    State(backend): State<Backend>,
    _caller: Caller,
    Path(process): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Reading> {
    let definition = which.definition(&backend, &process).await?;
    let language = match which.language.as_deref() {
        Some("zh") => Language::Chinese,
        Some("en") => Language::English,
        _ => Language::of(&headers),
    };
    let drawn = engine::diagram::svg(
        &definition,
        match language {
            Language::Chinese => engine::diagram::Language::Zh,
            Language::English => engine::diagram::Language::En,
        },
    );
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, POLICY)], drawn))
}
