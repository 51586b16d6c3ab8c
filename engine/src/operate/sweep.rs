//! Giving up much at once: what is heavy is cut off with one event and closed in chunks, transition by transition.
//!
//! From the cut on nothing inside answers (its fences are stale), starts or goes on; the flow around it does. So no
//! transaction grows with the number of open items, and other instances are served between the chunks.

use std::sync::Arc;

use crate::command::Actor;
use crate::draft::Draft;
use crate::event::{Closing, Event};
use crate::flow;
use crate::id::{RunId, ScopeId};
use crate::state::{Cursor, ROOT_RUN, Run, State};

/// Open things that are closed in the very transition that gives them up; more is a sweep.
const LIGHT: usize = 100;
/// Events of one item of a sweep.
const CHUNK: usize = 200;

/// Whether what a run holds is more than one transition should close.
pub(crate) fn is_heavy(state: &State, run: &Run) -> bool {
    let mut budget = LIGHT;
    !weigh(state, run, &mut budget)
}

/// Takes what a run holds from the budget; `false` when it is spent.
fn weigh(state: &State, run: &Run, budget: &mut usize) -> bool {
    let own = 1 + run.timers.len() + run.subscriptions.len();
    let Some(left) = budget.checked_sub(own) else { return false };
    *budget = left;
    for scope in &run.children {
        let Some(left) = budget.checked_sub(1) else { return false };
        *budget = left;
        let Some(Cursor::Open { run }) = state.scopes.get(scope).map(|scope| scope.cursor) else { continue };
        let Some(run) = state.runs.get(&run) else { continue };
        if !weigh(state, run, budget) {
            return false;
        }
    }
    true
}

/// Gives up all that the process holds, and ends it as `then` says: now if it is little, else when the sweep is done.
pub(crate) fn close_process(draft: &mut Draft, then: Closing) {
    let heavy = draft.state().runs.get(&ROOT_RUN).is_some_and(|root| is_heavy(draft.state(), root))
        || !draft.state().operations.condemned.is_empty();
    if heavy {
        draft.emit(Event::ClosingBegun { then });
        flow::close_contents(draft, ROOT_RUN);
        return;
    }
    flow::close_contents(draft, ROOT_RUN);
    finish(draft, then);
}

fn finish(draft: &mut Draft, then: Closing) {
    flow::close_incidents(draft);
    draft.emit(match then {
        Closing::Ended { outcome, output } => Event::Ended { outcome, output },
        Closing::Cancelled { by, reason } => Event::Cancelled { by, reason },
    });
}

/// One chunk of the sweep; after its last one the process that waited for it ends.
pub(crate) fn go_on(draft: &mut Draft) {
    let end = draft.recorded() + CHUNK;
    while draft.recorded() < end {
        let Some(leaf) = next_leaf(draft.state()) else { break };
        match leaf {
            Leaf::Run(run) => flow::cancel_run(draft, run),
            Leaf::Scope(scope) => flow::close_scope(draft, scope),
        }
    }
    if draft.state().operations.condemned.is_empty()
        && let Some(then) = draft.state().operations.closing.clone()
    {
        finish(draft, then);
    }
}

enum Leaf {
    /// A run that holds no block any more.
    Run(RunId),
    /// A block in which no step is open any more.
    Scope(ScopeId),
}

/// The innermost last thing of what was cut off first.
fn next_leaf(state: &State) -> Option<Leaf> {
    let mut scope = *state.operations.condemned.values().next()?.scopes.last()?;
    loop {
        let Some(Cursor::Open { run }) = state.scopes.get(&scope).map(|scope| scope.cursor) else {
            return Some(Leaf::Scope(scope));
        };
        match state.runs.get(&run).and_then(|run| run.children.last()) {
            Some(child) => scope = *child,
            None => return Some(Leaf::Run(run)),
        }
    }
}

impl State {
    /// Whether a run was cut off and only waits to be closed, or is not there at all.
    pub(crate) fn is_given_up(&self, run: RunId) -> bool {
        if self.operations.condemned.is_empty() {
            return false;
        }
        let mut run = run;
        while run != ROOT_RUN {
            let Some(scope) = self.runs.get(&run).and_then(|run| self.scopes.get(&run.scope)) else { return true };
            let cut = self.operations.condemned.get(&scope.parent);
            if cut.is_some_and(|cut| scope.id < cut.before) {
                return true;
            }
            run = scope.parent;
        }
        false
    }
}

/// How a cancelled process is closed.
pub(crate) fn cancelled(by: &Actor, reason: &Arc<str>) -> Closing {
    Closing::Cancelled { by: by.clone(), reason: reason.clone() }
}
