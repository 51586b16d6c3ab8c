//! Suspending and resuming, and the gate that every command passes meanwhile.
//!
//! ```text
//! running ──suspend──▶ suspended ──resume──▶ (timers, messages in chunks) ──▶ running ──▶ parked results
//! running ──a bug────▶ quarantined ──resume──▶ the same
//! ```
//!
//! | what comes | while it is held |
//! |---|---|
//! | people | refused, with who stopped it and why |
//! | timers | wait; on resuming they fire, move or are skipped |
//! | messages | given back to the buffer, where their time runs; the wait asks again on resuming |
//! | results of jobs and children | parked, and taken in their order on resuming |
//! | operators | mend, skip, move, migrate, cancel |

use std::ops::Bound;
use std::sync::Arc;

use super::TimersOnResume;
use crate::command::{Action, Actor, Command};
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::{Event, TimerPurpose};
use crate::id::{RunId, TimerId};
use crate::language::definition::SIGNAL;
use crate::rejection::Rejection;
use crate::state::operations::{Hold, HoldKind, Resuming};
use crate::state::{Body, Run, State};
use crate::value::Value;

/// Changes that one item of resuming makes.
const CHUNK: usize = 200;

/// What the gate says of a command.
pub(crate) enum Gate {
    Open,
    /// It was dealt with here: parked, or put off.
    Taken,
}

/// Why nobody may act in a run at all: it was given up, its instance is being closed, or is held.
pub(crate) fn barred(state: &State, run: RunId) -> Option<Rejection> {
    if state.is_given_up(run) {
        return Some(Rejection::Gone("it was withdrawn".into()));
    }
    if state.operations.closing.is_some() {
        return Some(Rejection::Gone("the instance is being closed".into()));
    }
    state.operations.hold.as_ref().map(Hold::rejection)
}

/// Whether a command may go on to its handler while the instance is held, closing, or its target was given up.
pub(crate) fn gate(draft: &mut Draft, command: &Command) -> Deciding<Gate> {
    let state = draft.state();
    if let Some(run) = target(state, &command.action)
        && state.is_given_up(run)
    {
        return reject(Rejection::Gone("it was withdrawn".into()));
    }
    if state.operations.closing.is_some() {
        return match &command.action {
            Action::Continue => Ok(Gate::Open),
            // What others say of themselves is noted to the last.
            Action::Watch { .. } | Action::Unwatch { .. } | Action::FinishDelivery { .. } => Ok(Gate::Open),
            Action::EndChild { run, .. } | Action::ReachChild { run, .. } if state.tied.contains_key(run) => {
                Ok(Gate::Open)
            }
            Action::Operate { what: super::Operation::Quarantine { .. } | super::Operation::Resume { .. }, .. } => {
                Ok(Gate::Open)
            }
            _ => reject(Rejection::Gone("the instance is being closed".into())),
        };
    }
    let Some(hold) = state.operations.hold.clone() else { return Ok(Gate::Open) };
    match &command.action {
        Action::Operate { what: super::Operation::Quarantine { .. }, .. } => Ok(Gate::Open),
        Action::Operate { .. } if hold.resuming.is_some() => {
            reject(Rejection::Gone("it is being resumed: try again".into()))
        }
        Action::Continue | Action::Cancel { .. } | Action::Operate { .. } => Ok(Gate::Open),
        Action::FinishJob { run, attempt, .. } => {
            let current = matches!(state.runs.get(run).map(|run| &run.body),
                Some(Body::Job { attempt: current, queued: true, .. }) if current == attempt);
            if !current || state.operations.parked_runs.contains(run) {
                return reject(Rejection::Gone("the job is no longer waited for".into()));
            }
            Ok(park(draft, command, Some(*run)))
        }
        Action::EndChild { run, child, .. } | Action::RefuseChild { run, child, .. } => {
            let awaits = matches!(state.runs.get(run).map(|run| &run.body),
                Some(Body::Child { child: current, .. }) if current == child);
            if !awaits && state.tied.contains_key(run) {
                return Ok(park(draft, command, None));
            }
            if !awaits || state.operations.parked_runs.contains(run) {
                return reject(Rejection::Gone("the step that awaited this child was given up".into()));
            }
            Ok(park(draft, command, Some(*run)))
        }
        Action::Watch { .. } | Action::Unwatch { .. } | Action::FinishDelivery { .. } => Ok(Gate::Open),
        Action::ConfirmChild { .. }
        | Action::ReachChild { .. }
        | Action::MissMilestone { .. }
        | Action::TakeVerdict { .. } => Ok(park(draft, command, None)),
        // A signal is kept for nobody, so it is kept here.
        Action::Deliver { message, .. } if message.starts_with(SIGNAL) => Ok(park(draft, command, None)),
        Action::EscalateChild { run, child, .. } => {
            let awaits = matches!(state.runs.get(run).map(|run| &run.body),
                Some(Body::Child { child: current, .. }) if current == child);
            if !awaits || state.operations.parked_runs.contains(run) {
                return reject(Rejection::Gone("the step that awaited this child was given up".into()));
            }
            // The run's own result may still come: it is parked under no run.
            Ok(park(draft, command, None))
        }
        Action::Deliver { subscription, message, id, .. } => {
            if !state.subscriptions.contains_key(subscription) {
                return reject(Rejection::Gone("nobody waits for this message any more".into()));
            }
            let (subscription, message, id) = (*subscription, message.clone(), id.clone());
            draft.emit(Event::DeliveryDeferred { subscription, message, id });
            Ok(Gate::Taken)
        }
        // A timer's row stays, and nobody looks at it before the instance is resumed.
        _ => reject(hold.rejection()),
    }
}

