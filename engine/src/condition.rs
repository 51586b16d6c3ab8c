//! Conditions over the instance's own data: waits for them, events on them, and when lists alongside begin.
//!
//! They are judged when nothing is ready any more, so a passing state of affairs in the middle of a transition is
//! nobody's cause, and it does not matter where a transition's budget ends. An instance that waits for no condition
//! pays nothing.

use std::sync::Arc;

use crate::alongside;
use crate::command::Action;
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{Event, SubscriptionPurpose};
use crate::flow::{body_scope, trigger};
use crate::id::{ConditionId, IncidentId, RunId};
use crate::incident::IncidentCode;
use crate::language::definition::{Condition, Handler, Step, StepKind, Trigger, WaitFor};
use crate::state::{Phase, ROOT_RUN, State, Waiting, WakeSource};
use crate::step;
use crate::value::Value;

/// The part of an incident's detail that names what could not be judged.
const CONDITION: &str = "condition";

/// Begins to wait. What holds already happens as soon as nothing else is ready, unless `held` says that it is no news.
pub(crate) fn arm(draft: &mut Draft, run: RunId, purpose: SubscriptionPurpose, held: bool) {
    let condition = ConditionId(draft.number());
    draft.emit(Event::ConditionArmed { condition, run, purpose, holds: held });
}

/// Arms the condition of an event. Where a return opened the host again, what holds already was news before.
pub(crate) fn arm_handler(
    draft: &mut Draft,
    run: RunId,
    handler: &Handler,
    of: &Condition,
    place: &Place,
) -> Deciding<()> {
    let held = was_open(draft, run) && truth(draft, of, place)?;
    arm(draft, run, SubscriptionPurpose::Handler { handler: handler.name.clone() }, held);
    Ok(())
}

/// Whether a return opened the host again. Outside of items and rounds a second visit tells, even in the same moment.
fn was_open(draft: &Draft, run: RunId) -> bool {
    let state = draft.state();
    let Some(open) = state.runs.get(&run).filter(|open| open.id != ROOT_RUN) else { return false };
    let own_clock = state.scopes_around(open.scope).any(|scope| scope.opened.is_some());
    draft.is_reopened(run) || (!own_clock && state.visits.get(&open.step).is_some_and(|visits| *visits > 1))
}

pub(crate) fn disarm_all(draft: &mut Draft, run: RunId) {
    let own: Vec<ConditionId> = draft.state().conditions_of(run).map(|waiting| waiting.id).collect();
    for condition in own {
        draft.emit(Event::ConditionDisarmed { condition });
    }
}

fn truth(draft: &mut Draft, condition: &Condition, place: &Place) -> Deciding<bool> {
    match condition {
        Condition::Holds(expression) => draft.holds(expression, place),
        Condition::Milestone(name) => Ok(draft.state().milestones.contains_key(name)),
    }
}

/// Whether anything waits for a condition at all.
pub(crate) fn is_waited_for(draft: &Draft) -> bool {
    let state = draft.state();
    let held = state.operations.hold.is_some() || state.operations.closing.is_some();
    state.is_live() && !held && (!state.conditions.is_empty() || alongside::is_pending(draft))
}

/// Whether what happened may have changed the truth of a condition. What is not known to be idle may.
pub(crate) fn may_change(event: &Event) -> bool {
    !matches!(
        event,
        Event::Claimed { .. }
            | Event::Released { .. }
            | Event::Assigned { .. }
            | Event::Commented { .. }
            | Event::Reminded { .. }
            | Event::TimerArmed { .. }
            | Event::TimerFired { .. }
            | Event::TimerDisarmed { .. }
            | Event::Subscribed { .. }
            | Event::Unsubscribed { .. }
            | Event::MessageReceived { .. }
            | Event::TaskOpened { .. }
            | Event::BallotOpened { .. }
            | Event::SeatOpened { .. }
            | Event::JobQueued { .. }
            | Event::JobFailed { .. }
            | Event::ConditionTurned { .. }
            | Event::ConditionDisarmed { .. }
            | Event::IncidentRaised { .. }
            | Event::ScopeOpened { .. }
            | Event::ScopeClosed { .. }
            | Event::ScopeHeld { .. }
            | Event::StepLeft { .. }
            | Event::HandlerTriggered { .. }
            | Event::Signed { .. }
            | Event::SignatureVoided { .. }
    )
}

/// A transition that only goes on may have nothing of its own to judge by; the one before may.
pub(crate) fn goes_on(action: &Action) -> bool {
    matches!(action, Action::Continue)
}

/// Judges everything that is waited for: all of it first, against the same data, and then what follows.
pub(crate) fn judge(draft: &mut Draft) -> Deciding<()> {
    alongside::begin_due(draft, true)?;
    let waiting: Vec<Waiting> = draft.state().conditions.values().cloned().collect();
    let mut fires = Vec::new();
    for one in waiting {
        // What was cut off and only waits to be closed is nobody's cause.
        let given_up = draft.state().is_given_up(one.run);
        if !given_up && !has_incident(draft.state(), &marker(one.id)) && turns(draft, &one)? {
            fires.push(one);
        }
    }
    for one in fires {
        // What fired before may have given this one up.
        if draft.state().conditions.contains_key(&one.id) {
            fire(draft, &one)?;
        }
    }
    Ok(())
}

