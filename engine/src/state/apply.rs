//! Folding: the only writer of a state. Total: it cannot fail, read a clock, or call out.
//!
//! An event about something that is not there changes nothing; `decide` never makes one, and a log that
//! was altered is found by its chain, not here.

mod across;
mod beside;
mod flow;
mod growth;
mod migration;
mod operations;
mod people;
mod undo;
mod waits;
mod worked;

use std::sync::Arc;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::{Body, Phase, ROOT_RUN, Run, State, Subscription, Timer, Vote};
use crate::event::Event;
use crate::id::{InstanceId, RunId, ScopeId};
use crate::project::InstanceStatus;
use crate::time::Timestamp;

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
            provisional: false,
            log: RedBlackTreeMapSync::new_sync(),
            noted: None,
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
            acts: 0,
            rewound: RedBlackTreeMapSync::new_sync(),
            copies: RedBlackTreeMapSync::new_sync(),
            decided: RedBlackTreeMapSync::new_sync(),
            signatures: RedBlackTreeMapSync::new_sync(),
            idle: RedBlackTreeSetSync::new_sync(),
            conditions: RedBlackTreeMapSync::new_sync(),
            begun: RedBlackTreeSetSync::new_sync(),
            ending: None,
            operations: super::operations::Operations::default(),
            next: 1,
            tied: RedBlackTreeMapSync::new_sync(),
            watchers: super::across::watched_from_the_start(cause),
            held_end: None,
        })
    }

    /// Folds one event that happened at `at`.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        // What is heard after the end does not move the end.
        if self.is_live() {
            self.updated_at = at;
        }
        match event {
            Event::Started { .. } => {}
            Event::ScopeOpened { scope, block, parent, purpose, item } => {
                self.open_scope(*scope, block, *parent, purpose, item.as_ref());
            }
            Event::ScopeEnded { scope } => self.end_scope(*scope),
            Event::ScopeClosed { scope } => self.remove_scope(*scope),
            Event::ScopeHeld { scope } => self.hold_scope(*scope),
            Event::StepSkipped { scope, index, .. } => self.ready_at(*scope, index + 1, false),
            Event::StepEntered { run, scope, step, index, body } => self.enter(*run, *scope, step, *index, body, at),
            Event::StepCompleted { run, outcome, output, by, writes, milestone, then } => {
                self.record(*run, outcome, output, by.as_ref(), writes, at);
                self.latch(milestone.as_ref(), at);
                self.go_on(*run, then);
            }
            Event::StepLeft { run } => self.leave(*run),
            Event::StepCancelled { run } => self.remove_run(*run),
            Event::Returned { scope, to, index, from, chosen } => {
                self.go_back(*scope, to, *index, from, chosen.as_deref());
            }
            Event::JobQueued { run, attempt, activity, mode, input, available_at } => {
                self.queue_job(*run, *attempt, activity, *mode, input, *available_at);
            }
            Event::JobFailed { run, attempt, .. } => self.fail_job(*run, *attempt, at),
            Event::TaskOpened { run, task } => self.open_task(*run, task, at),
            Event::BallotOpened { run, rule, order, seats } => self.open_ballot(*run, *rule, *order, seats),
            Event::SeatOpened { work, task } => self.open_seat(*work, task, at),
            Event::Claimed { work, by } => self.claim(*work, by),
            Event::Released { work, .. } => self.assign(*work, None),
            Event::Assigned { work, to, .. } => self.assign(*work, Some(to.clone())),
            Event::Voted { work, outcome, by, answer, comment } => {
                let vote = Vote {
                    outcome: outcome.clone(),
                    by: by.clone(),
                    at,
                    answer: answer.clone(),
                    comment: comment.clone(),
                    act: self.acts + 1,
                };
                self.vote(*work, vote);
            }
            Event::Worked { work, by, did } => self.worked(*work, by, did, at),
            Event::Signed { work, .. } => self.sign(*work),
            Event::SignatureVoided { work, step } => self.void_signature(*work, step),
            Event::Commented { .. }
            | Event::Reminded { .. }
            | Event::MessageReceived { .. }
            | Event::HandlerTriggered { .. } => {}
            Event::Raised { run, handler, by, writes, .. } => self.note_raised(*run, handler, by, writes),
            Event::ConditionArmed { condition, run, purpose, holds } => {
                self.arm_condition(*condition, *run, purpose, *holds);
            }
            Event::ConditionTurned { condition, holds } => self.turn_condition(*condition, *holds),
            Event::ConditionDisarmed { condition } => {
                self.conditions.remove_mut(condition);
            }
            Event::Escalated { .. } => {}
            Event::Ending { outcome } => self.ending = Some(outcome.clone()),
            Event::TimerArmed { timer, run, purpose, due } => {
                self.arm(Timer { id: *timer, run: *run, purpose: purpose.clone(), due: *due });
            }
            Event::TimerFired { timer, .. } | Event::TimerDisarmed { timer } => self.disarm(*timer),
            Event::Subscribed { subscription, run, purpose, message, matches } => self.subscribe(Subscription {
                id: *subscription,
                run: *run,
                purpose: purpose.clone(),
                message: message.clone(),
                matches: matches.clone(),
            }),
            Event::Unsubscribed { subscription } => self.unsubscribe(*subscription),
            // Whatever becomes of its result, there is no child left to wait for, or to cancel.
            Event::ChildEnded { run, outcome, .. } => {
                self.run_mut(*run, |run| run.body = Body::Plain);
                self.tied_ended(*run, outcome);
            }
            Event::ChildStarted { run, child, process, tie, .. } => {
                let body = Body::Child { child: *child, process: process.clone() };
                self.run_mut(*run, |run| run.body = body);
                self.tie(*run, *child, process, tie.as_ref());
            }
            Event::ChildConfirmed { .. }
            | Event::ChildReached { .. }
            | Event::ChildOrphaned { .. }
            | Event::ChildUntied { .. }
            | Event::ChildAbandoned { .. }
            | Event::EndHeld { .. }
            | Event::Watched { .. }
            | Event::Unwatched { .. }
            | Event::MilestoneMissed { .. }
            | Event::MessageSent { .. }
            | Event::MessageJudged { .. }
            | Event::SignalSent { .. }
            | Event::Notified { .. }
            | Event::DeliveryFinished { .. }
            | Event::DeliveryRetried { .. } => self.apply_across(event),
            Event::IncidentRaised { incident, run, scope, code, detail } => {
                self.raise(*incident, *run, *scope, *code, detail, at);
                self.note_missed(*incident, *code, *run, detail);
            }
            Event::IncidentResolved { incident, .. } => {
                self.let_go(*incident);
                self.resolve(*incident);
            }
            Event::Ended { outcome, .. } => self.finish(InstanceStatus::Ended, outcome.clone()),
            Event::DeadlineSet { run, due, provisional } => self.run_mut(*run, |run| {
                run.due = Some(*due);
                run.provisional = *provisional;
            }),
            Event::ItemsAdded { run, items, keys } => self.add_items(*run, items, keys),
            Event::RestEnded { run } => self.end_rest(*run),
            Event::ScopeRested { scope } => self.rest(*scope),
            Event::UndoNoted { run, block, known } => self.note_undo(*run, block, known),
            Event::UndoBegun { run, of, parallel, then } => self.begin_undo(*run, of, *parallel, then),
            Event::UndoEnded { run } => self.end_undo(*run),
            Event::CancelBegun { .. } => self.begin_cancel(),
            Event::Cancelled { .. } => self.finish(InstanceStatus::Cancelled, Arc::from("cancelled")),
            Event::Suspended { .. }
            | Event::Quarantined { .. }
            | Event::ResumeBegun { .. }
            | Event::TimerMoved { .. }
            | Event::DueMoved { .. }
            | Event::Resubscribed { .. }
            | Event::Resumed {}
            | Event::ResultParked { .. }
            | Event::ParkedTaken { .. }
            | Event::DeliveryDeferred { .. }
            | Event::DataFixed { .. }
            | Event::Overridden { .. }
            | Event::Moved { .. }
            | Event::ContentsCut { .. }
            | Event::ClosingBegun { .. } => self.operate(event, at),
            Event::Migrated { to, steps, blocks, input, data, .. } => self.migrate(*to, steps, blocks, input, data),
        }
    }

    fn finish(&mut self, status: InstanceStatus, outcome: Arc<str>) {
        self.status = status;
        self.outcome = Some(outcome);
        self.operations = super::operations::Operations::default();
    }

    fn took(&mut self, number: u64) {
        self.next = self.next.max(number + 1);
    }

    fn run_mut(&mut self, id: RunId, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.get_mut(&id) {
            change(run);
        }
    }
}
