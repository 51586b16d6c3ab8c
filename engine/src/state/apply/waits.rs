//! Folding what is waited for: jobs, timers, messages and operators.

use std::sync::Arc;

use crate::id::{IncidentId, RunId, ScopeId, SubscriptionId, TimerId};
use crate::incident::IncidentCode;
use crate::language::definition::ActivityMode;
use crate::state::{Body, Cursor, Incident, State, Subscription, Timer};
use crate::time::Timestamp;
use crate::value::Value;

impl State {
    pub(super) fn queue_job(
        &mut self,
        run: RunId,
        attempt: u32,
        activity: &Arc<str>,
        mode: ActivityMode,
        input: &Value,
        available_at: Timestamp,
    ) {
        let body =
            Body::Job { activity: activity.clone(), mode, attempt, input: input.clone(), queued: true, available_at };
        self.run_mut(run, |run| run.body = body);
    }

    pub(super) fn fail_job(&mut self, run: RunId, attempt: u32, at: Timestamp) {
        self.run_mut(run, |run| match &mut run.body {
            Body::Job { queued, attempt: tried, .. } => {
                *queued = false;
                *tried = attempt;
            }
            other => {
                *other = Body::Job {
                    activity: Arc::from(""),
                    mode: ActivityMode::Inline,
                    attempt,
                    input: Value::Null,
                    queued: false,
                    available_at: at,
                };
            }
        });
    }

    pub(super) fn arm(&mut self, timer: Timer) {
        let (id, run) = (timer.id, timer.run);
        self.took(id.0);
        self.timers.insert_mut(id, timer);
        self.run_mut(run, |run| run.timers.push(id));
    }

    pub(super) fn disarm(&mut self, timer: TimerId) {
        if let Some(armed) = self.timers.get(&timer).cloned() {
            self.timers.remove_mut(&timer);
            self.run_mut(armed.run, |run| run.timers.retain(|other| *other != timer));
        }
    }

    pub(super) fn subscribe(&mut self, subscription: Subscription) {
        let (id, run) = (subscription.id, subscription.run);
        self.took(id.0);
        self.subscriptions.insert_mut(id, subscription);
        self.run_mut(run, |run| run.subscriptions.push(id));
    }

    pub(super) fn unsubscribe(&mut self, subscription: SubscriptionId) {
        if let Some(held) = self.subscriptions.get(&subscription).cloned() {
            self.subscriptions.remove_mut(&subscription);
            self.run_mut(held.run, |run| run.subscriptions.retain(|other| *other != subscription));
        }
    }

    pub(super) fn raise(
        &mut self,
        id: IncidentId,
        run: Option<RunId>,
        scope: Option<ScopeId>,
        code: IncidentCode,
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

    pub(super) fn resolve(&mut self, incident: IncidentId) {
        let Some(open) = self.incidents.get(&incident).cloned() else { return };
        self.incidents.remove_mut(&incident);
        if let Some(run) = open.run {
            let others = self.incidents.values().filter(|other| other.run == Some(run));
            let newest = others.map(|other| other.id).max();
            self.run_mut(run, |run| run.incident = newest);
        }
        if let Some(scope) = open.scope
            && let Some(Cursor::Blocked { index, forced, .. }) = self.scopes.get(&scope).map(|scope| scope.cursor)
        {
            self.ready_at(scope, index, forced);
        }
    }
}
