//! `POST /notices/{notice}/read`: the caller has read it.

use axum::extract::State;
use axum::http::StatusCode;

use super::list::inbox_of;
use crate::backend::Backend;
use crate::extract::{Caller, NoticeRef, Path};
use crate::problem::{Acting, Code, Problem};

/// Notes that the caller has read a notice. Reading it twice changes nothing.
#[utoipa::path(post, path = "/api/v1/notices/{notice}/read", tag = "notices", params(("notice" = String, Path)),
    responses((status = 204, description = "Noted"), Acting))]
pub async fn read_notice(
    State(backend): State<Backend>,
    caller: Caller,
    Path(notice): Path<NoticeRef>,
) -> Result<StatusCode, Acting> {
    let filter = inbox_of(&backend, &caller);
    let mut reader = backend.database().read().await.map_err(Problem::from)?;
    if !store::notice::is_to(&mut reader, &filter, notice.instance, notice.notice).await.map_err(Problem::from)? {
        return Err(Problem::plain(Code::NotFound).into());
    }
    drop(reader);
    backend.read_notice(&caller, notice).await?;
    Ok(StatusCode::NO_CONTENT)
}
