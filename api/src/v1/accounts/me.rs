//! `GET /accounts/me`: who the caller is.

use axum::Json;
use axum::extract::State;

use super::AccountShape;
use crate::backend::Backend;
use crate::extract::Caller;
use crate::problem::{Code, Problem, Reading};

/// The caller's own account, with its roles of this moment.
#[utoipa::path(get, path = "/api/v1/accounts/me", tag = "accounts", responses((status = 200, body = AccountShape), Reading))]
pub async fn show_me(State(backend): State<Backend>, caller: Caller) -> Result<Json<AccountShape>, Reading> {
    let snapshot = backend.identity().directory().snapshot();
    let account = snapshot.account(&caller.id).ok_or_else(|| Problem::plain(Code::Unauthenticated))?;
    Ok(Json(AccountShape::of(account, snapshot.roles(&caller.id))))
}
