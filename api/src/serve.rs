//! Serving the surface on a listener, until it is told to stop.

use std::future::Future;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::backend::Backend;

/// Serves until `stopped` is over; requests that have begun are answered.
pub async fn serve(
    listener: TcpListener,
    backend: Backend,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Small answers go out at once instead of waiting for more.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    axum::serve(listener, crate::router(backend)).with_graceful_shutdown(stopped).await
}
