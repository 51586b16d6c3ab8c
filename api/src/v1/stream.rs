//! Server-sent events out of the runtime's commits.
//!
//! A stream that falls behind is told to look again (`resync`) rather than given everything it missed.

use std::convert::Infallible;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use runtime::Receipt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::limits::STREAM_HEARTBEAT;

/// Keeps proxies from closing a quiet stream.
pub(crate) fn heartbeat() -> KeepAlive {
    KeepAlive::new().interval(STREAM_HEARTBEAT).text("still here")
}

/// Where a caller who comes back stopped listening.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

/// There is a new version.
pub(crate) fn transition(version: u64) -> Event {
    Event::default().event("transition").id(version.to_string()).data(format!("{{\"version\":{version}}}"))
}

/// First what was missed, then an event for each commit that `shape` takes. The permit lives as long as the stream.
pub(crate) fn of_commits(
    commits: Receiver<Receipt>,
    turn: OwnedSemaphorePermit,
    first: Option<Event>,
    shape: impl Fn(&Receipt) -> Option<Event> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    futures_util::stream::unfold((commits, turn, first, shape), |(mut commits, turn, first, shape)| async move {
        if let Some(event) = first {
            return Some((Ok(event), (commits, turn, None, shape)));
        }
        loop {
            let event = match commits.recv().await {
                Ok(commit) => shape(&commit),
                Err(RecvError::Lagged(_)) => Some(Event::default().event("resync").data("{}")),
                // The node is stopping: the stream ends, and the caller comes back to another.
                Err(RecvError::Closed) => return None,
            };
            if let Some(event) = event {
                return Some((Ok(event), (commits, turn, None, shape)));
            }
        }
    })
}
