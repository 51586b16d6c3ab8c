//! `POST /accounts/{account}/roles` and `…/roles/remove`: gives a role, takes one away.

use axum::Json;
use axum::extract::State;
use engine::facts::RoleFact;

use super::{AccountShape, RoleShape, administrator};
use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Acting, Code, Problem};

/// Gives a role, within a scope or everywhere. Giving it twice changes nothing. For administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/roles", tag = "accounts", request_body = RoleShape,
    params(("account" = String, Path)), responses((status = 200, body = AccountShape), Acting))]
pub async fn grant_role(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
    body: Body<RoleShape>,
) -> Result<Json<AccountShape>, Acting> {
    administrator(&caller)?;
    backend.accounts().grant_role(caller.actor(), account.as_str().into(), fact(body.content)).await?;
    present(&backend, &account)
}

/// Takes a role away, in exactly this scope. The last administrator keeps theirs. For administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/roles/remove", tag = "accounts", request_body = RoleShape,
    params(("account" = String, Path)), responses((status = 200, body = AccountShape), Acting))]
pub async fn remove_role(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
    body: Body<RoleShape>,
) -> Result<Json<AccountShape>, Acting> {
    administrator(&caller)?;
    backend.accounts().remove_role(caller.actor(), account.as_str().into(), fact(body.content)).await?;
    present(&backend, &account)
}

fn fact(role: RoleShape) -> RoleFact {
    let scope = role.scope.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    RoleFact { role: role.role.into(), scope }
}

fn present(backend: &Backend, account: &str) -> Result<Json<AccountShape>, Acting> {
    let snapshot = backend.identity().directory().snapshot();
    let found = snapshot.account(account).ok_or_else(|| Problem::plain(Code::NotFound))?;
    Ok(Json(AccountShape::of(found, snapshot.roles(account))))
}
