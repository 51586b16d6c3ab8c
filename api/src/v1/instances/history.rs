//! `GET /instances/{instance}/history`: what happened, transition by transition.

use axum::Json;
use axum::extract::State;
use engine::history::transition::{Content, Transition};
use engine::id::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::backend::Backend;
use crate::extract::{Caller, Page, Paging, Path, Query};
use crate::problem::{Code, Problem, Reading};
use crate::v1::access;

const LIST: &str = "history";

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Rows of a page, 1 to 200.
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// One transition: a command that was decided, and what happened because of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Transition)]
pub struct TransitionShape {
    pub version: u64,
    pub position: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// SHA-256 of the stored row: its leaf in the shard's chain.
    pub leaf: String,
    /// What was asked.
    #[schema(value_type = Object)]
    pub command: serde_json::Value,
    /// What happened. Where `seen_by` keeps a field from the caller, only the kinds of events are told.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<serde_json::Value>,
    /// Contents were left out because of `seen_by`.
    pub narrowed: bool,
}

/// A page of the history, oldest first.
#[utoipa::path(get, path = "/api/v1/instances/{instance}/history", tag = "instances",
    params(("instance" = String, Path), Part), responses((status = 200, body = Page<TransitionShape>), Reading))]
pub async fn list_history(
    State(backend): State<Backend>,
    caller: Caller,
    Path(id): Path<InstanceId>,
    Query(part): Query<Part>,
) -> Result<Json<Page<TransitionShape>>, Reading> {
    let paging = Paging::<(InstanceId, u64)>::of(LIST, part.limit, part.cursor.as_deref())?;
    let readable = access::instance(&backend, &caller, id).await?;
    let narrowed = !access::hidden_fields(&caller, &readable.definition).is_empty();
    let after = match paging.after {
        Some((instance, _)) if instance != id => return Err(Problem::plain(Code::InvalidCursor).into()),
        Some((_, version)) => version,
        None => 0,
    };
    let mut reader = backend.database().read().await?;
    let mut rows = store::log::of_instance(&mut reader, id, after, paging.rows + 1).await?;
    let more = rows.len() > paging.rows as usize;
    rows.truncate(paging.rows as usize);
    let next = rows.last().filter(|_| more).map(|row| (id, row.version));
    let shaped: Result<Vec<_>, store::StoreError> =
        rows.iter().map(|row| Ok(shape(&row.transition()?, &row.leaf.to_string(), narrowed))).collect();
    Ok(Json(Page::new(LIST, shaped?, next)))
}

fn shape(transition: &Transition, leaf: &str, narrowed: bool) -> TransitionShape {
    let (command, events) = match &transition.content {
        Content::Instance { command, events, .. } => (json(command), events.iter().map(json).collect()),
        Content::Service { command, .. } => (serde_json::json!({ "action": { "type": command } }), vec![]),
    };
    TransitionShape {
        version: transition.version,
        position: transition.position,
        at: transition.at.to_string(),
        leaf: leaf.into(),
        command: if narrowed { outline_of_command(&command) } else { command },
        events: if narrowed { events.iter().map(outline).collect() } else { events },
        narrowed,
    }
}

/// The stored form of our own types, which is always JSON.
fn json<T: Serialize>(part: &T) -> serde_json::Value {
    serde_json::to_value(part).unwrap_or_default()
}

/// Keys of an event that hold no business value.
const OUTLINE: &[&str] = &[
    "type", "step", "run", "scope", "work", "outcome", "by", "to", "from", "process", "code", "due", "activity",
    "handler",
];

fn outline(part: &serde_json::Value) -> serde_json::Value {
    let kept = part.as_object().into_iter().flatten().filter(|(name, _)| OUTLINE.contains(&name.as_str()));
    serde_json::Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn outline_of_command(command: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({ "actor": command["actor"], "action": { "type": command["action"]["type"] } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_no_values() {
        let event = serde_json::json!({ "type": "step_completed", "run": 4, "outcome": "done", "output": { "cost": 7 }, "writes": [] });
        assert_eq!(outline(&event), serde_json::json!({ "type": "step_completed", "run": 4, "outcome": "done" }));
    }
}
