//! `parts` and `do`: a named list of steps, expanded wherever a step does it.
//!
//! A step of a part is named after the step that does the part: `carry_out.do_it`. So its name stays the same however
//! often the part is used elsewhere, and two uses never share a name. Names that stand in the part mean the part's own
//! steps first; findings point into the part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::id::StepKey;
use crate::language::compile::Compiler;
use crate::language::definition::StepKind;
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};

/// How deep parts may do parts.
const DEPTH_MAX: usize = 8;
/// How many steps a process may have with its parts expanded.
const STEPS_MAX: usize = 5_000;

/// The parts of a process, and those that are being expanded.
#[derive(Default)]
pub(crate) struct Parts {
    known: BTreeMap<Arc<str>, Part>,
    open: Vec<Frame>,
    used: BTreeSet<Arc<str>>,
    /// Not everything was expanded, so who uses what is not known.
    cut: bool,
}

struct Part {
    steps: Arc<Node>,
    place: (usize, usize),
}

struct Frame {
    part: Arc<str>,
    prefix: Arc<str>,
    /// The steps of the part, by the names that they have in it.
    names: BTreeSet<String>,
}

impl Parts {
    /// What the keys of steps begin with here.
    pub(crate) fn prefix(&self) -> Arc<str> {
        self.open.last().map_or_else(|| "".into(), |frame| frame.prefix.clone())
    }

    /// The key of the step that a name means here.
    pub(crate) fn step(&self, name: &Arc<str>) -> Arc<str> {
        let head = name.split('.').next().unwrap_or(name);
        let own = self.open.iter().rev().find(|frame| frame.names.contains(head));
        own.map_or_else(|| name.clone(), |frame| format!("{}{name}", frame.prefix).into())
    }
}

impl Compiler<'_> {
    /// `parts: { carry_out: [ … ] }`
    pub(crate) fn read_parts(&mut self, node: &Node) {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的步骤列表", "named lists of steps");
            return;
        };
        for entry in entries {
            let Some(name) = self.name_key(entry) else { continue };
            let steps = Arc::new(entry.value.clone());
            self.parts.known.insert(name, Part { steps, place: (entry.key_start, entry.key_end) });
        }
    }

    /// `do: carry_out`
    pub(crate) fn part(&mut self, node: &Node, key: &StepKey) -> Option<StepKind> {
        let name = self.name(node)?;
        self.parts.used.insert(name.clone());
        let Some(steps) = self.parts.known.get(&name).map(|part| part.steps.clone()) else {
            let known: Vec<Arc<str>> = self.parts.known.keys().cloned().collect();
            self.unknown(&codes::PART_UNKNOWN, node, &name, "部分", "part", &known);
            return None;
        };
        if self.parts.open.iter().any(|frame| frame.part == name) {
            let message = text!(format!("部分 `{name}` 包含了自己"), format!("the part `{name}` does itself"));
            let hint = text!("循环用 `repeat` 或 `back_to`", "a loop is a `repeat`, or a `back_to`");
            self.say(&codes::PART_RECURSIVE, node, message, Some(hint));
            return None;
        }
        self.parts.cut |= self.parts.open.len() >= DEPTH_MAX || self.steps.len() >= STEPS_MAX;
        if self.parts.cut {
            let message = text!(
                format!("部分展开后过大：最多嵌套 {DEPTH_MAX} 层、共 {STEPS_MAX} 个步骤"),
                format!("parts expand to too much: they nest {DEPTH_MAX} deep and make {STEPS_MAX} steps at most")
            );
            self.say(&codes::PART_TOO_LARGE, node, message, None);
            return None;
        }
        let mut names = BTreeSet::new();
        ids(&steps, &mut names);
        self.parts.open.push(Frame { part: name.clone(), prefix: format!("{key}.").into(), names });
        let block = self.block(&steps, key.clone(), Some(key.clone()));
        self.parts.open.pop();
        Some(StepKind::Do { part: name, block })
    }

    /// What nobody does is not checked either: somebody meant it to be done.
    pub(crate) fn unused_parts(&mut self) {
        let cut = self.parts.cut;
        let unused = self.parts.known.iter().filter(|(name, _)| !cut && !self.parts.used.contains(*name));
        let unused: Vec<_> = unused.map(|(name, part)| (name.clone(), part.place)).collect();
        for (name, (start, end)) in unused {
            let message = text!(format!("没有步骤使用部分 `{name}`"), format!("no step does the part `{name}`"));
            let hint = text!(
                format!("在步骤中写 `do: {name}`，或删去它"),
                format!("write `do: {name}` in a step, or leave it out")
            );
            self.say_at(&codes::PART_UNUSED, start, end, message, Some(hint));
        }
    }
}

/// The ids of steps that stand in a list, at any depth.
fn ids(node: &Node, names: &mut BTreeSet<String>) {
    match &node.kind {
        NodeKind::List(items) => {
            for item in items {
                names.extend(item.get("id").and_then(Node::text).map(str::to_owned));
                ids(item, names);
            }
        }
        NodeKind::Map { entries, .. } => entries.iter().for_each(|entry| ids(&entry.value, names)),
        NodeKind::Scalar { .. } | NodeKind::Null | NodeKind::Broken => {}
    }
}
