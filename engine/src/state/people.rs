//! Work for people inside a state: which is open, whose turn it is, who acted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Body, Map, Phase, Run, SeatState, Set, State, Work};
use crate::command::{Actor, WorkId};
use crate::event::{Candidates, Task};
use crate::id::{ScopeId, StepKey, UserId};
use crate::time::Timestamp;
use crate::value::Value;

/// Those who were asked to sign a task off. Their seats count from 1; the task itself is seat 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignOffs {
    pub(crate) seats: Vec<SeatState>,
    /// Seats that are answered before the task can be.
    pub(crate) waits: Vec<u32>,
    /// The task's answer, while somebody has yet to sign it off.
    pub(crate) answered: Option<Answered>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) outcome: Arc<str>,
    pub(crate) by: Actor,
    pub(crate) answer: Value,
    pub(crate) back_to: Option<StepKey>,
}

/// A copy that somebody was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Copied {
    pub(crate) to: UserId,
    pub(crate) read: bool,
}

/// A ballot that was decided before all its seats had voted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) step: StepKey,
    /// The seats that had not voted: their candidates, and whether the late vote has come.
    pub(crate) open: Map<u32, Vec<Candidates>>,
}

/// What a scope knows of people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScopePeople {
    /// The newest act of a person in this scope, at any depth.
    #[serde(default)]
    pub(crate) last_act: u64,
    /// Where it goes on when the target of a return is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<ResumeAt>,
    /// Who gets the work of the step at this place when it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<(usize, UserId)>,
    /// Who acted in the steps of this item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acted: Option<Map<StepKey, Set<UserId>>>,
    /// How often the jumps of this item were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jumps: Option<Map<StepKey, u32>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ResumeAt {
    pub(crate) after: usize,
    pub(crate) to: usize,
    pub(crate) holder: Option<UserId>,
}

impl Body {
    /// The seats of a ballot, or of those who sign a task off.
    pub(crate) fn seat(&self, number: u32) -> Option<&SeatState> {
        let number = usize::try_from(number).ok()?;
        match self {
            Body::Ballot { seats, .. } => seats.get(number),
            Body::Task(work) => work.sign_offs.as_ref()?.seats.get(number.checked_sub(1)?),
            _ => None,
        }
    }

    pub(crate) fn seat_mut(&mut self, number: u32) -> Option<&mut SeatState> {
        let number = usize::try_from(number).ok()?;
        match self {
            Body::Ballot { seats, .. } => seats.get_mut(number),
            Body::Task(work) => work.sign_offs.as_mut()?.seats.get_mut(number.checked_sub(1)?),
            _ => None,
        }
    }

    /// Its seats with their numbers.
    pub(crate) fn seats(&self) -> impl Iterator<Item = (u32, &SeatState)> {
        let (from, seats) = match self {
            Body::Ballot { seats, .. } => (0u32, seats.as_slice()),
            Body::Task(work) => (1, work.sign_offs.as_ref().map_or(&[][..], |offs| offs.seats.as_slice())),
            _ => (0, &[][..]),
        };
        (from..).zip(seats)
    }

    /// The seats that must be answered before this one may be.
    pub(crate) fn waits(&self, number: u32) -> &[u32] {
        match self {
            Body::Task(work) if number == 0 => work.sign_offs.as_ref().map_or(&[], |offs| offs.waits.as_slice()),
            body => body.seat(number).map_or(&[], |seat| seat.waits.as_slice()),
        }
    }

    /// Whether a seat has said what it has to say, or is not asked any more.
    fn settled(&self, number: u32) -> bool {
        match self {
            Body::Task(work) if number == 0 => work.sign_offs.as_ref().is_some_and(|offs| offs.answered.is_some()),
            body => body.seat(number).is_none_or(|seat| seat.removed || seat.vote.is_some()),
        }
    }

    /// Whether all that comes before a seat is answered.
    pub(crate) fn has_turn(&self, number: u32) -> bool {
        self.waits(number).iter().all(|before| self.settled(*before))
    }

    /// Seats whose turn has come and that were not opened yet.
    pub(crate) fn due_seats(&self) -> Vec<u32> {
        let fresh = |(number, seat): &(u32, &SeatState)| {
            !seat.removed && seat.vote.is_none() && seat.work.is_none() && self.has_turn(*number)
        };
        self.seats().filter(fresh).map(|(number, _)| number).collect()
    }
}

impl SeatState {
    /// Whether its answer is awaited.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.removed && self.vote.is_none()
    }

    fn open_work(&self) -> Option<&Work> {
        self.work.as_ref().filter(|_| self.is_awaited())
    }
}

impl Run {
    #[must_use]
    pub fn step(&self) -> &StepKey {
        &self.step
    }

    /// The open works of this run, by seat.
    pub(crate) fn works(&self) -> Vec<(WorkId, &Work)> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        let id = |seat| WorkId { run: self.id, seat };
        let own = match &self.body {
            Body::Task(work) => Some((id(0), work.as_ref())),
            _ => None,
        };
        let seats = self.body.seats().filter_map(|(number, seat)| Some((id(number), seat.open_work()?)));
        own.into_iter().chain(seats).collect()
    }
}

impl State {
    /// The open work of this id, task or seat, with the step it belongs to.
    #[must_use]
    pub fn work(&self, id: WorkId) -> Option<(&Run, &Work)> {
        let run = self.runs.get(&id.run).filter(|run| run.phase == Phase::Open)?;
        match &run.body {
            Body::Task(work) if id.seat == 0 => Some((run, work)),
            body => Some((run, body.seat(id.seat)?.open_work()?)),
        }
    }

    /// Whether somebody acted in any step, for themselves or through another.
    #[must_use]
    pub fn has_acted(&self, who: &str) -> bool {
        self.acted.values().any(|people| people.contains(who))
    }

    /// Whether somebody was given a copy.
    #[must_use]
    pub fn has_copy(&self, who: &str) -> bool {
        self.copies.values().any(|copy| copy.to.as_ref() == who)
    }

    /// The scope of the nearest item around, with what is inside only it.
    pub(crate) fn items_around(&self, scope: ScopeId) -> impl Iterator<Item = &super::Scope> {
        self.scopes_around(scope).filter(|scope| scope.records.is_some())
    }
}

impl Work {
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    #[must_use]
    pub fn assignee(&self) -> Option<&UserId> {
        self.assignee.as_ref()
    }

    /// Whose it is while a delegate prepares it.
    #[must_use]
    pub fn delegated_by(&self) -> Option<&UserId> {
        self.delegated_by.as_ref()
    }

    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    #[must_use]
    pub fn candidates(&self) -> &[Candidates] {
        &self.task.candidates
    }

    #[must_use]
    pub fn urged_at(&self) -> Option<Timestamp> {
        self.urged_at
    }
}
