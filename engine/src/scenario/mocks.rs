//! What the outside answers: activities and child processes, as the scenario plays them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Fault;
use super::script::Mock;
use crate::command::ActivityFailure;
use crate::facts::ActivityResult;
use crate::language::definition::Definition;
use crate::language::syntax::{Node, NodeKind, Source};
use crate::language::types::Type;
use crate::time::Timestamp;
use crate::value::{Map, Value};

#[derive(Debug, Default)]
pub(super) struct Mocks {
    lists: BTreeMap<Arc<str>, Vec<Mock>>,
    /// The mock that is next in each list, and how often it has failed.
    turns: BTreeMap<Arc<str>, (usize, u32)>,
    pub(super) called: BTreeMap<Arc<str>, u64>,
}

impl Mocks {
    pub(super) fn of(lists: &BTreeMap<Arc<str>, Vec<Mock>>) -> Self {
        Mocks { lists: lists.clone(), ..Mocks::default() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (&Arc<str>, usize, &Arc<Source>)> {
        self.lists.iter().filter_map(|(name, list)| list.first().map(|mock| (name, mock.offset, &mock.source)))
    }

    /// What an activity answers now. `None`: it has no mock, and an empty answer would not fit it.
    pub(super) fn activity(
        &mut self,
        definition: &Definition,
        name: &Arc<str>,
    ) -> Option<Result<ActivityResult, Fault>> {
        *self.called.entry(name.clone()).or_default() += 1;
        let output = definition.activities.get(name).map(|spec| &spec.output);
        let Some(list) = self.lists.get(name) else {
            let fits = output.is_none_or(|output| output.check(&Value::Null).is_ok());
            return fits.then_some(Ok(ActivityResult::Succeeded { output: Value::Null }));
        };
        let turn = self.turns.entry(name.clone()).or_default();
        let mock = list.get(turn.0).or(list.last())?;
        if turn.1 < mock.fails {
            turn.1 += 1;
            let failure = ActivityFailure {
                code: "activity.unavailable".into(),
                message: "the scenario lets this attempt fail".into(),
                detail: Value::Null,
                transient: true,
            };
            return Some(Ok(ActivityResult::Failed { failure }));
        }
        if turn.0 + 1 < list.len() {
            *turn = (turn.0 + 1, 0);
        }
        Some(answer(mock, output))
    }

    /// How a child process ends: its outcome and output.
    pub(super) fn child(&mut self, name: &Arc<str>) -> Option<Result<(Arc<str>, Value), Fault>> {
        *self.called.entry(name.clone()).or_default() += 1;
        let list = self.lists.get(name)?;
        let turn = self.turns.entry(name.clone()).or_default();
        let mock = list.get(turn.0).or(list.last())?;
        if turn.0 + 1 < list.len() {
            turn.0 += 1;
        }
        let outcome = mock.outcome.clone()?;
        let output = mock.returns.as_ref().map_or(Ok(Value::Null), |node| value(&mock.source, node, None));
        Some(output.map(|output| (outcome, output)))
    }
}

fn answer(mock: &Mock, output: Option<&Type>) -> Result<ActivityResult, Fault> {
    if let Some((code, detail)) = &mock.error {
        let detail = detail.as_ref().map_or(Ok(Value::Null), |node| value(&mock.source, node, None))?;
        let failure = ActivityFailure::business(code, "the scenario says so").with_detail(detail);
        return Ok(ActivityResult::Failed { failure });
    }
    let output = mock.returns.as_ref().map_or(Ok(Value::Null), |node| value(&mock.source, node, output))?;
    Ok(ActivityResult::Succeeded { output })
}

/// A value as it is written, typed by its declared place where there is one.
pub(super) fn value(source: &Source, node: &Node, kind: Option<&Type>) -> Result<Value, Fault> {
    let kind = match kind {
        Some(Type::Optional(inner)) => Some(inner.as_ref()),
        other => other,
    };
    match &node.kind {
        NodeKind::Null => Ok(Value::Null),
        NodeKind::Broken => Err(Fault::at(source, node.start, "这里不能读取", "this cannot be read")),
        NodeKind::Scalar { text, .. } => Ok(scalar(text, node.is_plain(), kind)),
        NodeKind::List(items) => {
            let inner = match kind {
                Some(Type::List(inner)) => Some(inner.as_ref()),
                _ => None,
            };
            Ok(Value::list(items.iter().map(|item| value(source, item, inner)).collect::<Result<_, _>>()?))
        }
        NodeKind::Map { entries, .. } => {
            let mut map = Map::new();
            for entry in entries {
                let inner = kind.and_then(|kind| kind.field(&entry.key));
                map.insert(entry.key.as_str().into(), value(source, &entry.value, inner.as_ref())?);
            }
            Ok(Value::map(map))
        }
    }
}

fn scalar(text: &str, plain: bool, kind: Option<&Type>) -> Value {
    match kind {
        Some(Type::DateTime) => {
            Timestamp::parse(text).map_or_else(|| Value::text(text), |at| Value::text(at.to_string()))
        }
        Some(Type::String | Type::Date | Type::Duration | Type::User | Type::Role | Type::File | Type::OneOf(_)) => {
            Value::text(text)
        }
        _ if !plain => Value::text(text),
        _ => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            // The language's word for nothing.
            "=()" => Value::Null,
            _ => crate::language::compile::number(text).unwrap_or_else(|| Value::text(text)),
        },
    }
}
