//! `GET /inbox/events`: something in the caller's inbox has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, sse};
use engine::id::Digest;
use futures_util::Stream;
use store::inbox::{self, Part};
use tokio::sync::broadcast::error::TryRecvError;

use super::list::inbox_of;
use crate::backend::Backend;
use crate::extract::Caller;
use crate::limits::PAGE_ROWS_MAX;
use crate::problem::{Problem, Reading};
use crate::v1::stream::{self, Listener};

/// However much is committed, one inbox is looked at no more often than this.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Server-sent events: `changed` when the first 200 tasks of the caller's inbox are not what they were. Read the inbox to see what.
/// The account and its roles are looked at anew each time; the stream ends when the token does.
#[utoipa::path(get, path = "/api/v1/inbox/events", tag = "tasks",
    responses((status = 200, body = String, content_type = "text/event-stream"), Reading))]
pub async fn stream_inbox(State(backend): State<Backend>, caller: Caller) -> Result<impl IntoResponse, Reading> {
    let commits = backend.subscribe();
    let turn = backend.stream_turn()?;
    let seen = fingerprint(&backend, &caller).await?;
    let listener = Listener { backend, caller, commits, _turn: turn };
    Ok(sse::Sse::new(events(listener, seen)).keep_alive(stream::heartbeat()))
}

fn events(listener: Listener, seen: Digest) -> impl Stream<Item = Result<sse::Event, Infallible>> + Send {
    futures_util::stream::unfold((listener, seen), |(mut listener, seen)| async move {
        loop {
            // What was missed is in the inbox as well: a stream that fell behind looks like any other.
            let _ = stream::next_commit(&mut listener.commits, &listener.backend, &mut listener.caller).await?;
            tokio::time::sleep(LOOK_EVERY).await;
            while !matches!(listener.commits.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
            // Weather: the next commit looks again.
            let Ok(now) = fingerprint(&listener.backend, &listener.caller).await else { continue };
            if now != seen {
                return Some((Ok(sse::Event::default().event("changed").data("{}")), (listener, now)));
            }
        }
    })
}

/// What the inbox is, in few bytes: its tasks and their revisions.
async fn fingerprint(backend: &Backend, caller: &Caller) -> Result<Digest, Problem> {
    let filter = inbox_of(backend, caller, Part::All);
    let page = inbox::list(&mut backend.database().read().await?, &filter, None, PAGE_ROWS_MAX).await?;
    let mut text = String::new();
    for row in &page.rows {
        text.push_str(&format!("{} {} {} {}\n", row.instance, row.work.run, row.work.seat, row.revision));
    }
    Ok(Digest::of(text.as_bytes()))
}
