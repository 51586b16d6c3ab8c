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
use crate::language::definition::{Each, Rest, Step, StepKind};
use crate::state;
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
    let keys = keys(draft, each, &items, place)?;
    let body = Body::Each {
        name: each.name.clone(),
        items: items.clone(),
        keys,
        at_once: each.at_once,
        join: each.join,
        rest: each.rest,
    };
    let run = super::open(draft, scope, step, body, place)?;
    if items.as_list().is_none_or(<[Value]>::is_empty) {
        return flow::complete(draft, run, step, Done { output: Value::list(Vec::new()), ..Done::plain(DONE) });
    }
    fill(draft, run, each);
    Ok(())
}

/// The items' keys; two of the same are an incident, since commands name items by them.
fn keys(draft: &mut Draft, each: &Each, items: &Value, place: &Place) -> Deciding<Vec<Arc<str>>> {
    let items = items.as_list().unwrap_or_default();
    let mut keys = Vec::with_capacity(items.len());
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let key: Arc<str> = match &each.key {
            None => index.to_string().into(),
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
            let detail = [("why", Value::from("duplicate_item_key")), ("key", Value::Text(key))];
            return incident(IncidentCode::TypeMismatch, Value::record(detail));
        }
        keys.push(key);
    }
    Ok(keys)
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
fn fill(draft: &mut Draft, run: RunId, each: &Each) {
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
    let Some(open) = draft.state().runs.get(&run) else { return Ok(()) };
    let state::Body::Each { keys, join, rest, ended, results, .. } = &open.body else { return Ok(()) };
    let all = keys.len() as u64;
    let enough = match rest {
        Rest::Cancel => super::parallel::needed(*join, all),
        Rest::Finish => all,
    };
    if *ended < enough {
        fill(draft, run, each);
        return Ok(());
    }
    // By place; an item that was not finished leaves null.
    let output = Value::list((0..all).map(|index| results.get(&index).cloned().unwrap_or_default()).collect());
    flow::complete(draft, run, step, Done { output, ..Done::plain(DONE) })
}
