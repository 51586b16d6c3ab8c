//! `…/accounts/{account}/tokens`: issues, lists and revokes tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::self_or_administrator;
use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Acting, Code, Problem, Reading};

/// What a token is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    #[serde(default)]
    #[schema(example = "laptop")]
    pub label: String,
    /// When it ends (RFC 3339); absent: not by itself.
    pub expires_at: Option<String>,
}

/// A token, shown this once.
#[derive(Serialize, ToSchema)]
pub struct IssuedToken {
    /// Its name, to revoke it by.
    pub id: String,
    #[schema(example = "cs_…")]
    pub token: String,
}

/// A live token, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenShape {
    pub id: String,
    pub label: String,
    pub last4: String,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The live tokens of an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    pub tokens: Vec<TokenShape>,
}

/// Issues a token. It is shown in this answer and never again. For oneself, or as an administrator.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/tokens", tag = "accounts", request_body = NewToken,
    params(("account" = String, Path)), responses((status = 201, body = IssuedToken), Acting))]
pub async fn issue_token(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
    body: Body<NewToken>,
) -> Result<(StatusCode, Json<IssuedToken>), Acting> {
    self_or_administrator(&caller, &account)?;
    let NewToken { label, expires_at } = body.content;
    let expires_at = expires_at
        .map(|text| {
            Timestamp::parse(&text).filter(|end| *end > backend.now()).ok_or_else(|| {
                Problem::field(Code::InvalidInput, "/expires_at", "a moment that has not passed", "应为尚未到来的时间")
            })
        })
        .transpose()?;
    let (secret, _) = backend.accounts().issue_token(caller.actor(), account.into(), &label, expires_at).await?;
    Ok((StatusCode::CREATED, Json(IssuedToken { id: secret.id(), token: secret.reveal().into() })))
}

/// The live tokens of an account, without their secrets. For oneself, or as an administrator.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/tokens", tag = "accounts",
    params(("account" = String, Path)), responses((status = 200, body = Tokens), Reading))]
pub async fn list_tokens(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<Tokens>, Reading> {
    self_or_administrator(&caller, &account)?;
    let snapshot = backend.identity().directory().snapshot();
    let shape = |token: &identity::directory::Token| TokenShape {
        id: token.id.to_string(),
        label: token.label.to_string(),
        last4: token.last4.to_string(),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.map(|end| end.to_string()),
    };
    Ok(Json(Tokens { tokens: snapshot.tokens_of(&account).into_iter().map(shape).collect() }))
}

/// Ends a token at once. For oneself, or as an administrator.
#[utoipa::path(delete, path = "/api/v1/accounts/{account}/tokens/{token}", tag = "accounts",
    params(("account" = String, Path), ("token" = String, Path)), responses((status = 204, description = "Ended"), Acting))]
pub async fn revoke_token(
    State(backend): State<Backend>,
    caller: Caller,
    Path((account, token)): Path<(String, String)>,
) -> Result<StatusCode, Acting> {
    self_or_administrator(&caller, &account)?;
    let snapshot = backend.identity().directory().snapshot();
    if !snapshot.tokens_of(&account).iter().any(|found| *found.id == *token) {
        return Err(Problem::plain(Code::NotFound).into());
    }
    backend.accounts().revoke_token(caller.actor(), token).await?;
    Ok(StatusCode::NO_CONTENT)
}
