//! Reading a state: what it waits for, what it shows, where it stands.

use std::sync::Arc;

use super::{Body, Cursor, Phase, Run, Scope, State};
use crate::command::WorkId;
use crate::event::{Purpose, SubscriptionPurpose, TimerPurpose};
use crate::id::{ConditionId, IncidentId, InstanceId, RunId, ScopeId, StepKey, SubscriptionId, TimerId};
use crate::language::definition::{Definition, Path};
use crate::value::{Map, Value};

/// Something persisted that will wake an instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeSource {
    /// Ready steps: the writer goes on.
    Ready,
    Task(WorkId),
    Job(RunId),
    Timer(TimerId),
    Subscription(SubscriptionId),
    /// Judged whenever something else has changed the instance.
    Condition(ConditionId),
    Child(InstanceId),
    /// The owner of a message says what became of it.
    Verdict(RunId),
    Incident(IncidentId),
    /// It is held until an operator lets it go on.
    Operator,
}

impl State {
    /// Everything that can wake it. A live instance without any is a bug (law 14).
    #[must_use]
    pub fn wake_sources(&self) -> Vec<WakeSource> {
        let mut sources = Vec::new();
        if self.is_ready() {
            sources.push(WakeSource::Ready);
        }
        if self.operations.hold.is_some() {
            sources.push(WakeSource::Operator);
        }
        sources.extend(self.timers.keys().copied().map(WakeSource::Timer));
        sources.extend(self.subscriptions.keys().copied().map(WakeSource::Subscription));
        sources.extend(self.conditions.keys().copied().map(WakeSource::Condition));
        sources.extend(self.incidents.keys().copied().map(WakeSource::Incident));
        if self.held_end.is_some() {
            sources.extend(self.holders().map(|tied| WakeSource::Child(tied.child)));
        }
        for run in self.runs.values().filter(|run| run.phase == Phase::Open) {
            sources.extend(run.own_wake_sources());
        }
        sources
    }

    /// How often a step was entered.
    #[must_use]
    pub fn visits(&self, step: &str) -> u32 {
        self.visits.get(step).copied().unwrap_or(0)
    }

