//! Messages: each is delivered once, so two that wait at the same time must differ.

use crate::language::check::context::Check;
use crate::language::definition::{MessageWait, Piece, SIGNAL, Step, StepKind, Template, Trigger, WaitFor};
use crate::language::diagnostics::registry as codes;

/// What tells one wait from another, and where it stands.
type Waiting = (String, (usize, usize));

impl Check<'_, '_> {
    pub(super) fn messages(&mut self) {
        let mut open: Vec<(Vec<Waiting>, Vec<Waiting>)> = Vec::new();
        let root: Vec<Waiting> = self
            .definition
            .handlers
            .iter()
            .filter_map(|handler| {
                let place = self.compiler.process_places.get(&format!("event.{}", handler.name)).copied();
                signature_of(&handler.on).map(|signature| (signature, place.unwrap_or_default()))
            })
            .collect();
        open.push((root.clone(), self.waiting("")));
        for (place, list) in self.definition.alongside.iter().enumerate() {
            let own = self.waiting(&list.block);
            open.push((root.clone(), own.clone()));
            open.push((self.waiting(""), own.clone()));
            let before = &self.definition.alongside[..place];
            open.extend(before.iter().map(|other| (self.waiting(&other.block), own.clone())));
        }
        open.extend(pairs(&root));
        for step in self.steps() {
            let hosts: Vec<Waiting> = step
                .handlers
                .iter()
                .filter_map(|handler| {
                    let place = self.place(&step.key, &format!("event.{}", handler.name));
                    signature_of(&handler.on).map(|signature| (signature, place))
                })
                .collect();
            let mut inside: Vec<Waiting> = self.own(&step);
            inside.extend(self.blocks_of(&step).iter().flat_map(|block| self.waiting(block)));
            open.push((hosts.clone(), inside));
            open.extend(pairs(&hosts));
            match &step.kind {
                StepKind::Parallel { branches, .. } => {
                    let each: Vec<Vec<Waiting>> = branches.iter().map(|branch| self.waiting(&branch.block)).collect();
                    for (place, later) in each.iter().enumerate() {
                        open.extend(each[..place].iter().map(|before| (before.clone(), later.clone())));
                    }
                }
                StepKind::First { .. } => open.extend(pairs(&self.own(&step))),
                _ => {}
            }
        }
        for (before, later) in open {
            for (signature, place) in later {
                if before.iter().any(|(other, at)| *other == signature && *at != place) {
                    let message = text!(
                        "另一处同时等待同一消息、同一 match",
                        "another waits for the same message with the same `match` at the same time"
                    );
                    let hint = text!("在 `match` 或 `when` 中加以区分", "tell them apart in `match` or `when`");
                    self.say(&codes::MESSAGE_TWO_WAITS, place, message, Some(hint));
                }
            }
        }
    }

    /// The waits of the step itself.
    fn own(&self, step: &Step) -> Vec<Waiting> {
        let place = self.place(&step.key, "message");
        match &step.kind {
            StepKind::Wait(WaitFor::Message(wait)) if heard_once(wait) => vec![(signature(wait), place)],
            StepKind::First { alternatives } => alternatives
                .iter()
                .filter_map(|alternative| match &alternative.wait {
                    WaitFor::Message(wait) if heard_once(wait) => {
                        let place = self.place(&step.key, &format!("alternative.{}", alternative.name));
                        Some((signature(wait), place))
                    }
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Every wait inside a block, with those of the events on its steps.
    fn waiting(&self, block: &str) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for step in self.inside(block) {
            waiting.extend(self.own(&step));
            for handler in &step.handlers {
                let place = self.place(&step.key, &format!("event.{}", handler.name));
                waiting.extend(signature_of(&handler.on).map(|signature| (signature, place)));
            }
        }
        waiting
    }
}

fn pairs(all: &[Waiting]) -> Vec<(Vec<Waiting>, Vec<Waiting>)> {
    (1..all.len()).map(|place| (all[..place].to_vec(), vec![all[place].clone()])).collect()
}

fn signature_of(on: &Trigger) -> Option<String> {
    match on {
        Trigger::Message(wait) => heard_once(wait).then(|| signature(wait)),
        Trigger::Error(_) | Trigger::After(_) | Trigger::Person(_) | Trigger::Condition(_) | Trigger::Escalation(_) => {
            None
        }
    }
}

/// A signal reaches everybody who waits.
fn heard_once(wait: &MessageWait) -> bool {
    !wait.message.starts_with(SIGNAL)
}

/// The message, its equalities and its condition as they are written.
fn signature(wait: &MessageWait) -> String {
    let mut text = wait.message.to_string();
    for (field, value) in &wait.matches {
        text.push_str(&format!("|{field}={}", written(value)));
    }
    if let Some(when) = &wait.when {
        text.push_str(&format!("|when {}", when.source().trim()));
    }
    text
}

fn written(value: &Template) -> String {
    match value {
        Template::Literal(value) => format!("{value:?}"),
        Template::Expression(expression) => format!("={}", expression.source().trim()),
        Template::Text(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::Hole(hole) => format!("${{{}}}", hole.source().trim()),
            })
            .collect(),
        Template::List(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Template::Record(entries) => entries.iter().map(|(name, value)| format!("{name}:{}", written(value))).collect(),
    }
}
