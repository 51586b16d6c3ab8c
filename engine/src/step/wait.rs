//! `wait`: for a time, until a moment, for a message or a signal, for a condition, or for a milestone of another instance.

use crate::draft::{Deciding, Draft, incident};
use crate::evaluate::Place;
use crate::event::{Body, Event, SubscriptionPurpose, TimerPurpose};
use crate::flow::{self, DONE, Done};
use crate::id::{InstanceId, RunId, ScopeId, SubscriptionId};
use crate::incident::IncidentCode;
use crate::language::definition::{MILESTONE, MilestoneWait, Step, WaitFor};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, wait: &WaitFor, place: &Place) -> Deciding<()> {
    let run = super::open(draft, scope, step, Body::Plain, place)?;
    begin(draft, run, wait, TimerPurpose::Wait, SubscriptionPurpose::Wait, place)
}

/// Arms what a wait waits for.
pub(crate) fn begin(
    draft: &mut Draft,
    run: RunId,
    wait: &WaitFor,
    timer: TimerPurpose,
    subscription: SubscriptionPurpose,
    place: &Place,
) -> Deciding<()> {
    match wait {
        WaitFor::For(template) | WaitFor::Until(template) => {
            let value = draft.template(template, place)?;
            let due = draft.moment(&value, draft.now(), None)?;
            draft.arm(run, timer, due);
            Ok(())
        }
        WaitFor::Message(wait) => draft.subscribe(run, subscription, wait, place),
        WaitFor::Milestone(wait) => watch(draft, run, subscription, wait, place),
        WaitFor::Condition(_) => {
            crate::condition::arm(draft, run, subscription, false);
            Ok(())
        }
    }
}

/// Asks another instance to tell of its milestone.
fn watch(
    draft: &mut Draft,
    run: RunId,
    purpose: SubscriptionPurpose,
    wait: &MilestoneWait,
    place: &Place,
) -> Deciding<()> {
    let value = draft.value(&wait.process, place)?;
    let named = [value.as_str(), value.get("instance").and_then(Value::as_str)];
    let Some(other) = named.into_iter().flatten().find_map(|id| id.parse::<InstanceId>().ok()) else {
        let found = [("wanted", Value::from("an instance, or the step that started one")), ("found", value.clone())];
        return incident(IncidentCode::TypeMismatch, Value::record(found));
    };
    let matches = Value::record([("process", Value::from(other.to_string()))]);
    let message = format!("{MILESTONE}{}", wait.milestone).into();
    let subscription = SubscriptionId(draft.number());
    draft.emit(Event::Subscribed { subscription, run, purpose, message, matches });
    Ok(())
}

/// What was waited for is here.
pub(crate) fn over(draft: &mut Draft, run: RunId, step: &Step, output: Value) -> Deciding<()> {
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    flow::complete(draft, run, step, Done { output, writes, ..Done::plain(DONE) })
}
