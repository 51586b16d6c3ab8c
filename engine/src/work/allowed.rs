//! What somebody may do with a piece of work now, with targets, and why not: the rules of acting, told beforehand.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::back::{returnable, withdrawable};
use super::seats::removable;
use super::tell::too_soon;
use super::{excluded, is_candidate, wanted};
use crate::command::WorkId;
use crate::decide::ADMIN;
use crate::event::{Candidates, Place};
use crate::facts::PersonFact;
use crate::id::UserId;
use crate::language::definition::{Definition, Route, Step, StepKind};
use crate::operate::hold;
use crate::rejection::Rejection;
use crate::state::{Run, State, Work};
use crate::step::approve::{APPROVED, REJECTED};
use crate::time::Timestamp;

/// One thing a person could do with a piece of work, and why not if they may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAction {
    /// The word of the action: `claim`, `complete`, `transfer`, `return` …
    pub action: &'static str,
    /// For `complete` and `resolve`: the outcomes to choose from.
    pub outcomes: Vec<Arc<str>>,
    /// Where to go back to, by outcome, where the person chooses.
    pub back_to: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// For `return` the steps, for `add_approver` the places, for `remove_approver` the seat.
    pub targets: Vec<Arc<str>>,
    /// Completing needs a signature with this meaning.
    pub sign: Option<Arc<str>>,
    /// It needs a reason.
    pub reason: bool,
    pub refused: Option<Rejection>,
}

impl AllowedAction {
    fn plain(action: &'static str, refused: Option<Rejection>) -> Self {
        let (outcomes, back_to, targets) = (Vec::new(), Vec::new(), Vec::new());
        AllowedAction { action, outcomes, back_to, targets, sign: None, reason: false, refused }
    }

    fn reasoned(action: &'static str, refused: Option<Rejection>) -> Self {
        AllowedAction { reason: true, ..AllowedAction::plain(action, refused) }
    }
}

/// Who asks.
struct Asking<'a> {
    definition: &'a Definition,
    state: &'a State,
    id: WorkId,
    who: &'a UserId,
    person: &'a PersonFact,
}

/// What `who` may do with this work now. `managed` says whose manager they are, among the candidates' people.
#[must_use]
pub fn allowed_actions(
    definition: &Definition,
    state: &State,
    id: WorkId,
    (who, person): (&UserId, &PersonFact),
    managed: &BTreeSet<UserId>,
    now: Timestamp,
) -> Vec<AllowedAction> {
    let asking = Asking { definition, state, id, who, person };
    if !state.is_live() {
        return Vec::new();
    }
    let Some((run, work)) = state.work(id) else {
        let withdraw = asking.withdraw();
        let why = hold::barred(state, id.run);
        return vec![AllowedAction { refused: why.or(withdraw.refused), ..withdraw }];
    };
    let Some(step) = definition.step(&run.step) else { return Vec::new() };
    let barred = asking.barred(step, work, managed);
    let taken = work.assignee().filter(|holder| *holder != who).cloned();
    let delegated = work.delegated_by().and(work.assignee()).cloned();
    let taken = taken.map(|holder| Rejection::ClaimedBy { holder });
    let mut actions = asking.holding(work, barred.clone().or_else(|| taken.clone()), taken.clone());
    let delegated = delegated.map(|to| Rejection::Delegated { to });
    let theirs = delegated.clone().or_else(|| taken.clone()).or_else(|| barred.clone());
    let answered = work.sign_offs.as_ref().is_some_and(|offs| offs.answered.is_some());
    let turn = (!run.body.has_turn(id.seat) || answered).then_some(Rejection::NotYourTurn);
    actions.push(asking.complete(step, work, theirs.clone().or(turn)));
    actions.extend(asking.delegation(work, theirs.clone()));
    actions.extend(asking.approvers(run, theirs.clone(), answered || delegated.is_some()));
    actions.push(asking.returns(step, run, theirs));
    actions.push(asking.withdraw());
    actions.push(AllowedAction::plain("urge", too_soon(work.urged_at(), now)));
    actions.extend(["copy", "comment"].map(|action| AllowedAction::plain(action, None)));
    if let Some(why) = hold::barred(state, id.run) {
        for action in &mut actions {
            action.refused = Some(why.clone());
        }
    }
    actions
}

