//! `PUT /accounts/{account}/password`: sets a password.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::self_or_administrator;
use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Code, Problem, Signing};

/// The new password, and the present one where the caller changes their own and has one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 8 to 256 characters.
    pub password: String,
    pub present: Option<String>,
}

/// Sets a password: one's own with the present one, anybody's as an administrator.
#[utoipa::path(put, path = "/api/v1/accounts/{account}/password", tag = "accounts", request_body = NewPassword,
    params(("account" = String, Path)), responses((status = 204, description = "Set"), Signing))]
pub async fn set_password(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
    body: Body<NewPassword>,
) -> Result<StatusCode, Signing> {
    self_or_administrator(&caller, &account)?;
    let has_one =
        backend.identity().directory().snapshot().account(&account).is_some_and(|account| account.has_password);
    if caller.id.as_ref() == account && has_one {
        let present = body
            .content
            .present
            .ok_or_else(|| Problem::field(Code::InvalidInput, "/present", "your present password", "须提供当前密码"))?;
        backend.identity().reauthenticate(&account, &present, backend.now()).await?;
    }
    backend.accounts().set_password(caller.actor(), account.into(), &body.content.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
