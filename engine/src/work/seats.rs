//! Asking others in (加签) and no more (减签): seats of a ballot, and sign-offs of a task.

use std::sync::Arc;

use super::delegate::worked;
use super::{OpenWork, acting, excluded, gone, may_act, open_work, reasoned};
use crate::ballot;
use crate::command::{Actor, WorkId};
use crate::decide::{operator, person, reject};
use crate::draft::{Deciding, Draft};
use crate::event::{Candidates, Did, Event, Place, Seat};
use crate::id::UserId;
use crate::language::definition::{Step, StepKind};
use crate::rejection::Rejection;
use crate::state::{Body, State};
use crate::step;

/// How many seats a ballot, or the sign-offs of a task, may come to.
pub(super) const SEATS_MAX: usize = 600;

/// Somebody else must approve, too: before the holder of this work may, beside them, or after them.
pub(super) fn add(
    draft: &mut Draft,
    id: WorkId,
    who: &UserId,
    place: Place,
    reason: &Arc<str>,
    actor: &Actor,
) -> Deciding<()> {
    let work = open_work(draft, id)?;
    acting(draft, actor)?;
    let reason = reasoned(reason)?;
    may_change(draft, &work, id, actor)?;
    if let Some(why) = unaddable(&work, id) {
        return reject(Rejection::SeatFixed(why.into()));
    }
    person(draft, who)?;
    if let Some((who, step)) = excluded(&draft.definition, draft.state(), &work.step, id, who) {
        return reject(Rejection::SeparationOfDuties { who, step });
    }
    let Some(run) = draft.state().runs.get(&id.run) else { return reject(gone(draft.state(), id)) };
    let asked = |seat: &crate::state::SeatState| matches!(&seat.seat.candidates, Candidates::User { id } if id == who);
    let again = run.body.seats().any(|(_, seat)| seat.is_awaited() && asked(seat));
    if again || work.owner() == Some(who) || actor.principals().any(|one| one == who) {
        return reject(Rejection::SeatFixed(format!("{who} has a say in it already").into()));
    }
    let count = run.body.seats().count();
    if count >= SEATS_MAX {
        return reject(Rejection::LimitReached(format!("{SEATS_MAX} seats").into()));
    }
    let first = u32::from(matches!(run.body, Body::Task(_)));
    let anchor = run.body.seat(id.seat).filter(|_| matches!(run.body, Body::Ballot { .. }));
    let seat = Seat {
        spec: anchor.map_or(0, |anchor| anchor.seat.spec),
        must: true,
        candidates: Candidates::User { id: who.clone() },
        sign: anchor.and_then(|anchor| anchor.seat.sign.clone()),
        group: None,
    };
    let new = WorkId { run: id.run, seat: first + u32::try_from(count).unwrap_or(u32::MAX) };
    worked(draft, new, actor, Did::SeatAdded { anchor: id.seat, place, seat, reason });
    settle(draft, id, &work.step, None)
}

/// A seat is not asked any more: whoever asked for it may say so, of the process's own seats its operators.
pub(super) fn remove(draft: &mut Draft, id: WorkId, reason: &Arc<str>, actor: &Actor) -> Deciding<()> {
    acting(draft, actor)?;
    let reason = reasoned(reason)?;
    let step = draft.state().runs.get(&id.run).and_then(|run| draft.definition.step(&run.step)).cloned();
    let Some(step) = step else { return reject(gone(draft.state(), id)) };
    let added_by = match removable(draft.state(), id) {
        Ok(added_by) => added_by,
        Err(rejection) => return reject(rejection),
    };
    if added_by.is_none_or(|adder| actor.principals().all(|one| *one != adder)) {
        operator(draft, actor)?;
    }
    worked(draft, id, actor, Did::SeatRemoved { reason });
    settle(draft, id, &step, Some(actor))
}

/// Who asked for a seat that may be taken away, if anybody; or why it may not be.
pub(super) fn removable(state: &State, id: WorkId) -> Result<Option<UserId>, Rejection> {
    let run = state.runs.get(&id.run).filter(|run| run.phase == crate::state::Phase::Open);
    let Some(run) = run else { return Err(gone(state, id)) };
    if matches!(run.body, Body::Task(_)) && id.seat == 0 {
        return Err(Rejection::SeatFixed("it is the task itself".into()));
    }
    let Some(seat) = run.body.seat(id.seat).filter(|seat| seat.is_awaited()) else { return Err(gone(state, id)) };
    if let Body::Ballot { rule, seats, .. } = &run.body
        && let Some(why) = ballot::fixed(*rule, seats, id.seat as usize)
    {
        return Err(Rejection::SeatFixed(why.into()));
    }
    Ok(seat.added_by.clone())
}

/// Why nobody may be asked in here.
pub(super) fn unaddable(work: &OpenWork, id: WorkId) -> Option<&'static str> {
    if work.is_sign_off(id) {
        return Some("whoever holds the task asks others in");
    }
    if work.answered {
        return Some("the task is answered");
    }
    work.delegated_by.is_some().then_some("a delegate prepares it")
}

/// Whoever has the work, or could take it; else an operator.
fn may_change(draft: &mut Draft, work: &OpenWork, id: WorkId, actor: &Actor) -> Deciding<()> {
    match &work.assignee {
        Some(holder) if actor.principals().any(|one| one == holder) => Ok(()),
        Some(_) => operator(draft, actor),
        None => match may_act(draft, work, id, actor) {
            Err(crate::draft::Stop::Rejected(why)) => operator(draft, actor).map_err(|stop| match stop {
                crate::draft::Stop::Rejected(_) => why.into(),
                stop => stop,
            }),
            result => result,
        },
    }
}

fn settle(draft: &mut Draft, id: WorkId, step: &Step, by: Option<&Actor>) -> Deciding<()> {
    match &step.kind {
        StepKind::Approve(_) => step::approve::settle(draft, id.run, step, by, None),
        _ => step::task::settle_sign_offs(draft, id.run, step),
    }
}

/// One's own vote is taken back, while nobody has acted after it: a fresh seat stands in its place.
pub(super) fn withdraw_vote(draft: &mut Draft, id: WorkId, reason: &Arc<str>, actor: &Actor) -> Deciding<()> {
    let Some(run) = draft.state().runs.get(&id.run).cloned() else { return reject(gone(draft.state(), id)) };
    let Some(step) = draft.definition.step(&run.step).cloned() else { return reject(gone(draft.state(), id)) };
    let seat = u32::try_from(run.body.seats().count()).unwrap_or(u32::MAX);
    let signed = draft.state().signatures.get(&run.step).is_some_and(|all| all.iter().any(|one| one.work == id));
    worked(draft, id, actor, Did::VoteWithdrawn { seat, reason: reason.clone() });
    if signed {
        draft.emit(Event::SignatureVoided { work: id, step: run.step.clone() });
    }
    settle(draft, id, &step, None)
}
