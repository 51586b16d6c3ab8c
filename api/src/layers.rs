//! What surrounds every endpoint: a request's id and span, its language, its limits, and a net under panics.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument as _;

use crate::backend::Backend;
use crate::extract::Language;
use crate::limits;
use crate::problem::{Code, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Pages of ours run nothing but their own files.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                              base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Wraps the router. The last one added is the first to see a request.
pub(crate) fn around(router: Router, backend: &Backend) -> Router {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(from_fn(caught))
        .layer(from_fn_with_state(backend.clone(), crate::audit::noted))
        .layer(from_fn_with_state(backend.requests(), limited))
        .layer(from_fn(in_the_callers_language))
        .layer(from_fn(in_a_span))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
}

/// One span for each request, with its route and never its query, contents or token.
async fn in_a_span(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let id = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.route = route,
        request.id = id,
        account.id = tracing::field::Empty
    );
    let route = route.to_owned();
    async move {
        let response = next.run(request).await;
        let status = response.status();
        metrics::counter!("countersign_http_requests_total", "route" => route, "status" => status.as_u16().to_string())
            .increment(1);
        if status.is_server_error() {
            tracing::error!(http.status = status.as_u16(), "request failed");
        } else {
            tracing::debug!(http.status = status.as_u16(), "request answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// A refusal left its parts beside its English text; here it is said in the language that the caller reads.
async fn in_the_callers_language(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if language != Language::English => problem.response(language),
        _ => response,
    }
}

/// Refuses at once what is too much, and ends what takes too long.
async fn limited(State(turns): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > limits::HEADER_BYTES_MAX {
        return Problem::plain(Code::HeadersTooLarge).into_response();
    }
    let Ok(_turn) = turns.try_acquire() else {
        return Problem::plain(Code::Busy).retry_after(1).into_response();
    };
    match tokio::time::timeout(limits::REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::plain(Code::TimedOut).retry_after(1).into_response(),
    }
}

/// A panic is a bug of ours: the caller gets 500, the node lives.
async fn caught(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|panic| {
        tracing::error!(panic = message_of(panic.as_ref()), "a handler panicked");
        Problem::plain(Code::Internal).into_response()
    })
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    fn request() -> Request {
        Request::builder().uri("/").body(Body::empty()).unwrap()
    }

    async fn code_of(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let body: crate::problem::ProblemBody = serde_json::from_slice(&bytes).unwrap();
        body.code
    }

    #[tokio::test]
    async fn a_panic_is_our_fault_and_the_node_lives() {
        async fn bug() -> &'static str {
            panic!("a bug with a secret in it")
        }
        let router: Router = Router::new().route("/", get(bug)).layer(from_fn(caught));
        for _ in 0..2 {
            let response = router.clone().oneshot(request()).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(code_of(response).await, "internal_error");
        }
    }

    #[tokio::test]
    async fn more_at_once_than_there_are_turns_is_refused_and_not_queued() {
        let turns = Arc::new(Semaphore::new(1));
        let (go, wait) = tokio::sync::watch::channel(false);
        let slow = move || {
            let mut wait = wait.clone();
            async move {
                wait.wait_for(|go| *go).await.unwrap();
            }
        };
        let router: Router = Router::new().route("/", get(slow)).layer(from_fn_with_state(turns.clone(), limited));
        let first = tokio::spawn(router.clone().oneshot(request()));
        while turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let second = router.clone().oneshot(request()).await.unwrap();
        assert!(second.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(code_of(second).await, "busy");
        go.send(true).unwrap();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
        assert_eq!(router.oneshot(request()).await.unwrap().status(), StatusCode::OK);
    }
}
