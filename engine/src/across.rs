//! Deciding what other instances say: children, those who wait for a milestone, the owners of messages, the outside.

use std::sync::Arc;

use crate::command::{Action, DeliveryId, DeliveryResult, Verdict};
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::{Event, SubscriptionPurpose};
use crate::flow::{self, DONE, Done};
use crate::id::{InstanceId, RunId, SubscriptionId};
use crate::incident::IncidentCode;
use crate::language::definition::{AMBIGUOUS, END, NOT_REACHED, Step};
use crate::rejection::Rejection;
use crate::state::{Body, ChildStatus, ROOT_RUN};
use crate::value::Value;

/// The outcome of a child that did as it was told when its step was given up.
const CANCELLED: &str = "cancelled";

/// A child's end: for the step that awaits it, for the end that it holds, or for the record.
pub(crate) fn child_ended(
    draft: &mut Draft,
    (run, child): (RunId, InstanceId),
    outcome: &Arc<str>,
    output: &Value,
) -> Deciding<()> {
    let Some(step) = awaiting(draft, run, child) else { return child_ended_unawaited(draft, run, child, outcome) };
    draft.place = Some(run);
    draft.emit(Event::ChildEnded { run, child, outcome: outcome.clone() });
    if let Some(milestone) = draft.state().tied.get(&run).and_then(|tied| tied.until.clone()) {
        hold_missed(draft, run, outcome);
        return missed(draft, run, &step, detail(child, &milestone, outcome));
    }
    hold_missed(draft, run, outcome);
    let writes = match draft.writes(&step.writes, output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let done = Done { output: output.clone(), writes, ..Done::plain(outcome) };
    flow::complete(draft, run, &step, done)
}

fn child_ended_unawaited(draft: &mut Draft, run: RunId, child: InstanceId, outcome: &Arc<str>) -> Deciding<()> {
    let tied = draft.state().tied.get(&run).filter(|tied| tied.child == child);
    match tied.map(|tied| tied.status.clone()) {
        Some(ChildStatus::Running) => {
            draft.emit(Event::ChildEnded { run, child, outcome: outcome.clone() });
            hold_missed(draft, run, outcome);
            settle_end(draft);
            Ok(())
        }
        // It was told to stop, and has.
        _ if outcome.as_ref() == CANCELLED => gone(),
        Some(_) => gone(),
        None => {
            draft.emit(Event::ChildOrphaned { run, child, outcome: outcome.clone() });
            Ok(())
        }
    }
}

fn gone<T>() -> Deciding<T> {
    reject(Rejection::Gone("the step that awaited this child was given up".into()))
}

/// The step that awaits this very child.
fn awaiting(draft: &Draft, run: RunId, child: InstanceId) -> Option<Arc<Step>> {
    match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(Body::Child { child: own, .. }) if *own == child => draft.step_of(run),
        _ => None,
    }
}

/// A milestone that holds this instance's end will not come: an operator lets go of it, or cancels.
fn hold_missed(draft: &mut Draft, run: RunId, outcome: &Arc<str>) {
    let tied = draft.state().tied.get(&run);
    let Some((child, milestone)) = tied.and_then(|tied| Some((tied.child, tied.blocks.clone()?))) else { return };
    if milestone.as_ref() != END {
        draft.raise(IncidentCode::MilestoneMissed, detail(child, &milestone, outcome), None, None);
    }
}

fn detail(other: InstanceId, milestone: &Arc<str>, outcome: &Arc<str>) -> Value {
    Value::record([
        ("instance", Value::from(other.to_string())),
        ("milestone", Value::Text(milestone.clone())),
        ("outcome", Value::Text(outcome.clone())),
    ])
}

/// The step waits for what cannot come: its outcome `not_reached` takes it, else an operator.
fn missed(draft: &mut Draft, run: RunId, step: &Step, detail: Value) -> Deciding<()> {
    if step.outcomes.contains_key(NOT_REACHED) {
        let done = Done { output: detail, ..Done::plain(NOT_REACHED) };
        return flow::complete(draft, run, step, done);
    }
    draft.raise(IncidentCode::MilestoneMissed, detail, Some(run), None);
    Ok(())
}

/// A process that a step started is there; a `run` has nothing to hear of it.
pub(crate) fn child_confirmed(draft: &mut Draft, run: RunId, child: InstanceId) -> Deciding<()> {
    let Some(step) = awaiting(draft, run, child) else { return gone() };
    draft.place = Some(run);
    let process = draft.state().tied.get(&run).map(|tied| tied.process.clone()).unwrap_or_default();
    draft.emit(Event::ChildConfirmed { run, child });
    let output = Value::record([("instance", Value::from(child.to_string())), ("process", Value::Text(process))]);
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    flow::complete(draft, run, &step, Done { output, writes, ..Done::plain(DONE) })
}

/// A child reached a milestone: for the step that awaits it, and for the end that it holds.
pub(crate) fn child_reached(
    draft: &mut Draft,
    (run, child): (RunId, InstanceId),
    milestone: &Arc<str>,
    output: &Value,
) -> Deciding<()> {
    let Some(tied) = draft.state().tied.get(&run).filter(|tied| tied.child == child).cloned() else { return gone() };
    let step = awaiting(draft, run, child).filter(|_| tied.until.as_ref() == Some(milestone));
    if step.is_none() && tied.blocks.as_ref() != Some(milestone) {
        return gone();
    }
    draft.emit(Event::ChildReached { run, child, milestone: milestone.clone() });
    if let Some(step) = step {
        draft.place = Some(run);
        let writes = match draft.writes(&step.writes, output) {
            Ok(writes) => writes,
            Err(misfit) => return misfit.into_incident(),
        };
        return flow::complete(draft, run, &step, Done { output: output.clone(), writes, ..Done::plain(DONE) });
    }
    settle_end(draft);
    Ok(())
}

