//! Lists that run beside the process's own steps, and escalations.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::BlockKey;
use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{Alongside, AtEnd, StepKind};
use crate::language::diagnostics::{nearest, registry as codes};
use crate::language::syntax::{Entry, Node, NodeKind};

impl Compiler<'_> {
    /// `alongside: { name: { when: …, steps: […], at_end: … } }`
    pub(crate) fn alongside(&mut self, node: &Node) -> Vec<Alongside> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的并行步骤", "named lists of steps");
            return Vec::new();
        };
        entries.iter().filter_map(|entry| self.one_alongside(entry)).collect()
    }

    fn one_alongside(&mut self, entry: &Entry) -> Option<Alongside> {
        let name = self.name_key(entry)?;
        let node = &entry.value;
        self.note(&format!("alongside.{name}"), entry.key_start, entry.key_end);
        let span = self.source.span(entry.key_start);
        let block: BlockKey = format!("+{name}").into();
        if matches!(node.kind, NodeKind::List(_)) {
            let block = self.block(node, block, None);
            let (at_end, otherwise) = (BTreeMap::new(), AtEnd::Finish);
            return Some(Alongside { name, title: None, when: None, block, at_end, otherwise, span });
        }
        self.shape(node, "a list alongside", &["title", "when", "steps", "at_end"])?;
        let title = node.get("title").and_then(|title| self.text_template(title));
        let when = node.get("when").and_then(|when| {
            let expression = self.expression(when, Expectation::When).or_else(|| self.unread())?;
            self.timeless(when, &expression);
            Some(expression)
        });
        let steps = self.required(node, "steps", "a list alongside")?;
        let block = self.block(steps, block, None);
        let (at_end, otherwise) = node.get("at_end").map(|end| self.at_end(end, &block)).unwrap_or_default();
        Some(Alongside { name, title, when, block, at_end, otherwise: otherwise.unwrap_or(AtEnd::Finish), span })
    }

    /// `finish`, `withdraw`, or `{ step: finish | withdraw }` for steps of the list.
    fn at_end(&mut self, node: &Node, block: &str) -> (BTreeMap<Arc<str>, AtEnd>, Option<AtEnd>) {
        let word = |place| if place == 0 { AtEnd::Finish } else { AtEnd::Withdraw };
        let NodeKind::Map { entries, .. } = &node.kind else {
            return (BTreeMap::new(), self.choice(node, &["finish", "withdraw"]).map(word));
        };
        let steps = self.blocks.get(block).map(|block| block.steps.clone()).unwrap_or_default();
        let mut ends = BTreeMap::new();
        for entry in entries {
            let key = entry.key.as_str();
            if !steps.iter().any(|step| step.as_ref() == key) {
                let message = text!(
                    format!("`{key}` 不是这个列表直接包含的步骤"),
                    format!("`{key}` is no step of this very list")
                );
                let names: Vec<&str> = steps.iter().map(AsRef::as_ref).collect();
                let hint = match nearest(key, names.iter().copied()) {
                    Some(near) => text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")),
                    None => {
                        text!(format!("它的步骤：{}", names.join("、")), format!("its steps are {}", names.join(", ")))
                    }
                };
                self.say_at(&codes::ALONGSIDE_UNKNOWN_STEP, entry.key_start, entry.key_end, message, Some(hint));
            }
            if let Some(end) = self.choice(&entry.value, &["finish", "withdraw"]) {
                ends.insert(key.into(), word(end));
            }
        }
        (ends, None)
    }

    /// `escalate: code`, or `escalate: { code: x, with: { … } }`.
    pub(crate) fn escalate(&mut self, node: &Node) -> Option<StepKind> {
        if node.text().is_some() {
            let code = self.name(node)?;
            return Some(StepKind::Escalate { code, with: BTreeMap::new() });
        }
        self.shape(node, "escalate", &["code", "with"])?;
        let code = self.required(node, "code", "escalate").and_then(|code| self.name(code))?;
        Some(StepKind::Escalate { code, with: self.with(node, None) })
    }
}