fn park(draft: &mut Draft, command: &Command, run: Option<RunId>) -> Gate {
    let number = draft.number();
    draft.emit(Event::ResultParked { number, run, command: Box::new(command.clone()) });
    Gate::Taken
}

/// The run that a command is about, where it is about one.
fn target(state: &State, action: &Action) -> Option<RunId> {
    match action {
        Action::Claim { work }
        | Action::Release { work }
        | Action::Assign { work, .. }
        | Action::Work { work, .. }
        | Action::IfUnchanged { work, .. } => Some(work.run),
        Action::Complete(complete) => Some(complete.work.run),
        Action::FinishJob { run, .. }
        | Action::EndChild { run, .. }
        | Action::RefuseChild { run, .. }
        | Action::ConfirmChild { run, .. }
        | Action::TakeVerdict { run, .. } => Some(*run),
        Action::MissMilestone { subscription, .. } => state.subscriptions.get(subscription).map(|held| held.run),
        Action::Raise(raise) => Some(raise.host),
        Action::EscalateChild { run, .. } => Some(*run),
        Action::FireTimer { timer } => state.timers.get(timer).map(|timer| timer.run),
        Action::Deliver { subscription, .. } => state.subscriptions.get(subscription).map(|held| held.run),
        Action::Retry { incident, .. } => {
            let open = state.incidents.get(incident)?;
            open.run.or_else(|| state.scopes.get(&open.scope?).map(|scope| scope.parent))
        }
        _ => None,
    }
}

pub(crate) fn suspend(draft: &mut Draft, actor: &Actor, reason: &Arc<str>) -> Deciding<()> {
    if let Some(hold) = &draft.state().operations.hold {
        return reject(hold.rejection());
    }
    draft.emit(Event::Suspended { by: actor.clone(), reason: reason.clone() });
    Ok(())
}

/// Puts the instance aside: only the platform may, and only once for one bug.
pub(crate) fn quarantine(draft: &mut Draft, actor: &Actor, why: &Arc<str>, command: &Value) -> Deciding<()> {
    if *actor != Actor::System {
        return reject(Rejection::Forbidden("system".into()));
    }
    draft.emit(Event::Quarantined { why: why.clone(), command: command.clone() });
    Ok(())
}