/// The outcome is decided: nothing more holds the end, so it ends.
pub(crate) fn settle_end(draft: &mut Draft) {
    let Some(outcome) = draft.state().held_end.clone().filter(|_| draft.state().is_live()) else { return };
    if draft.state().holders().next().is_none() {
        flow::close_incidents(draft);
        let output = draft.state().data.clone();
        draft.emit(Event::Ended { outcome, output });
    }
}

pub(crate) fn unwatch(draft: &mut Draft, action: &Action) -> Deciding<()> {
    let Action::Unwatch { watcher, subscription, milestone } = action else { return Ok(()) };
    let known = draft.state().watchers.get(milestone).into_iter().flatten();
    let to = crate::state::WatchTo::Subscription(*subscription);
    if !known.into_iter().any(|known| known.instance == *watcher && known.to == to) {
        return reject(Rejection::Gone("it does not wait for this milestone".into()));
    }
    draft.emit(Event::Unwatched { watcher: *watcher, subscription: *subscription, milestone: milestone.clone() });
    Ok(())
}

/// The milestone of another instance will not come.
pub(crate) fn milestone_missed(draft: &mut Draft, id: SubscriptionId, outcome: &Arc<str>) -> Deciding<()> {
    let Some(held) = draft.state().subscriptions.get(&id).cloned() else {
        return reject(Rejection::Gone("nobody waits for this milestone any more".into()));
    };
    draft.place = Some(held.run);
    draft.emit(Event::MilestoneMissed { subscription: id, outcome: outcome.clone() });
    let Some(step) = draft.step_of(held.run) else { return Ok(()) };
    let others = draft.state().runs.get(&held.run).is_some_and(|run| draft.state().goes_on(run));
    // One of several alternatives is only one fewer.
    if matches!(held.purpose, SubscriptionPurpose::Alternative { .. }) && others {
        return Ok(());
    }
    let milestone = crate::project::milestone_of(&held.message).unwrap_or_default().into();
    let other = held.matches.get("process").cloned().unwrap_or_default();
    let detail = Value::record([
        ("instance", other),
        ("milestone", Value::Text(milestone)),
        ("outcome", Value::Text(outcome.clone())),
    ]);
    missed(draft, held.run, &step, detail)
}

/// The owner of a message says what became of it.
pub(crate) fn judged(draft: &mut Draft, run: RunId, verdict: Verdict, to: &[InstanceId]) -> Deciding<()> {
    let waits = matches!(draft.state().runs.get(&run).map(|run| &run.body), Some(Body::Sent));
    let Some(step) = draft.step_of(run).filter(|_| waits) else {
        return reject(Rejection::Gone("the step that sent this message was given up".into()));
    };
    draft.place = Some(run);
    draft.emit(Event::MessageJudged { run, verdict, to: to.to_vec() });
    let names = Value::list(to.iter().map(|to| Value::from(to.to_string())).collect());
    let output = Value::record([("verdict", Value::from(verdict.word())), ("to", names.clone())]);
    if verdict == Verdict::Ambiguous && !step.outcomes.contains_key(AMBIGUOUS) {
        draft.raise(IncidentCode::MessageAmbiguous, Value::record([("candidates", names)]), Some(run), None);
        return Ok(());
    }
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let outcome = if verdict == Verdict::Ambiguous { AMBIGUOUS } else { DONE };
    flow::complete(draft, run, &step, Done { output, writes, ..Done::plain(outcome) })
}

/// What became of a mail or a webhook; where it failed for good an operator is asked, while there is something to operate.
pub(crate) fn delivered(draft: &mut Draft, delivery: DeliveryId, result: &DeliveryResult) {
    draft.emit(Event::DeliveryFinished { delivery, result: result.clone() });
    if let DeliveryResult::Failed { attempts, code, message } = result
        && draft.state().is_live()
    {
        let detail = Value::record([
            ("version", number(delivery.version)),
            ("seq", Value::Int(i64::from(delivery.seq))),
            ("attempts", Value::Int(i64::from(*attempts))),
            ("code", Value::Text(code.clone())),
            ("message", Value::Text(message.clone())),
        ]);
        draft.raise(IncidentCode::DeliveryFailed, detail, None, None);
    }
}

fn number(number: u64) -> Value {
    i64::try_from(number).map_or(Value::Null, Value::Int)
}

/// The delivery that an incident is about.
pub(crate) fn delivery_of(detail: &Value) -> Option<DeliveryId> {
    let part = |name: &str| detail.get(name).and_then(Value::as_int);
    let version = u64::try_from(part("version")?).ok()?;
    Some(DeliveryId { version, seq: u32::try_from(part("seq")?).ok()? })
}

/// What is still heard after the end: it changes nothing but the record.
pub(crate) fn after_the_end(draft: &mut Draft, action: &Action) -> Deciding<()> {
    match action {
        Action::FinishDelivery { delivery, result } => {
            delivered(draft, *delivery, result);
            Ok(())
        }
        Action::EndChild { run, child, outcome, .. }
            if *run != ROOT_RUN && outcome.as_ref() != CANCELLED && !is_known_end(draft, *run, *child) =>
        {
            draft.emit(Event::ChildOrphaned { run: *run, child: *child, outcome: outcome.clone() });
            Ok(())
        }
        _ => {
            let outcome = draft.state().outcome.clone().unwrap_or_default();
            reject(Rejection::Ended { outcome })
        }
    }
}

fn is_known_end(draft: &Draft, run: RunId, child: InstanceId) -> bool {
    let tied = draft.state().tied.get(&run).filter(|tied| tied.child == child);
    // One that was started for itself goes on by itself: its end is its own affair.
    tied.is_some()
}
