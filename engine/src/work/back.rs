//! Going back: to an earlier step (退回), and taking one's own completion or vote back (撤回).
//!
//! The tree of scopes says what a return interrupts: everything that is open in the list of its target. A sibling
//! branch is in another list, so it goes on unless the target lies before the split.

use std::sync::Arc;

use super::delegate::holder;
use super::seats::withdraw_vote;
use super::{acting, gone, may_act, open_work, reasoned};
use crate::command::{Actor, Resume, WorkId};
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::Chosen;
use crate::id::{RunId, ScopeId, StepKey, UserId};
use crate::language::definition::{Definition, Step, StepKind};
use crate::rejection::Rejection;
use crate::state::{Body, Cursor, Phase, Record, State};
use crate::step;

/// Goes back to an earlier step, which a person may choose wherever they could complete the work.
pub(super) fn go_back(
    draft: &mut Draft,
    id: WorkId,
    (to, resume): (&StepKey, Resume),
    reason: &Arc<str>,
    actor: &Actor,
) -> Deciding<()> {
    let work = open_work(draft, id)?;
    acting(draft, actor)?;
    holder(draft, &work, id, actor)?;
    may_act(draft, &work, id, actor)?;
    let reason = reasoned(reason)?;
    let definition = draft.definition.clone();
    let targets = if work.is_sign_off(id) { Vec::new() } else { returnable(&definition, draft.state(), id.run) };
    let Some((target, list)) = targets.iter().find(|(step, _)| step.key == *to).cloned() else {
        let allowed = targets.into_iter().map(|(step, _)| step.key.clone()).collect();
        return reject(Rejection::NotReturnable { to: to.clone(), allowed });
    };
    let resume = match resume {
        Resume::Replay => None,
        Resume::BackToMe => at(draft.state(), list).map(|(index, _)| index).filter(|index| *index > target.index),
    };
    let holder = last_holder(draft.state(), list, &target.key);
    let from = work.step.key.clone();
    let chosen = Chosen { by: actor.clone(), work: id, reason, resume, holder, withdrawn: false };
    step::back::rewind(draft, list, &target, &from, chosen);
    Ok(())
}

/// Where the work of a run can go back to, and in which list: steps for people that were open before, of its own list
/// or of one around it. A block around it can be gone back to as a whole.
pub(super) fn returnable(definition: &Definition, state: &State, run: RunId) -> Vec<(Arc<Step>, ScopeId)> {
    let Some(own) = state.runs.get(&run) else { return Vec::new() };
    if definition.policy.people.refuses_returns {
        return Vec::new();
    }
    let mut found = Vec::new();
    for scope in state.scopes_around(own.scope) {
        let Some((index, current)) = at(state, scope.id) else { continue };
        // Not to the step itself: it is open. To the block it stands in, yes.
        let last = if current == run { index } else { index + 1 };
        let steps = definition.block(&scope.block).map(|block| block.steps.iter().take(last)).into_iter().flatten();
        let steps = steps.filter_map(|key| definition.step(key));
        let known = steps.filter(|step| is_for_people(definition, step));
        let visited = known.filter(|step| state.first_opened(&step.key, scope.id).is_some());
        let mut here: Vec<_> = visited.map(|step| (step.clone(), scope.id)).collect();
        here.reverse();
        found.extend(here);
    }
    found
}

/// The place at which a list stands, and the run that is open there.
fn at(state: &State, scope: ScopeId) -> Option<(usize, RunId)> {
    match state.scopes.get(&scope)?.cursor {
        Cursor::Open { run } => state.runs.get(&run).map(|open| (open.index, run)),
        Cursor::Ready { .. } | Cursor::Blocked { .. } | Cursor::Held => None,
    }
}

/// Work of people, or a block that holds some: a return to a machine's step alone would only do its work twice.
fn is_for_people(definition: &Definition, step: &Step) -> bool {
    match &step.kind {
        StepKind::Task(_) | StepKind::Approve(_) => true,
        StepKind::Steps { .. } | StepKind::Parallel { .. } | StepKind::Each(_) | StepKind::Repeat(_) => {
            let works = |inner: &&Arc<Step>| matches!(inner.kind, StepKind::Task(_) | StepKind::Approve(_));
            definition.steps.values().filter(works).any(|inner| definition.is_inside(&inner.key, &step.key))
        }
        _ => false,
    }
}

/// Whoever completed a task the last time gets it again.
fn last_holder(state: &State, list: ScopeId, step: &StepKey) -> Option<UserId> {
    let layers = state.items_around(list).filter_map(|item| item.records.as_ref());
    let record = layers.chain([&state.records]).find_map(|records| records.get(step))?;
    record.by.as_ref()?.principals().last().cloned()
}

