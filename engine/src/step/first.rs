//! `first`: named alternatives that wait; the one that happens first wins, and its name is the outcome.

use std::sync::Arc;

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, SubscriptionPurpose, TimerPurpose};
use crate::flow::{self, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Alternative, Step, StepKind};
use crate::value::Value;

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    alternatives: &[Alternative],
    place: &Place,
) -> Deciding<()> {
    let names = alternatives.iter().map(|alternative| alternative.name.clone()).collect();
    let run = super::open(draft, scope, step, Body::First { alternatives: names }, place)?;
    for alternative in alternatives {
        let name = alternative.name.clone();
        let (timer, subscription) =
            (TimerPurpose::Alternative { name: name.clone() }, SubscriptionPurpose::Alternative { name });
        super::wait::begin(draft, run, &alternative.wait, timer, subscription, place)?;
    }
    Ok(())
}

pub(crate) fn won(draft: &mut Draft, run: RunId, step: &Step, name: &Arc<str>, output: Value) -> Deciding<()> {
    let StepKind::First { alternatives } = &step.kind else { return Ok(()) };
    let Some(winner) = alternatives.iter().find(|alternative| alternative.name == *name) else { return Ok(()) };
    let writes = match draft.writes(&winner.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    flow::finish(draft, run, step, Done { output, writes, ..Done::plain(name) }, &winner.route)
}
