//! Folding: the only writer of a state. Total: it cannot fail, read a clock, or call out.
//!
//! An event about something that is not there changes nothing; `decide` never makes one, and a log that
//! was altered is found by its chain, not here.

use std::sync::Arc;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::{
    Body, Cursor, Incident, Phase, ROOT_RUN, Record, Run, Scope, SeatState, Signed, State, Subscription, Timer,
    Variable, Vote, Work,
};
use crate::command::{Actor, WorkId};
use crate::event::{self, Event, FieldWrite, Purpose, Then};
use crate::id::{InstanceId, RunId, ScopeId, StepKey};
use crate::project::InstanceStatus;
use crate::time::Timestamp;
use crate::value::Value;

impl State {
    /// The state after an instance's first event; `None` if that is not [`Event::Started`].
    #[must_use]
    pub fn started(id: InstanceId, event: &Event, at: Timestamp) -> Option<Self> {
        let Event::Started { process, release, key, input, data, initiator, cause } = event else { return None };
        let root = Run {
            id: ROOT_RUN,
            scope: ScopeId(0),
            step: Arc::from(""),
            index: 0,
            entered_at: at,
            phase: Phase::Open,
            body: Body::Process,
            children: Vec::new(),
            timers: Vec::new(),
            subscriptions: Vec::new(),
            incident: None,
            due: None,
        };
        Some(State {
            id,
            process: process.clone(),
            release: *release,
            key: key.clone(),
            status: InstanceStatus::Running,
            outcome: None,
            started_at: at,
            updated_at: at,
            initiator: initiator.clone(),
            cause: cause.clone(),
            input: input.clone(),
            data: data.clone(),
            scopes: RedBlackTreeMapSync::new_sync(),
            runs: RedBlackTreeMapSync::new_sync().insert(ROOT_RUN, root),
            ready: RedBlackTreeMapSync::new_sync(),
            timers: RedBlackTreeMapSync::new_sync(),
            subscriptions: RedBlackTreeMapSync::new_sync(),
            incidents: RedBlackTreeMapSync::new_sync(),
            records: RedBlackTreeMapSync::new_sync(),
            visits: RedBlackTreeMapSync::new_sync(),
            jumps: RedBlackTreeMapSync::new_sync(),
            opened: RedBlackTreeMapSync::new_sync(),
            milestones: RedBlackTreeMapSync::new_sync(),
            acted: RedBlackTreeMapSync::new_sync(),
            signatures: RedBlackTreeMapSync::new_sync(),
            next: 1,
        })
    }

