//! The surface: HTTP under `/api/v1`, its OpenAPI document, live updates, health and metrics.
//!
//! A handler reads its request through [`extract`], calls one thing of [`backend`], and shapes the answer; what is
//! refused is a [`problem`]. [`router`] below is the table of contents.

mod backend;
mod document;
mod extract;
mod layers;
pub mod limits;
mod open;
pub mod problem;
mod v1;

use std::sync::Arc;

use axum::routing::get;
pub use backend::{Backend, Parts};
pub use document::OPEN as OPEN_ADDRESSES;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every address of the node. A new endpoint is one line here.
fn table_of_contents() -> OpenApiRouter<Backend> {
    OpenApiRouter::with_openapi(document::Head::openapi())
        .routes(routes!(v1::accounts::me::me))
        .routes(routes!(open::health::healthz))
        .routes(routes!(open::health::readyz))
        .routes(routes!(open::metrics::metrics))
        .routes(routes!(open::errors::page))
        .routes(routes!(open::docs::page))
        .routes(routes!(open::docs::asset))
}

/// The whole surface, ready to be served.
#[must_use]
pub fn router(backend: Backend) -> axum::Router {
    let (router, document) = table_of_contents().split_for_parts();
    let json: Arc<str> = text_of(&document).into();
    let router = router
        .route("/api/v1/openapi.json", get(move || async move { open::docs::document(json) }))
        .fallback(|| async { problem::Problem::plain(problem::Code::NotFound) })
        .method_not_allowed_fallback(|| async { problem::Problem::plain(problem::Code::UnknownMethod) })
        .with_state(backend.clone());
    layers::around(router, &backend)
}

/// The OpenAPI document as it is committed: `cargo run -p countersign-api --example openapi > api/openapi.json`.
#[must_use]
pub fn openapi_json() -> String {
    text_of(&table_of_contents().into_openapi())
}

fn text_of(document: &utoipa::openapi::OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
