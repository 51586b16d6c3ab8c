//! `compensate`: undoes completed steps, newest first, then goes on.

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, UndoThen};
use crate::id::{ScopeId, StepKey};
use crate::language::definition::Step;
use crate::undo;

pub(crate) fn enter(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    of: Option<&StepKey>,
    parallel: bool,
    place: &Place,
) -> Deciding<()> {
    let run = super::open(draft, scope, step, Body::Plain, place)?;
    let done = match of {
        Some(target) => undo::done_by_step(draft, scope, target),
        None => undo::done_around(draft, scope),
    };
    undo::begin(draft, run, done, parallel, UndoThen::Next)
}
