//! Folding what happens between instances.

use std::sync::Arc;

use crate::event::{ChildTie, Event};
use crate::id::{IncidentId, InstanceId, RunId};
use crate::incident::IncidentCode;
use crate::language::definition::END;
use crate::state::{Body, ChildStatus, State, TiedChild, WatchTo, Watcher};
use crate::value::Value;

impl State {
    pub(super) fn tie(&mut self, run: RunId, child: InstanceId, process: &Arc<str>, tie: Option<&ChildTie>) {
        let Some(tie) = tie else { return };
        let step = self.runs.get(&run).map(|run| run.step.clone()).unwrap_or_default();
        let tied = TiedChild {
            child,
            process: process.clone(),
            step,
            relation: tie.relation.clone(),
            until: tie.until.clone(),
            blocks: tie.blocks.clone(),
            missed: None,
            status: ChildStatus::Running,
        };
        self.tied.insert_mut(run, tied);
    }

    /// A child ended: what waited for its end goes on; what waited for a milestone waits for an operator.
    pub(super) fn tied_ended(&mut self, run: RunId, outcome: &Arc<str>) {
        if let Some(tied) = self.tied.get_mut(&run) {
            tied.status = ChildStatus::Ended { outcome: outcome.clone() };
            if tied.blocks.as_deref() == Some(END) {
                tied.blocks = None;
            }
        }
    }

    pub(super) fn apply_across(&mut self, event: &Event) {
        match event {
            Event::ChildConfirmed { run, .. } => self.run_mut(*run, |run| run.body = Body::Plain),
            Event::ChildReached { run, milestone, .. } => {
                self.run_mut(*run, |run| run.body = Body::Plain);
                if let Some(tied) = self.tied.get_mut(run)
                    && tied.blocks.as_ref() == Some(milestone)
                {
                    tied.blocks = None;
                }
            }
            Event::ChildOrphaned { run, child, outcome } => {
                let orphan = ChildStatus::Orphaned { outcome: outcome.clone() };
                if let Some(tied) = self.tied.get_mut(run) {
                    (tied.status, tied.blocks) = (orphan, None);
                } else {
                    let tied = TiedChild {
                        child: *child,
                        process: Arc::from(""),
                        step: Arc::from(""),
                        relation: None,
                        until: None,
                        blocks: None,
                        missed: None,
                        status: orphan,
                    };
                    self.tied.insert_mut(*run, tied);
                }
            }
            Event::ChildUntied { run, .. } | Event::ChildAbandoned { run, .. } => {
                self.tied.remove_mut(run);
            }
            Event::EndHeld { outcome } => {
                self.held_end = Some(outcome.clone());
                self.operations.closing = None;
                self.restate();
            }
            Event::Watched { watcher, subscription, milestone } if !self.milestones.contains_key(milestone) => {
                let mut watchers = self.watchers.get(milestone).cloned().unwrap_or_default();
                watchers.push(Watcher { instance: *watcher, to: WatchTo::Subscription(*subscription) });
                self.watchers.insert_mut(milestone.clone(), watchers);
            }
            Event::Unwatched { watcher, subscription, milestone } => {
                let gone = Watcher { instance: *watcher, to: WatchTo::Subscription(*subscription) };
                let mut watchers = self.watchers.get(milestone).cloned().unwrap_or_default();
                watchers.retain(|known| *known != gone);
                if watchers.is_empty() {
                    self.watchers.remove_mut(milestone);
                } else {
                    self.watchers.insert_mut(milestone.clone(), watchers);
                }
            }
            Event::MilestoneMissed { subscription, .. } => self.unsubscribe(*subscription),
            Event::MessageSent { run, .. } => self.run_mut(*run, |run| run.body = Body::Sent),
            Event::MessageJudged { run, .. } => self.run_mut(*run, |run| run.body = Body::Plain),
            _ => {}
        }
    }

    /// An incident about a child that ended without its milestone is settled: the child holds nothing any more.
    pub(super) fn let_go(&mut self, incident: IncidentId) {
        let held = self.tied.iter().find(|(_, tied)| tied.missed == Some(incident)).map(|(run, _)| *run);
        if let Some(tied) = held.and_then(|run| self.tied.get_mut(&run)) {
            (tied.missed, tied.blocks) = (None, None);
        }
    }

    /// A child ended without the milestone that holds this instance's end.
    pub(super) fn note_missed(&mut self, incident: IncidentId, code: IncidentCode, run: Option<RunId>, detail: &Value) {
        if code != IncidentCode::MilestoneMissed || run.is_some() {
            return;
        }
        let child = detail.get("instance").and_then(Value::as_str).unwrap_or_default();
        let held = self.tied.iter().find(|(_, tied)| tied.blocks.is_some() && tied.child.to_string() == child);
        if let Some(tied) = held.map(|(run, _)| *run).and_then(|run| self.tied.get_mut(&run)) {
            tied.missed = Some(incident);
        }
    }
}
