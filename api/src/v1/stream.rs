//! Server-sent events out of the runtime's commits.
//!
//! A stream that falls behind is told to look again (`resync`) rather than given everything it missed.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use runtime::Receipt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::backend::Backend;
use crate::extract::Caller;
use crate::limits::STREAM_HEARTBEAT;

/// How soon a quiet stream notices that it must end.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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

/// Waits for the next commit, and notices in between that nobody may listen any more: the node is stopping, or the
/// caller's token or account has ended. None: the stream ends.
pub(crate) async fn next_commit(
    commits: &mut Receiver<Receipt>,
    backend: &Backend,
    caller: &mut Caller,
) -> Option<Result<Receipt, Missed>> {
    loop {
        let heard = tokio::time::timeout(LOOK_EVERY, commits.recv()).await;
        if backend.is_stopping() {
            return None;
        }
        *caller = caller.again(backend)?;
        match heard {
            Ok(Ok(commit)) => return Some(Ok(commit)),
            Ok(Err(RecvError::Lagged(_))) => return Some(Err(Missed)),
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => {}
        }
    }
}

/// The stream fell behind.
pub(crate) struct Missed;

/// Who listens to what.
pub(crate) struct Listener {
    pub(crate) backend: Backend,
    pub(crate) caller: Caller,
    pub(crate) commits: Receiver<Receipt>,
    /// Held as long as the stream lives.
    pub(crate) _turn: OwnedSemaphorePermit,
}

/// First what was missed, then an event for each commit that `shape` takes.
pub(crate) fn of_commits(
    listener: Listener,
    first: Option<Event>,
    shape: impl Fn(&Receipt) -> Option<Event> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    futures_util::stream::unfold((listener, first, shape), |(mut listener, first, shape)| async move {
        if let Some(event) = first {
            return Some((Ok(event), (listener, None, shape)));
        }
        loop {
            let event = match next_commit(&mut listener.commits, &listener.backend, &mut listener.caller).await? {
                Ok(commit) => shape(&commit),
                Err(Missed) => Some(Event::default().event("resync").data("{}")),
            };
            if let Some(event) = event {
                return Some((Ok(event), (listener, None, shape)));
            }
        }
    })
}
