//! Work of people: tasks, ballots, and who may take them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::StepKey;
use crate::language::compile::{Compiler, Expectation, ReferenceKind};
use crate::language::definition::{
    BallotSpec, Candidate, NotWho, Path, Rule, SeatOrder, SeatSpec, TaskSpec, TextTemplate,
};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};
use crate::language::types::Type;

impl Compiler<'_> {
    pub(crate) fn task(&mut self, node: &Node, step: &Node) -> Option<TaskSpec> {
        if !self.not_inside(node, "task", &["title", "to", "form", "not", "shows", "sign"]) {
            return None;
        }
        let title = match (node.get("title"), step.get("title")) {
            (Some(title), _) | (None, Some(title)) => self.text_template(title),
            (None, None) => {
                self.required(node, "title", "task");
                None
            }
        };
        let to = self.required(node, "to", "task").map(|to| self.candidates(to)).unwrap_or_default();
        let form = node.get("form").and_then(|form| self.form(form));
        let not = node.get("not").map(|not| self.excluded(not)).unwrap_or_default();
        let shows = node.get("shows").map(|shows| self.shows(shows)).unwrap_or_default();
        let sign = node.get("sign").and_then(|sign| self.meaning(sign));
        let entries = step.get("outcomes").and_then(Node::entries).unwrap_or_default();
        let outcomes = entries.iter().map(|entry| entry.key.as_str().into()).collect();
        let title = title.unwrap_or_else(|| TextTemplate { zh: Vec::new(), en: Vec::new() });
        Some(TaskSpec { title, to, form, not, shows, sign, outcomes })
    }

    pub(crate) fn form(&mut self, node: &Node) -> Option<Arc<str>> {
        let name = self.word(node, "表单文件", "the file of a form")?;
        if !self.library.forms.contains_key(&name) {
            let names: Vec<Arc<str>> = self.library.forms.keys().cloned().collect();
            self.unknown(&codes::FORM_UNKNOWN, node, &name, "表单", "form", &names);
        }
        let part = if self.step.is_some() { "form".to_owned() } else { format!("form.{name}") };
        self.note(&part, node.start, node.end);
        Some(name)
    }

    pub(crate) fn meaning(&mut self, node: &Node) -> Option<Arc<str>> {
        let name = self.name(node)?;
        self.refer(ReferenceKind::Meaning, &name, node);
        self.note("sign", node.start, node.end);
        Some(name)
    }

    /// `to`: one candidate, or a list of them.
    pub(crate) fn candidates(&mut self, node: &Node) -> Vec<Candidate> {
        let nodes: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        nodes.into_iter().filter_map(|item| self.candidate(item, &[])).collect()
    }

    /// `{ role: r, site: … }`, `{ user: … }`, `{ manager_of: … }` or `initiator`; other keys narrow a role.
    pub(super) fn candidate(&mut self, node: &Node, beside: &[&str]) -> Option<Candidate> {
        if let Some(word) = node.text() {
            if word == "initiator" {
                return Some(Candidate::Initiator);
            }
            let message = text!(format!("`{word}` 不说明由谁做"), format!("`{word}` does not say who"));
            let hint = text!(
                format!("写作 {{ role: {word} }}、{{ user: =… }} 或 initiator"),
                format!("write {{ role: {word} }}, {{ user: =… }} or initiator")
            );
            self.say(&codes::SHAPE_INVALID_VALUE, node, message, Some(hint));
            return None;
        }
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(
                node,
                "{ role: … }、{ user: … } 或 { manager_of: … }",
                "{ role: … }, { user: … } or { manager_of: … }",
            );
            return None;
        };
        if let Some(role) = node.get("role") {
            let mut scope = BTreeMap::new();
            for entry in entries.iter().filter(|entry| entry.key != "role" && !beside.contains(&entry.key.as_str())) {
                if let Some(value) = self.template(&entry.value, None) {
                    scope.insert(entry.key.as_str().into(), value);
                }
            }
            if let Some(name) = role.text().filter(|name| !name.starts_with('=') && !name.contains("${")) {
                self.refer(ReferenceKind::Role, name, role);
            }
            let role = self.template(role, Some(&Type::Role))?;
            return Some(Candidate::Role { role, scope });
        }
        for (key, make) in [("user", Candidate::User as fn(_) -> _), ("manager_of", Candidate::ManagerOf as fn(_) -> _)]
        {
            if let Some(who) = node.get(key) {
                let known: Vec<&str> = beside.iter().copied().chain([key]).collect();
                self.shape(node, "a candidate", &known);
                return self.template(who, Some(&Type::User)).map(make);
            }
        }
        let known: Vec<&str> = beside.iter().copied().chain(["role", "user", "manager_of"]).collect();
        self.shape(node, "a candidate", &known);
        let message = text!("没有说明由谁做", "this does not say who");
        let hint = text!("加上 role、user 或 manager_of", "give it `role`, `user` or `manager_of`");
        self.say_at(&codes::SHAPE_MISSING_KEY, node.start, node.start + 1, message, Some(hint));
        None
    }

    pub(super) fn excluded(&mut self, node: &Node) -> Vec<NotWho> {
        let mut excluded = Vec::new();
        for item in self.one_or_many(node) {
            let Some(name) = self.word(item, "步骤名", "the name of a step") else { continue };
            if name.as_ref() == "initiator" {
                excluded.push(NotWho::Initiator);
            } else {
                let name = self.parts.step(&name);
                self.refer(ReferenceKind::Not, &name, item);
                excluded.push(NotWho::Step(StepKey::clone(&name)));
            }
        }
        excluded
    }

    pub(super) fn shows(&mut self, node: &Node) -> Vec<Path> {
        let mut shown = Vec::new();
        for item in self.one_or_many(node) {
            if let Some(mut path) = self.path(item) {
                // A field goes before a step of the same name.
                if let Some(first) = path.first().filter(|first| self.data.iter().all(|field| field.name != **first)) {
                    let named = self.parts.step(first);
                    path.splice(..1, named.split('.').map(Arc::from));
                }
                self.refer(ReferenceKind::Shows, &path.join("."), item);
                shown.push(path);
            }
        }
        shown
    }

    pub(crate) fn approve(&mut self, node: &Node) -> Option<BallotSpec> {
        let known = ["title", "by", "rule", "order", "not", "shows", "form", "sign"];
        if !self.not_inside(node, "approve", &known) {
            return None;
        }
        let title = node.get("title").and_then(|title| self.text_template(title));
        let seats = self.required(node, "by", "approve").map(|by| self.seats(by)).unwrap_or_default();
        let rule = node.get("rule").and_then(|rule| self.rule(rule)).unwrap_or(Rule::All);
        if let Some(place) = node.get("rule") {
            self.note("rule", place.start, place.end);
        }
        let order = match node.get("order").and_then(|order| self.choice(order, &["at_once", "in_turn"])) {
            Some(1) => SeatOrder::InTurn,
            _ => SeatOrder::AtOnce,
        };
        let not = node.get("not").map(|not| self.excluded(not)).unwrap_or_default();
        let shows = node.get("shows").map(|shows| self.shows(shows)).unwrap_or_default();
        let form = node.get("form").and_then(|form| self.form(form));
        let sign = node.get("sign").and_then(|sign| self.meaning(sign));
        Some(BallotSpec { title, seats, rule, order, not, shows, form, sign })
    }

    fn seats(&mut self, node: &Node) -> Vec<SeatSpec> {
        let beside = ["must", "when", "sign", "each", "rule"];
        let nodes: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            NodeKind::Map { .. } => vec![node],
            _ => {
                self.wrong(node, "席位列表", "a list of seats");
                Vec::new()
            }
        };
        if nodes.is_empty() && !node.is_broken() {
            let message = text!("没有席位，永远无人表决", "there is no seat: nobody can vote");
            self.say(&codes::BALLOT_UNSATISFIABLE, node, message, None);
        }
        let mut seats = Vec::new();
        for item in nodes {
            let Some(who) = self.candidate(item, &beside) else { continue };
            let must = item.get("must").is_some_and(|must| self.flag(must));
            let when = item.get("when").and_then(|when| self.expression(when, Expectation::When));
            let sign = item.get("sign").and_then(|sign| self.meaning(sign));
            let rule = item.get("rule").and_then(|rule| self.rule(rule));
            let each = item.get("each").is_some_and(|each| self.flag(each)).then(|| rule.unwrap_or(Rule::All));
            if let (None, Some(rule)) = (item.get("each"), item.get("rule")) {
                let message = text!("席位的 `rule` 只与 `each: true` 同用", "a seat's `rule` goes with `each: true`");
                self.say(&codes::SHAPE_INVALID_VALUE, rule, message, None);
            }
            seats.push(SeatSpec { who, must, when, sign, each });
        }
        seats
    }

    /// `all`, `any`, `{ at_least: 4 }` or `{ ratio: 0.67 }`.
    fn rule(&mut self, node: &Node) -> Option<Rule> {
        if node.entries().is_none() {
            return self.choice(node, &["all", "any"]).map(|place| if place == 0 { Rule::All } else { Rule::Any });
        }
        self.shape(node, "rule", &["at_least", "ratio"])?;
        if let Some(count) = node.get("at_least") {
            return self.count(count, 1).map(Rule::AtLeast);
        }
        let ratio = node.get("ratio")?;
        let millionths = ratio
            .text()
            .and_then(|text| rust_decimal::Decimal::from_str_exact(text).ok())
            .and_then(|share| u32::try_from((share * rust_decimal::Decimal::from(1_000_000)).trunc()).ok())
            .filter(|millionths| (1..=1_000_000).contains(millionths));
        if millionths.is_none() {
            let message = text!("比例应大于 0 且不大于 1", "a ratio is more than 0 and at most 1");
            self.say(&codes::SHAPE_INVALID_VALUE, ratio, message, None);
        }
        millionths.map(Rule::Ratio)
    }
}
