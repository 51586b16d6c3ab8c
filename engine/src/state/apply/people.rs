//! Folding what people do: tasks, ballots and signatures.

use rpds::RedBlackTreeSetSync;

use crate::command::{Actor, WorkId};
use crate::event::{self, Seat, Task};
use crate::id::{RunId, StepKey, UserId};
use crate::language::definition::{Rule, SeatOrder};
use crate::state::{Body, SeatState, Signed, State, Vote, Work};
use crate::time::Timestamp;

impl State {
    pub(super) fn open_task(&mut self, run: RunId, task: &Task, at: Timestamp) {
        let work = open_work(task, at);
        self.run_mut(run, |run| {
            run.due = work.task.due;
            run.body = Body::Task(Box::new(work));
        });
    }

    pub(super) fn open_ballot(&mut self, run: RunId, rule: Rule, order: SeatOrder, seats: &[Seat]) {
        let seats = seats.iter().map(|seat| SeatState { seat: seat.clone(), work: None, vote: None }).collect();
        self.run_mut(run, |run| run.body = Body::Ballot { rule, order, seats });
    }

    pub(super) fn open_seat(&mut self, work: WorkId, task: &Task, at: Timestamp) {
        let opened = open_work(task, at);
        self.seat_mut(work, |seat| seat.work = Some(opened));
    }

    pub(super) fn assign(&mut self, id: WorkId, to: Option<UserId>) {
        self.run_mut(id.run, |run| {
            let work = match &mut run.body {
                Body::Task(work) => Some(work.as_mut()),
                Body::Ballot { seats, .. } => seats.get_mut(id.seat as usize).and_then(|seat| seat.work.as_mut()),
                _ => None,
            };
            if let Some(work) = work {
                work.assignee = to;
                work.revision += 1;
            }
        });
    }

    pub(super) fn vote(&mut self, work: WorkId, vote: Vote) {
        let by = vote.by.clone();
        self.seat_mut(work, |seat| {
            seat.vote = Some(vote);
            if let Some(work) = &mut seat.work {
                work.revision += 1;
            }
        });
        if let Some(step) = self.runs.get(&work.run).map(|run| run.step.clone()) {
            self.note_actor(&step, &by);
        }
    }

    pub(super) fn sign(&mut self, work: WorkId) {
        if let Some((step, scope)) = self.runs.get(&work.run).map(|run| (run.step.clone(), run.scope)) {
            let within = self.scopes_around(scope).map(|scope| scope.id).collect();
            let mut signed = self.signatures.get(&step).cloned().unwrap_or_default();
            signed.push(Signed { work, within });
            self.signatures.insert_mut(step, signed);
        }
    }

    pub(super) fn void_signature(&mut self, work: WorkId, step: &StepKey) {
        let signed = self.signatures.get(step).into_iter().flatten();
        let rest: Vec<Signed> = signed.filter(|signed| signed.work != work).cloned().collect();
        if rest.is_empty() {
            self.signatures.remove_mut(step);
        } else {
            self.signatures.insert_mut(step.clone(), rest);
        }
    }

    pub(super) fn note_actor(&mut self, step: &StepKey, actor: &Actor) {
        let mut known = self.acted.get(step).cloned().unwrap_or_else(RedBlackTreeSetSync::new_sync);
        for principal in actor.principals() {
            known.insert_mut(principal.clone());
        }
        self.acted.insert_mut(step.clone(), known);
    }

    fn seat_mut(&mut self, id: WorkId, change: impl FnOnce(&mut SeatState)) {
        self.run_mut(id.run, |run| {
            if let Body::Ballot { seats, .. } = &mut run.body
                && let Some(seat) = seats.get_mut(id.seat as usize)
            {
                change(seat);
            }
        });
    }
}

fn open_work(task: &event::Task, at: Timestamp) -> Work {
    Work { task: task.clone(), assignee: None, revision: 1, opened_at: at }
}
