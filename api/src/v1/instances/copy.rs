//! `POST /instances/{instance}/copies`: gives people a copy.

use axum::Json;
use axum::extract::State;
use engine::command::{Act, Action, WorkId};
use engine::id::InstanceId;
use engine::state::ROOT_RUN;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, IdempotencyKey, Path};
use crate::problem::Signing;
use crate::v1::access;
use crate::v1::shape::{Done, optional_text};

/// Who gets a copy, with which words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCopies {
    #[schema(min_items = 1, max_items = 100)]
    pub to: Vec<String>,
    pub text: Option<String>,
}

/// Gives people a copy (抄送): they may read the instance and need not do anything. Whether they have looked is on record.
#[utoipa::path(post, path = "/api/v1/instances/{instance}/copies", tag = "instances", request_body = NewCopies,
    params(("instance" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), Signing))]
pub async fn copy_instance(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    key: IdempotencyKey,
    body: Body<NewCopies>,
) -> Result<Json<Done>, Signing> {
    access::instance(&backend, &caller, id).await?;
    let NewCopies { to, text } = body.content;
    let text = optional_text("text", text.as_deref())?;
    let wanted = Act::Copy { to: to.into_iter().map(Into::into).collect(), text };
    let work = WorkId { run: ROOT_RUN, seat: 0 };
    let receipt = backend.submit(&caller, id, Action::Work { work, act: wanted }, key.with(body.digest)).await?;
    Ok(Json(Done::from(&receipt)))
}
