//! Undoing completed steps: newest first, each once, and what fails waits for an operator and is never passed over.
//!
//! Whoever wants something undone names entries of logs; they move into lanes under a run, and each lane opens the
//! steps that undo its newest entry until nothing is left. Then what was wanted goes on ([`UndoThen`]).

use std::sync::Arc;

use crate::deadline::LATE;
use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{self, Event, Purpose, UndoOf, UndoThen};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::{HandlerAction, Path, Step, StepKind};
use crate::rules::expression::Names;
use crate::state::{Body, Cursor, ROOT_RUN, ROOT_SCOPE, Record};
use crate::value::{Map, Value};

/// The outcome of a child that was given up.
const CANCELLED: &str = "cancelled";

/// Notes what undoes a step that is about to be completed, and what that will want to know.
pub(crate) fn note(draft: &mut Draft, run: RunId, step: &Step, done: &Done) {
    let Some(compensation) = step.compensate.as_ref().filter(|_| is_done(step, &done.outcome)) else { return };
    let Some(scope) = draft.state().runs.get(&run).map(|run| run.scope) else { return };
    if draft.state().scopes_around(scope).any(|scope| matches!(scope.purpose, Purpose::Undo { .. })) {
        return;
    }
    let place = Place::scope(scope).with("output", done.output.clone());
    let names = draft.names(&place);
    let mut known = Value::map(Map::new());
    // Its own record is made when it is completed.
    let own = own_record(draft, run, step, done);
    for path in &compensation.reads {
        let Some(first) = path.first() else { continue };
        if let Some(value) = names.lookup(first) {
            keep(&mut known, path, &value);
        }
        if first.as_ref() == "steps" {
            keep(&mut known, path, &own);
        }
    }
    // What the step itself writes is known by then.
    for write in &done.writes {
        let is_read = write.path.first().is_some_and(|root| known.get(root).is_some());
        if is_read {
            known.set(&write.path, write.value.clone());
        }
    }
    draft.emit(Event::UndoNoted { run, block: compensation.block.clone(), known });
}

/// What `steps.<id>` will say of the step itself, by the name that it has where it stands.
fn own_record(draft: &Draft, run: RunId, step: &Step, done: &Done) -> Value {
    let (outcome, by, output) = (done.outcome.clone(), done.by.clone(), done.output.clone());
    let record = Record { run, outcome, by, at: draft.now(), output, within: None, act: 0 };
    let name = step.key.rsplit('.').next().unwrap_or(&step.key);
    Value::record([(name, record.to_value())])
}

/// A field whole; of `steps` only the step that is read.
fn keep(known: &mut Value, path: &Path, root: &Value) {
    if let Some(value) = path.get(1..).and_then(|rest| root.at(rest)) {
        known.set(path, value.clone());
    }
}

/// Whether the step has done its work, rather than failed, been late, or been ended by an event.
fn is_done(step: &Step, outcome: &str) -> bool {
    let by_event = step.handlers.iter().any(|handler| handler.name.as_ref() == outcome);
    let late = step.due.is_some() && outcome == LATE;
    match &step.kind {
        StepKind::Call(_) => outcome == DONE,
        StepKind::Run(_) => outcome != CANCELLED && !by_event,
        _ => !by_event && !late,
    }
}

/// Begins to undo; what follows, follows at once where there is nothing.
pub(crate) fn begin(draft: &mut Draft, run: RunId, of: Vec<UndoOf>, parallel: bool, then: UndoThen) -> Deciding<()> {
    draft.emit(Event::UndoBegun { run, of, parallel, then });
    go_on(draft, run)
}

/// Undoes the newest of each lane; when all is undone, goes on.
pub(crate) fn go_on(draft: &mut Draft, run: RunId) -> Deciding<()> {
    let Some(Body::Undo { lanes, then }) = draft.state().runs.get(&run).map(|run| &run.body) else { return Ok(()) };
    if lanes.is_empty() {
        let then = then.clone();
        return over(draft, run, then);
    }
    let newest = lanes.iter().filter(|(_, lane)| !lane.open).filter_map(|(number, lane)| {
        let (entry, newest) = lane.left.last()?;
        Some((*number, *entry, newest.by.as_ref()?.block.clone()))
    });
    let next: Vec<_> = newest.collect();
    for (lane, entry, block) in next {
        draft.open_scope(run, &block, Purpose::Undo { lane, entry }, None);
    }
    Ok(())
}

