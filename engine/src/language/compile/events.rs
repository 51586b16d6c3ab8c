//! Events: people, messages, conditions, errors, escalations and time, while their host is open.

use std::sync::Arc;

use crate::id::BlockKey;
use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{Candidate, Handler, HandlerAction, PersonEvent, Template, Trigger};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Entry, Node, NodeKind};
use crate::language::types::Type;
use crate::value::Value;

/// What an event may have as its cause; exactly one of them.
const TRIGGERS: [&str; 8] = ["by", "message", "signal", "condition", "milestone", "error", "escalation", "after"];
/// What every event may have beside its cause.
const BESIDE: [&str; 5] = ["title", "steps", "instead", "ends_step", "undo"];
/// What an event of a person may have in addition: what a task has, and when it may be raised at all.
const OF_PEOPLE: [&str; 9] = ["by", "form", "sign", "shows", "not", "reason", "while", "fills", "into"];

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
        let known: Vec<&str> = if node.get("by").is_some() {
            BESIDE.into_iter().chain(OF_PEOPLE).collect()
        } else if node.get("condition").is_some() || node.get("milestone").is_some() {
            BESIDE.into_iter().chain(["condition", "milestone"]).collect()
        } else {
            BESIDE.into_iter().chain(["message", "signal", "match", "error", "escalation", "after", "when"]).collect()
        };
        let triggers = TRIGGERS.into_iter().filter(|key| node.get(key).is_some()).count();
        if triggers == 1 || node.entries().is_none() {
            self.shape(node, "an event", &known)?;
        }
        self.note(&format!("event.{name}"), entry.key_start, entry.key_end);
        if triggers != 1 {
            let message = text!(
                format!("事件须恰有 {} 之一", TRIGGERS.join("、")),
                format!("an event has exactly one of {}", TRIGGERS.map(|key| format!("`{key}`")).join(", "))
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
            Trigger::Escalation(_) => Some("escalation"),
            Trigger::Person(_) => Some("form"),
            Trigger::After(_) | Trigger::Condition(_) => None,
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
        if let Some(by) = node.get("by") {
            // What it says of forms and signatures is its own, not its host's.
            let host = self.step.take();
            let before = self.event_writes.len();
            let event = self.person_event(by, node);
            self.event_writes[before..].iter_mut().for_each(|(of, _)| of.clone_from(&host));
            self.step = host;
            let kind = self.form_type(event.form.as_ref());
            return Some((Trigger::Person(Box::new(event)), kind));
        }
        if let Some(error) = node.get("error") {
            let error: Arc<str> = self.word(error, "错误代码", "the code of an error")?;
            return Some((Trigger::Error(error), super::work::error_type()));
        }
        if let Some(code) = node.get("escalation") {
            let code: Arc<str> = self.word(code, "升级代码", "the code of an escalation")?;
            let kind = Type::Record(Arc::new(std::collections::BTreeMap::from([
                ("code".into(), Type::String),
                ("step".into(), Type::String),
                ("data".into(), Type::Any),
                ("output".into(), Type::Any),
            ])));
            return Some((Trigger::Escalation(code), kind));
        }
        if node.get("condition").is_some() || node.get("milestone").is_some() {
            return self.condition(node).map(|condition| (Trigger::Condition(condition), Type::Any));
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

    fn person_event(&mut self, by: &Node, node: &Node) -> PersonEvent {
        let title = node.get("title").and_then(|title| self.text_template(title));
        let by = self.raisers(by);
        let not = node.get("not").map(|not| self.excluded(not)).unwrap_or_default();
        let open_while = node.get("while").and_then(|open| self.expression(open, Expectation::When));
        let form = node.get("form").and_then(|form| self.form(form));
        let shows = node.get("shows").map(|shows| self.shows(shows)).unwrap_or_default();
        let sign = node.get("sign").and_then(|sign| self.meaning(sign));
        let reason = node.get("reason").and_then(|reason| self.choice(reason, &["required", "optional"]));
        let output = self.form_type(form.as_ref());
        let writes = self.writes(node, &output, None);
        PersonEvent { title, by, not, open_while, form, shows, sign, reason_required: reason == Some(0), writes }
    }

    /// Roles as in `start`, or candidates as of a task.
    fn raisers(&mut self, node: &Node) -> Vec<Candidate> {
        let nodes: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        if nodes.is_empty() {
            let message = text!("没有人可以触发此事件", "nobody may raise this event");
            self.say(&codes::SHAPE_INVALID_VALUE, node, message, None);
        }
        let mut raisers = Vec::new();
        for item in nodes {
            match item.text() {
                Some("initiator") => raisers.push(Candidate::Initiator),
                Some(role) => {
                    let role = Template::Literal(Value::text(role));
                    raisers.push(Candidate::Role { role, scope: std::collections::BTreeMap::new() });
                }
                None => raisers.extend(self.candidate(item, &[])),
            }
        }
        raisers
    }
}
