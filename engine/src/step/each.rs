//! `each`: the same steps for every item of a list, some at once.
//!
//! The list is taken when the step is entered; an item works on its own copy, and what the items became is
//! the step's output, by their places.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::draft::{Deciding, Draft, incident};
use crate::evaluate::Place;
use crate::event::{Body, Item, Purpose};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{Definition, Each, Join, Rest, Step, StepKind};
use crate::state::{self, Cursor, State};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, each: &Each, place: &Place) -> Deciding<()> {
    let items = match draft.value(&each.of, place)? {
        Value::Null => Value::list(Vec::new()),
        list @ Value::List(_) => list,
        other => {
            let detail = [("wanted", Value::from("list")), ("found", Value::from(other.kind()))];
            return incident(IncidentCode::TypeMismatch, Value::record(detail));
        }
    };
    let keys = keys(draft, each, &items, 0, place)?;
    let body = Body::Each {
        name: each.name.clone(),
        items: items.clone(),
        keys,
        at_once: each.at_once,
        join: each.join,
        rest: each.rest,
        grows: each.grows,
    };
    let run = super::open(draft, scope, step, body, place)?;
    if items.as_list().is_none_or(<[Value]>::is_empty) && !each.grows {
        return flow::complete(draft, run, step, Done { output: Value::list(Vec::new()), ..Done::plain(DONE) });
    }
    fill(draft, run, each);
    Ok(())
}

