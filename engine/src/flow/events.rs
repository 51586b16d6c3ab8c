//! Events of a host: what happens when one comes, and who around a step takes its error.

use super::rest;
use super::{Done, cancel_run, close_contents, close_scope, complete};
use crate::alongside;
use crate::command::{ActivityFailure, Actor};
use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Event, Item, Purpose, Then, UndoThen};
use crate::id::{BlockKey, RunId, ScopeId};
use crate::language::definition::{Handler, HandlerAction, Step, StepKind, Trigger};
use crate::state::{Cursor, Phase, ROOT_RUN, ROOT_SCOPE};
use crate::value::Value;

/// An event of a host happened: its steps begin, beside what goes on or instead of it.
pub(crate) fn trigger(
    draft: &mut Draft,
    host: RunId,
    handler: &Handler,
    variable: Option<(&str, Value)>,
) -> Deciding<()> {
    let item = variable.map(|(name, value)| Item { name: name.into(), index: 0, key: handler.name.clone(), value });
    if let Some(when) = &handler.when {
        let mut place = Place::scope(body_scope(draft, host));
        if let Some(item) = &item {
            place = place.with(&item.name, item.value.clone());
        }
        if !draft.holds(when, &place)? {
            return Ok(());
        }
    }
    begin_event(draft, host, handler, item)
}

pub(crate) fn begin_event(draft: &mut Draft, host: RunId, handler: &Handler, item: Option<Item>) -> Deciding<()> {
    draft.emit(Event::HandlerTriggered { run: host, handler: handler.name.clone() });
    match &handler.action {
        HandlerAction::Steps(block) => {
            draft.open_scope(host, block, Purpose::Beside { handler: handler.name.clone() }, item);
        }
        HandlerAction::Instead { block, undo } => {
            let then = UndoThen::Instead { handler: handler.name.clone(), item: item.clone() };
            if draft.state().is_undoing(host) {
                // What is being undone is undone to its end; then the newest event has its word.
                return crate::undo::begin(draft, host, Vec::new(), false, then);
            }
            give_up_host(draft, host, handler, item.as_ref(), *undo);
            let done = if *undo { crate::undo::done_by_host(draft, host) } else { Vec::new() };
            if !done.is_empty() {
                return crate::undo::begin(draft, host, done, false, then);
            }
            draft.open_scope(host, block, Purpose::Instead { handler: handler.name.clone() }, item);
        }
    }
    Ok(())
}

/// What the host does is given up: an event takes its place.
fn give_up_host(draft: &mut Draft, host: RunId, handler: &Handler, item: Option<&Item>, undo: bool) {
    draft.undoes = undo;
    if host == ROOT_RUN {
        hold_process(draft);
    } else {
        close_contents(draft, host);
        draft.emit(Event::StepCompleted {
            run: host,
            outcome: handler.name.clone(),
            output: item.map(|item| item.value.clone()).unwrap_or_default(),
            by: None,
            writes: Vec::new(),
            milestone: None,
            then: Then::Into,
        });
    }
    draft.undoes = false;
}

/// Gives up what the process is doing, but not its list of steps: the event that takes its place may return there.
fn hold_process(draft: &mut Draft) {
    let Some(root) = draft.state().runs.get(&ROOT_RUN) else { return };
    // What runs alongside is not what the event takes the place of.
    let beside = |id: &ScopeId| {
        draft.state().scopes.get(id).is_some_and(|scope| matches!(scope.purpose, Purpose::Alongside { .. }))
    };
    let others: Vec<ScopeId> =
        root.children.iter().copied().filter(|scope| *scope != ROOT_SCOPE && !beside(scope)).collect();
    for scope in others {
        close_scope(draft, scope);
    }
    match draft.state().scopes.get(&ROOT_SCOPE).map(|scope| scope.cursor) {
        Some(Cursor::Open { run }) => cancel_run(draft, run),
        Some(Cursor::Blocked { incident, .. }) => {
            draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
            draft.emit(Event::ScopeHeld { scope: ROOT_SCOPE });
        }
        Some(Cursor::Ready { .. } | Cursor::Resting { .. }) => draft.emit(Event::ScopeHeld { scope: ROOT_SCOPE }),
        Some(Cursor::Held) | None => {}
    }
    rest::withdraw(draft, ROOT_SCOPE, 0);
}

/// The scope an expression of a host's event stands in: the list that the host is in.
pub(crate) fn body_scope(draft: &Draft, host: RunId) -> ScopeId {
    match draft.state().runs.get(&host) {
        Some(run) if host != ROOT_RUN => run.scope,
        _ => ROOT_SCOPE,
    }
}