    /// Folds one event that happened at `at`.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        self.updated_at = at;
        match event {
            Event::Started { .. } => {}
            Event::ScopeOpened { scope, block, parent, purpose, item } => {
                self.took(scope.0);
                let records = matches!(purpose, Purpose::Item).then(RedBlackTreeMapSync::new_sync);
                let is_round = matches!(purpose, Purpose::Body)
                    && matches!(self.runs.get(parent).map(|run| &run.body), Some(Body::Repeat { .. }));
                let opened = (records.is_some() || is_round).then(RedBlackTreeMapSync::new_sync);
                let variable = item.as_ref().map(|item| Variable {
                    name: item.name.clone(),
                    index: item.index,
                    key: item.key.clone(),
                    value: item.value.clone(),
                });
                self.scopes.insert_mut(
                    *scope,
                    Scope {
                        id: *scope,
                        block: block.clone(),
                        parent: *parent,
                        purpose: purpose.clone(),
                        variable,
                        cursor: Cursor::Held,
                        records,
                        opened,
                    },
                );
                self.run_mut(*parent, |run| {
                    run.children.push(*scope);
                    match (&mut run.body, purpose) {
                        (Body::Each { next, .. }, Purpose::Item) => *next += 1,
                        (Body::Repeat { rounds }, Purpose::Body) => *rounds += 1,
                        _ => {}
                    }
                });
                self.ready_at(*scope, 0, false);
            }
            Event::ScopeEnded { scope } => {
                let Some(ended) = self.scopes.get(scope).cloned() else { return };
                let result = ended.variable.as_ref().map(|variable| item_result(&ended, variable));
                self.remove_scope(*scope);
                self.run_mut(ended.parent, |run| match (&mut run.body, &ended.purpose) {
                    (Body::Parallel { ended, .. }, Purpose::Branch { .. }) => *ended += 1,
                    (Body::Each { ended: count, results, .. }, Purpose::Item) => {
                        *count += 1;
                        if let (Some(variable), Some(result)) = (&ended.variable, result) {
                            results.insert_mut(variable.index, result);
                        }
                    }
                    _ => {}
                });
            }
            Event::ScopeClosed { scope } => self.remove_scope(*scope),
            Event::ScopeHeld { scope } => {
                if let Some(held) = self.scopes.get_mut(scope) {
                    let before = held.cursor;
                    held.cursor = Cursor::Held;
                    self.unready(before);
                }
            }
            Event::StepSkipped { scope, index, .. } => self.ready_at(*scope, index + 1, false),
            Event::StepEntered { run, scope, step, index, body } => self.enter(*run, *scope, step, *index, body, at),
            Event::StepCompleted { run, outcome, output, by, writes, milestone, then } => {
                self.complete(*run, outcome, output, by.as_ref(), writes, at);
                if let Some(milestone) = milestone
                    && !self.milestones.contains_key(milestone)
                {
                    self.milestones.insert_mut(milestone.clone(), at);
                }
                match then {
                    Then::Next => self.leave(*run),
                    Then::Into => self.run_mut(*run, |run| {
                        run.phase = Phase::Leaving;
                        run.body = Body::Plain;
                    }),
                    Then::Stop => self.remove_run(*run),
                }
            }
            Event::StepLeft { run } => self.leave(*run),
            Event::StepCancelled { run } => self.remove_run(*run),
            Event::JobQueued { run, attempt, activity, mode, input, available_at } => {
                let body = Body::Job {
                    activity: activity.clone(),
                    mode: *mode,
                    attempt: *attempt,
                    input: input.clone(),
                    queued: true,
                    available_at: *available_at,
                };
                self.run_mut(*run, |run| run.body = body);
            }
            Event::JobFailed { run, attempt, .. } => self.run_mut(*run, |run| match &mut run.body {
                Body::Job { queued, attempt: tried, .. } => {
                    *queued = false;
                    *tried = *attempt;
                }
                other => {
                    *other = Body::Job {
                        activity: Arc::from(""),
                        mode: crate::language::definition::ActivityMode::Inline,
                        attempt: *attempt,
                        input: Value::Null,
                        queued: false,
                        available_at: at,
                    };
                }
            }),
            Event::TaskOpened { run, task } => {
                let work = open_work(task, at);
                self.run_mut(*run, |run| {
                    run.due = work.task.due;
                    run.body = Body::Task(Box::new(work));
                });
            }
            Event::BallotOpened { run, rule, order, seats } => {
                let seats = seats.iter().map(|seat| SeatState { seat: seat.clone(), work: None, vote: None }).collect();
                self.run_mut(*run, |run| run.body = Body::Ballot { rule: *rule, order: *order, seats });
            }
            Event::SeatOpened { work, task } => {
                let opened = open_work(task, at);
                self.seat_mut(*work, |seat| seat.work = Some(opened));
            }
            Event::Claimed { work, by } => self.assign(*work, Some(by.clone())),
            Event::Released { work, .. } => self.assign(*work, None),
            Event::Assigned { work, to, .. } => self.assign(*work, Some(to.clone())),
            Event::Voted { work, outcome, by, answer, comment } => {
                let vote = Vote {
                    outcome: outcome.clone(),
                    by: by.clone(),
                    at,
                    answer: answer.clone(),
                    comment: comment.clone(),
                };
                self.seat_mut(*work, |seat| {
                    seat.vote = Some(vote);
                    if let Some(work) = &mut seat.work {
                        work.revision += 1;
                    }
                });
                if let Some(step) = self.runs.get(&work.run).map(|run| run.step.clone()) {
                    self.note_actor(&step, by);
                }
            }
            Event::Signed { work, .. } => {
                if let Some((step, scope)) = self.runs.get(&work.run).map(|run| (run.step.clone(), run.scope)) {
                    let within = self.scopes_around(scope).map(|scope| scope.id).collect();
                    let mut signed = self.signatures.get(&step).cloned().unwrap_or_default();
                    signed.push(Signed { work: *work, within });
                    self.signatures.insert_mut(step, signed);
                }
            }
            Event::SignatureVoided { work, step } => {
                let signed = self.signatures.get(step).into_iter().flatten();
                let rest: Vec<Signed> = signed.filter(|signed| signed.work != *work).cloned().collect();
                if rest.is_empty() {
                    self.signatures.remove_mut(step);
                } else {
                    self.signatures.insert_mut(step.clone(), rest);
                }
            }
            Event::Commented { .. }
            | Event::Reminded { .. }
            | Event::MessageReceived { .. }
            | Event::ChildAbandoned { .. }
            | Event::HandlerTriggered { .. } => {}
            Event::TimerArmed { timer, run, purpose, due } => {
                self.took(timer.0);
                self.timers.insert_mut(*timer, Timer { id: *timer, run: *run, purpose: purpose.clone(), due: *due });
                self.run_mut(*run, |run| run.timers.push(*timer));
            }
            Event::TimerFired { timer, .. } | Event::TimerDisarmed { timer } => {
                if let Some(armed) = self.timers.get(timer).cloned() {
                    self.timers.remove_mut(timer);
                    self.run_mut(armed.run, |run| run.timers.retain(|other| other != timer));
                }
            }
            Event::Subscribed { subscription, run, purpose, message, matches } => {
                self.took(subscription.0);
                self.subscriptions.insert_mut(
                    *subscription,
                    Subscription {
                        id: *subscription,
                        run: *run,
                        purpose: purpose.clone(),
                        message: message.clone(),
                        matches: matches.clone(),
                    },
                );
                self.run_mut(*run, |run| run.subscriptions.push(*subscription));
            }
            Event::Unsubscribed { subscription } => {
                if let Some(held) = self.subscriptions.get(subscription).cloned() {
                    self.subscriptions.remove_mut(subscription);
                    self.run_mut(held.run, |run| run.subscriptions.retain(|other| other != subscription));
                }
            }
            // Whatever becomes of its result, there is no child left to wait for, or to cancel.
            Event::ChildEnded { run, .. } => self.run_mut(*run, |run| run.body = Body::Plain),
            Event::ChildStarted { run, child, process, .. } => {
                let body = Body::Child { child: *child, process: process.clone() };
                self.run_mut(*run, |run| run.body = body);
            }
            Event::Returned { scope, index, from, .. } => {
                let count = self.jumps.get(from).copied().unwrap_or(0) + 1;
                self.jumps.insert_mut(from.clone(), count);
                self.ready_at(*scope, *index, true);
            }
            Event::IncidentRaised { incident, run, scope, code, detail } => {
                self.raise(*incident, *run, *scope, *code, detail, at);
            }
            Event::IncidentResolved { incident, .. } => {
                let Some(open) = self.incidents.get(incident).cloned() else { return };
                self.incidents.remove_mut(incident);
                if let Some(run) = open.run {
                    let others = self.incidents.values().filter(|other| other.run == Some(run));
                    let newest = others.map(|other| other.id).max();
                    self.run_mut(run, |run| run.incident = newest);
                }
                if let Some(scope) = open.scope
                    && let Some(Cursor::Blocked { index, forced, .. }) =
                        self.scopes.get(&scope).map(|scope| scope.cursor)
                {
                    self.ready_at(scope, index, forced);
                }
            }
            Event::Ended { outcome, .. } => self.finish(InstanceStatus::Ended, outcome.clone()),
            Event::Cancelled { .. } => self.finish(InstanceStatus::Cancelled, Arc::from("cancelled")),
        }
    }

    fn finish(&mut self, status: InstanceStatus, outcome: Arc<str>) {
        self.status = status;
        self.outcome = Some(outcome);
    }

    fn took(&mut self, number: u64) {
        self.next = self.next.max(number + 1);
    }

    fn run_mut(&mut self, id: RunId, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.get_mut(&id) {
            change(run);
        }
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

    /// Makes a scope ready to run the step at `index`, behind all that are ready already.
    fn ready_at(&mut self, id: ScopeId, index: usize, forced: bool) {
        let turn = self.next;
        self.next += 1;
        let Some(scope) = self.scopes.get_mut(&id) else { return };
        let before = scope.cursor;
        scope.cursor = Cursor::Ready { index, forced, turn };
        self.unready(before);
        self.ready.insert_mut(turn, id);
    }

    fn unready(&mut self, cursor: Cursor) {
        if let Cursor::Ready { turn, .. } = cursor {
            self.ready.remove_mut(&turn);
        }
    }

    fn remove_scope(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get(&id).cloned() else { return };
        self.unready(scope.cursor);
        self.scopes.remove_mut(&id);
        self.run_mut(scope.parent, |run| run.children.retain(|child| *child != id));
    }

    fn enter(&mut self, id: RunId, scope: ScopeId, step: &StepKey, index: usize, body: &event::Body, at: Timestamp) {
        self.took(id.0);
        let body = match body {
            event::Body::Plain => Body::Plain,
            event::Body::Parallel { branches, join, rest } => {
                Body::Parallel { branches: branches.clone(), join: *join, rest: *rest, ended: 0 }
            }
            event::Body::Each { name, items, keys, at_once, join, rest } => Body::Each {
                name: name.clone(),
                items: items.clone(),
                keys: Arc::new(keys.clone()),
                at_once: *at_once,
                join: *join,
                rest: *rest,
                next: 0,
                ended: 0,
                results: RedBlackTreeMapSync::new_sync(),
            },
            event::Body::Repeat => Body::Repeat { rounds: 0 },
            event::Body::First { alternatives } => Body::First { alternatives: alternatives.clone() },
        };
        let run = Run {
            id,
            scope,
            step: step.clone(),
            index,
            entered_at: at,
            phase: Phase::Open,
            body,
            children: Vec::new(),
            timers: Vec::new(),
            subscriptions: Vec::new(),
            incident: None,
            due: None,
        };
        self.runs.insert_mut(id, run);
        let visits = self.visits.get(step).copied().unwrap_or(0) + 1;
        self.visits.insert_mut(step.clone(), visits);
        match self.clock_scope(scope) {
            Some(clocks) => {
                if let Some(Scope { opened: Some(opened), .. }) = self.scopes.get_mut(&clocks)
                    && !opened.contains_key(step)
                {
                    opened.insert_mut(step.clone(), at);
                }
            }
            None if !self.opened.contains_key(step) => self.opened.insert_mut(step.clone(), at),
            None => {}
        }
        if let Some(open) = self.scopes.get_mut(&scope) {
            let before = open.cursor;
            open.cursor = Cursor::Open { run: id };
            self.unready(before);
        }
    }

    fn complete(
        &mut self,
        id: RunId,
        outcome: &Arc<str>,
        output: &Value,
        by: Option<&Actor>,
        writes: &[FieldWrite],
        at: Timestamp,
    ) {
        let Some(run) = self.runs.get(&id) else { return };
        let (step, scope) = (run.step.clone(), run.scope);
        for write in writes {
            self.write(scope, write);
        }
        if let Some(actor) = by {
            self.note_actor(&step, actor);
        }
        let record = Record { run: id, outcome: outcome.clone(), by: by.cloned(), at, output: output.clone() };
        match self.item_scope(scope) {
            Some(item) => {
                if let Some(Scope { records: Some(records), .. }) = self.scopes.get_mut(&item) {
                    records.insert_mut(step, record);
                }
            }
            None => self.records.insert_mut(step, record),
        }
    }

    /// The nearest scope around that is an item's.
    fn item_scope(&self, mut id: ScopeId) -> Option<ScopeId> {
        while let Some(scope) = self.scopes.get(&id) {
            if scope.records.is_some() {
                return Some(id);
            }
            id = self.runs.get(&scope.parent)?.scope;
        }
        None
    }

    /// The nearest scope around that has clocks of its own: an item, or a round.
    fn clock_scope(&self, id: ScopeId) -> Option<ScopeId> {
        self.scopes_around(id).find(|scope| scope.opened.is_some()).map(|scope| scope.id)
    }

    /// Writes to the nearest variable of that name around, else to the process's data.
    fn write(&mut self, from: ScopeId, write: &FieldWrite) {
        let Some((root, rest)) = write.path.split_first() else { return };
        let mut id = from;
        while let Some(scope) = self.scopes.get(&id) {
            if scope.variable.as_ref().is_some_and(|variable| variable.name == *root) {
                if let Some(Scope { variable: Some(variable), .. }) = self.scopes.get_mut(&id) {
                    variable.value.set(rest, write.value.clone());
                }
                return;
            }
            let Some(parent) = self.runs.get(&scope.parent) else { break };
            id = parent.scope;
        }
        self.data.set(&write.path, write.value.clone());
    }

    fn note_actor(&mut self, step: &StepKey, actor: &Actor) {
        let mut known = self.acted.get(step).cloned().unwrap_or_else(RedBlackTreeSetSync::new_sync);
        for principal in actor.principals() {
            known.insert_mut(principal.clone());
        }
        self.acted.insert_mut(step.clone(), known);
    }

    /// The flow goes on after the run's step.
    fn leave(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let (scope, index) = (run.scope, run.index);
        self.runs.remove_mut(&id);
        self.ready_at(scope, index + 1, false);
    }

    fn remove_run(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let scope = run.scope;
        self.runs.remove_mut(&id);
        if let Some(open) = self.scopes.get_mut(&scope) {
            open.cursor = Cursor::Held;
        }
    }

    fn assign(&mut self, id: WorkId, to: Option<crate::id::UserId>) {
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

    fn raise(
        &mut self,
        id: crate::id::IncidentId,
        run: Option<RunId>,
        scope: Option<ScopeId>,
        code: crate::incident::IncidentCode,
        detail: &Value,
        at: Timestamp,
    ) {
        self.took(id.0);
        if let Some(run) = run {
            self.run_mut(run, |run| run.incident = Some(id));
        }
        if let Some(scope) = scope.and_then(|scope| self.scopes.get_mut(&scope)) {
            let before = scope.cursor;
            if let Cursor::Ready { index, forced, .. } = before {
                scope.cursor = Cursor::Blocked { index, forced, incident: id };
            }
            self.unready(before);
        }
        let step = run.and_then(|run| self.runs.get(&run)).map(|run| run.step.clone());
        self.incidents.insert_mut(id, Incident { id, run, scope, step, code, detail: detail.clone(), raised_at: at });
    }
}

fn open_work(task: &event::Task, at: Timestamp) -> Work {
    Work { task: task.clone(), assignee: None, revision: 1, opened_at: at }
}

/// What an item leaves in the output of its `each`.
fn item_result(scope: &Scope, variable: &Variable) -> Value {
    let outcomes = scope
        .records
        .iter()
        .flat_map(|records| records.iter().map(|(step, record)| (step.clone(), Value::Text(record.outcome.clone()))));
    Value::record([
        ("key", Value::Text(variable.key.clone())),
        ("value", variable.value.clone()),
        ("outcomes", Value::map(outcomes.collect())),
    ])
}