/// Judges one condition; true if it has become true.
fn turns(draft: &mut Draft, waiting: &Waiting) -> Deciding<bool> {
    let step = draft.step_of(waiting.run);
    let Some(condition) = condition_of(draft, &waiting.purpose, step.as_deref()) else { return Ok(false) };
    let place = Place::scope(body_scope(draft, waiting.run));
    let holds = match truth(draft, &condition, &place) {
        Err(Stop::Incident { code, detail }) => {
            unjudged(draft, waiting.run, (code, detail), marker(waiting.id));
            return Ok(false);
        }
        result => result?,
    };
    if holds != waiting.held {
        draft.emit(Event::ConditionTurned { condition: waiting.id, holds });
    }
    Ok(holds && !waiting.held)
}

fn fire(draft: &mut Draft, waiting: &Waiting) -> Deciding<()> {
    draft.place = Some(waiting.run);
    match (&waiting.purpose, draft.step_of(waiting.run)) {
        (SubscriptionPurpose::Wait, Some(step)) => step::wait::over(draft, waiting.run, &step, Value::Null),
        (SubscriptionPurpose::Alternative { name }, Some(step)) => {
            step::first::won(draft, waiting.run, &step, name, Value::Null)
        }
        (SubscriptionPurpose::Handler { handler }, step) => {
            let handlers = step.map_or_else(|| draft.definition.handlers.clone(), |step| step.handlers.clone());
            match handlers.iter().find(|known| known.name == *handler) {
                Some(known) => trigger(draft, waiting.run, known, None),
                None => Ok(()),
            }
        }
        (_, None) => Ok(()),
    }
}

/// The condition of the definition behind one that is waited for.
fn condition_of(draft: &Draft, purpose: &SubscriptionPurpose, step: Option<&Step>) -> Option<Condition> {
    let of = |wait: &WaitFor| match wait {
        WaitFor::Condition(condition) => Some(condition.clone()),
        _ => None,
    };
    match (purpose, step.map(|step| &step.kind)) {
        (SubscriptionPurpose::Wait, Some(StepKind::Wait(wait))) => of(wait),
        (SubscriptionPurpose::Alternative { name }, Some(StepKind::First { alternatives })) => {
            alternatives.iter().find(|one| one.name == *name).and_then(|found| of(&found.wait))
        }
        (SubscriptionPurpose::Handler { handler }, _) => {
            let handlers: &[Handler] = step.map_or(&draft.definition.handlers, |step| &step.handlers);
            handlers.iter().find(|known| known.name == *handler).and_then(|known| match &known.on {
                Trigger::Condition(condition) => Some(condition.clone()),
                _ => None,
            })
        }
        _ => None,
    }
}

fn marker(id: ConditionId) -> Value {
    Value::from(id.to_string())
}

/// What cannot be judged is an incident, once; it is judged again when an operator has dealt with that.
pub(crate) fn unjudged(draft: &mut Draft, run: RunId, (code, detail): (IncidentCode, Value), what: Value) {
    let mut detail = detail;
    detail.set(&[CONDITION.into()], what);
    draft.raise(code, detail, Some(run), None);
}

/// Whether an open incident says that this could not be judged.
pub(crate) fn has_incident(state: &State, what: &Value) -> bool {
    state.incidents.values().any(|open| open.detail.get(CONDITION) == Some(what))
}

/// A step that waits for a condition which nothing can change any more: no work, no timer, nobody to come.
pub(crate) fn stalled(draft: &Draft) -> Option<RunId> {
    let state = draft.state();
    let first = state.conditions.values().next()?.run;
    let alone = state.is_live() && !state.is_ready();
    let only = |source: &WakeSource| matches!(source, WakeSource::Condition(_));
    (alone && state.wake_sources().iter().all(only) && !may_be_raised(draft)).then_some(first)
}

/// The incident that says so. Silence would be worse.
pub(crate) fn stall(draft: &mut Draft, run: RunId) -> Option<IncidentId> {
    let steps = draft.state().conditions.values().filter_map(|waiting| draft.step_of(waiting.run));
    let steps = steps.map(|step| Value::Text(step.key.clone())).collect();
    let incident = IncidentId(draft.number());
    draft.raise(IncidentCode::Stalled, Value::record([("steps", Value::list(steps))]), Some(run), None);
    Some(incident)
}

/// Whether a person may come along with an event of something that is open.
fn may_be_raised(draft: &Draft) -> bool {
    let people = |handlers: &[Handler]| handlers.iter().any(|handler| matches!(handler.on, Trigger::Person(_)));
    let (state, definition) = (draft.state(), &draft.definition);
    (state.ending().is_none() && people(&definition.handlers))
        || state.runs.values().filter(|run| run.id != ROOT_RUN && run.phase == Phase::Open).any(|run| {
            let step: Option<&Arc<Step>> = definition.step(&run.step);
            step.is_some_and(|step| people(&step.handlers))
        })
}
