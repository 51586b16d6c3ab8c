//! Passing work on: for good (转办), or to have it prepared and get it back (委派).

use std::sync::Arc;

use super::{OpenWork, acting, excluded, may_act, open_work, reasoned};
use crate::command::{Actor, WorkId};
use crate::decide::{operator, person, reject};
use crate::draft::{Deciding, Draft};
use crate::event::{Did, Event};
use crate::id::UserId;
use crate::rejection::Rejection;
use crate::value::Value;

/// The holder gives it to another candidate for good.
pub(super) fn transfer(draft: &mut Draft, id: WorkId, to: &UserId, reason: &Arc<str>, actor: &Actor) -> Deciding<()> {
    let work = open_work(draft, id)?;
    let from = holder(draft, &work, id, actor)?;
    let reason = reasoned(reason)?;
    another(to, &from)?;
    may_act(draft, &work, id, &Actor::person(to))?;
    worked(draft, id, actor, Did::Transferred { from, to: to.clone(), reason });
    Ok(())
}

/// The holder has somebody prepare it. The delegate need be no candidate, since the holder completes; but nobody whom
/// the separation of duties keeps out.
pub(super) fn delegate(
    draft: &mut Draft,
    id: WorkId,
    to: &UserId,
    reason: Option<&Arc<str>>,
    actor: &Actor,
) -> Deciding<()> {
    let work = open_work(draft, id)?;
    let owner = holder(draft, &work, id, actor)?;
    if work.answered {
        return reject(Rejection::NotYourTurn);
    }
    another(to, &owner)?;
    person(draft, to)?;
    if let Some((who, step)) = excluded(&draft.definition, draft.state(), &work.step, id, to) {
        return reject(Rejection::SeparationOfDuties { who, step });
    }
    worked(draft, id, actor, Did::Delegated { owner, to: to.clone(), reason: reason.cloned() });
    Ok(())
}

/// The delegate's answer: an outcome and values to propose, and the holder has it again.
pub(super) fn resolve(
    draft: &mut Draft,
    id: WorkId,
    (outcome, answer, comment): (Option<&Arc<str>>, &Value, Option<&Arc<str>>),
    actor: &Actor,
) -> Deciding<()> {
    let work = open_work(draft, id)?;
    acting(draft, actor)?;
    let Some(owner) = work.delegated_by.clone() else { return reject(Rejection::NotDelegated) };
    if let Some(to) = work.assignee.as_ref().filter(|to| actor.principals().all(|one| one != *to)) {
        return reject(Rejection::Delegated { to: to.clone() });
    }
    if let Some((who, step)) =
        actor.principals().find_map(|one| excluded(&draft.definition, draft.state(), &work.step, id, one))
    {
        return reject(Rejection::SeparationOfDuties { who, step });
    }
    if let Some(given) = outcome.filter(|given| !work.task.outcomes.contains(given)) {
        return reject(Rejection::UnknownOutcome { given: given.clone(), allowed: work.task.outcomes.clone() });
    }
    let did =
        Did::DelegateAnswered { owner, outcome: outcome.cloned(), answer: answer.clone(), comment: comment.cloned() };
    worked(draft, id, actor, did);
    Ok(())
}

/// The holder, or an operator, takes it back before the delegate has answered.
pub(super) fn recall(draft: &mut Draft, id: WorkId, reason: Option<&Arc<str>>, actor: &Actor) -> Deciding<()> {
    let work = open_work(draft, id)?;
    acting(draft, actor)?;
    let Some(owner) = work.delegated_by.clone() else { return reject(Rejection::NotDelegated) };
    if actor.principals().all(|one| *one != owner) {
        operator(draft, actor)?;
        reasoned(&reason.cloned().unwrap_or_default())?;
    }
    worked(draft, id, actor, Did::Recalled { owner, reason: reason.cloned() });
    Ok(())
}

/// Whose it is: the actor, or the one they act for, who has it or could take it.
pub(super) fn holder(draft: &mut Draft, work: &OpenWork, id: WorkId, actor: &Actor) -> Deciding<UserId> {
    let who = acting(draft, actor)?;
    if let Some(to) = work.delegated_by.as_ref().and(work.assignee.as_ref()) {
        return reject(Rejection::Delegated { to: to.clone() });
    }
    match &work.assignee {
        Some(holder) if actor.principals().any(|one| one == holder) => Ok(holder.clone()),
        Some(holder) => reject(Rejection::ClaimedBy { holder: holder.clone() }),
        None => {
            may_act(draft, work, id, actor)?;
            Ok(actor.principals().last().cloned().unwrap_or(who))
        }
    }
}

fn another(to: &UserId, from: &UserId) -> Deciding<()> {
    if to == from { reject(Rejection::ClaimedBy { holder: from.clone() }) } else { Ok(()) }
}

pub(super) fn worked(draft: &mut Draft, work: WorkId, by: &Actor, did: Did) {
    draft.emit(Event::Worked { work, by: by.clone(), did });
}
