//! `wait`: for a time, until a moment, for a message, or for a condition.

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, SubscriptionPurpose, TimerPurpose};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Step, WaitFor};
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
        WaitFor::Condition(_) => {
            crate::condition::arm(draft, run, subscription, false);
            Ok(())
        }
    }
}

/// What was waited for is here.
pub(crate) fn over(draft: &mut Draft, run: RunId, step: &Step, output: Value) -> Deciding<()> {
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    flow::complete(draft, run, step, Done { output, writes, ..Done::plain(DONE) })
}
