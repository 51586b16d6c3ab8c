//! `repeat`: rounds while or until something holds, with a bound, with a pause if `every` says so.

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, Purpose, TimerPurpose};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Repeat, RepeatKind, Step};
use crate::state;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, repeat: &Repeat, place: &Place) -> Deciding<()> {
    let starts = match &repeat.kind {
        RepeatKind::While(condition) => draft.holds(condition, place)?,
        RepeatKind::Until(_) | RepeatKind::Always => true,
    };
    let run = super::open(draft, scope, step, Body::Repeat, place)?;
    if starts {
        draft.open_scope(run, &repeat.block, Purpose::Body, None);
        return Ok(());
    }
    flow::complete(draft, run, step, Done::plain(DONE))
}

pub(crate) fn round_ended(draft: &mut Draft, run: RunId, step: &Step, repeat: &Repeat) -> Deciding<()> {
    let Some(open) = draft.state().runs.get(&run) else { return Ok(()) };
    let state::Body::Repeat { rounds } = open.body else { return Ok(()) };
    let place = Place::scope(open.scope);
    let again = match &repeat.kind {
        RepeatKind::While(condition) => draft.holds(condition, &place)?,
        RepeatKind::Until(condition) => !draft.holds(condition, &place)?,
        RepeatKind::Always => true,
    };
    if !again {
        return flow::complete(draft, run, step, Done::plain(DONE));
    }
    if rounds >= repeat.at_most {
        // It stops before the round that is too many; an operator may let that one go.
        let scope = draft.open_scope(run, &repeat.block, Purpose::Body, None);
        let (code, detail) = flow::bound(&step.key, repeat.at_most);
        draft.raise(code, detail, None, Some(scope));
        return Ok(());
    }
    if let Some(every) = &repeat.every {
        let pause = draft.template(every, &place)?;
        let due = draft.moment(&pause, draft.now(), None)?;
        draft.arm(run, TimerPurpose::Wait, due);
        return Ok(());
    }
    draft.open_scope(run, &repeat.block, Purpose::Body, None);
    Ok(())
}

/// The pause before a round is over.
pub(crate) fn next_round(draft: &mut Draft, run: RunId, repeat: &Repeat) {
    draft.open_scope(run, &repeat.block, Purpose::Body, None);
}
