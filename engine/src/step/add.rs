//! `add`: appends to lists. Items of an open `each` over a list that grows begin at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::draft::{Deciding, Draft, incident};
use crate::evaluate::Place;
use crate::event::{Body, Event, FieldWrite};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{Each, Path, Step, StepKind, Template};
use crate::state::{self, Phase};
use crate::step::each;
use crate::value::Value;

/// An `each` that grows, with what is added to it.
struct Grown {
    run: RunId,
    each: Each,
    items: Value,
    keys: Vec<Arc<str>>,
}

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    values: &[(Path, Template)],
    place: &Place,
) -> Deciding<()> {
    let (mut writes, mut grown) = (Vec::new(), Vec::new());
    for (path, template) in values {
        let added = match draft.template(template, place)? {
            Value::Null => Value::list(Vec::new()),
            list @ Value::List(_) => list,
            other => {
                let detail = [("wanted", Value::from("list")), ("found", Value::from(other.kind()))];
                return incident(IncidentCode::TypeMismatch, Value::record(detail));
            }
        };
        if added.as_list().is_none_or(<[Value]>::is_empty) {
            continue;
        }
        let now = draft.state().data.at(path).cloned().unwrap_or_default();
        let all = now.as_list().into_iter().chain(added.as_list()).flatten().cloned().collect();
        let value = Value::list(all);
        if let Err(misfit) = draft.check_field(path, &value) {
            return misfit.into_incident();
        }
        grown.extend(growing(draft, path, &added)?);
        writes.push(FieldWrite { path: path.clone(), value });
    }
    let run = draft.enter(scope, step, Body::Plain);
    flow::complete(draft, run, step, Done { writes, ..Done::plain(DONE) })?;
    for Grown { run, each, items, keys } in grown {
        draft.emit(Event::ItemsAdded { run, items, keys });
        each::fill(draft, run, &each);
    }
    Ok(())
}

/// The open `each` over this list, with the keys of what is added; one that has closed takes no more.
fn growing(draft: &mut Draft, path: &Path, added: &Value) -> Deciding<Vec<Grown>> {
    let definition = draft.definition.clone();
    let over = definition.steps.values().filter_map(|step| match &step.kind {
        StepKind::Each(each) if each.grows && each.of.as_path() == Some(path.as_slice()) => Some((step, each)),
        _ => None,
    });
    let mut found = Vec::new();
    for (step, each) in over {
        let open = draft.state().runs.values().filter(|run| run.step == step.key && run.phase == Phase::Open);
        let open: Vec<_> = open.map(|run| (run.id, run.scope, run.body.clone())).collect();
        let entered = draft.state().visits.get(&step.key).copied().unwrap_or(0) > 0;
        if open.is_empty() && entered {
            let detail = [("list", Value::from(path.join("."))), ("step", Value::Text(step.key.clone()))];
            return incident(IncidentCode::ListClosed, Value::record(detail));
        }
        for (run, scope, body) in open {
            let state::Body::Each { keys: known, .. } = body else { continue };
            let keys = each::keys(draft, each, added, known.len(), &Place::scope(scope))?;
            let taken: BTreeSet<&Arc<str>> = known.iter().collect();
            if let Some(twice) = keys.iter().find(|key| taken.contains(key)) {
                return each::twice(twice.clone());
            }
            found.push(Grown { run, each: each.clone(), items: added.clone(), keys });
        }
    }
    Ok(found)
}
