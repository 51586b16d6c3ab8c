//! Folding what people do with work beside answering it.

use super::people::fresh_seat;
use crate::command::{Actor, WorkId};
use crate::event::{Did, Place};
use crate::id::UserId;
use crate::state::{Answered, Body, Copied, Decided, SeatState, SignOffs, State, Vote};
use crate::step::approve::APPROVED;
use crate::time::Timestamp;
use crate::value::Value;

/// Of how many decided ballots late votes are still taken.
const DECIDED_MAX: usize = 50;

impl State {
    pub(super) fn worked(&mut self, work: WorkId, by: &Actor, did: &Did, at: Timestamp) {
        match did {
            Did::Transferred { to, .. } => {
                self.assign(work, Some(to.clone()));
                self.acted_in(work.run);
            }
            Did::Delegated { owner, to, .. } => self.delegate(work, to, Some(owner)),
            Did::DelegateAnswered { owner, .. } => {
                self.delegate(work, owner, None);
                self.note_act(work, by);
            }
            Did::Recalled { owner, .. } => self.delegate(work, owner, None),
            Did::SeatAdded { anchor, place, seat, .. } => {
                let fresh = |waits| fresh_seat(seat, waits, by.id().cloned());
                self.add_seat(work, *anchor, *place, fresh);
                self.acted_in(work.run);
            }
            Did::SeatRemoved { .. } => {
                self.seat_mut(work, |seat| seat.removed = true);
                self.acted_in(work.run);
            }
            Did::VoteWithdrawn { seat, .. } => {
                self.replace_seat(work, *seat);
                self.acted_in(work.run);
            }
            Did::Answered { outcome, answer, back_to } => {
                let answered = Answered {
                    outcome: outcome.clone(),
                    by: by.clone(),
                    answer: answer.clone(),
                    back_to: back_to.clone(),
                };
                self.work_mut(work, |work| work.sign_offs.get_or_insert_default().answered = Some(answered));
                self.note_act(work, by);
            }
            Did::Reopened => self.reopen(work),
            Did::Cited { .. } => self.seat_mut(work, |seat| {
                seat.vote = Some(Vote {
                    outcome: APPROVED.into(),
                    by: Actor::System,
                    at,
                    answer: Value::Null,
                    comment: None,
                    act: 0,
                });
            }),
            Did::LateVote { .. } => {
                if let Some(decided) = self.decided.get_mut(&work.run) {
                    decided.open.remove_mut(&work.seat);
                }
            }
            Did::Urged { .. } => self.work_mut(work, |work| work.urged_at = Some(at)),
            Did::Copied { copy, to, .. } => {
                self.took(*copy);
                self.copies.insert_mut(*copy, Copied { to: to.clone(), read: false });
            }
            Did::CopyRead { copy } => {
                if let Some(copy) = self.copies.get_mut(copy) {
                    copy.read = true;
                }
            }
            Did::Attached { file } => self.files.insert_mut(file.digest, file.clone()),
            Did::Decided => self.note_decided(work),
        }
    }

    fn delegate(&mut self, work: WorkId, to: &UserId, owner: Option<&UserId>) {
        self.work_mut(work, |work| {
            work.assignee = Some(to.clone());
            work.delegated_by = owner.cloned();
        });
        self.acted_in(work.run);
    }

    /// Remembers whose votes may still come, of the newest ballots only.
    fn note_decided(&mut self, work: WorkId) {
        let Some(run) = self.runs.get(&work.run) else { return };
        let awaited = run.body.seats().filter(|(_, seat)| seat.is_awaited());
        let open = awaited.map(|(number, seat)| (number, vec![seat.seat.candidates.clone()])).collect();
        self.decided.insert_mut(work.run, Decided { step: run.step.clone(), open });
        while self.decided.size() > DECIDED_MAX {
            let Some(oldest) = self.decided.keys().next().copied() else { return };
            self.decided.remove_mut(&oldest);
        }
    }

    fn note_act(&mut self, work: WorkId, by: &Actor) {
        if let Some((scope, step)) = self.runs.get(&work.run).map(|run| (run.scope, run.step.clone())) {
            self.note_actor(scope, &step, by);
        }
    }

    /// A seat that is asked before, beside or after another. Who waited for the anchor in its turn waits for it, too.
    fn add_seat(&mut self, work: WorkId, anchor: u32, place: Place, fresh: impl FnOnce(Vec<u32>) -> SeatState) {
        let number = work.seat;
        self.run_mut(work.run, |run| {
            let waits = match place {
                Place::After => vec![anchor],
                Place::Before | Place::Beside => run.body.waits(anchor).to_vec(),
            };
            let seat = fresh(waits);
            let followers = |waits: &mut Vec<u32>| {
                if place != Place::Before && waits.contains(&anchor) {
                    waits.push(number);
                }
            };
            match &mut run.body {
                Body::Ballot { seats, .. } => {
                    seats.iter_mut().for_each(|seat| followers(&mut seat.waits));
                    seats.push(seat);
                }
                Body::Task(work) => {
                    let offs: &mut SignOffs = work.sign_offs.get_or_insert_default();
                    offs.seats.iter_mut().for_each(|seat| followers(&mut seat.waits));
                    offs.seats.push(seat);
                    if anchor == 0 && place == Place::Before {
                        offs.waits.push(number);
                    }
                }
                _ => {}
            }
            if place == Place::Before
                && let Some(anchor) = run.body.seat_mut(anchor)
            {
                anchor.waits.push(number);
            }
        });
    }

    /// A fresh seat in the place of one that has spoken: its number is its fence, so the old one is not used again.
    fn replace_seat(&mut self, old: WorkId, number: u32) {
        self.run_mut(old.run, |run| {
            let Some(seat) = run.body.seat_mut(old.seat) else { return };
            seat.removed = true;
            let fresh = SeatState { work: None, vote: None, removed: false, ..seat.clone() };
            let renumber = |waits: &mut Vec<u32>| {
                waits.iter_mut().filter(|before| **before == old.seat).for_each(|before| *before = number);
            };
            match &mut run.body {
                Body::Ballot { seats, .. } => {
                    seats.iter_mut().for_each(|seat| renumber(&mut seat.waits));
                    seats.push(fresh);
                }
                Body::Task(work) => {
                    if let Some(offs) = &mut work.sign_offs {
                        offs.seats.iter_mut().for_each(|seat| renumber(&mut seat.waits));
                        renumber(&mut offs.waits);
                        offs.seats.push(fresh);
                    }
                }
                _ => {}
            }
        });
    }

    /// The task's answer is void, and with it what was said of it. What came before it stays.
    fn reopen(&mut self, work: WorkId) {
        let mut spoken = Vec::new();
        self.work_mut(work, |work| {
            let Some(offs) = &mut work.sign_offs else { return };
            offs.answered = None;
            let next = offs.seats.len() + 1;
            let voted = (1u32..)
                .zip(&offs.seats)
                .filter(|(number, seat)| seat.vote.is_some() && !seat.removed && !offs.waits.contains(number));
            spoken = voted.map(|(number, _)| number).zip((next as u32)..).collect();
        });
        for (old, number) in spoken {
            self.replace_seat(WorkId { run: work.run, seat: old }, number);
        }
    }
}
