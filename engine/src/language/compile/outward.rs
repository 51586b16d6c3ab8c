//! What leaves an instance: messages, signals, notices, other processes, and waiting for their milestones.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{
    Candidate, END, Link, MilestoneWait, Notify, Run, SIGNAL, Send, Signal, StepKind, Template, TextTemplate,
};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;

impl Compiler<'_> {
    /// `start: process`, with `with` and `link` beside it.
    pub(crate) fn start_step(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let process = self.name(value)?;
        let with = self.with(node, None);
        let link = node.get("link").and_then(|link| self.link(link));
        Some(StepKind::Start(Run { process, with, until: None, link }))
    }

    /// `link: { relation: caused, blocks_end_until: plan_approved }`
    pub(crate) fn link(&mut self, node: &Node) -> Option<Link> {
        self.shape(node, "link", &["relation", "blocks_end_until"])?;
        let relation = self.required(node, "relation", "link").and_then(|relation| self.name(relation))?;
        let blocks_end_until = node.get("blocks_end_until").and_then(|until| self.name(until));
        Some(Link { relation, blocks_end_until })
    }

    /// `send: message`, or `{ message, id, ttl }`; the fields stand beside it in `with`.
    pub(crate) fn send(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let (name, id, ttl) = match &value.kind {
            NodeKind::Map { .. } => {
                self.shape(value, "send", &["message", "id", "ttl"])?;
                let id = value.get("id").and_then(|id| self.template(id, Some(&Type::String)));
                let ttl = value.get("ttl").and_then(|ttl| self.clock_time(ttl));
                (self.required(value, "message", "send")?, id, ttl)
            }
            _ => (value, None, None),
        };
        let message = self.word(name, "消息名", "the name of a message")?;
        let spec = self.library.messages.get(&message).cloned();
        if spec.is_none() {
            self.unknown_message(name, &message);
        }
        let with = self.fields_of_message(node, name, &message, spec.as_ref().map(|spec| &spec.fields));
        let ttl_micros = ttl.or(spec.as_ref().map(|spec| spec.ttl_micros)).unwrap_or_default();
        let to_one = spec.is_some_and(|spec| spec.to_one);
        Some(StepKind::Send(Send { message, with, id, ttl_micros, to_one }))
    }

    /// `signal: name`, with its fields in `with`.
    pub(crate) fn signal(&mut self, value: &Node, node: &Node) -> Option<StepKind> {
        let signal = self.signal_name(value)?;
        let fields = self.library.messages.get(&signal).map(|spec| spec.fields.clone());
        let with = self.fields_of_message(node, value, &signal, fields.as_ref());
        Some(StepKind::Signal(Signal { signal, with }))
    }

    /// The name of a signal of the catalogue, as it stands among messages.
    pub(crate) fn signal_name(&mut self, node: &Node) -> Option<Arc<str>> {
        let name = self.word(node, "信号名", "the name of a signal")?;
        let full: Arc<str> = format!("{SIGNAL}{name}").into();
        if !self.library.messages.contains_key(&full) {
            let known = self.library.messages.keys().filter_map(|name| name.strip_prefix(SIGNAL)).map(Arc::from);
            let known: Vec<Arc<str>> = known.collect();
            self.unknown(&codes::MESSAGE_UNKNOWN, node, &name, "目录中的信号", "signal in the catalogue", &known);
        }
        Some(full)
    }

    fn unknown_message(&mut self, node: &Node, name: &str) {
        let known: Vec<Arc<str>> =
            self.library.messages.keys().filter(|name| !name.starts_with(SIGNAL)).cloned().collect();
        self.unknown(&codes::MESSAGE_UNKNOWN, node, name, "目录中的消息", "message in the catalogue", &known);
    }

    /// `with` of what is sent: what the catalogue declares is given, and nothing else.
    fn fields_of_message(
        &mut self,
        node: &Node,
        at: &Node,
        name: &str,
        fields: Option<&Type>,
    ) -> BTreeMap<Arc<str>, Template> {
        let with = self.with(node, fields);
        let Some(Type::Record(fields)) = fields else { return with };
        let name = name.strip_prefix(SIGNAL).unwrap_or(name);
        for (field, kind) in fields.iter() {
            let given = node.get("with").is_some_and(|with| with.get(field).is_some());
            if !given && !matches!(kind, Type::Optional(_) | Type::Any) {
                let message =
                    text!(format!("`{name}` 需要字段 `{field}`"), format!("`{name}` needs the field `{field}`"));
                let hint =
                    text!(format!("在 `with` 中加入 `{field}`（{kind}）"), format!("add `{field}` ({kind}) to `with`"));
                self.say(&codes::MESSAGE_MISSING_FIELD, at, message, Some(hint));
            }
        }
        for entry in node.get("with").and_then(Node::entries).unwrap_or_default() {
            if !fields.contains_key(entry.key.as_str()) {
                self.no_field(entry.key_start, entry.key_end, &entry.key, &Type::Record(fields.clone()));
            }
        }
        with
    }

    /// `notify: { to, text, mail, webhook }`
    pub(crate) fn notify(&mut self, node: &Node) -> Option<StepKind> {
        if !self.not_inside(node, "notify", &["to", "text", "mail", "webhook"]) {
            return None;
        }
        let to = node.get("to").map(|to| self.told(to)).unwrap_or_default();
        let text = self.required(node, "text", "notify").and_then(|text| self.text_template(text));
        let mail = node.get("mail").is_some_and(|mail| self.flag(mail));
        let webhook = node.get("webhook").and_then(|webhook| self.name(webhook));
        if node.get("to").is_none() && (webhook.is_none() || mail) {
            self.required(node, "to", "notify");
        }
        let text = text.unwrap_or_else(|| TextTemplate { zh: Vec::new(), en: Vec::new() });
        Some(StepKind::Notify(Notify { to, text, mail, webhook }))
    }

    /// Who is told: candidates, or `{ roles: [ … ] }`.
    fn told(&mut self, node: &Node) -> Vec<Candidate> {
        let Some(roles) = node.get("roles") else { return self.candidates(node) };
        self.shape(node, "a candidate", &["roles"]);
        let mut told = Vec::new();
        for role in self.one_or_many(roles) {
            if let Some(role) = self.template(role, Some(&Type::Role)) {
                told.push(Candidate::Role { role, scope: BTreeMap::new() });
            }
        }
        told
    }

    /// `{ process: =steps.capa, milestone: plan_approved }`
    pub(crate) fn milestone_wait(&mut self, process: &Node, node: &Node) -> Option<MilestoneWait> {
        self.shape(node, "wait", &["process", "milestone"])?;
        let process = self.expression(process, Expectation::Any);
        let milestone = self.required(node, "milestone", "wait").and_then(|name| self.name(name))?;
        if milestone.as_ref() == END {
            let at = node.get("milestone").unwrap_or(node);
            let message = text!("`end` 不是里程碑", "`end` is no milestone");
            let hint = text!("要等待结束，用 `run`", "to wait for the end, use `run`");
            self.say(&codes::SHAPE_INVALID_VALUE, at, message, Some(hint));
        }
        Some(MilestoneWait { process: process?, milestone })
    }
}
