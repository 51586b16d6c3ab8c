//! Carrying an instance over: what is given up before the release changes, and what is set right after it.

use std::sync::Arc;

use super::judge::{Act, What};
use super::{Plan, fit};
use crate::command::Actor;
use crate::deadline::LATE;
use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Event, Purpose, SubscriptionPurpose, Then, TimerPurpose};
use crate::flow;
use crate::id::{RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{Definition, Handler, Step, StepKind, Trigger, WaitFor};
use crate::state::{Cursor, Phase, ROOT_RUN, ROOT_SCOPE};
use crate::step;
use crate::value::Value;

/// The outcome of a step that a migration gave up.
const CANCELLED: &str = "cancelled";

/// Gives up what the new release cannot carry on, still by the old one.
pub(super) fn prepare(draft: &mut Draft, actor: &Actor, reason: &Arc<str>, acts: &[Act]) {
    for act in acts {
        match act.what {
            What::Cancel { run } => give_up(draft, run),
            What::Restart { run } => restart(draft, run, actor, reason),
            What::Park { run, again } => {
                let Some(scope) = draft.state().runs.get(&run).map(|run| run.scope) else { continue };
                if again {
                    restart(draft, run, actor, reason);
                } else {
                    give_up(draft, run);
                }
                let detail = Value::record([("at", Value::Text(act.at.clone())), ("why", Value::Text(act.en.clone()))]);
                draft.raise(IncidentCode::MigrationParked, detail, None, Some(scope));
            }
            What::Withdraw { scope } => empty(draft, scope),
        }
    }
}

/// The run is over as if it were done; nothing is written.
fn give_up(draft: &mut Draft, run: RunId) {
    let leaving = draft.state().runs.get(&run).is_some_and(|run| run.phase == Phase::Leaving);
    flow::close_contents(draft, run);
    if leaving {
        draft.emit(Event::StepLeft { run });
        return;
    }
    draft.emit(Event::StepCompleted {
        run,
        outcome: CANCELLED.into(),
        output: Value::Null,
        by: None,
        writes: Vec::new(),
        milestone: None,
        then: Then::Next,
    });
}

fn restart(draft: &mut Draft, run: RunId, by: &Actor, reason: &Arc<str>) {
    let Some(open) = draft.state().runs.get(&run) else { return };
    let (scope, to, index) = (open.scope, open.step.clone(), open.index);
    flow::cancel_run(draft, run);
    draft.emit(Event::Moved { scope, to, index, by: by.clone(), reason: reason.clone() });
}

/// Gives up what is open in a block; the block itself ends when the release has changed.
fn empty(draft: &mut Draft, scope: ScopeId) {
    match draft.state().scopes.get(&scope).map(|scope| scope.cursor) {
        Some(Cursor::Open { run }) => flow::cancel_run(draft, run),
        Some(Cursor::Blocked { incident, .. }) => {
            draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
        }
        _ => {}
    }
}

/// Sets right what depends on the new definition: blocks that ended, events, clocks.
pub(super) fn settle(draft: &mut Draft, old: &Definition, acts: &[Act], plan: &Plan) -> Deciding<()> {
    let runs: Vec<RunId> = draft.state().runs.keys().copied().collect();
    for run in runs {
        if draft.state().is_given_up(run) {
            continue;
        }
        set_events(draft, old, run, plan)?;
        set_clocks(draft, run, plan)?;
    }
    for act in acts {
        if let What::Withdraw { scope } = act.what {
            end(draft, scope)?;
        }
    }
    Ok(())
}

/// A block that was withdrawn counts as ended.
fn end(draft: &mut Draft, id: ScopeId) -> Deciding<()> {
    let Some(scope) = draft.state().scopes.get(&id).cloned() else { return Ok(()) };
    draft.emit(Event::ScopeEnded { scope: id });
    match scope.purpose {
        Purpose::Route | Purpose::Instead { .. } => draft.emit(Event::StepLeft { run: scope.parent }),
        Purpose::Beside { .. } => {}
        Purpose::Undo { .. } => crate::undo::go_on(draft, scope.parent)?,
        Purpose::Alongside { .. } => crate::alongside::list_ended(draft),
        Purpose::Body | Purpose::Branch { .. } | Purpose::Item => {
            if let Some(step) = draft.step_of(scope.parent) {
                step::child_ended(draft, scope.parent, &step)?;
            }
        }
    }
    Ok(())
}

/// Events that the step has no more are let go; those that are new are armed.
fn set_events(draft: &mut Draft, old: &Definition, run: RunId, plan: &Plan) -> Deciding<()> {
    let Some(open) = draft.state().runs.get(&run).filter(|run| run.phase == Phase::Open).cloned() else {
        return Ok(());
    };
    if run == ROOT_RUN && draft.state().ending().is_some() {
        // Nothing can happen to a process that is ending.
        return Ok(());
    }
    let (now, place) = if run == ROOT_RUN {
        (draft.definition.handlers.clone(), Place::scope(ROOT_SCOPE))
    } else {
        let Some(step) = draft.step_of(run) else { return Ok(()) };
        (step.handlers.clone(), Place::scope(open.scope))
    };
    let before = if run == ROOT_RUN { old.handlers.clone() } else { before_of(old, plan, &open.step) };
    let same = |name: &str| {
        let find = |all: &[Handler]| all.iter().find(|one| one.name.as_ref() == name).map(|one| kind(&one.on));
        find(&before).filter(|kind| Some(kind) == find(&now).as_ref()).is_some()
    };
    for timer in &open.timers {
        let Some(armed) = draft.state().timers.get(timer) else { continue };
        if matches!(&armed.purpose, TimerPurpose::After { handler, .. } if !same(handler)) {
            draft.emit(Event::TimerDisarmed { timer: *timer });
        }
    }
    for subscription in &open.subscriptions {
        let Some(held) = draft.state().subscriptions.get(subscription) else { continue };
        if matches!(&held.purpose, SubscriptionPurpose::Handler { handler } if !same(handler)) {
            draft.emit(Event::Unsubscribed { subscription: *subscription });
        }
    }
    let waiting: Vec<_> = draft.state().conditions_of(run).cloned().collect();
    for one in waiting {
        if matches!(&one.purpose, SubscriptionPurpose::Handler { handler } if !same(handler)) {
            draft.emit(Event::ConditionDisarmed { condition: one.id });
        }
    }
    let added: Vec<Handler> = now.iter().filter(|handler| !same(&handler.name)).cloned().collect();
    draft.arm_handlers(run, &added, &place)
}

/// The events that the step had in the old release, under whatever name it had there.
fn before_of(old: &Definition, plan: &Plan, step: &str) -> Vec<Handler> {
    let key = old.steps.keys().find(|key| fit::step_of(plan, key).as_ref() == step);
    key.and_then(|key| old.step(key)).map(|step| step.handlers.clone()).unwrap_or_default()
}

/// What an event hears, as far as it decides whether an armed one is still meant.
fn kind(trigger: &Trigger) -> (&'static str, Arc<str>) {
    match trigger {
        Trigger::Message(wait) => ("message", wait.message.clone()),
        Trigger::Error(code) => ("error", code.clone()),
        Trigger::After(_) => ("after", "".into()),
        Trigger::Person(_) => ("by", "".into()),
        Trigger::Condition(_) => ("condition", "".into()),
        Trigger::Escalation(code) => ("escalation", code.clone()),
    }
}

/// Where the plan says so, waits and deadlines are computed anew, from the step's original start.
fn set_clocks(draft: &mut Draft, run: RunId, plan: &Plan) -> Deciding<()> {
    let Some(open) = draft.state().runs.get(&run).filter(|run| run.phase == Phase::Open).cloned() else {
        return Ok(());
    };
    let Some(step) = draft.step_of(run) else { return Ok(()) };
    let declared = plan.durations.iter().any(|key| *fit::step_of(plan, key) == open.step);
    let place = Place::scope(open.scope);
    if !declared {
        // A deadline that the step has no more rings no more.
        if step.due.is_none() {
            disarm(draft, &open.timers, |purpose| matches!(purpose, TimerPurpose::Rung { .. } | TimerPurpose::Due));
        } else if !step.outcomes.contains_key(LATE) {
            disarm(draft, &open.timers, |purpose| *purpose == TimerPurpose::Due);
        }
        return Ok(());
    }
    if let StepKind::Wait(WaitFor::For(within) | WaitFor::Until(within)) = &step.kind {
        let value = draft.template(within, &place)?;
        let due = draft.moment(&value, open.entered_at, None)?;
        disarm(draft, &open.timers, |purpose| *purpose == TimerPurpose::Wait);
        draft.arm(run, TimerPurpose::Wait, due);
    }
    set_deadline(draft, run, &step, &place)
}

fn set_deadline(draft: &mut Draft, run: RunId, step: &Step, place: &Place) -> Deciding<()> {
    let timers = draft.state().runs.get(&run).map(|run| run.timers.clone()).unwrap_or_default();
    disarm(draft, &timers, |purpose| matches!(purpose, TimerPurpose::Rung { .. } | TimerPurpose::Due));
    let Some(due) = step.due.as_ref().filter(|due| !due.each_seat) else { return Ok(()) };
    let deadline = draft.deadline(step, due, place)?;
    if let Some(before) = draft.state().runs.get(&run).and_then(|run| run.due) {
        let by_micros = deadline.micros().saturating_sub(before.micros());
        if by_micros != 0 {
            draft.emit(Event::DueMoved { run, by_micros });
        }
    }
    draft.arm_deadline(run, step, due, deadline)
}

fn disarm(draft: &mut Draft, timers: &[crate::id::TimerId], which: impl Fn(&TimerPurpose) -> bool) {
    for timer in timers {
        if draft.state().timers.get(timer).is_some_and(|armed| which(&armed.purpose)) {
            draft.emit(Event::TimerDisarmed { timer: *timer });
        }
    }
}
