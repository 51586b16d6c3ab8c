//! `choose`: the first branch whose condition holds.

use crate::draft::{Deciding, Draft, incident};
use crate::evaluate::Place;
use crate::event::Body;
use crate::flow::{self, Done};
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Branch, Step};
use crate::value::Value;

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    branches: &[Branch],
    place: &Place,
) -> Deciding<()> {
    for (number, branch) in branches.iter().enumerate() {
        let chosen = match &branch.when {
            Some(when) => draft.holds(when, place)?,
            None => true,
        };
        if chosen {
            let run = draft.enter(scope, step, Body::Plain);
            return flow::finish(draft, run, step, Done::plain(&branch_name(branch, number)), &branch.route);
        }
    }
    incident(IncidentCode::NoBranch, Value::record([("step", Value::Text(step.key.clone()))]))
}

/// The outcome of a `choose`: `otherwise`, or the branch's place from 1.
pub(crate) fn branch_name(branch: &Branch, number: usize) -> String {
    if branch.when.is_none() { "otherwise".to_owned() } else { format!("branch_{}", number + 1) }
}
