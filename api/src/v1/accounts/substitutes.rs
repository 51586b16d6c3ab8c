//! `/accounts/{account}/substitutes`: who acts in somebody's place, and when.

use axum::Json;
use axum::extract::State;
use engine::facts::Substitution;
use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::self_or_administrator;
use crate::backend::Backend;
use crate::extract::{Body, Caller, Path};
use crate::problem::{Acting, Code, Problem, Reading};

/// A period to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubstitute {
    /// Who acts.
    pub substitute: String,
    /// From this moment on (RFC 3339); now when left out.
    pub from: Option<String>,
    /// Until this moment.
    pub until: String,
    /// For these processes only; empty for all.
    #[serde(default)]
    pub processes: Vec<String>,
}

/// A period in which somebody acts in the account's place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Substitute)]
pub struct SubstituteShape {
    /// Its name, for ending it.
    pub id: String,
    pub substitute: String,
    pub from: String,
    pub until: String,
    pub processes: Vec<String>,
}

/// Names a substitute for a period. They act by the header `On-Behalf-Of`; both are on record, and duties look at both.
/// For the account itself and for administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/substitutes", tag = "accounts", request_body = NewSubstitute,
    params(("account" = String, Path)), responses((status = 200, body = SubstituteShape), Acting))]
pub async fn name_substitute(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
    body: Body<NewSubstitute>,
) -> Result<Json<SubstituteShape>, Acting> {
    self_or_administrator(&caller, &account)?;
    let NewSubstitute { substitute, from, until, processes } = body.content;
    let from = from.map_or_else(|| Ok(backend.now()), |from| moment("from", &from))?;
    let processes = processes.into_iter().map(Into::into).collect();
    let period = Substitution { by: substitute.into(), from, until: moment("until", &until)?, processes };
    let shape = |id: &str| shape(id, &period);
    let (id, _) = backend.accounts().name_substitute(caller.actor(), account.into(), period.clone()).await?;
    Ok(Json(shape(&id)))
}

/// The periods of an account that nobody ended. For the account itself and for administrators.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/substitutes", tag = "accounts",
    params(("account" = String, Path)), responses((status = 200, body = Vec<SubstituteShape>), Reading))]
pub async fn list_substitutes(
    State(backend): State<Backend>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<Vec<SubstituteShape>>, Reading> {
    self_or_administrator(&caller, &account)?;
    let snapshot = backend.identity().directory().snapshot();
    snapshot.account(&account).ok_or_else(|| Problem::plain(Code::NotFound))?;
    Ok(Json(snapshot.substitutes_of(&account).map(|(id, period)| shape(id, period)).collect()))
}

/// Ends a period before its time. For the account itself and for administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/substitutes/{id}/end", tag = "accounts",
    params(("account" = String, Path), ("id" = String, Path)), responses((status = 204), Acting))]
pub async fn end_substitution(
    State(backend): State<Backend>,
    caller: Caller,
    Path((account, id)): Path<(String, String)>,
) -> Result<axum::http::StatusCode, Acting> {
    self_or_administrator(&caller, &account)?;
    backend.accounts().end_substitution(caller.actor(), account.into(), id).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

fn shape(id: &str, period: &Substitution) -> SubstituteShape {
    SubstituteShape {
        id: id.to_owned(),
        substitute: period.by.to_string(),
        from: period.from.to_string(),
        until: period.until.to_string(),
        processes: period.processes.iter().map(ToString::to_string).collect(),
    }
}

fn moment(field: &str, text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).ok_or_else(|| {
        let (en, zh) = ("a moment like 2026-03-02T09:00:00+08:00", "时间格式如 2026-03-02T09:00:00+08:00");
        Problem::field(Code::InvalidInput, field, en, zh)
    })
}
