//! What goes on beside after a join: the step is completed and the flow has gone on, and the list around it waits at
//! its end, or withdraws what is left, as the step declares.

use crate::draft::{Deciding, Draft};
use crate::event::{Event, Purpose, Then};
use crate::flow::{self, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Rest, Step};
use crate::state::{Body, Phase, Scope};

/// Completes a step whose join is satisfied: all have ended, or the rest is withdrawn or goes on beside.
pub(crate) fn join(
    draft: &mut Draft,
    run: RunId,
    step: &Step,
    rest: Rest,
    all_ended: bool,
    done: Done,
) -> Deciding<()> {
    if all_ended || rest == Rest::Cancel {
        return flow::complete(draft, run, step, done);
    }
    // The step's events and clocks are over with it; only its own blocks go on.
    let beside = |scope: &ScopeId| {
        draft.state().scopes.get(scope).is_some_and(|scope| matches!(scope.purpose, Purpose::Beside { .. }))
    };
    let Some(own) = draft.state().runs.get(&run) else { return Ok(()) };
    let events: Vec<ScopeId> = own.children.iter().copied().filter(beside).collect();
    events.into_iter().for_each(|scope| flow::close_scope(draft, scope));
    flow::disarm(draft, run);
    crate::undo::note(draft, run, step, &done);
    draft.emit(Event::StepCompleted {
        run,
        outcome: done.outcome,
        output: done.output,
        by: done.by,
        writes: done.writes,
        milestone: step.milestone.clone(),
        then: Then::Apart,
    });
    Ok(())
}

/// Whether the flow has gone on after this run.
pub(crate) fn is_left_behind(draft: &Draft, run: RunId) -> bool {
    draft.state().runs.get(&run).is_some_and(|run| run.phase == Phase::Resting)
}

/// One of what goes on beside has ended: with the last it is over.
pub(crate) fn one_ended(draft: &mut Draft, run: RunId) {
    if draft.state().runs.get(&run).is_some_and(|run| run.children.is_empty()) {
        draft.emit(Event::RestEnded { run });
    }
}

/// At the end of a list: withdraws what does not go on past it, and says whether something still must end.
pub(crate) fn holds_open(draft: &mut Draft, scope: &Scope) -> bool {
    let lasts = |run: &RunId| match draft.state().runs.get(run).map(|run| &run.body) {
        Some(Body::Parallel { rest, .. } | Body::Each { rest, .. }) => *rest != Rest::UntilEnd,
        _ => false,
    };
    let (last, over): (Vec<RunId>, Vec<RunId>) = scope.rests.iter().copied().partition(lasts);
    over.into_iter().for_each(|run| flow::cancel_run(draft, run));
    !last.is_empty()
}

/// Withdraws what goes on beside of the steps from `index` on.
pub(crate) fn withdraw(draft: &mut Draft, list: ScopeId, index: usize) {
    let rests = draft.state().scopes.get(&list).map(|scope| scope.rests.clone()).unwrap_or_default();
    let after = |run: &RunId| draft.state().runs.get(run).is_some_and(|run| run.index >= index);
    let given_up: Vec<RunId> = rests.into_iter().filter(after).collect();
    given_up.into_iter().for_each(|run| flow::cancel_run(draft, run));
}
