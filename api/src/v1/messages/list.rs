//! `GET /messages`: what was published, and what became of it.

use axum::Json;
use axum::extract::State;
use engine::time::Timestamp;
use identity::role::{ADMINISTRATOR, AUDITOR, MESSENGER};
use serde::{Deserialize, Serialize};
use store::message::{self, Cursor, Filter};
use utoipa::{IntoParams, ToSchema};

use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::problem::Reading;

const LIST: &str = "messages";

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    pub name: Option<String>,
    /// The sender's own id.
    pub id: Option<String>,
    /// `delivered`, `started` or `buffered`.
    pub verdict: Option<String>,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One message, without what it says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageRow)]
pub struct MessageShape {
    pub name: String,
    pub id: String,
    pub verdict: String,
    /// Who got it; the first of many.
    pub to: Vec<String>,
    pub published_at: String,
    pub expires_at: String,
    /// Nobody took it in its time.
    pub expired: bool,
}

/// A page of messages, newest first. Needs the role `messenger`, `auditor` or `administrator`.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(Wanted),
    responses((status = 200, body = Page<MessageShape>), Reading))]
pub async fn list_messages(
    State(backend): State<Backend>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<MessageShape>>, Reading> {
    caller.require(&[MESSENGER, AUDITOR, ADMINISTRATOR])?;
    let paging = Paging::<(i64, String, String)>::of(LIST, wanted.limit, wanted.cursor.as_deref())?;
    let part = |part: &Option<String>| part.as_deref().map(Into::into);
    let filter = Filter { name: part(&wanted.name), id: part(&wanted.id), verdict: part(&wanted.verdict) };
    let after = paging.after.map(|(at, name, id)| Cursor {
        published_at: Timestamp::from_micros(at),
        name: name.into(),
        id: id.into(),
    });
    let found = message::list(&mut backend.database().read().await?, &filter, after.as_ref(), paging.rows).await?;
    let now = backend.now();
    let shape = |listed: message::Listed| MessageShape {
        name: listed.row.name.to_string(),
        id: listed.row.id.to_string(),
        to: listed.receivers.iter().map(ToString::to_string).collect(),
        published_at: listed.row.published_at.to_string(),
        expires_at: listed.row.expires_at.to_string(),
        expired: listed.verdict.as_ref() == "buffered" && listed.row.expires_at <= now,
        verdict: listed.verdict.to_string(),
    };
    let next = found.next.map(|place| (place.published_at.micros(), place.name.to_string(), place.id.to_string()));
    Ok(Json(Page::new(LIST, found.rows.into_iter().map(shape).collect(), next)))
}
