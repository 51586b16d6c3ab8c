//! Folding what operators do, and sweeps. The one place where the status of a live instance changes.

use std::sync::Arc;

use crate::command::{Actor, Command};
use crate::event::Event;
use crate::id::{RunId, ScopeId};
use crate::project::InstanceStatus;
use crate::state::operations::{Condemned, Hold, HoldKind, Parked, Resuming};
use crate::state::{Body, State};
use crate::time::Timestamp;

impl State {
    /// Folds an event of this file's kind; the others are not its business.
    pub(super) fn operate(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Suspended { by, reason } => self.hold(HoldKind::Suspended, by, reason, at),
            Event::Quarantined { why, command } => {
                self.hold(HoldKind::Quarantined { command: command.clone() }, &Actor::System, why, at);
            }
            Event::ResumeBegun { timers, shift_micros, .. } => {
                if let Some(hold) = &mut self.operations.hold {
                    let shift_micros = *shift_micros;
                    hold.resuming = Some(Resuming { timers: *timers, shift_micros, timer: None, run: None });
                }
            }
            Event::TimerMoved { timer, due } => {
                if let Some(armed) = self.timers.get_mut(timer) {
                    armed.due = *due;
                }
                self.resuming(|resuming| resuming.timer = Some(*timer));
            }
            Event::DueMoved { run, by_micros } => {
                self.shift_due(*run, *by_micros);
                self.resuming(|resuming| resuming.run = Some(*run));
            }
            Event::Resubscribed { subscription } => {
                self.operations.deferred.remove_mut(subscription);
            }
            Event::Resumed {} => self.resumed(),
            Event::ResultParked { number, run, command } => {
                self.took(*number);
                self.operations.parked.insert_mut(*number, Parked { run: *run, command: Command::clone(command) });
                if let Some(run) = run {
                    self.operations.parked_runs.insert_mut(*run);
                }
            }
            Event::ParkedTaken { number } => {
                let run = self.operations.parked.get(number).and_then(|parked| parked.run);
                self.operations.parked.remove_mut(number);
                if let Some(run) = run {
                    self.operations.parked_runs.remove_mut(&run);
                }
            }
            Event::DeliveryDeferred { subscription, .. } => self.operations.deferred.insert_mut(*subscription),
            Event::DataFixed { changes, .. } => {
                for change in changes {
                    self.data.set(&change.path, change.after.clone());
                }
            }
            Event::Moved { scope, index, .. } => self.ready_at(*scope, *index, true),
            Event::ContentsCut { run, before } => self.condemn(*run, *before),
            Event::ClosingBegun { then } => {
                self.operations.closing = Some(then.clone());
                self.operations.hold = None;
                self.restate();
            }
            _ => {}
        }
    }

    fn hold(&mut self, kind: HoldKind, by: &Actor, reason: &Arc<str>, at: Timestamp) {
        // A bug met while it was held does not make the wait for its timers any shorter.
        let since = self.operations.hold.as_ref().map_or(at, |hold| hold.since);
        self.operations.hold = Some(Hold { kind, since, by: by.clone(), reason: reason.clone(), resuming: None });
        self.restate();
    }

    fn resuming(&mut self, change: impl FnOnce(&mut Resuming)) {
        if let Some(resuming) = self.operations.hold.as_mut().and_then(|hold| hold.resuming.as_mut()) {
            change(resuming);
        }
    }

    fn resumed(&mut self) {
        let shift = match self.operations.hold.take().and_then(|hold| hold.resuming) {
            Some(resuming) if resuming.timers == crate::operate::TimersOnResume::Shift => resuming.shift_micros,
            _ => 0,
        };
        if shift > 0 {
            // Clocks of steps that may be opened again move as well: they did not run meanwhile.
            self.opened = self.opened.iter().map(|(step, at)| (step.clone(), at.plus_micros(shift))).collect();
            let clocks: Vec<ScopeId> =
                self.scopes.values().filter(|scope| scope.opened.is_some()).map(|scope| scope.id).collect();
            for scope in clocks {
                if let Some(opened) = self.scopes.get_mut(&scope).and_then(|scope| scope.opened.as_mut()) {
                    *opened = opened.iter().map(|(step, at)| (step.clone(), at.plus_micros(shift))).collect();
                }
            }
        }
        self.restate();
    }

    fn shift_due(&mut self, run: RunId, micros: i64) {
        self.run_mut(run, |run| {
            run.due = run.due.map(|due| due.plus_micros(micros));
            let works: Vec<&mut crate::state::Work> = match &mut run.body {
                Body::Task(work) => vec![work.as_mut()],
                Body::Ballot { seats, .. } => seats.iter_mut().filter_map(|seat| seat.work.as_mut()).collect(),
                _ => Vec::new(),
            };
            for work in works {
                work.task.due = work.task.due.map(|due| due.plus_micros(micros));
                work.revision += 1;
            }
        });
    }

    /// The blocks of a run are cut off: it holds none any more, and they wait to be closed.
    fn condemn(&mut self, id: RunId, before: ScopeId) {
        self.operations.growing.remove_mut(&id);
        let Some(run) = self.runs.get_mut(&id) else { return };
        let mut scopes = std::mem::take(&mut run.children);
        if let Some(earlier) = self.operations.condemned.get(&id) {
            scopes.splice(0..0, earlier.scopes.iter().copied());
        }
        self.operations.condemned.insert_mut(id, Condemned { before, scopes });
    }

    /// A block that was cut off is closed.
    pub(super) fn uncondemn(&mut self, parent: RunId, scope: ScopeId) {
        let Some(cut) = self.operations.condemned.get_mut(&parent) else { return };
        if cut.scopes.last() == Some(&scope) {
            cut.scopes.pop();
        } else {
            cut.scopes.retain(|other| *other != scope);
        }
        if cut.scopes.is_empty() {
            self.operations.condemned.remove_mut(&parent);
        }
    }

    /// Whether a step may open further items.
    pub(super) fn note_growth(&mut self, id: RunId) {
        let grows = match self.runs.get(&id).map(|run| (&run.body, run.phase)) {
            Some((Body::Each { keys, at_once, next, ended, .. }, crate::state::Phase::Open)) => {
                *next < keys.len() as u64 && next.saturating_sub(*ended) < u64::from(*at_once)
            }
            _ => false,
        };
        if grows {
            self.operations.growing.insert_mut(id);
        } else {
            self.operations.growing.remove_mut(&id);
        }
    }

    /// What a live instance is called, from what is done to it.
    pub(super) fn restate(&mut self) {
        if !self.status.is_live() {
            return;
        }
        self.status = match (&self.operations.hold, &self.operations.closing) {
            (Some(Hold { kind: HoldKind::Quarantined { .. }, .. }), _) => InstanceStatus::Quarantined,
            (_, Some(_)) => InstanceStatus::Cancelling,
            (Some(Hold { kind: HoldKind::Suspended, .. }), None) => InstanceStatus::Suspended,
            (None, None) => InstanceStatus::Running,
        };
    }
}
