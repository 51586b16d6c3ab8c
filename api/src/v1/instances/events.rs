//! `GET /instances/{instance}/events`: what happens to an instance, as it happens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, sse};
use engine::id::InstanceId;

use crate::backend::Backend;
use crate::extract::{Caller, Path};
use crate::problem::Reading;
use crate::v1::{access, stream};

/// Server-sent events: one `transition` for each new version, whose id is the version. Give `Last-Event-ID` to hear what
/// was missed. An event says that there is something new; read the history or the state to see what.
#[utoipa::path(get, path = "/api/v1/instances/{instance}/events", tag = "instances",
    params(("instance" = String, Path), ("Last-Event-ID" = Option<u64>, Header, description = "The last version that was heard of")),
    responses((status = 200, body = String, content_type = "text/event-stream"), Reading))]
pub async fn stream_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Reading> {
    // Heard from now on, before the present version is read: nothing falls between.
    let commits = backend.subscribe();
    let turn = backend.stream_turn()?;
    access::instance(&backend, &caller, id).await?;
    let row = store::instance::find(&mut backend.database().read().await?, id).await?;
    let now = row.map_or(0, |row| row.version);
    let heard = stream::last_event_id(&headers).unwrap_or(now);
    let missed = (now > heard).then_some(now);
    let listener = stream::Listener { backend, caller, commits, _turn: turn };
    let events = stream::of_commits(listener, missed.map(stream::transition), move |commit| {
        (commit.instance == id).then(|| stream::transition(commit.version))
    });
    Ok(sse::Sse::new(events).keep_alive(stream::heartbeat()))
}