    /// Faults of the tree: each is a bug. Empty for every state that `decide` makes.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.is_live() {
            let open = self.scopes.size() + self.timers.size() + self.subscriptions.size() + self.incidents.size();
            if open + self.ready.size() + self.conditions.size() > 0
                || self.runs.keys().any(|run| *run != super::ROOT_RUN)
            {
                faults.push("an ended instance has something open".to_owned());
            }
            return faults;
        }
        for scope in self.scopes.values() {
            match scope.cursor {
                Cursor::Open { run } if self.runs.get(&run).is_none_or(|run| run.scope != scope.id) => {
                    faults.push(format!("scope {} is at run {run}, which is not open there", scope.id));
                }
                Cursor::Ready { turn, .. } if self.ready.get(&turn) != Some(&scope.id) => {
                    faults.push(format!("scope {} is ready but has no turn", scope.id));
                }
                Cursor::Blocked { incident, .. } if !self.incidents.contains_key(&incident) => {
                    faults.push(format!("scope {} is blocked by a closed incident", scope.id));
                }
                Cursor::Resting { .. } if scope.rests.is_empty() => {
                    faults.push(format!("scope {} waits for nothing beside", scope.id));
                }
                Cursor::Held if !self.is_cut(scope) && (scope.id != super::ROOT_SCOPE || !self.is_replaced()) => {
                    faults.push(format!("scope {} is held, and nothing stands in its place", scope.id));
                }
                _ => {}
            }
            let cut = self.operations.condemned.get(&scope.parent).is_some_and(|cut| cut.scopes.contains(&scope.id));
            if !cut && self.runs.get(&scope.parent).is_none_or(|run| !run.children.contains(&scope.id)) {
                faults.push(format!("scope {} is not a child of its parent", scope.id));
            }
        }
        for run in self.runs.values().filter(|run| run.id != super::ROOT_RUN) {
            let stands = |scope: &Scope| scope.cursor == Cursor::Open { run: run.id } || scope.rests.contains(&run.id);
            if !self.scopes.get(&run.scope).is_some_and(stands) {
                faults.push(format!("run {} is open but its scope is elsewhere", run.id));
            }
            let idle = self.idle.contains(&run.id);
            if run.incident.is_none() && !self.goes_on(run) && !idle && !self.is_given_up(run.id) {
                faults.push(format!("run {} of step {} waits for nothing", run.id, run.step));
            }
        }
        for timer in self.timers.values() {
            if self.runs.get(&timer.run).is_none_or(|run| !run.timers.contains(&timer.id)) {
                faults.push(format!("timer {} is armed for nobody", timer.id));
            }
        }
        for held in self.subscriptions.values() {
            if self.runs.get(&held.run).is_none_or(|run| !run.subscriptions.contains(&held.id)) {
                faults.push(format!("subscription {} is nobody's", held.id));
            }
        }
        for waiting in self.conditions.values().filter(|waiting| !self.runs.contains_key(&waiting.run)) {
            faults.push(format!("condition {} is nobody's", waiting.id));
        }
        for incident in self.incidents.values() {
            let run = incident.run.is_none_or(|run| self.runs.contains_key(&run));
            if !run || incident.scope.is_some_and(|scope| !self.scopes.contains_key(&scope)) {
                faults.push(format!("incident {} is about something that is closed", incident.id));
            }
        }
        for (turn, scope) in &self.ready {
            if !matches!(self.scopes.get(scope).map(|scope| scope.cursor), Some(Cursor::Ready { turn: own, .. }) if own == *turn)
            {
                faults.push(format!("turn {turn} names scope {scope}, which is not ready"));
            }
        }
        if self.wake_sources().is_empty() {
            faults.push("nothing will wake it".to_owned());
        }
        faults
    }

    /// Whether a block was cut off, or stands inside one that was.
    fn is_cut(&self, scope: &Scope) -> bool {
        let cut = self.operations.condemned.get(&scope.parent);
        cut.is_some_and(|cut| scope.id < cut.before) || self.is_given_up(scope.parent)
    }

    /// Steps of an event run in the place of the process's own.
    fn is_replaced(&self) -> bool {
        let instead = |scope: &Scope| {
            scope.parent == super::ROOT_RUN && matches!(scope.purpose, Purpose::Instead { .. } | Purpose::Undo { .. })
        };
        self.scopes.values().any(instead)
    }

    /// Whether something carries the run's own work on, without an operator. What its events wait for does not.
    pub(crate) fn goes_on(&self, run: &Run) -> bool {
        let beside = |scope: &Scope| matches!(scope.purpose, Purpose::Beside { .. });
        let own_timer = |timer: &super::Timer| {
            use TimerPurpose::{Alternative, Due, Retry, Wait};
            matches!(timer.purpose, Wait | Alternative { .. } | Due | Retry { .. })
        };
        let own_subscription =
            |held: &super::Subscription| !matches!(held.purpose, SubscriptionPurpose::Handler { .. });
        !run.own_wake_sources().is_empty()
            || run.children.iter().filter_map(|id| self.scopes.get(id)).any(|scope| !beside(scope))
            || run.timers.iter().filter_map(|id| self.timers.get(id)).any(own_timer)
            || self.conditions_of(run.id).any(|waiting| !matches!(waiting.purpose, SubscriptionPurpose::Handler { .. }))
            || run.subscriptions.iter().filter_map(|id| self.subscriptions.get(id)).any(own_subscription)
    }

    /// What a run waits for in the instance's own data.
    pub(crate) fn conditions_of(&self, run: RunId) -> impl Iterator<Item = &super::Waiting> {
        self.conditions.values().filter(move |waiting| waiting.run == run)
    }

    /// The outcome with which it will end, while it waits for what must be done alongside, or for other instances.
    #[must_use]
    pub fn ending(&self) -> Option<&Arc<str>> {
        self.ending.as_ref().or(self.held_end.as_ref())
    }

    /// The moment from which the deadlines of a step run: its first opening, in this item or round.
    pub(crate) fn first_opened(&self, step: &str, scope: ScopeId) -> Option<crate::time::Timestamp> {
        match self.scopes_around(scope).find_map(|scope| scope.opened.as_ref()) {
            Some(own) => own.get(step).copied(),
            None => self.opened.get(step).copied(),
        }
    }

    /// The scopes from `id` outwards to the process's.
    pub(crate) fn scopes_around(&self, id: ScopeId) -> impl Iterator<Item = &Scope> {
        let mut next = self.scopes.get(&id);
        std::iter::from_fn(move || {
            let scope = next?;
            next = self.runs.get(&scope.parent).and_then(|run| self.scopes.get(&run.scope));
            Some(scope)
        })
    }

    /// What a `shows` path displays: a data field, the input, or what a step and the steps inside it gave.
    #[must_use]
    pub fn shown(&self, definition: &Definition, path: &Path) -> Value {
        let Some((root, rest)) = path.split_first() else { return Value::Null };
        let whole = if root.as_ref() == "input" {
            self.input.clone()
        } else if let Some(value) = self.data.get(root) {
            value.clone()
        } else {
            let Some((step, rest)) = definition.step_in(path) else { return Value::Null };
            return self.step_summary(definition, step).at(rest).cloned().unwrap_or_default();
        };
        whole.at(rest).cloned().unwrap_or_default()
    }

    fn step_summary(&self, definition: &Definition, step: &str) -> Value {
        let records = self.records.iter();
        let concerned = records.filter(|(key, _)| key.as_ref() == step || definition.is_inside(key, step));
        Value::map(concerned.map(|(key, record)| (key.clone(), record.to_value())).collect::<Map>())
    }

    /// Every open step, with the path of items it stands in.
    pub fn open_steps(&self) -> impl Iterator<Item = (&StepKey, RunId, Vec<Arc<str>>)> {
        self.runs.values().filter(|run| run.id != super::ROOT_RUN && run.phase == Phase::Open).map(|run| {
            let items = self.scopes_around(run.scope).filter(|scope| scope.records.is_some());
            let keys = items.filter_map(|scope| scope.variable.as_ref()).map(|variable| variable.key.clone()).collect();
            (&run.step, run.id, keys)
        })
    }

    /// The ids of all open work, tasks and seats.
    #[must_use]
    pub fn open_work(&self) -> Vec<WorkId> {
        let mut works: Vec<WorkId> = Vec::new();
        for run in self.runs.values().filter(|run| run.phase == Phase::Open) {
            for source in run.own_wake_sources() {
                if let WakeSource::Task(work) = source {
                    works.push(work);
                }
            }
        }
        works
    }

    /// Armed timers, by when they are due.
    #[must_use]
    pub fn armed(&self) -> Vec<&super::Timer> {
        let mut timers: Vec<_> = self.timers.values().collect();
        timers.sort_by_key(|timer| (timer.due, timer.id));
        timers
    }

    /// What it is subscribed to.
    pub fn subscribed(&self) -> impl Iterator<Item = &super::Subscription> {
        self.subscriptions.values()
    }

    /// The wait of this number, unless it was given up and only waits to be closed.
    pub(crate) fn awaits(&self, id: SubscriptionId) -> Option<&super::Subscription> {
        let held = self.subscriptions.get(&id)?;
        (self.operations.closing.is_none() && !self.is_given_up(held.run)).then_some(held)
    }

    /// Open incidents.
    pub fn open_incidents(&self) -> impl Iterator<Item = &super::Incident> {
        self.incidents.values()
    }

    /// The state as a reader sees it: where it stands, what it holds, what it waits for.
    #[must_use]
    pub fn to_view(&self) -> serde_json::Value {
        let open: Vec<_> = self
            .open_steps()
            .map(|(step, run, items)| {
                let mut shown = serde_json::json!({ "step": step, "run": run, "items": items });
                if let Some(due) = self.runs.get(&run).filter(|run| run.provisional).and_then(|run| run.due) {
                    shown["due"] = due.to_string().into();
                    shown["provisional"] = true.into();
                }
                shown
            })
            .collect();
        let milestones: serde_json::Map<String, serde_json::Value> =
            self.milestones.iter().map(|(name, at)| (name.to_string(), at.to_string().into())).collect();
        let hold = self.operations.hold.as_ref().map(|hold| {
            let command = match &hold.kind {
                super::operations::HoldKind::Quarantined { command } => command.to_json(),
                super::operations::HoldKind::Suspended => serde_json::Value::Null,
            };
            serde_json::json!({
                "by": hold.by.id(),
                "reason": hold.reason,
                "since": hold.since.to_string(),
                "command": command,
                "parked": self.operations.parked.size(),
                "deferred": self.operations.deferred.size(),
            })
        });
        serde_json::json!({
            "hold": hold,
            "instance": self.id.to_string(),
            "process": self.process,
            "release": self.release,
            "key": self.key,
            "status": self.status.word(),
            "outcome": self.outcome,
            "ending": self.ending(),
            "started_at": self.started_at.to_string(),
            "updated_at": self.updated_at.to_string(),
            "initiator": self.initiator.id(),
            "input": self.input.to_json(),
            "data": self.data.to_json(),
            "open": open,
            "steps": Value::map(self.records.iter().map(|(key, record)| (key.clone(), record.to_value())).collect::<Map>()).to_json(),
            "milestones": milestones,
            "links": self.links(),
        })
    }
}

