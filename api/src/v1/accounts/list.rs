//! `GET /accounts`: who is known.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{AccountShape, administrator};
use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Query};
use crate::problem::Reading;

const LIST: &str = "accounts";

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of accounts, by name. For administrators.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(Part),
    responses((status = 200, body = Page<AccountShape>), Reading))]
pub async fn list_accounts(
    State(backend): State<Backend>,
    caller: Caller,
    Query(part): Query<Part>,
) -> Result<Json<Page<AccountShape>>, Reading> {
    administrator(&caller)?;
    let paging = Paging::<String>::of(LIST, part.limit, part.cursor.as_deref())?;
    let snapshot = backend.identity().directory().snapshot();
    let mut rest = snapshot.accounts_after(paging.after.as_deref().unwrap_or_default());
    let items: Vec<AccountShape> =
        rest.by_ref().take(paging.rows as usize).map(|(account, roles)| AccountShape::of(account, roles)).collect();
    let next = items.last().map(|last| last.account.clone()).filter(|_| rest.next().is_some());
    Ok(Json(Page::new(LIST, items, next)))
}
