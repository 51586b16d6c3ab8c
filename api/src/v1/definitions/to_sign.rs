//! `POST /definitions/{process}/to-sign`: exactly what the signature of a start would be over.

use axum::Json;
use axum::extract::State;
use engine::decide::{completed_input, start_rule};
use engine::signing::to_sign_start;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, Path, to_value};
use crate::problem::{Code, Problem, Signing};
use crate::v1::signature::ToSign;

/// What is about to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartIntent {
    /// The input, as it will be sent.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub input: serde_json::Value,
}

/// The record that starting with this input would sign, and its digest.
#[utoipa::path(post, path = "/api/v1/definitions/{process}/to-sign", tag = "definitions", request_body = StartIntent,
    params(("process" = String, Path)), responses((status = 200, body = ToSign), Signing))]
pub async fn prepare_start(
    State(backend): State<Backend>,
    caller: Caller,
    Path(process): Path<String>,
    body: Body<StartIntent>,
) -> Result<Json<ToSign>, Signing> {
    let definition = backend.effective(&process).await?;
    let rule = start_rule(&definition, &caller.roles).map_err(Problem::from)?;
    let meaning = rule.and_then(|rule| rule.sign).ok_or_else(|| {
        Problem::field(Code::InvalidInput, "/input", "this start needs no signature", "此发起不需要签名")
    })?;
    let input = to_value(&body.content.input, "/input")?;
    let input = completed_input(&definition.input, &input).map_err(Problem::from)?;
    let record = to_sign_start(&definition, &meaning, &input);
    Ok(Json(ToSign::of(&definition, &record, &meaning)?))
}
