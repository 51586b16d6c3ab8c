//! What undoes a step, and the step that undoes others.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::id::{BlockKey, StepKey};
use crate::language::compile::{Compiler, ReferenceKind};
use crate::language::definition::{Compensation, Path, StepKind};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Entry, Node, NodeKind, Style};
use crate::language::types::Type;

/// The end of the key of a block that undoes a step.
pub(crate) const UNDO: &str = "~undo";
/// What stays as it was, or means the moment: nothing of it is kept.
const STAYS: [&str; 5] = ["input", "key", "initiator", "started_at", "now"];

impl Compiler<'_> {
    /// `compensate: { call: …, with: … }` or a list of steps, beside a step's kind.
    pub(crate) fn compensation(
        &mut self,
        node: &Node,
        name: &str,
        key: &StepKey,
        output: &Type,
    ) -> Option<Compensation> {
        let steps = match &node.kind {
            NodeKind::List(_) => node.clone(),
            NodeKind::Map { .. } => list_of(node, name),
            _ => {
                self.wrong(node, "一个步骤或步骤列表", "a step, or a list of steps");
                return None;
            }
        };
        let from = self.sites.len();
        let block: BlockKey = format!("{key}{UNDO}").into();
        let block =
            self.with_local("output", output.clone(), |compiler| compiler.block(&steps, block, Some(key.clone())));
        let sites = self.sites.get(from..).unwrap_or_default();
        let read = sites.iter().flat_map(|site| site.expression.references()).map(|reference| &reference.path);
        let reads: BTreeSet<Path> = read.filter_map(|path| kept(path)).collect();
        Some(Compensation { block, reads: reads.into_iter().collect() })
    }

    /// `compensate: step`, `{ of: step, parallel: true }`, or `all` of the block around.
    pub(crate) fn compensate(&mut self, node: &Node) -> Option<StepKind> {
        let (of, parallel) = match &node.kind {
            NodeKind::Scalar { .. } => (Some(node), false),
            NodeKind::Null => (None, false),
            _ => {
                self.shape(node, "compensate", &["of", "parallel"])?;
                (node.get("of"), node.get("parallel").is_some_and(|parallel| self.flag(parallel)))
            }
        };
        let Some(of) = of.filter(|of| of.text() != Some("all")) else {
            return Some(StepKind::Compensate { of: None, parallel });
        };
        let written = self.word(of, "步骤名", "the name of a step")?;
        let name = self.parts.step(&written);
        self.refer(ReferenceKind::Undo, &name, of);
        if self.block.ends_with(UNDO) {
            let message = text!("撤销步骤里不能再撤销", "what undoes a step undoes no other");
            self.say(&codes::COMPENSATE_INSIDE, node, message, None);
        }
        Some(StepKind::Compensate { of: Some(name), parallel })
    }
}

/// What must be kept of a path: the field, or of the steps the one that is read.
fn kept(path: &[Arc<str>]) -> Option<Path> {
    let first = path.first().filter(|first| !STAYS.contains(&first.as_ref()))?;
    let count = if first.as_ref() == "steps" { path.len().min(2) } else { 1 };
    Some(path[..count].to_vec())
}

/// The one step as a list; without an id of its own it is named after the step that it undoes.
fn list_of(node: &Node, name: &str) -> Node {
    let mut step = node.clone();
    if let NodeKind::Map { entries, .. } = &mut step.kind
        && entries.iter().all(|entry| entry.key != "id")
    {
        let at = node.start;
        let id = NodeKind::Scalar { text: format!("{name}_undo"), style: Style::Plain };
        let value = Node { start: at, end: at + 1, kind: id };
        entries.insert(0, Entry { key: "id".into(), key_style: Style::Plain, key_start: at, key_end: at + 1, value });
    }
    Node { start: node.start, end: node.end, kind: NodeKind::List(vec![step]) }
}

impl Compiler<'_> {
    /// `add: { actions: =… }`: what is appended to lists of the data.
    pub(crate) fn add(&mut self, node: &Node) -> Option<StepKind> {
        let StepKind::Set { values } = self.set(node)? else { return None };
        for (path, _) in &values {
            if self.data_type(path).is_some_and(|kind| !matches!(kind, Type::List(_) | Type::Any)) {
                let written = path.join(".");
                let message = text!(format!("`{written}` 不是列表"), format!("`{written}` is no list"));
                self.say(&codes::ADD_NO_LIST, node, message, None);
            }
        }
        Some(StepKind::Add { values })
    }
}
