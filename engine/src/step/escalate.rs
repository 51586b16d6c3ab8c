//! `escalate`: tells the nearest event around that takes the code, and goes on. What nobody takes is recorded, and
//! goes to the process that awaits this one.

use std::sync::Arc;

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, Event, Item};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Step, Template, Trigger};
use crate::state::Phase;
use crate::value::Value;

/// The name under which the steps of the event see what was told.
const VARIABLE: &str = "escalation";

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    (code, with): (&Arc<str>, &std::collections::BTreeMap<Arc<str>, Template>),
    place: &Place,
) -> Deciding<()> {
    let data = draft.record(with, place)?;
    let run = draft.enter(scope, step, Body::Plain);
    let detail =
        Value::record([("code", Value::Text(code.clone())), ("step", Value::Text(step.key.clone())), ("data", data)]);
    tell(draft, run, code, detail.clone())?;
    // An event instead of what goes on has given this step up as well.
    if draft.state().runs.get(&run).is_some_and(|run| run.phase == Phase::Open) {
        flow::complete(draft, run, step, Done { output: detail, ..Done::plain(DONE) })?;
    }
    Ok(())
}

/// Tells those around `run`, from the nearest outwards.
pub(crate) fn tell(draft: &mut Draft, run: RunId, code: &Arc<str>, detail: Value) -> Deciding<()> {
    let takes = |on: &Trigger| matches!(on, Trigger::Escalation(wanted) if wanted == code || wanted.as_ref() == "any");
    let taken = flow::catcher(draft, run, (VARIABLE, &detail), takes)?;
    let host = taken.as_ref().map(|(host, _)| *host);
    draft.emit(Event::Escalated { run, code: code.clone(), detail: detail.clone(), host });
    if let Some((host, handler)) = taken {
        let item = Item { name: VARIABLE.into(), index: 0, key: handler.name.clone(), value: detail };
        flow::close_list_that_caused(draft, run, host, &handler);
        flow::begin_event(draft, host, &handler, Some(item))?;
    }
    Ok(())
}
