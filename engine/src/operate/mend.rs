//! Mending an instance: writing data, and ending a step in place of whoever should have.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Spot;
use crate::command::{Actor, WorkId};
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::{Body, Event, FieldFix, FieldWrite};
use crate::flow::{self, DONE, Done};
use crate::id::{IncidentId, RunId, ScopeId, StepKey};
use crate::language::definition::{Definition, Path, Risk, Step, StepKind};
use crate::rejection::Rejection;
use crate::state::{Cursor, Phase, ROOT_RUN, State};
use crate::step::approve::{APPROVED, REJECTED};
use crate::value::Value;

/// Fields that one command may write.
const WRITES_MAX: usize = 200;

/// Writes data fields; signatures that showed what changed are void.
pub(crate) fn fix(draft: &mut Draft, actor: &Actor, reason: &Arc<str>, writes: &[FieldWrite]) -> Deciding<()> {
    if writes.is_empty() || writes.len() > WRITES_MAX {
        return reject(Rejection::InvalidInput(format!("give 1 to {WRITES_MAX} fields").into()));
    }
    let definition = draft.definition.clone();
    let shown = shown(draft.state(), &definition);
    let mut data = draft.state().data.clone();
    let mut changes = Vec::with_capacity(writes.len());
    for write in writes {
        judge(&definition, write)?;
        let before = data.at(&write.path).cloned().unwrap_or_default();
        data.set(&write.path, write.value.clone());
        changes.push(FieldFix { path: write.path.clone(), before, after: write.value.clone() });
    }
    changes.retain(|change| change.before != change.after);
    if changes.is_empty() {
        return Ok(());
    }
    draft.emit(Event::DataFixed { by: actor.clone(), reason: reason.clone(), changes });
    void_changed(draft, &shown);
    Ok(())
}

/// Whether a field is there and the value fits it.
fn judge(definition: &Definition, write: &FieldWrite) -> Deciding<()> {
    let name = write.path.join(".");
    let Some(field) = write.path.first().and_then(|root| definition.data_field(root)) else {
        let known: Vec<&str> = definition.data.iter().map(|field| field.name.as_ref()).collect();
        let why = format!("there is no data field `{name}`; the fields are {}", known.join(", "));
        return reject(Rejection::InvalidInput(why.into()));
    };
    if write.path[1..].iter().try_fold(field.kind.clone(), |kind, part| kind.field(part)).is_none() {
        return reject(Rejection::InvalidInput(format!("`{}` has no part `{name}`", field.name).into()));
    }
    match definition.check_field(&write.path, &write.value) {
        Ok(()) => Ok(()),
        Err(misfit) => {
            let why = format!("`{}` must be {}, but is {}", misfit.field, misfit.wanted, misfit.found);
            reject(Rejection::InvalidInput(why.into()))
        }
    }
}

/// What the steps that hold signatures in force show.
pub(crate) fn shown(state: &State, definition: &Definition) -> BTreeMap<StepKey, Vec<Value>> {
    let of = |step: &StepKey| -> Vec<Value> {
        let shows: &[Path] = match definition.step(step).map(|step| &step.kind) {
            Some(StepKind::Task(task)) => &task.shows,
            Some(StepKind::Approve(ballot)) => &ballot.shows,
            _ => &[],
        };
        shows.iter().map(|path| state.shown(definition, path)).collect()
    };
    state.signatures.keys().map(|step| (step.clone(), of(step))).collect()
}

/// Signatures whose shown content is not what it was are void; they stay visible.
pub(crate) fn void_changed(draft: &mut Draft, before: &BTreeMap<StepKey, Vec<Value>>) {
    let after = shown(draft.state(), &draft.definition);
    let changed = before.iter().filter(|(step, values)| after.get(*step).is_some_and(|now| now != *values));
    let mut void: Vec<(StepKey, WorkId)> = Vec::new();
    for (step, _) in changed {
        let signed = draft.state().signatures.get(step).into_iter().flatten();
        void.extend(signed.map(|signed| (step.clone(), signed.work)));
    }
    for (step, work) in void {
        draft.emit(Event::SignatureVoided { work, step });
    }
}

/// What a spot names: an open step, or a step that an incident stopped before it was entered.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    Run(RunId),
    Blocked { scope: ScopeId, index: usize, incident: IncidentId },
}

pub(crate) fn locate(state: &State, at: Spot) -> Result<Found, Rejection> {
    let gone = || Rejection::Gone("nothing is open there any more".into());
    let run = match at {
        Spot::Run { run } => run,
        Spot::Incident { incident } => {
            let open = state.incidents.get(&incident).ok_or(Rejection::UnknownIncident)?;
            if let Some(scope) = open.scope.and_then(|scope| state.scopes.get(&scope))
                && let Cursor::Blocked { index, incident, .. } = scope.cursor
            {
                if state.is_given_up(scope.parent) {
                    return Err(gone());
                }
                return Ok(Found::Blocked { scope: scope.id, index, incident });
            }
            open.run.ok_or_else(gone)?
        }
    };
    if run == ROOT_RUN || !state.runs.contains_key(&run) || state.is_given_up(run) {
        return Err(gone());
    }
    Ok(Found::Run(run))
}

