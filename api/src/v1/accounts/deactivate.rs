//! `POST /accounts/{account}/deactivate`: ends an account for good.

use axum::extract::State;
use axum::http::StatusCode;

use super::administrator;
use crate::backend::Backend;
use crate::extract::{Caller, Path};
use crate::problem::Acting;

/// Ends an account, its password and its tokens. Its name and what it did stay. For administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/deactivate", tag = "accounts",
    params(("account" = String, Path)), responses((status = 204, description = "Ended"), Acting))]
pub async fn deactivate_account(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<StatusCode, Acting> {
    administrator(&caller)?;
    backend.accounts().deactivate(caller.actor(), account.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
