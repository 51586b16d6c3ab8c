//! Events: messages, errors and time, while their host is open.

use std::sync::Arc;

use crate::id::BlockKey;
use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{Handler, HandlerAction, Trigger};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Entry, Node, NodeKind};
use crate::language::types::Type;

impl Compiler<'_> {
    /// The events of a step (`host` is its key), or of the process (`host` is empty).
    pub(crate) fn handlers(&mut self, node: &Node, host: &str, process: bool) -> Vec<Handler> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的事件", "named events");
            return Vec::new();
        };
        entries.iter().filter_map(|entry| self.handler(entry, host, process)).collect()
    }

    fn handler(&mut self, entry: &Entry, host: &str, process: bool) -> Option<Handler> {
        let name = self.name_key(entry)?;
        let node = &entry.value;
        if let Some(by) = node.entries().unwrap_or_default().iter().find(|entry| entry.key == "by") {
            self.later(by.key_start, by.key_end, "events: { by }");
            return None;
        }
        let known =
            ["title", "message", "signal", "match", "error", "after", "when", "steps", "instead", "ends_step", "undo"];
        self.shape(node, "an event", &known)?;
        self.note(&format!("event.{name}"), entry.key_start, entry.key_end);
        let triggers: Vec<&str> =
            ["message", "signal", "error", "after"].into_iter().filter(|key| node.get(key).is_some()).collect();
        if triggers.len() != 1 {
            let message = text!(
                "事件须恰有 message、signal、error、after 之一",
                "an event has exactly one of `message`, `signal`, `error` and `after`"
            );
            self.say_at(&codes::EVENT_TRIGGER, entry.key_start, entry.key_end, message, None);
            return None;
        }
        let (on, kind) = self.trigger(node)?;
        let block: BlockKey = format!("{host}@{name}").into();
        let owner = (!process).then(|| host.into());
        let span = self.source.span(entry.key_start);
        let ends_step = node.get("ends_step").is_some_and(|ends| self.flag(ends));
        let undo = node.get("undo").is_some_and(|undo| self.flag(undo));
        if let Some(entry) = node.entries().unwrap_or_default().iter().find(|entry| entry.key == "undo")
            && node.get("instead").is_none()
        {
            let message = text!("只有 `instead` 才有可撤销的内容", "only `instead` gives up something that is undone");
            self.say_at(&codes::SHAPE_INVALID_VALUE, entry.key_start, entry.key_end, message, None);
        }
        let local = match &on {
            Trigger::Message(_) => Some("message"),
            Trigger::Error(_) => Some("error"),
            Trigger::After(_) => None,
        };
        let (when, action) = self.with_locals(local.map(|name| (name.into(), kind)), |compiler| {
            let when = match &on {
                // Of a message it narrows the subscription, which has it.
                Trigger::Message(_) => None,
                _ => node.get("when").and_then(|when| compiler.expression(when, Expectation::When)),
            };
            let action = match (node.get("steps"), node.get("instead")) {
                (Some(steps), None) => Some(HandlerAction::Steps(compiler.block(steps, block, owner))),
                (None, Some(instead)) => {
                    Some(HandlerAction::Instead { block: compiler.block(instead, block, owner), undo })
                }
                _ => {
                    let message =
                        text!("事件须恰有 steps、instead 之一", "an event has exactly one of `steps` and `instead`");
                    compiler.say_at(&codes::EVENT_TRIGGER, entry.key_start, entry.key_end, message, None);
                    None
                }
            };
            (when, action)
        });
        Some(Handler { name, on, when, action: action?, ends_step, span })
    }

    fn trigger(&mut self, node: &Node) -> Option<(Trigger, Type)> {
        if let Some(error) = node.get("error") {
            let error: Arc<str> = self.word(error, "错误代码", "the code of an error")?;
            return Some((Trigger::Error(error), super::work::error_type()));
        }
        if let Some(after) = node.get("after") {
            let times = match &after.kind {
                NodeKind::List(items) => items.iter().filter_map(|item| self.time(item)).collect(),
                _ => self.time(after).into_iter().collect::<Vec<_>>(),
            };
            return (!times.is_empty()).then_some((Trigger::After(times), Type::Any));
        }
        let wait = self.message_wait(node)?;
        let kind = self.message_type(&wait.message);
        Some((Trigger::Message(wait), kind))
    }
}
