//! `POST /accounts`: makes an account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use identity::Kind;
use identity::command::NewAccount;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountShape, administrator};
use crate::backend::Backend;
use crate::extract::{Body, Caller};
use crate::problem::{Acting, Code, Problem};

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// A small letter, then small letters, digits, dots, underscores and hyphens; 2 to 64. Never given twice.
    #[schema(example = "w.fang")]
    pub account: String,
    /// `person` (the usual) or `service`.
    pub kind: Option<String>,
    /// The name beside a signature.
    #[schema(example = "王芳")]
    pub printed_name: String,
    pub manager: Option<String>,
}

/// Makes an account, without password, roles or tokens. For administrators.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = CreateAccount,
    responses((status = 201, body = AccountShape), Acting))]
pub async fn create_account(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<CreateAccount>,
) -> Result<(StatusCode, Json<AccountShape>), Acting> {
    administrator(&caller)?;
    let CreateAccount { account, kind, printed_name, manager } = body.content;
    let kind = Kind::lookup(kind.as_deref().unwrap_or("person"))
        .ok_or_else(|| Problem::field(Code::InvalidInput, "/kind", "person or service", "应为 person 或 service"))?;
    let id = account.as_str().into();
    let new = NewAccount { id, kind, printed_name: printed_name.into(), manager: manager.map(Into::into) };
    backend.accounts().create_account(caller.actor(), new).await?;
    let snapshot = backend.identity().directory().snapshot();
    let made = snapshot.account(&account).ok_or_else(|| Problem::plain(Code::Internal))?;
    Ok((StatusCode::CREATED, Json(AccountShape::of(made, snapshot.roles(&account)))))
}
