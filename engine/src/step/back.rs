//! `back_to`: the one jump, backwards. The region between is given up; signatures there are void but
//! visible; completed effects stay.

use std::collections::BTreeSet;

use crate::command::WorkId;
use crate::draft::{Deciding, Draft};
use crate::event::{Body, Chosen, Event, Then};
use crate::flow;
use crate::id::{ScopeId, StepKey};
use crate::language::definition::{Back, Step};
use crate::state::{Cursor, ROOT_RUN, ROOT_SCOPE, State};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, back: &Back) -> Deciding<()> {
    let Some(target) = back.targets.first() else { return Ok(()) };
    let run = draft.enter(scope, step, Body::Plain);
    draft.emit(Event::StepCompleted {
        run,
        outcome: target.clone(),
        output: Value::Null,
        by: None,
        writes: Vec::new(),
        milestone: step.milestone.clone(),
        then: Then::Stop,
    });
    jump(draft, scope, &step.key, target, back.at_most)
}

/// Goes back to `target`, which stands in the list of `scope` or in one around it.
pub(crate) fn jump(
    draft: &mut Draft,
    scope: ScopeId,
    from: &StepKey,
    target: &StepKey,
    at_most: Option<u32>,
) -> Deciding<()> {
    let definition = draft.definition.clone();
    let Some(step) = definition.step(target) else { return Ok(()) };
    let Some(list) = around(draft.state(), scope, &step.block) else { return Ok(()) };
    let taken = taken(draft, list, from);
    give_up(draft, list, step);
    close_events_around(draft, scope, list);
    let (to, from) = (target.clone(), from.clone());
    draft.emit(Event::Returned { scope: list, to, index: step.index, from: from.clone(), chosen: None });
    if let Some(most) = at_most.filter(|most| taken >= *most) {
        // What led here is done and stays so: its effects must not be undone, nor done twice. It stops at the target.
        let (code, detail) = flow::bound(&from, most);
        draft.raise(code, detail, None, Some(list));
    }
    Ok(())
}

/// A return that a person chose: to a step of an open list, for a reason.
pub(crate) fn rewind(draft: &mut Draft, list: ScopeId, target: &Step, from: &StepKey, chosen: Chosen) {
    give_up(draft, list, target);
    let (to, index, chosen) = (target.key.clone(), target.index, Some(Box::new(chosen)));
    draft.emit(Event::Returned { scope: list, to, index, from: from.clone(), chosen });
}

/// How often a jump was taken, in the item it stands in.
fn taken(draft: &Draft, list: ScopeId, from: &StepKey) -> u32 {
    let state = draft.state();
    let jumps = match state.items_around(list).next() {
        Some(item) => item.people.jumps.as_ref().and_then(|jumps| jumps.get(from)),
        None => state.jumps.get(from),
    };
    jumps.copied().unwrap_or(0)
}

/// The region is given up: what is open in the list, and the signatures from the target on.
fn give_up(draft: &mut Draft, list: ScopeId, target: &Step) {
    void_signatures(draft, list, &target.block, target.index);
    match draft.state().scopes.get(&list).map(|scope| scope.cursor) {
        Some(Cursor::Open { run }) => flow::cancel_run(draft, run),
        Some(Cursor::Blocked { incident, .. }) => {
            draft.emit(Event::IncidentResolved { incident, by: crate::command::Actor::System, reason: None })
        }
        _ => {}
    }
}

/// The open scope of block `block` that `scope` stands in. From an event of the process, its own list is around too.
pub(crate) fn around(state: &State, scope: ScopeId, block: &str) -> Option<ScopeId> {
    let found = state.scopes_around(scope).find(|scope| scope.block.as_ref() == block).map(|scope| scope.id);
    found.or_else(|| {
        let root = state.scopes.get(&ROOT_SCOPE)?;
        (root.block.as_ref() == block).then_some(ROOT_SCOPE)
    })
}

/// Steps of an event of the process that jumped into the process's list have had their word: they are given up.
pub(crate) fn close_events_around(draft: &mut Draft, scope: ScopeId, list: ScopeId) {
    let outermost = draft.state().scopes_around(scope).last().map(|scope| scope.id);
    // A jump that stays inside the event, or inside the process's own list, leaves it as it is.
    if let Some(outermost) = outermost.filter(|outermost| list == ROOT_SCOPE && *outermost != ROOT_SCOPE)
        && draft.state().scopes.get(&outermost).is_some_and(|scope| scope.parent == ROOT_RUN)
    {
        flow::close_scope(draft, outermost);
    }
}

/// Signatures of the steps from `index` on in `block`, at any depth, are void: those given in this activation of it.
pub(crate) fn void_signatures(draft: &mut Draft, list: ScopeId, block: &str, index: usize) {
    let definition = draft.definition.clone();
    let region: BTreeSet<&StepKey> =
        definition.block(block).map(|block| block.steps.iter().skip(index).collect()).unwrap_or_default();
    let concerned: Vec<(StepKey, Vec<WorkId>)> = draft
        .state()
        .signatures
        .iter()
        .filter(|(step, _)| region.iter().any(|outer| **outer == **step || definition.is_inside(step, outer)))
        .map(|(step, signed)| {
            let here = signed.iter().filter(|signed| signed.within.contains(&list));
            (step.clone(), here.map(|signed| signed.work).collect())
        })
        .collect();
    for (step, works) in concerned {
        for work in works {
            draft.emit(Event::SignatureVoided { work, step: step.clone() });
        }
    }
}
