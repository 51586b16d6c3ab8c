//! Waiting: durations, moments, messages, and the first of several.

use crate::id::StepKey;
use crate::language::compile::{Compiler, Expectation, Written};
use crate::language::definition::{Alternative, MessageWait, Route, StepKind, Template, WaitFor, Write};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;
use crate::rules::span::{DurationSpec, Unit};

impl Compiler<'_> {
    /// `90 days`, `=limit`, `{ until: =moment }`, `{ message: m, match: { … }, when: … }`.
    pub(crate) fn wait(&mut self, node: &Node) -> Option<WaitFor> {
        if node.text().is_some() {
            return self.time(node).map(WaitFor::For);
        }
        if let Some(process) = node.get("process") {
            return self.milestone_wait(process, node).map(WaitFor::Milestone);
        }
        if node.get("signal").is_some() {
            self.shape(node, "wait", &["signal", "match", "when"])?;
            return self.message_wait(node).map(WaitFor::Message);
        }
        if node.get("condition").is_some() || node.get("milestone").is_some() {
            self.shape(node, "wait", &["condition", "milestone"])?;
            return self.condition(node).map(WaitFor::Condition);
        }
        if let Some(until) = node.get("until") {
            for entry in node.entries().unwrap_or_default() {
                if entry.key != "until" {
                    self.known_key(entry, "wait", &["until"]);
                }
            }
            return self.template(until, Some(&Type::DateTime)).map(WaitFor::Until);
        }
        if let Some(span) = node.get("for") {
            self.shape(node, "wait", &["for"])?;
            return self.time(span).map(WaitFor::For);
        }
        self.shape(node, "wait", &["for", "message", "match", "when"])?;
        self.required(node, "message", "wait")?;
        self.message_wait(node).map(WaitFor::Message)
    }

    /// `message`, `match` and `when` of a map; other keys are the caller's.
    pub(crate) fn message_wait(&mut self, node: &Node) -> Option<MessageWait> {
        let message_node = match node.get("message") {
            Some(message) => message,
            None => node.get("signal")?,
        };
        let signal = node.get("message").is_none();
        let message = if signal {
            self.signal_name(message_node)?
        } else {
            self.word(message_node, "消息名", "the name of a message")?
        };
        if !signal && !self.library.messages.contains_key(&message) {
            let names: Vec<_> = self.library.messages.keys().cloned().collect();
            self.unknown(
                &codes::MESSAGE_UNKNOWN,
                message_node,
                &message,
                "目录中的消息",
                "message in the catalogue",
                &names,
            );
        }
        self.note("message", message_node.start, message_node.end);
        let kind = self.message_type(&message);
        let mut matches = std::collections::BTreeMap::new();
        match node.get("match").map(|matching| (matching, &matching.kind)) {
            Some((_, NodeKind::Map { entries, .. })) => {
                for entry in entries {
                    let part = kind.field(&entry.key);
                    if part.is_none() {
                        self.no_field(entry.key_start, entry.key_end, &entry.key, &kind);
                    }
                    if let Some(value) = self.template(&entry.value, part.as_ref()) {
                        matches.insert(entry.key.as_str().into(), value);
                    }
                }
            }
            Some((matching, _)) => self.wrong(matching, "字段到值的表", "a map from fields to values"),
            None => {}
        }
        let when = node.get("when");
        let when = self
            .with_local("message", kind, |compiler| when.and_then(|when| compiler.expression(when, Expectation::When)));
        Some(MessageWait { message, matches, when })
    }

    pub(crate) fn first(&mut self, node: &Node, step: &Node, key: &StepKey) -> Option<StepKind> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的选项", "named alternatives");
            return None;
        };
        let mut alternatives = Vec::new();
        for entry in entries {
            let Some(name) = self.name_key(entry) else { continue };
            self.note(&format!("alternative.{name}"), entry.key_start, entry.key_end);
            let value = &entry.value;
            let waits = ["wait", "message", "signal", "match", "when", "after", "condition", "milestone"];
            let known = [&waits[..], &["into", "steps", "end", "back_to", "at_most"]].concat();
            if self.shape(value, "an alternative", &known).is_none() {
                continue;
            }
            let wait = if let Some(wait) = value.get("wait") {
                self.wait(wait)
            } else if let Some(after) = value.get("after") {
                self.time(after).map(WaitFor::For)
            } else if value.get("condition").is_some() || value.get("milestone").is_some() {
                self.condition(value).map(WaitFor::Condition)
            } else {
                if value.get("message").is_none() && value.get("signal").is_none() {
                    self.required(value, "wait", "an alternative");
                }
                self.message_wait(value).map(WaitFor::Message)
            };
            let output = match &wait {
                Some(WaitFor::Message(wait)) => self.message_type(&wait.message),
                _ => Type::Any,
            };
            let writes = self.alternative_writes(value, &output);
            let beside = step.get("outcomes").and_then(|outcomes| outcomes.get(&name));
            let block = format!("{key}/{name}");
            let owner = Some(key.clone());
            let route = self.with_local("output", output.clone(), |compiler| {
                compiler.with_local("message", output, |compiler| {
                    let own = ["steps", "end", "back_to"].iter().any(|way| value.get(way).is_some());
                    match beside {
                        Some(beside) => compiler.route(beside, block.into(), owner),
                        None if own => compiler.way(value, block.into(), owner),
                        None => Some(Route::Next),
                    }
                })
            });
            if let (Some(wait), Some(route)) = (wait, route) {
                alternatives.push(Alternative { name, wait, writes, route });
            }
        }
        for entry in step.get("outcomes").and_then(Node::entries).unwrap_or_default() {
            if !entries.iter().any(|other| other.key == entry.key) {
                let known: Vec<&str> = entries.iter().map(|other| other.key.as_str()).collect();
                self.unknown_outcome(entry, &known);
            }
        }
        Some(StepKind::First { alternatives })
    }

    /// An outcome that the step cannot have.
    pub(crate) fn unknown_outcome(&mut self, entry: &crate::language::syntax::Entry, known: &[&str]) {
        let key = &entry.key;
        let message = text!(format!("此步骤没有结果 `{key}`"), format!("the step has no outcome `{key}`"));
        let hint = match crate::language::diagnostics::nearest(key, known.iter().copied()) {
            Some(near) => text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")),
            None => text!(format!("它的结果：{}", known.join("、")), format!("it has: {}", known.join(", "))),
        };
        self.say_at(&codes::OUTCOME_UNKNOWN, entry.key_start, entry.key_end, message, Some(hint));
    }

    fn alternative_writes(&mut self, node: &Node, output: &Type) -> Vec<Write> {
        let Some(into) = node.get("into") else { return Vec::new() };
        let mut writes = Vec::new();
        match &into.kind {
            NodeKind::Map { entries, .. } => {
                for entry in entries {
                    let to = self.path_at(&entry.key, entry.key_start, entry.key_end);
                    if let (Some(to), Some(from)) = (to, self.path(&entry.value)) {
                        let write = Write { to, from };
                        self.note_write(&write, entry.key_start, entry.value.end, output);
                        writes.push(write);
                    }
                }
            }
            _ => {
                if let Some(to) = self.path(into) {
                    let write = Write { to, from: Vec::new() };
                    self.note_write(&write, into.start, into.end, output);
                    writes.push(write);
                }
            }
        }
        writes
    }

    fn note_write(&mut self, write: &Write, start: usize, end: usize, output: &Type) {
        if let Some(step) = self.step.clone() {
            self.places.entry(step).or_default().writes.push(Written {
                write: write.clone(),
                start,
                end,
                output: output.clone(),
            });
        }
    }

    /// A duration as a text, or an expression that gives a duration or a moment.
    pub(crate) fn time(&mut self, node: &Node) -> Option<Template> {
        let Some(written) = node.text() else {
            self.wrong(node, "时长，例如 `5 business days`", "a duration, such as `5 business days`");
            return None;
        };
        if written.starts_with('=') {
            return self.expression(node, Expectation::Time).map(Template::Expression);
        }
        self.duration(node)?;
        Some(Template::Literal(crate::value::Value::text(written)))
    }

    /// A duration written out.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<DurationSpec> {
        let written = self.word(node, "时长", "a duration")?;
        match DurationSpec::parse(&written) {
            Ok(span) => {
                if matches!(span.unit, Unit::BusinessHour | Unit::BusinessDay) {
                    self.business.push(super::context::BusinessTime { start: node.start, end: node.end });
                }
                Some(span)
            }
            Err(_) => {
                let message = text!(format!("`{written}` 不是时长"), format!("`{written}` is no duration"));
                let hint = text!(
                    "例如 `4 hours`、`90 days`、`5 business days`；计算得出的写作 `=…`",
                    "for example `4 hours`, `90 days` or `5 business days`; begin what is computed with `=`"
                );
                self.say(&codes::DURATION_INVALID, node, message, Some(hint));
                None
            }
        }
    }
}
