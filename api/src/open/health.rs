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
    /// `in_doubt` while timers and signatures wait for an administrator to acknowledge the clock; other work goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
}

fn answer(status: StatusCode, word: &str, in_doubt: bool) -> Response {
    let clock = in_doubt.then(|| "in_doubt".to_owned());
    (status, Json(Health { status: word.into(), clock })).into_response()
}

/// The process lives. Nothing else is looked at: a restart mends nothing that is wrong elsewhere.
#[utoipa::path(get, path = "/healthz", tag = "node", security(()), responses((status = 200, body = Health)))]
pub async fn healthz() -> Response {
    answer(StatusCode::OK, "ok", false)
}

/// The node may get work: its database answers and it is neither starting nor stopping.
#[utoipa::path(get, path = "/readyz", tag = "node", security(()),
    responses((status = 200, body = Health), (status = 503, body = Health, description = "Not now, and why")))]
pub async fn readyz(State(backend): State<Backend>) -> Response {
    let in_doubt = backend.handle().clock_doubt().is_some();
    if let Err(why) = backend.handle().readiness() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, why, in_doubt);
    }
    match backend.database().now().await {
        Ok(_) => answer(StatusCode::OK, "ok", in_doubt),
        Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", in_doubt),
    }
}