/// Takes back one's own completion, by a return to the step, or one's own vote.
pub(super) fn withdraw(draft: &mut Draft, id: WorkId, reason: &Arc<str>, actor: &Actor) -> Deciding<()> {
    acting(draft, actor)?;
    let reason = reasoned(reason)?;
    let definition = draft.definition.clone();
    match withdrawable(&definition, draft.state(), id, &actor.principals().cloned().collect::<Vec<_>>()) {
        Err(rejection) => reject(rejection),
        Ok(Taken::Vote) => withdraw_vote(draft, id, &reason, actor),
        Ok(Taken::Completion { step, list }) => {
            let holder = actor.principals().last().cloned();
            let chosen = Chosen { by: actor.clone(), work: id, reason, resume: None, holder, withdrawn: true };
            step::back::rewind(draft, list, &step, &step.key, chosen);
            Ok(())
        }
    }
}

/// What would be taken back.
#[derive(Debug)]
pub(super) enum Taken {
    Vote,
    Completion { step: Arc<Step>, list: ScopeId },
}

/// Whether these may take back what they did with a piece of work, and if not, why.
pub(super) fn withdrawable(
    definition: &Definition,
    state: &State,
    id: WorkId,
    who: &[UserId],
) -> Result<Taken, Rejection> {
    let too_late = |why: &str| Err(Rejection::ActedAfter(why.into()));
    let own = |by: &Actor| by.principals().any(|one| who.contains(one));
    if let Some(run) = state.runs.get(&id.run).filter(|run| run.phase == Phase::Open) {
        let seat = run.body.seat(id.seat).filter(|_| matches!(run.body, Body::Ballot { .. }));
        let Some(seat) = seat.filter(|seat| !seat.removed) else { return too_late("it is not completed") };
        let Some(vote) = seat.vote.as_ref() else { return too_late("nobody has voted there") };
        if !own(&vote.by) {
            return too_late("it is another's vote");
        }
        let last = state.scopes.get(&run.scope).map(|scope| scope.people.last_act);
        return if last == Some(vote.act) { Ok(Taken::Vote) } else { too_late("somebody has acted since") };
    }
    let layers = state.scopes.values().filter_map(|scope| scope.records.as_ref()).chain([&state.records]);
    let found = layers.flat_map(|records| records.iter()).find(|(_, record)| record.run == id.run);
    let Some((key, record)) = found else { return Err(gone(state, id)) };
    let (Some(step), Some(list)) = (definition.step(key).cloned(), record.within) else { return Err(gone(state, id)) };
    if !matches!(step.kind, StepKind::Task(_)) || id.seat > 0 {
        return too_late("it is decided");
    }
    if !record.by.as_ref().is_some_and(own) {
        return too_late("it is another's work");
    }
    if step.milestone.is_some() {
        return too_late("a milestone was reached by it");
    }
    let Some(scope) = state.scopes.get(&list) else { return too_late("the steps around it are done") };
    let place = match scope.cursor {
        Cursor::Open { run } => state.runs.get(&run).map(|run| run.index),
        Cursor::Ready { index, .. } | Cursor::Blocked { index, .. } => Some(index),
        Cursor::Held => None,
    };
    if place.is_none_or(|place| place < step.index) {
        return too_late("it has gone elsewhere since");
    }
    if scope.people.last_act != record.act {
        return too_late("somebody has acted since");
    }
    if machines_acted(definition, state, list, record) {
        return too_late("a machine has done something since");
    }
    Ok(Taken::Completion { step, list })
}

/// Whether a call or a child process began in the list after this record: it would be done twice.
fn machines_acted(definition: &Definition, state: &State, list: ScopeId, since: &Record) -> bool {
    let machine = |key: &StepKey| {
        let is = |key: &str| {
            matches!(definition.step(key).map(|step| &step.kind), Some(StepKind::Call(_) | StepKind::Run(_)))
        };
        is(key) || definition.steps.keys().any(|inner| is(inner) && definition.is_inside(inner, key))
    };
    let inside = |scope: ScopeId| state.scopes_around(scope).any(|scope| scope.id == list);
    let is_open_machine = |run: &crate::state::Run| {
        let step = definition.step(&run.step).map(|step| &step.kind);
        run.id > since.run && matches!(step, Some(StepKind::Call(_) | StepKind::Run(_))) && inside(run.scope)
    };
    let layers = state.scopes.values().filter_map(|scope| scope.records.as_ref()).chain([&state.records]);
    let mut done = layers.flat_map(|records| records.iter()).filter(|(_, record)| record.run > since.run);
    // The scope of a record may be gone with the block it was in: then the block's own record stands for it.
    done.any(|(key, record)| record.within.is_some_and(inside) && machine(key))
        || state.runs.values().any(is_open_machine)
}
