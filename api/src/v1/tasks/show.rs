//! `GET /tasks/{task}`: one task with its form, what it shows, and what the caller may do with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use engine::signing::meaning_text;
use engine::work::{AllowedAction, allowed_actions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TaskShape;
use super::open::{Seen, seen};
use crate::backend::Backend;
use crate::extract::{Caller, Path, TaskRef, etag};
use crate::problem::{Problem, Reading};
use crate::v1::access;
use crate::v1::shape::{Refused, TextShape};

/// A task in full.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskInFull {
    pub task: TaskShape,
    /// The JSON Schema of the answer, as the process has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub form: Option<serde_json::Value>,
    /// What the step displays, by the path that it names.
    #[schema(value_type = Object)]
    pub shown: BTreeMap<String, serde_json::Value>,
    /// The signature's meaning in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<TextShape>,
    /// Outcomes in words, for buttons.
    pub outcome_texts: BTreeMap<String, TextShape>,
    pub allowed_actions: Vec<ActionShape>,
}

/// Something the caller could do, and why not if they may not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AllowedAction)]
pub struct ActionShape {
    /// `claim`, `release`, `assign`, `complete`, `transfer`, `delegate`, `resolve`, `recall`, `add_approver`,
    /// `remove_approver`, `return`, `withdraw`, `urge`, `copy` or `comment`.
    pub action: String,
    pub allowed: bool,
    /// For `complete` and `resolve`: what to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<String>,
    /// By outcome, the steps that one may go back to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub back_to: BTreeMap<String, Vec<String>>,
    /// For `return` the steps, for `add_approver` the places, for `remove_approver` the seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// It needs a reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reason: bool,
    /// The meaning of the signature that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    /// The same refusal that the action itself would give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

impl From<AllowedAction> for ActionShape {
    fn from(action: AllowedAction) -> Self {
        let refused = action.refused.map(Problem::from).map(Refused::from);
        let texts = |words: Vec<std::sync::Arc<str>>| words.iter().map(ToString::to_string).collect();
        ActionShape {
            action: action.action.into(),
            allowed: refused.is_none(),
            outcomes: texts(action.outcomes),
            back_to: action.back_to.into_iter().map(|(outcome, steps)| (outcome.to_string(), texts(steps))).collect(),
            targets: texts(action.targets),
            reason: action.reason,
            sign: action.sign.map(|meaning| meaning.to_string()),
            refused,
        }
    }
}

/// One task in full. Its `ETag` is its revision: send it back as `If-Match` to act on what you saw and nothing else.
#[utoipa::path(get, path = "/api/v1/tasks/{task}", tag = "tasks",
    params(("task" = String, Path)), responses((status = 200, body = TaskInFull), Reading))]
pub async fn show_task(
    State(backend): State<Backend>,
    caller: Caller,
    Path(task): Path<TaskRef>,
) -> Result<impl IntoResponse, Reading> {
    let seen = seen(&backend, &caller, task).await?;
    let revision = seen.row.revision;
    Ok(([etag(revision)], Json(shape(&backend, &caller, &seen))))
}

fn shape(backend: &Backend, caller: &Caller, seen: &Seen) -> TaskInFull {
    let Seen { row, state, definition } = seen;
    let form = row.form.as_ref().and_then(|name| definition.forms.get(name)).map(|form| form.document.clone());
    // Who is to do the work sees what its step shows; others who may read see it without fields that are kept from them.
    let concerned = access::could_do(backend, caller, state.process(), row.assignee.as_ref(), &row.candidates);
    let hidden = if concerned { Default::default() } else { access::hidden_fields(caller, definition) };
    let visible = seen.shows().iter().filter(|path| path.first().is_none_or(|root| !hidden.contains(root)));
    // A substitute sees what the one they stand for may do.
    let who = caller.absent_in(state.process()).map_or(&caller.id, |absent| &absent.id);
    let managed = access::managed(backend, who, &row.candidates);
    let actions = backend.identity().directory().snapshot().person(who).map_or_else(Vec::new, |person| {
        allowed_actions(definition, state, row.work, (who, &person), &managed, backend.now())
    });
    let words = row.outcomes.iter().filter_map(|word| Some((word.to_string(), definition.texts.get(word)?.into())));
    TaskInFull {
        task: row.into(),
        form,
        shown: visible.map(|path| (path.join("."), state.shown(definition, path).to_json())).collect(),
        meaning: row.sign.as_ref().map(|meaning| TextShape::from(&meaning_text(definition, meaning))),
        outcome_texts: words.collect(),
        allowed_actions: actions.into_iter().map(ActionShape::from).collect(),
    }
}