pub(crate) fn resume(
    draft: &mut Draft,
    actor: &Actor,
    reason: &Arc<str>,
    timers: Option<TimersOnResume>,
) -> Deciding<()> {
    let Some(hold) = &draft.state().operations.hold else { return reject(Rejection::NotSuspended) };
    if hold.resuming.is_some() {
        return reject(Rejection::Gone("it is being resumed".into()));
    }
    let timers = timers.unwrap_or(draft.definition.policy.suspended_timers);
    let shift_micros = draft.now().micros().saturating_sub(hold.since.micros()).max(0);
    draft.emit(Event::ResumeBegun { by: actor.clone(), reason: reason.clone(), timers, shift_micros });
    Ok(())
}

/// Goes on with resuming: a chunk of timers, of due dates, of waits; then the instance runs again.
pub(crate) fn go_on_resuming(draft: &mut Draft) {
    for _ in 0..CHUNK {
        let Some(event) = next_change(draft) else {
            draft.emit(Event::Resumed {});
            return;
        };
        draft.emit(event);
    }
}

fn next_change(draft: &Draft) -> Option<Event> {
    let state = draft.state();
    let resuming = state.operations.hold.as_ref()?.resuming.as_ref()?;
    match resuming.timers {
        TimersOnResume::FireOnResume => None,
        TimersOnResume::Shift => shifted_timer(state, resuming).or_else(|| shifted_due(state, resuming)),
        TimersOnResume::Skip => skipped_timer(draft),
    }
    .or_else(|| {
        let subscription = state.operations.deferred.iter().next().copied()?;
        Some(Event::Resubscribed { subscription })
    })
}

fn shifted_timer(state: &State, resuming: &Resuming) -> Option<Event> {
    let after = (Bound::Excluded(resuming.timer.unwrap_or(TimerId(0))), Bound::Unbounded);
    let (timer, armed) = state.timers.range(after).next()?;
    Some(Event::TimerMoved { timer: *timer, due: armed.due.plus_micros(resuming.shift_micros) })
}

/// The next run whose work shows a due date.
fn shifted_due(state: &State, resuming: &Resuming) -> Option<Event> {
    let after = (Bound::Excluded(resuming.run.unwrap_or(RunId(0))), Bound::Unbounded);
    let (run, _) = state.runs.range(after).find(|(_, run)| has_due(run))?;
    Some(Event::DueMoved { run: *run, by_micros: resuming.shift_micros })
}

fn has_due(run: &Run) -> bool {
    run.due.is_some()
        || matches!(&run.body, Body::Ballot { seats, .. }
            if seats.iter().any(|seat| seat.work.as_ref().is_some_and(|work| work.task.due.is_some())))
}

fn skipped_timer(draft: &Draft) -> Option<Event> {
    let lapsed = |timer: &&crate::state::Timer| {
        timer.due <= draft.now() && matches!(timer.purpose, TimerPurpose::Rung { .. } | TimerPurpose::After { .. })
    };
    draft.state().timers.values().find(lapsed).map(|timer| Event::TimerDisarmed { timer: timer.id })
}

/// Takes the first parked result as if it came now.
pub(crate) fn parked(draft: &mut Draft, number: u64) -> Deciding<()> {
    let Some(command) = parked_command(draft, number) else { return Ok(()) };
    draft.emit(Event::ParkedTaken { number });
    crate::decide::act(draft, &command)
}

pub(crate) fn parked_command(draft: &Draft, number: u64) -> Option<Command> {
    draft.state().operations.parked.get(&number).map(|parked| parked.command.clone())
}

impl Hold {
    /// What people hear meanwhile.
    pub(crate) fn rejection(&self) -> Rejection {
        match &self.kind {
            HoldKind::Suspended => Rejection::Suspended {
                by: self.by.id().cloned().unwrap_or_else(|| "system".into()),
                reason: self.reason.clone(),
                since: self.since,
            },
            HoldKind::Quarantined { .. } => Rejection::Quarantined { since: self.since },
        }
    }
}
