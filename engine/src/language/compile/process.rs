//! The process as a whole: its head, its declarations, its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::Digest;
use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{
    Boundary, Definition, DuplicateKey, InitiatorApproves, NobodyEligible, PeoplePolicy, Policy, Risk,
};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};
use crate::rules::calendar::Calendar;

const KEYS: [&str; 22] = [
    "process",
    "title",
    "owner",
    "intended_use",
    "risk",
    "readers",
    "search",
    "key",
    "calendar",
    "calendars",
    "late",
    "input",
    "start",
    "data",
    "parts",
    "steps",
    "alongside",
    "events",
    "policy",
    "description",
    "version",
    "texts",
];

/// Compiles `process.yaml`. What could not be read is left out: the definition counts only if nothing was found.
pub(crate) fn compile(compiler: &mut Compiler<'_>, tree: &Node, release: Digest) -> Option<Definition> {
    if let Some(entries) = tree.entries() {
        for entry in entries {
            // `start` is a key of a process, and a kind of step that is not there yet.
            compiler.known_key(entry, "a process", &KEYS);
        }
    } else {
        compiler.wrong(tree, "流程：process、title、steps …", "a process: `process`, `title`, `steps`…");
        return None;
    }
    let process = compiler.required(tree, "process", "the process").and_then(|name| compiler.name(name));
    let title = compiler.required(tree, "title", "the process").and_then(|title| compiler.plain_text(title));
    let owner = compiler.required(tree, "owner", "the process").and_then(|owner| compiler.name(owner));
    if let Some(owner) = tree.get("owner") {
        compiler.roles(owner, &[]);
    }
    if let Some(intended_use) = tree.get("intended_use") {
        compiler.plain_text(intended_use);
    }
    let risks = [Risk::Low, Risk::Medium, Risk::High];
    let risk = tree.get("risk").and_then(|risk| compiler.choice(risk, &["low", "medium", "high"]));
    let readers = tree.get("readers").map(|readers| compiler.roles(readers, &[])).unwrap_or_default();
    if let Some(late) = tree.get("late") {
        compiler.late(late);
    }
    if let Some(input) = tree.get("input") {
        compiler.fields(input, false);
    }
    if let Some(data) = tree.get("data") {
        compiler.fields(data, true);
    }
    let search = tree.get("search").map(|search| compiler.search(search)).unwrap_or_default();
    let calendar = tree.get("calendar").and_then(|calendar| compiler.name(calendar));
    let calendars = compiler.calendars(tree);
    let key = tree.get("key").and_then(|key| compiler.expression(key, Expectation::Any));
    let starts = tree.get("start").map(|start| compiler.starts(start)).unwrap_or_default();
    if let Some(parts) = tree.get("parts") {
        compiler.read_parts(parts);
    }
    match compiler.required(tree, "steps", "the process") {
        Some(steps) => {
            compiler.note("steps", steps.start, steps.start + 1);
            compiler.block(steps, "".into(), None);
        }
        None => return None,
    }
    let alongside = tree.get("alongside").map(|lists| compiler.alongside(lists)).unwrap_or_default();
    let handlers = tree.get("events").map(|events| compiler.handlers(events, "", true)).unwrap_or_default();
    compiler.unused_parts();
    let policy = tree.get("policy").map(|policy| compiler.policy(policy)).unwrap_or_default();
    let library = compiler.library;
    Some(Definition {
        process: process.unwrap_or_else(|| "".into()),
        release,
        title: title.unwrap_or_default(),
        owner: owner.unwrap_or_else(|| "".into()),
        risk: risk.map_or(Risk::Medium, |risk| risks[risk]),
        readers,
        search,
        key,
        calendar,
        calendars,
        ladders: std::mem::take(&mut compiler.ladders),
        input: std::mem::take(&mut compiler.input),
        data: std::mem::take(&mut compiler.data),
        starts,
        blocks: std::mem::take(&mut compiler.blocks),
        steps: std::mem::take(&mut compiler.steps),
        handlers,
        alongside,
        policy,
        tables: library.tables.clone(),
        scripts: library.scripts.clone(),
        forms: library.forms.clone(),
        activities: library.activities.clone(),
        messages: library.messages.clone(),
        texts: library.texts.clone(),
    })
}