fn over(draft: &mut Draft, run: RunId, then: UndoThen) -> Deciding<()> {
    match then {
        UndoThen::Next => {
            let Some(step) = draft.step_of(run) else { return Ok(()) };
            flow::complete(draft, run, &step, Done::plain(DONE))
        }
        UndoThen::Back { to, index, from, over } => {
            let Some(scope) = draft.state().runs.get(&run).map(|run| run.scope) else { return Ok(()) };
            draft.emit(Event::UndoEnded { run });
            crate::step::back::arrive(draft, scope, &to, index, &from, over);
            Ok(())
        }
        UndoThen::Instead { handler, item } => {
            draft.emit(Event::UndoEnded { run });
            let step = draft.step_of(run);
            let handlers = step.map_or_else(|| draft.definition.handlers.clone(), |step| step.handlers.clone());
            if let Some(HandlerAction::Instead { block, .. }) =
                handlers.iter().find(|known| known.name == handler).map(|known| &known.action)
            {
                draft.open_scope(run, block, Purpose::Instead { handler }, item);
            }
            Ok(())
        }
        UndoThen::Cancel { by, reason } => {
            draft.emit(Event::Cancelled { by, reason });
            Ok(())
        }
    }
}

/// An event takes the place of its host: what the host has done, oldest first.
pub(crate) fn done_by_host(draft: &Draft, host: RunId) -> Vec<UndoOf> {
    let state = draft.state();
    if host == ROOT_RUN {
        return state.done_in(ROOT_SCOPE, |_| true).into_iter().chain(state.done_under(ROOT_RUN)).collect();
    }
    let scope = state.runs.get(&host).map(|run| run.scope);
    scope.and_then(|scope| state.done_in(scope, |entry| entry.run == host)).into_iter().collect()
}

/// What the steps of a list have done from the one at `index` on.
pub(crate) fn done_from(draft: &Draft, list: ScopeId, index: usize) -> Option<UndoOf> {
    let definition = draft.definition.clone();
    let after = |step: &StepKey| definition.step(step).is_some_and(|step| step.index >= index);
    draft.state().done_in(list, |entry| after(&entry.step))
}

/// What a step in a list around has done, however often; if it is open around this place, what is done inside it.
pub(crate) fn done_by_step(draft: &Draft, scope: ScopeId, target: &StepKey) -> Vec<UndoOf> {
    let state = draft.state();
    let Some(step) = draft.definition.step(target) else { return Vec::new() };
    let Some(list) = crate::step::back::around(draft.state(), scope, &step.block) else { return Vec::new() };
    let mut found: Vec<UndoOf> = state.done_in(list, |entry| entry.step == *target).into_iter().collect();
    if let Some(Cursor::Open { run }) = state.scopes.get(&list).map(|scope| scope.cursor)
        && state.runs.get(&run).is_some_and(|run| run.step == *target)
    {
        found.extend(state.done_under(run));
        let inner: Vec<_> = state.scopes_around(scope).take_while(|scope| scope.id != list).collect();
        found.extend(inner.into_iter().rev().filter_map(|scope| state.done_in(scope.id, |_| true)));
    }
    found
}

/// What the block around a place has done: the steps of outcomes and events stand in the block of their host.
pub(crate) fn done_around(draft: &Draft, scope: ScopeId) -> Vec<UndoOf> {
    let state = draft.state();
    let mut found = Vec::new();
    for around in state.scopes_around(scope) {
        found.extend(state.done_in(around.id, |_| true));
        match &around.purpose {
            Purpose::Route => {}
            Purpose::Instead { .. } => {
                found.extend(done_by_host(draft, around.parent).into_iter().rev());
                break;
            }
            Purpose::Beside { .. } if around.parent == ROOT_RUN => {
                found.extend(state.done_in(ROOT_SCOPE, |_| true));
                break;
            }
            Purpose::Beside { .. } => {}
            Purpose::Body
            | Purpose::Branch { .. }
            | Purpose::Item
            | Purpose::Alongside { .. }
            | Purpose::Undo { .. } => break,
        }
    }
    found.reverse();
    found
}

impl Draft {
    /// Opens the way back at a step of a list: what is undone there is undone before the flow arrives.
    pub(crate) fn enter_undo(&mut self, scope: ScopeId, step: &Step) -> RunId {
        self.enter(scope, step, event::Body::Undo)
    }
}

/// The whole instance is given up, and what it has done is undone first.
pub(crate) fn cancel(draft: &mut Draft, by: &crate::command::Actor, reason: &Arc<str>) -> Deciding<()> {
    draft.emit(Event::CancelBegun { by: by.clone(), reason: reason.clone() });
    draft.undoes = true;
    flow::close_contents(draft, ROOT_RUN);
    flow::close_incidents(draft);
    draft.undoes = false;
    let of = draft.state().done_under(ROOT_RUN).into_iter().collect();
    begin(draft, ROOT_RUN, of, false, UndoThen::Cancel { by: by.clone(), reason: reason.clone() })
}
