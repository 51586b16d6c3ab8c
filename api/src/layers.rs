//! What surrounds every endpoint: a request's id and span, its language, its limits, and a net under panics.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
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
        .layer(from_fn_with_state(backend.clone(), limited))
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
async fn limited(State(backend): State<Backend>, request: Request, next: Next) -> Response {
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > limits::HEADER_BYTES_MAX {
        return Problem::plain(Code::HeadersTooLarge).into_response();
    }
    let Ok(_turn) = backend.requests.try_acquire() else {
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
