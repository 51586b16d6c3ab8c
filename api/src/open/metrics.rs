//! `/metrics`: counters of this node in the text format of Prometheus. They name no person and no business value.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::backend::Backend;

/// Counters of this node.
#[utoipa::path(get, path = "/metrics", tag = "node", security(()),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(backend): State<Backend>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], backend.metrics())
}
