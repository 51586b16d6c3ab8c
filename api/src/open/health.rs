//! `/healthz` and `/readyz`: whether the process lives, and whether it should get work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;

/// How the node is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or why not: `store_unavailable`, `disk_full`, `lease_lost`, `stopping`.
    pub status: String,
}

fn answer(status: StatusCode, word: &str) -> Response {
    (status, Json(Health { status: word.into() })).into_response()
}

/// The process lives. Nothing else is looked at: a restart mends nothing that is wrong elsewhere.
#[utoipa::path(get, path = "/healthz", tag = "node", security(()), responses((status = 200, body = Health)))]
pub async fn healthz() -> Response {
    answer(StatusCode::OK, "ok")
}

/// The node may get work: its database answers and it is neither starting nor stopping.
#[utoipa::path(get, path = "/readyz", tag = "node", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health, description = "Not now, and why")))]
pub async fn readyz(State(backend): State<Backend>) -> Response {
    if let Err(why) = backend.handle().readiness() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, why);
    }
    match backend.database().now().await {
        Ok(_) => answer(StatusCode::OK, "ok"),
        Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
    }
}