/// The items' keys; two of the same are an incident, since commands name items by them.
pub(crate) fn keys(
    draft: &mut Draft,
    each: &Each,
    items: &Value,
    before: usize,
    place: &Place,
) -> Deciding<Vec<Arc<str>>> {
    let items = items.as_list().unwrap_or_default();
    let mut keys = Vec::with_capacity(items.len());
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let key: Arc<str> = match &each.key {
            None => (before + index).to_string().into(),
            Some(key) => {
                let at_item = place.clone().with(&each.name, item.clone());
                match draft.value(key, &at_item)? {
                    Value::Text(text) => text,
                    Value::Int(number) => number.to_string().into(),
                    other => {
                        let detail = [("wanted", Value::from("text")), ("found", Value::from(other.kind()))];
                        return incident(IncidentCode::TypeMismatch, Value::record(detail));
                    }
                }
            }
        };
        if !seen.insert(key.clone()) {
            return twice(key);
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Two items have the same key.
pub(crate) fn twice<T>(key: Arc<str>) -> Deciding<T> {
    let detail = [("why", Value::from("duplicate_item_key")), ("key", Value::Text(key))];
    incident(IncidentCode::TypeMismatch, Value::record(detail))
}

/// Items that one piece of deciding opens; what may run beside them is opened when these have gone on.
const OPENED_AT_ONCE: usize = 200;

/// Goes on opening items.
pub(crate) fn grow(draft: &mut Draft, run: RunId) {
    if let Some(step) = draft.step_of(run)
        && let StepKind::Each(each) = &step.kind
    {
        fill(draft, run, each);
    }
}

/// Opens the next items, as many as may run at once.
pub(crate) fn fill(draft: &mut Draft, run: RunId, each: &Each) {
    for _ in 0..OPENED_AT_ONCE {
        let Some(open) = draft.state().runs.get(&run) else { return };
        let state::Body::Each { name, items, keys, at_once, next, ended, .. } = &open.body else { return };
        // An item is given up only with all the others.
        let running = next.saturating_sub(*ended);
        let index = *next;
        let value = usize::try_from(index).ok().and_then(|place| items.as_list()?.get(place)).cloned();
        let (Some(value), true) = (value, running < u64::from(*at_once)) else { return };
        let key = keys.get(index as usize).cloned().unwrap_or_default();
        let item = Item { name: name.clone(), index, key, value };
        draft.open_scope(run, &each.block, Purpose::Item, Some(item));
    }
}

pub(crate) fn item_ended(draft: &mut Draft, run: RunId, step: &Step, each: &Each) -> Deciding<()> {
    if flow::rest::is_left_behind(draft, run) {
        fill(draft, run, each);
        flow::rest::one_ended(draft, run);
        return Ok(());
    }
    let Some(open) = draft.state().runs.get(&run) else { return Ok(()) };
    let state::Body::Each { keys, join, rest, ended, grows, .. } = &open.body else { return Ok(()) };
    let (all, ended, join, rest, grows) = (keys.len() as u64, *ended, *join, *rest, *grows);
    if ended < super::parallel::needed(join, all) {
        fill(draft, run, each);
        return Ok(());
    }
    // A list that grows closes when nothing can add to it: that is seen when all is quiet.
    if grows && join == Join::All {
        return Ok(());
    }
    let output = output(draft, run);
    if rest != Rest::Cancel {
        fill(draft, run, each);
    }
    flow::rest::join(draft, run, step, rest, ended == all, Done { output, ..Done::plain(DONE) })
}

/// What the items have become, by their places; one that was not finished leaves null.
pub(crate) fn output(draft: &Draft, run: RunId) -> Value {
    match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(state::Body::Each { keys, results, .. }) => {
            Value::list((0..keys.len() as u64).map(|index| results.get(&index).cloned().unwrap_or_default()).collect())
        }
        _ => Value::Null,
    }
}

/// All items of a list that grows have ended, all is quiet, and nothing can add to it: it closes.
pub(crate) fn close(draft: &mut Draft, run: RunId) -> Deciding<()> {
    let Some(step) = draft.step_of(run) else { return Ok(()) };
    let output = output(draft, run);
    flow::complete(draft, run, &step, Done { output, ..Done::plain(DONE) })
}

/// Whether nothing that runs beside this `each` can add to its list: no event that is at work, and no other branch.
pub(crate) fn may_close(definition: &Definition, state: &State, run: RunId) -> bool {
    let Some(own) = state.runs.get(&run) else { return false };
    let Some(StepKind::Each(each)) = definition.step(&own.step).map(|step| &step.kind) else { return true };
    let Some(list) = each.of.as_path() else { return true };
    let around: Vec<ScopeId> = state.scopes_around(own.scope).map(|scope| scope.id).collect();
    let beside = |scope: &&state::Scope| {
        matches!(scope.purpose, Purpose::Beside { .. } | Purpose::Branch { .. }) && !around.contains(&scope.id)
    };
    let adds: Vec<&Arc<Step>> = definition
        .steps
        .values()
        .filter(|step| matches!(&step.kind, StepKind::Add { values } if values.iter().any(|(path, _)| path == list)))
        .collect();
    let reaches = |scope: &state::Scope| {
        let at = match scope.cursor {
            Cursor::Ready { index, .. } | Cursor::Blocked { index, .. } => index,
            Cursor::Open { run } => state.runs.get(&run).map_or(0, |run| run.index),
            Cursor::Held | Cursor::Resting { .. } => return false,
        };
        let place = |step: &Step| definition.place_in(step, &scope.block);
        let ahead = |step: &&Arc<Step>| place(step).is_some_and(|place| place >= at);
        // Where it can still return to, it can come by again.
        let back = definition.steps.values().filter(ahead).flat_map(|step| step.backs());
        let back = back.flat_map(|back| &back.targets).filter_map(|target| place(definition.step(target)?)).min();
        let from = back.map_or(at, |back| back.min(at));
        adds.iter().any(|add| place(add).is_some_and(|place| place >= from))
    };
    !state.scopes.values().filter(beside).any(reaches)
}

impl Definition {
    /// The place in a block of the step that is, or has inside it, this step.
    fn place_in(&self, step: &Step, block: &str) -> Option<usize> {
        let mut step = step;
        while step.block.as_ref() != block {
            step = self.step(self.block(&step.block)?.owner.as_ref()?)?;
        }
        Some(step.index)
    }
}
