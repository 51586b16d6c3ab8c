//! What must be so at a point of the play: each thing that is not is a fault of its own.

use std::sync::Arc;

use super::mocks;
use super::play::{Player, shown};
use super::script::Expectation;
use super::world::Trouble;
use crate::language::syntax::Node;
use crate::project::InstanceStatus;
use crate::value::Value;

impl Player<'_> {
    pub(super) fn expect(&mut self, expected: &Expectation) {
        let scenario_end = self.scenario.offset;
        self.expect_steps(expected);
        self.expect_trace(expected);
        for (name, count, at) in &expected.called {
            let seen = self.world.mocks.called.get(name).copied().unwrap_or(0);
            if seen != *count {
                self.say(
                    *at,
                    format!("`{name}` 应被调用 {count} 次，实际 {seen} 次"),
                    format!("`{name}` should have been called {count} times, but was {seen}"),
                );
            }
        }
        for (field, node) in &expected.data {
            self.expect_field(field, node);
        }
        if let Some((outcome, at)) = &expected.outcome {
            let state = self.world.state.as_ref();
            let seen: Arc<str> = state.map_or("none".into(), |state| match state.status() {
                InstanceStatus::Running => "open".into(),
                status => state.outcome().cloned().unwrap_or_else(|| status.word().into()),
            });
            if seen != *outcome {
                let (zh, en) = self.standing();
                self.say(
                    *at,
                    format!("结局应为 {outcome}，实际 {seen}；{zh}"),
                    format!("the outcome should be `{outcome}`, but is `{seen}`; {en}"),
                );
            }
        }
        for (step, wanted, at) in &expected.clocks {
            let seen = self.world.clock(step).unwrap_or("none");
            if seen != wanted.as_ref() {
                self.say(
                    *at,
                    format!("`{step}` 的期限应为 {wanted}，实际 {seen}"),
                    format!("the clock of `{step}` should be `{wanted}`, but is `{seen}`"),
                );
            }
        }
        let mut seen = self.incidents();
        seen.sort();
        match &expected.incidents {
            Some((wanted, at)) => {
                let mut wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                wanted.sort();
                if wanted != seen {
                    self.say(
                        *at,
                        format!("异常事件应为 {wanted:?}，实际 {seen:?}"),
                        format!("the incidents should be {wanted:?}, but are {seen:?}"),
                    );
                }
            }
            // An incident that nobody expects is never what was meant.
            None if !seen.is_empty() => {
                let details: Vec<String> = self
                    .world
                    .state
                    .iter()
                    .flat_map(|state| state.open_incidents())
                    .map(|open| open.detail().to_json().to_string())
                    .collect();
                let (seen, details) = (seen.join(", "), details.join(", "));
                self.say(
                    scenario_end,
                    format!("意外的异常事件：{seen} {details}"),
                    format!("unexpected incidents: {seen} {details}"),
                );
            }
            None => {}
        }
    }

    fn expect_steps(&mut self, expected: &Expectation) {
        let all = [&expected.open, &expected.not_open, &expected.reached, &expected.not_reached];
        for step in all.into_iter().flatten() {
            if let Err(Trouble::Stuck { zh, en }) = self.known(step) {
                self.say(step.offset, zh, en);
            }
        }
        for (steps, wanted) in [(&expected.open, true), (&expected.not_open, false)] {
            for step in steps {
                if self.is_open(step) != wanted {
                    let (zh, en) = self.standing();
                    let written = &step.written;
                    let (is_zh, is_en) =
                        if wanted { ("应打开", "should be open") } else { ("不应打开", "should not be open") };
                    self.say(step.offset, format!("`{written}` {is_zh}；{zh}"), format!("`{written}` {is_en}; {en}"));
                }
            }
        }
        for (steps, wanted) in [(&expected.reached, true), (&expected.not_reached, false)] {
            for step in steps {
                let definition = self.world.definition.clone();
                let reached = definition.steps.keys().any(|key| step.names(key) && self.world.seen.reached(key));
                if reached != wanted {
                    let written = &step.written;
                    let (zh, en) = if wanted {
                        ("应到达而未到达", "should have been reached, but was not")
                    } else {
                        ("不应到达却到达了", "should not have been reached, but was")
                    };
                    self.say(step.offset, format!("`{written}` {zh}"), format!("`{written}` {en}"));
                }
            }
        }
    }

    /// Everything that was done, and nothing else, in this order.
    fn expect_trace(&mut self, expected: &Expectation) {
        let Some((wanted, at)) = &expected.trace else { return };
        for step in wanted {
            if let Err(Trouble::Stuck { zh, en }) = self.known(step) {
                return self.say(step.offset, zh, en);
            }
        }
        if !self.world.trace.is(wanted) {
            let seen: Vec<String> = self.world.trace.done.iter().map(|(step, items)| shown(step, items)).collect();
            let wanted: Vec<&str> = wanted.iter().map(|step| step.written.as_ref()).collect();
            let (wanted, seen) = (wanted.join(", "), seen.join(", "));
            self.say(
                *at,
                format!("完成的步骤应依次为 {wanted}，实际 {seen}"),
                format!("the steps done should be {wanted}, but are {seen}"),
            );
        }
    }

    /// A data field, or a path in it; a record needs only what is written of it.
    fn expect_field(&mut self, field: &Arc<str>, node: &Node) {
        let path: Vec<Arc<str>> = field.split('.').map(Arc::from).collect();
        let definition = self.world.definition.clone();
        let mut kind =
            definition.data.iter().find(|known| Some(&known.name) == path.first()).map(|known| known.kind.clone());
        for part in path.iter().skip(1) {
            kind = kind.and_then(|kind| kind.field(part));
        }
        let wanted = match mocks::value(&self.scenario.source, node, kind.as_ref()) {
            Ok(wanted) => wanted,
            Err(fault) => return self.faults.push(fault),
        };
        let seen = self.world.state.as_ref().and_then(|state| state.data().at(&path)).cloned().unwrap_or_default();
        if !has(&seen, &wanted) {
            let (wanted, seen) = (wanted.to_json(), seen.to_json());
            self.say(
                node.start,
                format!("`{field}` 应为 {wanted}，实际 {seen}"),
                format!("`{field}` should be {wanted}, but is {seen}"),
            );
        }
    }
}

/// Whether a value is what is wanted, or a record that has all that is wanted of it. Numbers compare by value.
fn has(seen: &Value, wanted: &Value) -> bool {
    match (seen, wanted) {
        (Value::Map(seen), Value::Map(wanted)) => {
            wanted.iter().all(|(name, wanted)| seen.get(name).is_some_and(|seen| has(seen, wanted)))
        }
        (Value::List(seen), Value::List(wanted)) => {
            seen.len() == wanted.len() && seen.iter().zip(wanted.iter()).all(|(seen, wanted)| has(seen, wanted))
        }
        (Value::Int(_) | Value::Decimal(_), Value::Int(_) | Value::Decimal(_)) => {
            seen.as_decimal() == wanted.as_decimal()
        }
        _ => seen == wanted,
    }
}