impl super::Timer {
    #[must_use]
    pub fn id(&self) -> TimerId {
        self.id
    }

    #[must_use]
    pub fn due(&self) -> crate::time::Timestamp {
        self.due
    }

    #[must_use]
    pub fn purpose(&self) -> &crate::event::TimerPurpose {
        &self.purpose
    }

    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }
}

impl super::Subscription {
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    #[must_use]
    pub fn message(&self) -> &Arc<str> {
        &self.message
    }

    /// The equalities: fields of the message and what they must be.
    #[must_use]
    pub fn matches(&self) -> &Value {
        &self.matches
    }
}

impl super::Incident {
    #[must_use]
    pub fn id(&self) -> IncidentId {
        self.id
    }

    #[must_use]
    pub fn code(&self) -> crate::incident::IncidentCode {
        self.code
    }

    #[must_use]
    pub fn detail(&self) -> &Value {
        &self.detail
    }
}

impl Run {
    /// Work, jobs and children of this run itself; timers and subscriptions are counted with the instance's.
    fn own_wake_sources(&self) -> Vec<WakeSource> {
        match &self.body {
            Body::Task(_) | Body::Ballot { .. } => {
                self.works().into_iter().map(|(work, _)| WakeSource::Task(work)).collect()
            }
            Body::Job { queued: true, .. } => vec![WakeSource::Job(self.id)],
            Body::Child { child, .. } => vec![WakeSource::Child(*child)],
            Body::Sent => vec![WakeSource::Verdict(self.id)],
            _ => Vec::new(),
        }
    }
}

impl State {
    /// About how many bytes it takes in memory, for the cache's limit.
    #[must_use]
    pub fn weight(&self) -> usize {
        const BASE: usize = 700;
        const RUN: usize = 320;
        const SCOPE: usize = 260;
        const SMALL: usize = 140;
        BASE + self.runs.size() * RUN
            + self.scopes.size() * SCOPE
            + (self.timers.size() + self.subscriptions.size() + self.records.size()) * SMALL
            + (self.visits.size() + self.opened.size() + self.acted.size()) * 96
            + self.copies.size() * SMALL
            + self.input.weight()
            + self.data.weight()
            + self.records.values().map(|record| record.output.weight()).sum::<usize>()
    }
}