impl Asking<'_> {
    fn is_operator(&self) -> bool {
        self.person.roles.iter().any(|held| held.role.as_ref() == ADMIN || held.role == self.definition.owner)
    }

    fn forbidden(&self) -> Option<Rejection> {
        (!self.is_operator()).then(|| Rejection::Forbidden(self.definition.owner.clone()))
    }

    /// Why this person may not do the work at all.
    fn barred(&self, step: &Step, work: &Work, managed: &BTreeSet<UserId>) -> Option<Rejection> {
        let candidates = &work.task().candidates;
        let candidate = candidates.iter().any(|group| match group {
            Candidates::ManagerOf { id } => managed.contains(id),
            other => is_candidate(other, self.who, self.person),
        });
        if !self.person.active {
            Some(Rejection::InactiveAccount(self.who.clone()))
        } else if let Some((who, step)) = excluded(self.definition, self.state, step, self.id, self.who) {
            Some(Rejection::SeparationOfDuties { who, step })
        } else if !candidate {
            Some(Rejection::NotCandidate { wanted: wanted(candidates) })
        } else {
            None
        }
    }

    fn holding(&self, work: &Work, claim: Option<Rejection>, taken: Option<Rejection>) -> Vec<AllowedAction> {
        let mine = work.assignee() == Some(self.who);
        let delegated = work.delegated_by().and(work.assignee());
        let release = match delegated {
            Some(to) => Some(Rejection::Delegated { to: to.clone() }),
            None if mine => None,
            None => taken.or(Some(Rejection::NotClaimed)),
        };
        let owns = work.delegated_by().or(work.assignee()) == Some(self.who);
        let assign = AllowedAction::plain("assign", if owns { None } else { self.forbidden() });
        vec![
            AllowedAction::plain("claim", claim),
            AllowedAction::plain("release", release),
            AllowedAction { reason: !owns, ..assign },
        ]
    }

    fn complete(&self, step: &Step, work: &Work, refused: Option<Rejection>) -> AllowedAction {
        let task = work.task();
        let back_to = step.outcomes.iter().filter_map(|(outcome, route)| match route {
            Route::Back(back) if back.targets.len() > 1 => Some((outcome.clone(), back.targets.clone())),
            _ => None,
        });
        AllowedAction {
            outcomes: task.outcomes.clone(),
            back_to: back_to.collect(),
            sign: task.sign.clone(),
            ..AllowedAction::plain("complete", refused)
        }
    }

    fn delegation(&self, work: &Work, theirs: Option<Rejection>) -> Vec<AllowedAction> {
        let resolve = match (work.delegated_by(), work.assignee()) {
            (None, _) => Some(Rejection::NotDelegated),
            (Some(_), Some(to)) if to != self.who => Some(Rejection::Delegated { to: to.clone() }),
            _ => None,
        };
        // Whoever has it may give it on, even where they may not do it any more.
        let gives = if work.assignee() == Some(self.who) && work.delegated_by().is_none() { None } else { theirs };
        let owns = work.delegated_by() == Some(self.who);
        let recall = match work.delegated_by() {
            None => Some(Rejection::NotDelegated),
            Some(_) if owns => None,
            Some(_) => self.forbidden(),
        };
        let outcomes = work.task().outcomes.clone();
        vec![
            AllowedAction::reasoned("transfer", gives.clone()),
            AllowedAction::plain("delegate", gives),
            AllowedAction { outcomes, ..AllowedAction::plain("resolve", resolve) },
            AllowedAction { reason: !owns, ..AllowedAction::plain("recall", recall) },
        ]
    }

    fn approvers(&self, run: &Run, theirs: Option<Rejection>, busy: bool) -> Vec<AllowedAction> {
        let is_task = matches!(self.definition.step(&run.step).map(|step| &step.kind), Some(StepKind::Task(_)));
        let add = if is_task && self.id.seat > 0 {
            Some(Rejection::SeatFixed("whoever holds the task asks others in".into()))
        } else if busy {
            Some(Rejection::SeatFixed("it is answered, or a delegate prepares it".into()))
        } else {
            theirs.filter(|_| !self.is_operator())
        };
        let places = Place::ALL.iter().map(|place| place.word().into()).collect();
        let remove = match removable(self.state, self.id) {
            Err(rejection) => Some(rejection),
            Ok(Some(adder)) if adder == *self.who => None,
            Ok(_) => self.forbidden(),
        };
        let seat = vec![self.id.seat.to_string().into()];
        vec![
            AllowedAction { targets: places, ..AllowedAction::reasoned("add_approver", add) },
            AllowedAction { targets: seat, ..AllowedAction::reasoned("remove_approver", remove) },
        ]
    }

    fn returns(&self, step: &Step, run: &Run, theirs: Option<Rejection>) -> AllowedAction {
        let sign_off = matches!(step.kind, StepKind::Task(_)) && self.id.seat > 0;
        let found = if sign_off { Vec::new() } else { returnable(self.definition, self.state, run.id) };
        let targets: Vec<Arc<str>> = found.into_iter().map(|(step, _)| step.key.clone()).collect();
        let nowhere = || Rejection::NotReturnable { to: "".into(), allowed: Vec::new() };
        let refused = theirs.or_else(|| targets.is_empty().then(nowhere));
        AllowedAction { targets, ..AllowedAction::reasoned("return", refused) }
    }

    fn withdraw(&self) -> AllowedAction {
        let refused = withdrawable(self.definition, self.state, self.id, std::slice::from_ref(self.who)).err();
        AllowedAction::reasoned("withdraw", refused)
    }
}

/// The two words of a ballot, for whoever draws buttons.
pub const VOTES: [&str; 2] = [APPROVED, REJECTED];