/// Ends a step with the given outcome and output, on an operator's word.
pub(crate) fn skip(
    draft: &mut Draft,
    actor: &Actor,
    reason: &Arc<str>,
    at: Spot,
    outcome: Option<&Arc<str>>,
    output: &Value,
) -> Deciding<()> {
    let found = locate(draft.state(), at)?;
    let Some(step) = step_at(draft, found) else {
        let (en, zh) = ("no step stands there: the end of a list cannot be skipped", "此处没有步骤：列表末尾不能跳过");
        return reject(Rejection::NotLegal { en: en.into(), zh: zh.into() });
    };
    if let Found::Run(run) = found
        && draft.state().runs.get(&run).is_none_or(|run| run.phase != Phase::Open)
    {
        return reject(Rejection::Gone("its own work is done; the steps that follow it are open".into()));
    }
    if draft.definition.risk == Risk::High && signs(&step) {
        let en = format!("`{}` must be signed, and the process is of high risk", step.key);
        let zh = format!("高风险流程中的步骤 `{}` 必须签名", step.key);
        return reject(Rejection::NotLegal { en: en.into(), zh: zh.into() });
    }
    let outcome = chosen(&step, outcome)?;
    let writes = written(draft, &step, output)?;
    let run = match found {
        Found::Run(run) => run,
        Found::Blocked { scope, incident, .. } => {
            let (by, reason) = (actor.clone(), Some(reason.clone()));
            draft.emit(Event::IncidentResolved { incident, by, reason });
            draft.enter(scope, &step, Body::Plain)
        }
    };
    draft.place = Some(run);
    draft.emit(Event::Overridden { run, by: actor.clone(), reason: reason.clone() });
    let done = Done { output: output.clone(), writes, by: Some(actor.clone()), ..Done::plain(&outcome) };
    match &step.kind {
        StepKind::First { alternatives } => match alternatives.iter().find(|one| one.name == outcome) {
            Some(winner) => flow::finish(draft, run, &step, done, &winner.route),
            None => Ok(()),
        },
        _ => flow::complete(draft, run, &step, done),
    }
}

fn step_at(draft: &Draft, found: Found) -> Option<Arc<Step>> {
    match found {
        Found::Run(run) => draft.step_of(run),
        Found::Blocked { scope, index, .. } => {
            let block = &draft.state().scopes.get(&scope)?.block;
            let key = draft.definition.block(block)?.steps.get(index)?;
            draft.definition.step(key).cloned()
        }
    }
}

/// Whether somebody must sign there.
fn signs(step: &Step) -> bool {
    match &step.kind {
        StepKind::Task(task) => task.sign.is_some(),
        StepKind::Approve(ballot) => ballot.sign.is_some() || ballot.seats.iter().any(|seat| seat.sign.is_some()),
        _ => false,
    }
}

/// The outcomes that an operator may give a step.
#[must_use]
pub fn outcomes(step: &Step) -> Vec<Arc<str>> {
    let mut all: Vec<Arc<str>> = match &step.kind {
        StepKind::Task(task) => crate::step::task::outcomes(task),
        StepKind::Approve(_) => vec![APPROVED.into(), REJECTED.into()],
        StepKind::First { alternatives } => return alternatives.iter().map(|one| one.name.clone()).collect(),
        _ => vec![DONE.into()],
    };
    for outcome in step.outcomes.keys() {
        if !all.contains(outcome) {
            all.push(outcome.clone());
        }
    }
    all
}

fn chosen(step: &Step, outcome: Option<&Arc<str>>) -> Deciding<Arc<str>> {
    let allowed = outcomes(step);
    match outcome {
        Some(given) if allowed.contains(given) => Ok(given.clone()),
        None if allowed.len() == 1 => Ok(allowed[0].clone()),
        given => {
            let given = given.cloned().unwrap_or_default();
            reject(Rejection::UnknownOutcome { given, allowed })
        }
    }
}

/// What the output writes; none given writes nothing.
fn written(draft: &Draft, step: &Step, output: &Value) -> Deciding<Vec<FieldWrite>> {
    if output.is_null() {
        return Ok(Vec::new());
    }
    if let StepKind::Call(call) = &step.kind
        && let Some(spec) = draft.definition.activities.get(&call.activity)
        && let Err(mismatch) = spec.output.check(output)
    {
        return reject(Rejection::InvalidInput(mismatch.to_string().into()));
    }
    match draft.writes(&step.writes, output) {
        Ok(writes) => Ok(writes),
        Err(misfit) => {
            let why = format!("`{}` must be {}, but is {}", misfit.field, misfit.wanted, misfit.found);
            reject(Rejection::InvalidInput(why.into()))
        }
    }
}
