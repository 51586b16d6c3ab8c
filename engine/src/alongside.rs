//! Lists that run beside the process's own steps, and how a process ends that has them.
//!
//! ```text
//!   when holds ──▶ begun, once ──▶ walked to its end
//!
//!   end ──▶ ending: the process's own steps are over; steps alongside that must be finished go on ──▶ ended
//! ```

use std::sync::Arc;

use crate::command::Actor;
use crate::condition::{has_incident, unjudged};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{Closing, Event, Purpose};
use crate::flow::{cancel_run, close_scope, disarm};
use crate::id::ScopeId;
use crate::language::definition::{Alongside, AtEnd};
use crate::operate::sweep;
use crate::state::{Cursor, ROOT_RUN, ROOT_SCOPE, Scope, State};
use crate::value::Value;

/// Whether a list has not begun yet.
pub(crate) fn is_pending(draft: &Draft) -> bool {
    let state = draft.state();
    state.ending.is_none() && draft.definition.alongside.iter().any(|list| !state.begun.contains(&list.name))
}

/// Begins the lists whose `when` holds. One that cannot be judged is an incident: of its own when nothing else depends
/// on it, else of what asks.
pub(crate) fn begin_due(draft: &mut Draft, by_itself: bool) -> Deciding<()> {
    if !is_pending(draft) {
        return Ok(());
    }
    let definition = draft.definition.clone();
    for list in &definition.alongside {
        if draft.state().begun.contains(&list.name) {
            continue;
        }
        let marker = Value::Text(list.block.clone());
        if by_itself && has_incident(draft.state(), &marker) {
            continue;
        }
        let begins = match &list.when {
            None => true,
            Some(when) => match draft.holds(when, &Place::scope(ROOT_SCOPE)) {
                Err(Stop::Incident { code, detail }) if by_itself => {
                    unjudged(draft, ROOT_RUN, (code, detail), marker);
                    false
                }
                result => result?,
            },
        };
        if begins {
            let purpose = Purpose::Alongside { name: list.name.clone() };
            draft.open_scope(ROOT_RUN, &list.block, purpose, None);
        }
    }
    Ok(())
}

/// Ends the process with an outcome, from the step in `from`: at once, or when what must be done alongside is done.
pub(crate) fn end(draft: &mut Draft, from: ScopeId, outcome: Arc<str>) -> Deciding<()> {
    if draft.definition.alongside.is_empty() {
        finish(draft, outcome);
        return Ok(());
    }
    // A list that ends the process is over itself.
    let own = list_around(draft.state(), from);
    if let Some(decided) = draft.state().ending.clone() {
        if let Some(own) = own {
            close_scope(draft, own);
        }
        finish_if_done(draft, decided);
        return Ok(());
    }
    // What holds now has held before the end, though nobody had the time to see it.
    begin_due(draft, false)?;
    let open = lists(draft.state());
    let go_on: Vec<ScopeId> =
        open.iter().filter(|scope| Some(scope.id) != own && has_duties(draft, scope)).map(|scope| scope.id).collect();
    if go_on.is_empty() {
        finish(draft, outcome);
        return Ok(());
    }
    draft.emit(Event::Ending { outcome });
    close_main(draft);
    for scope in open.iter().filter(|scope| !go_on.contains(&scope.id)) {
        close_scope(draft, scope.id);
    }
    for scope in go_on {
        withdraw(draft, scope);
    }
    Ok(())
}

/// A list alongside was walked to its end; it may be the last that the end waits for.
pub(crate) fn list_ended(draft: &mut Draft) {
    if let Some(outcome) = draft.state().ending.clone() {
        finish_if_done(draft, outcome);
    }
}

/// While the process is ending, steps alongside that may be left undone are left out.
pub(crate) fn is_left_out(draft: &Draft, scope: &Scope, step: &str) -> bool {
    draft.state().ending.is_some() && list_of(draft, scope).is_some_and(|list| list.at_end(step) == AtEnd::Withdraw)
}

/// The list alongside that a scope stands in, if it stands in one.
pub(crate) fn list_around(state: &State, scope: ScopeId) -> Option<ScopeId> {
    state.scopes_around(scope).find(|scope| matches!(scope.purpose, Purpose::Alongside { .. })).map(|scope| scope.id)
}

fn finish_if_done(draft: &mut Draft, outcome: Arc<str>) {
    if lists(draft.state()).is_empty() {
        finish(draft, outcome);
    }
}

fn finish(draft: &mut Draft, outcome: Arc<str>) {
    let output = draft.state().data.clone();
    sweep::close_process(draft, Closing::Ended { outcome, output });
}

/// The open scopes of lists alongside.
fn lists(state: &State) -> Vec<Scope> {
    let children = state.runs.get(&ROOT_RUN).map(|root| root.children.as_slice()).unwrap_or_default();
    let scopes = children.iter().filter_map(|id| state.scopes.get(id));
    scopes.filter(|scope| matches!(scope.purpose, Purpose::Alongside { .. })).cloned().collect()
}

fn list_of<'d>(draft: &'d Draft, scope: &Scope) -> Option<&'d Alongside> {
    let Purpose::Alongside { name } = &scope.purpose else { return None };
    draft.definition.alongside.iter().find(|list| list.name == *name)
}

/// Whether something from where it stands on must be finished.
fn has_duties(draft: &Draft, scope: &Scope) -> bool {
    let Some(list) = list_of(draft, scope) else { return false };
    // What goes on after a join was to be finished.
    if matches!(scope.cursor, Cursor::Resting { .. }) {
        return true;
    }
    let steps = draft.definition.block(&list.block).map(|block| block.steps.as_slice()).unwrap_or_default();
    let from = place(draft.state(), scope).unwrap_or(steps.len());
    steps.iter().skip(from).any(|step| list.at_end(step) == AtEnd::Finish)
}

/// The place in its list at which a scope stands.
fn place(state: &State, scope: &Scope) -> Option<usize> {
    match scope.cursor {
        Cursor::Ready { index, .. } | Cursor::Blocked { index, .. } => Some(index),
        Cursor::Open { run } => state.runs.get(&run).map(|run| run.index),
        Cursor::Held | Cursor::Resting { .. } => None,
    }
}

/// Gives up the step that a list stands at, if that may be left undone; the list goes on after it.
fn withdraw(draft: &mut Draft, id: ScopeId) {
    let Some(scope) = draft.state().scopes.get(&id).cloned() else { return };
    let Some(index) = place(draft.state(), &scope) else { return };
    let step = draft.definition.block(&scope.block).and_then(|block| block.steps.get(index)).cloned();
    let Some(step) = step.filter(|step| is_left_out(draft, &scope, step)) else { return };
    match scope.cursor {
        Cursor::Open { run } => cancel_run(draft, run),
        Cursor::Blocked { incident, .. } => {
            draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
        }
        Cursor::Ready { .. } | Cursor::Held | Cursor::Resting { .. } => {}
    }
    draft.emit(Event::StepSkipped { scope: id, step, index });
}

/// Gives up the process's own steps and events; nothing can happen to the process as a whole any more.
fn close_main(draft: &mut Draft) {
    disarm(draft, ROOT_RUN);
    let children = draft.state().runs.get(&ROOT_RUN).map(|root| root.children.clone()).unwrap_or_default();
    for id in children {
        let alongside =
            draft.state().scopes.get(&id).is_some_and(|scope| matches!(scope.purpose, Purpose::Alongside { .. }));
        if !alongside {
            close_scope(draft, id);
        }
    }
}
