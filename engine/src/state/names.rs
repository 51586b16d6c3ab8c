//! What expressions see of a state, from where they stand.

use std::sync::Arc;

use super::{ROOT_SCOPE, Record, Run, State};
use crate::command::Actor;
use crate::event::Purpose;
use crate::id::{RunId, ScopeId};
use crate::language::definition::{Definition, StepKind, parts_around};
use crate::rules::expression::Names;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// Variables that exist for one evaluation only: `message`, `form`, `output`, `error`.
pub type Extra = Vec<(Arc<str>, Value)>;

/// A place in a running process, as an expression's surroundings.
pub struct At<'a> {
    pub definition: &'a Definition,
    pub state: &'a State,
    /// The scope whose list the expression stands in.
    pub scope: ScopeId,
    pub now: Timestamp,
    pub extra: &'a Extra,
}

impl At<'_> {
    /// The variable of this name in the nearest scope around.
    fn variable(&self, name: &str) -> Option<Value> {
        let mut id = self.scope;
        while let Some(scope) = self.state.scopes.get(&id) {
            if let Some(variable) = scope.variable.as_ref().filter(|variable| variable.name.as_ref() == name) {
                return Some(variable.value.clone());
            }
            if let Some(known) = scope.known.as_ref().and_then(|known| known.get(name)).filter(|_| name != "steps") {
                return Some(known.clone());
            }
            let holder = self.state.runs.get(&scope.parent)?;
            if scope.purpose == Purpose::Route && self.names_output(name, &holder.step) {
                return self.output_of(holder);
            }
            id = holder.scope;
        }
        None
    }

    /// In the steps of an outcome `output` is what the step gave, and after a message of `first` it is the message.
    fn names_output(&self, name: &str, step: &str) -> bool {
        let is_first =
            |step: &str| matches!(self.definition.step(step).map(|step| &step.kind), Some(StepKind::First { .. }));
        name == "output" || (name == "message" && is_first(step))
    }

    fn output_of(&self, run: &Run) -> Option<Value> {
        let record = self.state.record_of(&run.step, run.scope)?;
        (record.run == run.id).then(|| record.output.clone())
    }

    /// Records by step: the process's, overlaid by those of the items around. Inside a part its own steps have their
    /// short names, and those of other parts stand under the step that does the part.
    fn steps(&self) -> Value {
        let mut steps = Map::new();
        let records = self.records();
        for (key, record) in &records {
            put(&mut steps, key, record);
        }
        let around: Vec<&str> = parts_around(self.part()).filter(|part| !part.is_empty()).collect();
        let known = self.state.scopes_around(self.scope).find_map(|scope| scope.known.as_ref()?.get("steps"));
        if let Some(Value::Map(known)) = known {
            steps.extend(known.iter().map(|(name, record)| (name.clone(), record.clone())));
        }
        for part in around.into_iter().rev() {
            for (key, record) in &records {
                if let Some(name) = key.strip_prefix(part) {
                    put(&mut steps, name, record);
                }
            }
        }
        Value::map(steps)
    }

    /// The part that the place stands in.
    fn part(&self) -> &str {
        let block = self.state.scopes.get(&self.scope).and_then(|scope| self.definition.block(&scope.block));
        block.map_or("", |block| &block.part)
    }

    fn records(&self) -> Map {
        let mut steps: Map =
            self.state.records.iter().map(|(step, record)| (step.clone(), self.record(record))).collect();
        let mut id = self.scope;
        let mut layers = Vec::new();
        while let Some(scope) = self.state.scopes.get(&id) {
            layers.extend(scope.records.as_ref());
            let Some(parent) = self.state.runs.get(&scope.parent) else { break };
            id = parent.scope;
        }
        for layer in layers.into_iter().rev() {
            steps.extend(layer.iter().map(|(step, record)| (step.clone(), self.record(record))));
        }
        steps
    }

    /// What a step left behind; of one that started a process, with the process's id.
    fn record(&self, record: &Record) -> Value {
        let mut value = record.to_value();
        if let Some(child) = self.state.started_by(record.run) {
            value.set(&["instance".into()], child);
        }
        value
    }
}

/// Puts a record under its key; that of a part's step inside the record of the step that does the part.
fn put(steps: &mut Map, key: &str, record: &Value) {
    let path: Vec<Arc<str>> = key.split('.').map(Arc::from).collect();
    match path.split_first() {
        Some((first, [])) => drop(steps.insert(first.clone(), record.clone())),
        Some((first, rest)) => steps.entry(first.clone()).or_default().set(rest, record.clone()),
        None => {}
    }
}

impl Record {
    /// What `steps.<id>` reads.
    #[must_use]
    pub(crate) fn to_value(&self) -> Value {
        Value::record([
            ("outcome", Value::Text(self.outcome.clone())),
            ("by", self.by.as_ref().and_then(Actor::id).map_or(Value::Null, |id| Value::Text(id.clone()))),
            ("at", Value::text(self.at.to_string())),
            ("output", self.output.clone()),
        ])
    }
}

impl Names for At<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.extra.iter().find(|(extra, _)| extra.as_ref() == name) {
            return Some(value.clone());
        }
        if let Some(value) = self.variable(name) {
            return Some(value);
        }
        let state = self.state;
        Some(match name {
            "input" => state.input.clone(),
            "key" => state.key.clone().map_or(Value::Null, Value::Text),
            "initiator" => state.initiator.id().map_or(Value::Null, |id| Value::Text(id.clone())),
            "started_at" => Value::text(state.started_at.to_string()),
            "now" => Value::text(self.now.to_string()),
            "steps" => self.steps(),
            _ => return state.data.get(name).cloned(),
        })
    }

    fn visits(&self, step: &str) -> i64 {
        let step = self.definition.named(self.part(), step).map_or(step, AsRef::as_ref);
        self.state.visits.get(step).copied().map_or(0, i64::from)
    }

    fn reached(&self, milestone: &str) -> bool {
        self.state.milestones.contains_key(milestone)
    }

    fn any_outcome(&self, step: &str, outcome: &str) -> bool {
        let step = self.definition.named(self.part(), step).map_or(step, AsRef::as_ref);
        let Some(since) = self.state.last_run(step) else { return false };
        let inside = |record: &Record, key: &str| {
            record.outcome.as_ref() == outcome && record.run > since && self.definition.is_inside(key, step)
        };
        self.state.records.iter().any(|(key, record)| inside(record, key))
    }
}

impl State {
    /// What a step gave last, as it is seen from a scope: in the items around first.
    pub(crate) fn record_of(&self, step: &str, from: ScopeId) -> Option<&Record> {
        let layers = self.scopes_around(from).filter_map(|scope| scope.records.as_ref());
        layers.chain([&self.records]).find_map(|records| records.get(step))
    }

    /// The newest activation of a step, open or done.
    #[must_use]
    pub(crate) fn last_run(&self, step: &str) -> Option<RunId> {
        let open = self.runs.values().filter(|run| run.step.as_ref() == step).map(|run| run.id).max();
        open.or_else(|| self.records.get(step).map(|record| record.run))
    }

    /// The surroundings of something that concerns the process as a whole.
    #[must_use]
    pub fn at_root<'a>(&'a self, definition: &'a Definition, now: Timestamp, extra: &'a Extra) -> At<'a> {
        At { definition, state: self, scope: ROOT_SCOPE, now, extra }
    }
}