/// Raises a business error from a run: an outcome of the step takes it, else the nearest event for it around.
pub(crate) fn raise_error(draft: &mut Draft, run: RunId, step: &Step, failure: &ActivityFailure) -> Deciding<bool> {
    let error = Value::record([
        ("code", Value::Text(failure.code.clone())),
        ("message", Value::Text(failure.message.clone())),
        ("detail", failure.detail.clone()),
    ]);
    if step.outcomes.contains_key(&failure.code) && !matches!(step.kind, StepKind::Fail { .. }) {
        let done = Done { output: error, ..Done::plain(&failure.code) };
        complete(draft, run, step, done)?;
        return Ok(true);
    }
    let takes =
        |on: &Trigger| matches!(on, Trigger::Error(wanted) if *wanted == failure.code || wanted.as_ref() == "any");
    match catcher(draft, run, ("error", &error), takes)? {
        Some((host, handler)) => {
            close_list_that_caused(draft, run, host, &handler);
            catch(draft, run, host, &handler, error)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The nearest event around a run that takes what the run tells, and its host: from the run itself outwards.
pub(crate) fn catcher(
    draft: &mut Draft,
    run: RunId,
    (variable, value): (&str, &Value),
    wanted: impl Fn(&Trigger) -> bool,
) -> Deciding<Option<(RunId, Handler)>> {
    let mut host = Some(run);
    // Lists of events that are at work already: what happens inside one is not for the event itself.
    let mut inside: Vec<BlockKey> = Vec::new();
    while let Some(id) = host {
        let handlers = match draft.step_of(id) {
            Some(step) => step.handlers.clone(),
            None => draft.definition.handlers.clone(),
        };
        // A run that is leaving has given its events up already, and so has a process that is ending.
        let open = draft.state().runs.get(&id).is_some_and(|run| run.phase == Phase::Open)
            && (id != ROOT_RUN || draft.state().ending().is_none());
        for handler in handlers.iter().filter(|handler| open && wanted(&handler.on)) {
            let (HandlerAction::Steps(block) | HandlerAction::Instead { block, .. }) = &handler.action;
            if !inside.contains(block) && takes(draft, id, handler, (variable, value))? {
                return Ok(Some((id, handler.clone())));
            }
        }
        let Some(current) = draft.state().runs.get(&id).filter(|_| id != ROOT_RUN) else { break };
        let Some(scope) = draft.state().scopes.get(&current.scope) else { break };
        if matches!(scope.purpose, Purpose::Undo { .. }) {
            // What cannot be undone is for an operator, not for an event around.
            break;
        }
        if scope.parent == ROOT_RUN && matches!(scope.purpose, Purpose::Instead { .. }) {
            // The process's steps were given up for these: there is nobody around any more.
            break;
        }
        inside.push(scope.block.clone());
        host = Some(scope.parent);
    }
    Ok(None)
}

/// Whether an event's `when` lets it have this.
fn takes(draft: &mut Draft, host: RunId, handler: &Handler, (variable, value): (&str, &Value)) -> Deciding<bool> {
    let Some(when) = &handler.when else { return Ok(true) };
    let place = Place::scope(body_scope(draft, host)).with(variable, value.clone());
    draft.holds(when, &place)
}

/// An event in the process's place leaves what runs alongside as it is, but for the list that caused it.
pub(crate) fn close_list_that_caused(draft: &mut Draft, run: RunId, host: RunId, handler: &Handler) {
    let scope = draft.state().runs.get(&run).map(|run| run.scope);
    if let (ROOT_RUN, HandlerAction::Instead { .. }, Some(scope)) = (host, &handler.action, scope)
        && let Some(list) = alongside::list_around(draft.state(), scope)
    {
        close_scope(draft, list);
    }
}

/// The step that failed ends, whichever way the event goes on.
fn catch(draft: &mut Draft, run: RunId, host: RunId, handler: &Handler, error: Value) -> Deciding<()> {
    let item = Item { name: "error".into(), index: 0, key: handler.name.clone(), value: error.clone() };
    if let HandlerAction::Steps(block) = &handler.action {
        // Beside: the failed step is left with the event's name as its outcome, and the flow goes on after the steps.
        draft.emit(Event::HandlerTriggered { run: host, handler: handler.name.clone() });
        close_contents(draft, run);
        draft.emit(Event::StepCompleted {
            run,
            outcome: handler.name.clone(),
            output: error,
            by: None,
            writes: Vec::new(),
            milestone: None,
            then: Then::Into,
        });
        draft.open_scope(run, block, Purpose::Route, Some(item));
        return Ok(());
    }
    begin_event(draft, host, handler, Some(item))
}
