//! `POST /tasks/bulk`: the same for many tasks, looked at first and then done, each by itself.
//!
//! Every task goes through the one door on its own: there is no all or nothing, and each answer says what became of it.

use axum::Json;
use axum::extract::State;
use engine::command::{Action, Complete};
use engine::id::UserId;
use engine::language::definition::StepKind;
use engine::project::{TaskRow, TaskStatus};
use engine::rejection::Rejection;
use engine::work::{AllowedAction, allowed_actions};
use serde::{Deserialize, Serialize};
use store::task::{self, Cursor};
use utoipa::ToSchema;

use super::TaskShape;
use super::open::seen;
use crate::backend::Backend;
use crate::extract::{Body, Caller, TaskRef, to_value};
use crate::limits::BULK_TASKS_MAX;
use crate::problem::{Acting, Code, Problem};
use crate::v1::access;
use crate::v1::shape::Refused;
use crate::v1::shape::checked_text;

/// What to do with which tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// Says what would become of each, and does nothing.
    pub preview: bool,
    #[schema(inline)]
    pub tasks: Which,
    #[schema(inline)]
    pub act: Doing,
}

/// Which tasks: at most 500.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Which {
    /// These.
    These(Vec<String>),
    /// The open tasks that this account has: a leaver's, say.
    HeldBy(String),
}

/// What is done with each.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Doing {
    /// Gives it to somebody: by whoever has it, or by the process's owner and administrators.
    Assign { to: String, reason: String },
    /// Completes it. Like tasks only: of one step, without a signature.
    Complete {
        outcome: Option<String>,
        #[serde(default)]
        #[schema(value_type = Object)]
        answer: serde_json::Value,
        comment: Option<String>,
    },
}

/// What became of one task, or would.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    pub task: TaskShape,
    pub done: bool,
    /// Only in a preview: it would be done, as things stand.
    pub possible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// What became of them all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkResults {
    pub results: Vec<BulkResult>,
    /// There are more than one request takes: send it again for the rest.
    pub more: bool,
}

/// Does the same with many tasks. Send it with `preview: true` first; then each is done by itself and answered by itself.
#[utoipa::path(post, path = "/api/v1/tasks/bulk", tag = "tasks", request_body = Bulk,
    responses((status = 200, body = BulkResults), Acting))]
pub async fn act_on_many(
    State(backend): State<Backend>,
    caller: Caller,
    body: Body<Bulk>,
) -> Result<Json<BulkResults>, Acting> {
    let Bulk { preview, tasks, act } = body.content;
    if let Doing::Assign { reason, .. } = &act {
        checked_text("reason", reason)?;
    }
    let (refs, more) = wanted(&backend, &caller, tasks).await?;
    let mut rows = Vec::with_capacity(refs.len());
    for task in refs {
        rows.push((task, seen(&backend, &caller, task).await?));
    }
    if let (Doing::Complete { .. }, Some((_, first))) = (&act, rows.first()) {
        let like = |row: &TaskRow| row.process == first.row.process && row.step == first.row.step && row.sign.is_none();
        let ballot = matches!(first.step().map(|step| &step.kind), Some(StepKind::Approve(_)));
        if ballot || !rows.iter().all(|(_, seen)| like(&seen.row)) {
            let (en, zh) = ("tasks of one step, without a signature", "须为同一步骤且无需签名的任务");
            return Err(Problem::field(Code::InvalidInput, "/tasks", en, zh).into());
        }
    }
    let mut results = Vec::with_capacity(rows.len());
    for (task, seen) in rows {
        let (mut done, mut possible) = (false, false);
        let refused = if preview {
            let refused = foreseen(&backend, &caller, &seen, &act);
            possible = refused.is_none();
            refused.map(Problem::from)
        } else {
            let action = Action::IfUnchanged {
                work: task.work,
                revision: seen.row.revision,
                action: Box::new(action(task, &act)?),
            };
            let result = backend.submit(&caller, task.instance, action, None).await;
            done = result.is_ok();
            result.err()
        };
        results.push(BulkResult { task: (&seen.row).into(), done, possible, refused: refused.map(Refused::from) });
    }
    Ok(Json(BulkResults { results, more }))
}

