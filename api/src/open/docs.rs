//! `/docs`: a small viewer of the OpenAPI document. It travels in the binary and asks nothing of the outside.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use crate::extract::Path;
use crate::problem::{Code, Open, Problem};

#[derive(Embed)]
#[folder = "assets/"]
struct Assets;

/// The viewer.
#[utoipa::path(get, path = "/docs", tag = "node", security(()),
    responses((status = 200, body = String, content_type = "text/html"), Open))]
pub async fn show_docs() -> Response {
    file("index.html")
}

/// A file of the viewer.
#[utoipa::path(get, path = "/docs/{file}", tag = "node", security(()),
    params(("file" = String, Path, description = "`docs.js` or `docs.css`")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, description = "No such file"), Open))]
pub async fn show_docs_file(Path(name): Path<String>) -> Response {
    file(&name)
}

/// The document itself.
pub(crate) fn document(json: Arc<str>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

fn file(name: &str) -> Response {
    let Some(found) = Assets::get(name) else { return Problem::plain(Code::NotFound).into_response() };
    let kind = HeaderValue::from_str(found.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ([(header::CONTENT_TYPE, kind)], found.data.into_owned()).into_response()
}
