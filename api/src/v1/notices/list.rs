//! `GET /notices`: what the caller was told, newest first.

use axum::Json;
use axum::extract::State;
use engine::command::DeliveryId;
use engine::id::InstanceId;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::notice::{self, Cursor, Filter};
use utoipa::{IntoParams, ToSchema};

use crate::backend::Backend;
use crate::extract::{Caller, NoticeRef, Page, Paging, Query};
use crate::problem::Reading;
use crate::v1::shape::TextShape;

const LIST: &str = "notices";

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only those that the caller has not read.
    #[serde(default)]
    pub unread: bool,
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One notice.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeShape {
    /// Its id, for the addresses of actions.
    #[schema(example = "01920000-0000-7000-8000-000000000003.2.0")]
    pub notice: String,
    pub instance: String,
    pub process: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub step: String,
    /// `notice`: a step says something; `reminder`: a deadline is near, or over.
    #[schema(example = "notice")]
    pub kind: String,
    pub text: TextShape,
    pub at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
}

/// A page of the caller's notices. What a role was told is told to whoever holds it now. A page may be short and still have a next one.
#[utoipa::path(get, path = "/api/v1/notices", tag = "notices", params(Wanted),
    responses((status = 200, body = Page<NoticeShape>), Reading))]
pub async fn list_notices(
    State(backend): State<Backend>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<NoticeShape>>, Reading> {
    let paging = Paging::<(i64, InstanceId, u64, u32)>::of(LIST, wanted.limit, wanted.cursor.as_deref())?;
    let after = paging.after.map(|(at, instance, version, seq)| Cursor {
        at: Timestamp::from_micros(at),
        instance,
        notice: DeliveryId { version, seq },
    });
    let filter = Filter { unread: wanted.unread, ..inbox_of(&backend, &caller) };
    let found = notice::list(&mut backend.database().read().await?, &filter, after, paging.rows).await?;
    let next = found.next.map(|place| (place.at.micros(), place.instance, place.notice.version, place.notice.seq));
    Ok(Json(Page::new(LIST, found.rows.into_iter().map(shape).collect(), next)))
}

/// Whose notices the caller's are.
pub(super) fn inbox_of(backend: &Backend, caller: &Caller) -> Filter {
    Filter {
        person: caller.id.clone(),
        roles: caller.roles.clone(),
        manages: backend.identity().directory().snapshot().reports_of(&caller.id),
        unread: false,
    }
}

fn shape(listed: notice::Listed) -> NoticeShape {
    NoticeShape {
        notice: NoticeRef { instance: listed.instance, notice: listed.notice }.to_string(),
        instance: listed.instance.to_string(),
        process: listed.process.to_string(),
        key: listed.key.map(|key| key.to_string()),
        step: listed.step.to_string(),
        kind: listed.kind.to_string(),
        text: TextShape::from(&listed.text),
        at: listed.at.to_string(),
        read_at: listed.read_at.map(|at| at.to_string()),
    }
}
