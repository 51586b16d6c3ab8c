//! Folding what people do: tasks, ballots and signatures.

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use crate::command::{Actor, WorkId};
use crate::event::{self, Seat, Task};
use crate::id::{RunId, ScopeId, StepKey, UserId};
use crate::language::definition::{Rule, SeatOrder};
use crate::state::{Body, Map, SeatState, Set, Signed, State, Vote, Work};
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
        let seats = (0u32..).zip(seats).map(|(number, seat)| {
            let before = number.checked_sub(1).filter(|_| order == SeatOrder::InTurn);
            fresh_seat(seat, before.into_iter().collect(), None)
        });
        let seats = seats.collect();
        self.run_mut(run, |run| run.body = Body::Ballot { rule, order, seats });
    }

    pub(super) fn open_seat(&mut self, work: WorkId, task: &Task, at: Timestamp) {
        let opened = open_work(task, at);
        self.seat_mut(work, |seat| seat.work = Some(opened));
    }

    pub(super) fn assign(&mut self, id: WorkId, to: Option<UserId>) {
        self.work_mut(id, |work| {
            work.assignee = to;
            work.delegated_by = None;
        });
    }

    pub(super) fn claim(&mut self, id: WorkId, by: &UserId) {
        self.assign(id, Some(by.clone()));
        self.acted_in(id.run);
    }

    /// Changes open work; each change is a revision of its own.
    pub(super) fn work_mut(&mut self, id: WorkId, change: impl FnOnce(&mut Work)) {
        self.run_mut(id.run, |run| {
            let work = match &mut run.body {
                Body::Task(work) if id.seat == 0 => Some(work.as_mut()),
                body => body.seat_mut(id.seat).and_then(|seat| seat.work.as_mut()),
            };
            if let Some(work) = work {
                change(work);
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
        if let Some((step, scope)) = self.runs.get(&work.run).map(|run| (run.step.clone(), run.scope)) {
            self.note_actor(scope, &step, &by);
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

    /// Somebody acted in a step: on record for duties, and newer than all before.
    pub(super) fn note_actor(&mut self, scope: ScopeId, step: &StepKey, actor: &Actor) {
        note(&mut self.acted, step, actor);
        let items: Vec<ScopeId> = self.items_around(scope).map(|item| item.id).collect();
        for item in items {
            if let Some(item) = self.scopes.get_mut(&item) {
                note(item.people.acted.get_or_insert_with(RedBlackTreeMapSync::new_sync), step, actor);
            }
        }
        self.acted_within(scope);
    }

    /// Somebody acted in a run, without a word that duties look at.
    pub(super) fn acted_in(&mut self, run: RunId) {
        if let Some(scope) = self.runs.get(&run).map(|run| run.scope) {
            self.acted_within(scope);
        }
    }

    fn acted_within(&mut self, scope: ScopeId) {
        self.acts += 1;
        let (act, around): (u64, Vec<ScopeId>) = (self.acts, self.scopes_around(scope).map(|scope| scope.id).collect());
        for scope in around {
            if let Some(scope) = self.scopes.get_mut(&scope) {
                scope.people.last_act = act;
            }
        }
    }

    pub(super) fn seat_mut(&mut self, id: WorkId, change: impl FnOnce(&mut SeatState)) {
        self.run_mut(id.run, |run| {
            if let Some(seat) = run.body.seat_mut(id.seat) {
                change(seat);
            }
        });
    }
}

fn note(acted: &mut Map<StepKey, Set<UserId>>, step: &StepKey, actor: &Actor) {
    let mut known = acted.get(step).cloned().unwrap_or_else(RedBlackTreeSetSync::new_sync);
    for principal in actor.principals() {
        known.insert_mut(principal.clone());
    }
    acted.insert_mut(step.clone(), known);
}

pub(super) fn fresh_seat(seat: &Seat, waits: Vec<u32>, added_by: Option<UserId>) -> SeatState {
    SeatState { seat: seat.clone(), work: None, vote: None, waits, added_by, removed: false }
}

fn open_work(task: &event::Task, at: Timestamp) -> Work {
    Work {
        task: task.clone(),
        assignee: None,
        revision: 1,
        opened_at: at,
        delegated_by: None,
        urged_at: None,
        sign_offs: None,
    }
}