impl Compiler<'_> {
    /// Fields by which instances are found: of the data, or of the input.
    fn search(&mut self, node: &Node) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        for item in self.one_or_many(node) {
            let Some(name) = self.word(item, "字段", "a field") else { continue };
            let known: Vec<Arc<str>> = self.input.iter().chain(&self.data).map(|field| field.name.clone()).collect();
            if !known.contains(&name) {
                self.unknown(&codes::FIELD_UNKNOWN, item, &name, "字段", "field", &known);
            }
            names.push(name);
        }
        names
    }

    /// The calendars that the process names, by the names it gives them.
    fn calendars(&mut self, tree: &Node) -> BTreeMap<Arc<str>, Arc<Calendar>> {
        let mut calendars = BTreeMap::new();
        let mut named: Vec<(Arc<str>, &Node)> = Vec::new();
        if let Some(calendar) = tree.get("calendar")
            && let Some(name) = calendar.text()
        {
            named.push((name.into(), calendar));
        }
        if let Some(all) = tree.get("calendars") {
            match &all.kind {
                NodeKind::Map { entries, .. } => {
                    for entry in entries {
                        if let Some(name) = self.name_key(entry) {
                            named.push((name, &entry.value));
                        }
                    }
                }
                _ => self.wrong(all, "名称到日历的表", "a map from names to calendars"),
            }
        }
        for (name, node) in named {
            self.calendar_names.push(name.clone());
            let Some(file) = self.word(node, "日历名", "the name of a calendar") else { continue };
            match self.library.calendars.get(&file) {
                Some(calendar) => {
                    calendars.insert(name, calendar.clone());
                }
                None => {
                    let known: Vec<Arc<str>> = self.library.calendars.keys().cloned().collect();
                    self.unknown(&codes::CALENDAR_UNKNOWN, node, &file, "日历", "calendar", &known);
                }
            }
        }
        calendars
    }

    fn policy(&mut self, node: &Node) -> Policy {
        let mut policy = Policy::default();
        let people = ["same_approver_again", "late_votes", "returns", "substitutes_sign"];
        let known = ["nobody_eligible", "initiator_approves", "duplicate_key", "boundary"];
        self.shape(node, "policy", &[&known[..], &people, &["suspended_timers"]].concat());
        let mut second = |key: &str, words: [&str; 2]| {
            node.get(key).and_then(|word| self.choice(word, &words)).map(|place| place == 1)
        };
        if let Some(wait) = second("nobody_eligible", ["incident", "wait"]) {
            policy.nobody_eligible = if wait { NobodyEligible::Wait } else { NobodyEligible::Incident };
        }
        if let Some(allow) = second("initiator_approves", ["refuse", "allow"]) {
            policy.initiator_approves = if allow { InitiatorApproves::Allow } else { InitiatorApproves::Refuse };
        }
        if let Some(existing) = second("duplicate_key", ["reject", "return_existing"]) {
            policy.duplicate_key = if existing { DuplicateKey::ReturnExisting } else { DuplicateKey::Reject };
        }
        if let Some(commit) = second("boundary", ["wait", "commit"]) {
            policy.boundary = if commit { Boundary::Commit } else { Boundary::Wait };
        }
        policy.people = PeoplePolicy {
            skips_same_approver: second("same_approver_again", ["ask", "skip"]) == Some(true),
            records_late_votes: second("late_votes", ["refuse", "record"]) == Some(true),
            refuses_returns: second("returns", ["allow", "refuse"]) == Some(true),
            substitutes_sign: second("substitutes_sign", ["refuse", "allow"]) == Some(true),
        };
        if let Some(word) = node.get("suspended_timers") {
            use crate::operate::TimersOnResume::{FireOnResume, Shift, Skip};
            let ways = [FireOnResume, Shift, Skip];
            if let Some(place) = self.choice(word, &["fire_on_resume", "shift", "skip"]) {
                policy.suspended_timers = ways[place];
            }
        }
        policy
    }
}