/// The tasks that are meant, and whether there are more than are taken at once.
async fn wanted(backend: &Backend, caller: &Caller, tasks: Which) -> Result<(Vec<TaskRef>, bool), Problem> {
    match tasks {
        Which::These(names) => {
            if names.len() > BULK_TASKS_MAX as usize {
                let (en, zh) = (format!("at most {BULK_TASKS_MAX}"), format!("至多 {BULK_TASKS_MAX} 个"));
                return Err(Problem::field(Code::InvalidInput, "/tasks/these", en, zh));
            }
            let named = names.iter().map(|name| name.parse().map_err(|_| Problem::plain(Code::NotFound)));
            Ok((named.collect::<Result<_, _>>()?, false))
        }
        Which::HeldBy(who) => {
            if *who != *caller.id && !access::sees_everything(caller) {
                return Err(Problem::plain(Code::Forbidden));
            }
            let filter =
                task::Filter { status: Some(TaskStatus::Open), assignee: Some(who.into()), ..task::Filter::default() };
            let mut reader = backend.database().read().await?;
            let page = task::list(&mut reader, &filter, None::<Cursor>, BULK_TASKS_MAX).await?;
            let refs = page.rows.iter().map(|row| TaskRef { instance: row.instance, work: row.work }).collect();
            Ok((refs, page.next.is_some()))
        }
    }
}

fn action(task: TaskRef, act: &Doing) -> Result<Action, Problem> {
    Ok(match act {
        Doing::Assign { to, reason } => {
            Action::Assign { work: task.work, to: to.as_str().into(), reason: Some(reason.as_str().into()) }
        }
        Doing::Complete { outcome, answer, comment } => Action::Complete(Complete {
            work: task.work,
            outcome: outcome.as_deref().map(Into::into),
            answer: to_value(answer, "/act/complete/answer")?,
            comment: comment.as_deref().map(Into::into),
            back_to: None,
            signature: None,
        }),
    })
}

/// Why it would be refused, as far as can be told beforehand.
fn foreseen(backend: &Backend, caller: &Caller, seen: &super::open::Seen, act: &Doing) -> Option<Rejection> {
    let allowed = |who: &UserId, word: &str| -> Option<Rejection> {
        let Some(person) = backend.identity().directory().snapshot().person(who) else {
            return Some(Rejection::InactiveAccount(who.clone()));
        };
        let managed = access::managed(backend, who, &seen.row.candidates);
        let (definition, state) = (&seen.definition, &seen.state);
        let actions = allowed_actions(definition, state, seen.row.work, (who, &person), &managed, backend.now());
        let found: Option<AllowedAction> = actions.into_iter().find(|action| action.action == word);
        match found {
            Some(found) => found.refused,
            None => Some(Rejection::Gone("it is not open any more".into())),
        }
    };
    let own = caller.absent_in(seen.state.process()).map_or(&caller.id, |absent| &absent.id);
    match act {
        Doing::Complete { outcome, .. } => allowed(own, "complete").or_else(|| {
            let known = |given: &String| seen.row.outcomes.iter().any(|one| **one == **given);
            let fits = outcome.as_ref().map_or(seen.row.outcomes.len() == 1, known);
            let given = outcome.clone().unwrap_or_default().into();
            (!fits).then(|| Rejection::UnknownOutcome { given, allowed: seen.row.outcomes.clone() })
        }),
        Doing::Assign { to, .. } => allowed(own, "assign").or_else(|| match allowed(&to.as_str().into(), "claim") {
            // That somebody has it now is why it is given on.
            Some(Rejection::ClaimedBy { .. }) | None => None,
            refused => refused,
        }),
    }
}
