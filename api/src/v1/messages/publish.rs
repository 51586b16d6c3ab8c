//! `POST /messages`: publishes a message.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use identity::role::{ADMINISTRATOR, MESSENGER};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Body, Caller, to_value};
use crate::limits::MESSAGE_TTL_SECONDS_MAX;
use crate::problem::{Acting, Code, Problem};

/// How long a message waits for its receiver when nobody says: a day.
const TTL_SECONDS_USUAL: i64 = 86_400;
const NAME_CHARS_MAX: usize = 128;

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    #[schema(example = "payment_received")]
    pub name: String,
    /// The sender's own id: the same name and id are taken once, however often they are sent.
    pub id: String,
    /// What it says. Waiting steps match on its fields.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    /// How long it waits for a receiver that does not listen yet; a day unless it says otherwise.
    pub ttl_seconds: Option<i64>,
    /// Refuse it, with the candidates, if several wait for it. Else as the catalogue says.
    #[serde(default)]
    pub to_one: bool,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Published {
    pub name: String,
    pub id: String,
    /// It was published before; nothing has happened now.
    pub replayed: bool,
    /// `delivered`, `started`, `buffered` or `duplicate`.
    #[schema(example = "delivered")]
    pub verdict: String,
    /// Who got it; the first of many.
    pub to: Vec<String>,
}

/// The verdict and the receivers that a receipt names.
pub(super) fn judged(result: &engine::value::Value) -> (String, Vec<String>) {
    let verdict = result.get("verdict").and_then(engine::value::Value::as_str).unwrap_or_default().to_owned();
    let to = result.get("to").and_then(engine::value::Value::as_list).unwrap_or_default();
    (verdict, to.iter().filter_map(|to| to.as_str().map(str::to_owned)).collect())
}

/// Whether the caller may send something of this name: the role may be narrowed to it by its scope.
pub(super) fn may_send(caller: &Caller, name: &str) -> Result<(), Problem> {
    let scope = [("message".into(), name.into())].into();
    let may =
        caller.holds_everywhere(ADMINISTRATOR) || caller.roles.iter().any(|grant| grant.covers(MESSENGER, &scope));
    if may { Ok(()) } else { caller.require(&[MESSENGER, ADMINISTRATOR]) }
}

/// Names and ids are short, and a colon is for names of ours.
pub(super) fn plain(field: &str, text: &str, colon: bool) -> Result<(), Problem> {
    let odd = |c: char| c.is_control() || (c == ':' && !colon);
    if text.is_empty() || text.chars().count() > NAME_CHARS_MAX || text.chars().any(odd) {
        let (en, zh) = (format!("1 to {NAME_CHARS_MAX} characters"), format!("1 到 {NAME_CHARS_MAX} 个字符"));
        return Err(Problem::field(Code::InvalidInput, field, en, zh));
    }
    Ok(())
}

/// Publishes a message, once for each name and id. Needs the role `messenger`, which may be narrowed to one message by its scope.
#[utoipa::path(post, path = "/api/v1/messages", tag = "messages", request_body = Message,
    responses((status = 202, body = Published, description = "Durable; it finds its receivers within moments"), Acting))]
pub async fn publish_message(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<Message>,
) -> Result<(StatusCode, Json<Published>), Acting> {
    let Message { name, id, payload, ttl_seconds, to_one } = body.content;
    may_send(&caller, &name)?;
    plain("/name", &name, false)?;
    plain("/id", &id, true)?;
    let ttl = ttl_seconds.unwrap_or(TTL_SECONDS_USUAL);
    if !(1..=MESSAGE_TTL_SECONDS_MAX).contains(&ttl) {
        let (en, zh) = (format!("1 to {MESSAGE_TTL_SECONDS_MAX}"), format!("应在 1 到 {MESSAGE_TTL_SECONDS_MAX} 之间"));
        return Err(Problem::field(Code::InvalidInput, "/ttl_seconds", en, zh).into());
    }
    let payload = to_value(&payload, "/payload")?;
    let receipt = backend.publish(&caller, &name, &id, payload, (ttl * 1_000_000, to_one)).await?;
    let (verdict, to) = judged(&receipt.result);
    Ok((StatusCode::ACCEPTED, Json(Published { name, id, replayed: receipt.replayed, verdict, to })))
}
