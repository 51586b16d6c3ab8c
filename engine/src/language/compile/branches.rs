//! Where the flow goes: routes, returns, branches, items and rounds.

use std::sync::Arc;

use crate::id::{BlockKey, StepKey};
use crate::language::compile::{Compiler, Expectation, ReferenceKind};
use crate::language::definition::{
    Back, Branch, Each, Join, ParallelBranch, Repeat, RepeatKind, Rest, Route, StepKind,
};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;

/// Items that run at the same time, and rounds, where nothing is said.
const AT_ONCE: u32 = 20;
const ROUNDS: u32 = 1000;

impl Compiler<'_> {
    /// `next`, `{ end: x }`, `{ back_to: x }`, or a list of steps.
    pub(crate) fn route(&mut self, node: &Node, block: BlockKey, owner: Option<StepKey>) -> Option<Route> {
        match &node.kind {
            NodeKind::Scalar { text, .. } if text == "next" => Some(Route::Next),
            NodeKind::List(_) => Some(Route::Steps(self.block(node, block, owner))),
            NodeKind::Map { .. } => {
                self.shape(node, "a way out", &["end", "back_to", "at_most", "steps", "undo"])?;
                self.way(node, block, owner)
            }
            _ => {
                let zh = "`next`、{ end: … }、{ back_to: … } 或步骤列表";
                self.wrong(node, zh, "`next`, { end: … }, { back_to: … } or a list of steps");
                None
            }
        }
    }

    /// Exactly one of `end`, `back_to` and `steps` of a map.
    pub(crate) fn way(&mut self, node: &Node, block: BlockKey, owner: Option<StepKey>) -> Option<Route> {
        let ways: Vec<&str> = ["end", "back_to", "steps"].into_iter().filter(|key| node.get(key).is_some()).collect();
        match ways.as_slice() {
            ["end"] => {
                let outcome = node.get("end").and_then(|end| self.name(end))?;
                Some(Route::End { outcome })
            }
            ["back_to"] => {
                let target = node.get("back_to")?;
                self.back(target, node).map(Route::Back)
            }
            ["steps"] => {
                let steps = node.get("steps")?;
                Some(Route::Steps(self.block(steps, block, owner)))
            }
            [] => {
                self.wrong(node, "end、back_to 或 steps 之一", "one of `end`, `back_to` and `steps`");
                None
            }
            _ => {
                let message =
                    text!("end、back_to 和 steps 只能写一个", "`end`, `back_to` and `steps` exclude each other");
                let hint = text!("把返回或结束作为最后一个步骤", "make the return or the end the last of the steps");
                self.say(&codes::SHAPE_INVALID_VALUE, node, message, Some(hint));
                None
            }
        }
    }

    /// `back_to: x` or a list from which the person chooses; `at_most` stands beside it.
    pub(crate) fn back(&mut self, target: &Node, node: &Node) -> Option<Back> {
        let mut targets = Vec::new();
        for item in self.one_or_many(target) {
            if let Some(name) = self.word(item, "步骤名", "the name of a step") {
                self.refer(ReferenceKind::Back, &name, item);
                targets.push(name);
            }
        }
        let at_most = node.get("at_most").and_then(|most| self.count(most, 1));
        if let Some(entry) = node.entries().unwrap_or_default().iter().find(|entry| entry.key == "undo") {
            self.later(entry.key_start, entry.key_end, "undo");
        }
        (!targets.is_empty()).then_some(Back { targets, at_most, undo: false })
    }

    pub(crate) fn choose(&mut self, node: &Node, key: &StepKey) -> Option<StepKind> {
        let mut branches = Vec::new();
        let items = self.list(node);
        for (index, item) in items.iter().enumerate() {
            let name: BlockKey = format!("{key}/{}", index + 1).into();
            let known = ["when", "steps", "end", "back_to", "at_most", "otherwise", "undo"];
            if self.shape(item, "a branch", &known).is_none() {
                continue;
            }
            if let Some(otherwise) = item.get("otherwise") {
                if index + 1 < items.len() {
                    let message = text!("`otherwise` 应是最后一个分支", "`otherwise` is the last branch");
                    self.say(&codes::CHOOSE_OTHERWISE_LAST, item, message, None);
                }
                if let Some(route) = self.route(otherwise, name, Some(key.clone())) {
                    branches.push(Branch { when: None, route });
                }
                continue;
            }
            let when = self.required(item, "when", "a branch").cloned();
            let when = when.and_then(|when| self.expression(&when, Expectation::When));
            self.note(&format!("branch.{index}"), item.start, item.end);
            let route = self.way(item, name, Some(key.clone()));
            if let (Some(when), Some(route)) = (when, route) {
                branches.push(Branch { when: Some(when), route });
            }
        }
        Some(StepKind::Choose { branches })
    }

    pub(crate) fn parallel(&mut self, node: &Node, step: &Node, key: &StepKey) -> Option<StepKind> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的分支", "named branches");
            return None;
        };
        let mut branches = Vec::new();
        for entry in entries {
            let Some(name) = self.name_key(entry) else { continue };
            let block: BlockKey = format!("{key}/{name}").into();
            self.note(&format!("branch.{name}"), entry.key_start, entry.key_end);
            let (when, steps) = match &entry.value.kind {
                NodeKind::List(_) => (None, Some(&entry.value)),
                _ => {
                    if self.shape(&entry.value, "a branch", &["when", "steps"]).is_none() {
                        continue;
                    }
                    let when = entry.value.get("when").and_then(|when| self.expression(when, Expectation::When));
                    (when, self.required(&entry.value, "steps", "a branch"))
                }
            };
            if let Some(steps) = steps {
                let block = self.block(steps, block, Some(key.clone()));
                branches.push(ParallelBranch { name, when, block });
            }
        }
        let (join, rest) = self.join(step);
        Some(StepKind::Parallel { branches, join, rest })
    }

    /// `join: all | any | { at_least: n }` and `rest: cancel | finish`.
    fn join(&mut self, node: &Node) -> (Join, Rest) {
        let join = match node.get("join") {
            None => Join::All,
            Some(join) if join.entries().is_some() => {
                self.shape(join, "join", &["at_least"]);
                let count = join.get("at_least").and_then(|count| self.count(count, 1));
                count.map_or(Join::All, Join::AtLeast)
            }
            Some(join) => match self.choice(join, &["all", "any"]) {
                Some(1) => Join::Any,
                _ => Join::All,
            },
        };
        let rest = node.get("rest").and_then(|rest| self.choice(rest, &["cancel", "finish"]));
        (join, if rest == Some(1) { Rest::Finish } else { Rest::Cancel })
    }

    pub(crate) fn each(&mut self, node: &Node, step: &Node, key: &StepKey) -> Option<StepKind> {
        self.shape(node, "each", &["of", "as", "key", "at_once", "join", "rest"])?;
        let of_node = self.required(node, "of", "each")?;
        let of = self.expression(of_node, Expectation::List).or_else(|| self.unread());
        let name = match node.get("as") {
            Some(node) => {
                let name = self.name(node)?;
                self.not_reserved(&name, node.start, node.end);
                name
            }
            None => "item".into(),
        };
        let item = of.as_ref().map_or(Type::Any, |of| self.item_type(of));
        let at_once = node.get("at_once").and_then(|count| self.count(count, 1)).unwrap_or(AT_ONCE);
        let steps = self.required(step, "steps", "each")?;
        let (join, rest) =
            if node.get("join").is_some() || node.get("rest").is_some() { self.join(node) } else { self.join(step) };
        let (item_key, block) = self.with_local(&name, item, |compiler| {
            let item_key = node.get("key").and_then(|key| compiler.expression(key, Expectation::Any));
            (item_key, compiler.block(steps, key.clone(), Some(key.clone())))
        });
        Some(StepKind::Each(Each { of: of?, name, key: item_key, at_once, block, join, rest }))
    }

    pub(crate) fn repeat(&mut self, node: &Node, step: &Node, key: &StepKey) -> Option<StepKind> {
        self.shape(node, "repeat", &["while", "until", "every", "at_most"])?;
        let at_most = node.get("at_most").and_then(|most| self.count(most, 1));
        if let Some(most) = node.get("at_most") {
            self.note("repeat.at_most", most.start, most.end);
        }
        let every = node.get("every").and_then(|every| self.time(every));
        let steps = self.required(step, "steps", "repeat")?;
        let block = self.block(steps, key.clone(), Some(key.clone()));
        let kind = match (node.get("while"), node.get("until")) {
            (Some(_), Some(until)) => {
                let message = text!("`while` 和 `until` 只能写一个", "`while` and `until` exclude each other");
                self.say(&codes::SHAPE_INVALID_VALUE, until, message, None);
                return None;
            }
            (Some(condition), None) => RepeatKind::While(self.expression(condition, Expectation::Boolean)?),
            (None, Some(condition)) => RepeatKind::Until(self.expression(condition, Expectation::Boolean)?),
            (None, None) => RepeatKind::Always,
        };
        Some(StepKind::Repeat(Repeat { kind, at_most: at_most.unwrap_or(ROUNDS), every, block }))
    }

    pub(crate) fn fail(&mut self, node: &Node) -> Option<StepKind> {
        if node.text().is_some() {
            let error = self.name(node)?;
            return Some(StepKind::Fail { error, message: None });
        }
        self.shape(node, "fail", &["error", "message"])?;
        let error_node = self.required(node, "error", "fail")?;
        let error = self.name(error_node)?;
        let message = node.get("message").and_then(|message| self.text_template(message));
        Some(StepKind::Fail { error, message })
    }

    /// What the items of a list are, if the declarations say it.
    fn item_type(&self, of: &crate::rules::expression::Expression) -> Type {
        let record = |fields: &[crate::language::definition::Field]| {
            Type::Record(Arc::new(fields.iter().map(|field| (field.name.clone(), field.kind.clone())).collect()))
        };
        let known = |name: &str| {
            let local = self.locals.iter().rev().find(|(local, _)| local.as_ref() == name);
            let declared =
                || self.data.iter().find(|field| field.name.as_ref() == name).map(|field| field.kind.clone());
            match name {
                _ if local.is_some() => local.map(|(_, kind)| kind.clone()),
                "input" => Some(record(&self.input)),
                _ => declared().or(Some(Type::Any)),
            }
        };
        let mut kind = of.infer(&known).unwrap_or(Type::Any);
        while let Type::Optional(inner) = kind {
            kind = (*inner).clone();
        }
        match kind {
            Type::List(inner) => (*inner).clone(),
            _ => Type::Any,
        }
    }
}
