//! Blocks and steps: an id, exactly one kind key, and beside it what every kind may have.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{BlockKey, StepKey};
use crate::language::compile::Written;
use crate::language::compile::{Compiler, Expectation};
use crate::language::definition::{Block, Retry, Route, Step, StepKind, Template, WaitFor, Write};
use crate::language::diagnostics::{nearest, registry as codes};
use crate::language::syntax::{Entry, Node, NodeKind};
use crate::language::types::Type;
use crate::value::Value;

/// Keys that say what a step is.
pub(super) const KINDS: [&str; 23] = [
    "call", "task", "approve", "decide", "script", "set", "add", "choose", "parallel", "each", "repeat", "wait",
    "first", "run", "do", "end", "fail", "back_to", "escalate", "start", "send", "signal", "notify",
];
/// Kinds of the language's second half.
/// Keys that stand beside the kind.
const BESIDE: [&str; 12] =
    ["id", "title", "when", "into", "fills", "outcomes", "events", "due", "retry", "milestone", "steps", "compensate"];
/// What some kinds have beside them in addition.
const MORE: [&str; 7] = ["with", "join", "rest", "at_most", "until", "link", "undo"];

/// Keys that say what a step is, but for `steps`.
pub(crate) fn step_kinds() -> &'static [&'static str] {
    &KINDS
}

/// Every key that a step may have.
pub(crate) fn step_keys() -> Vec<&'static str> {
    KINDS.into_iter().chain(BESIDE).chain(MORE).collect()
}

impl Compiler<'_> {
    /// Compiles a list of steps into the block of this key.
    pub(crate) fn block(&mut self, node: &Node, key: BlockKey, owner: Option<StepKey>) -> BlockKey {
        let outer = (std::mem::replace(&mut self.block, key.clone()), self.step.take());
        let mut steps = Vec::new();
        for (index, item) in self.list(node).iter().enumerate() {
            if let Some(step) = self.step(item, index, &key) {
                steps.push(step);
            }
        }
        (self.block, self.step) = outer;
        self.blocks.insert(key.clone(), Block { key: key.clone(), owner, steps, part: self.parts.prefix() });
        key
    }

    fn step(&mut self, node: &Node, index: usize, block: &BlockKey) -> Option<StepKey> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "一个步骤，例如 { id: …, task: … }", "a step, such as { id: …, task: … }");
            return None;
        };
        let id = self.required(node, "id", "a step")?;
        let name = self.name(id)?;
        let key: StepKey = format!("{}{name}", self.parts.prefix()).into();
        if let Some(first) = self.places.get(&key) {
            let line = self.source.span(first.id.0).line;
            let message = text!(
                format!("步骤 `{key}` 已在第 {line} 行出现"),
                format!("there is a step `{key}` already, in line {line}")
            );
            let hint = text!("步骤名在整个流程中唯一", "the names of steps are unique in the process");
            self.say(&codes::STEP_DUPLICATE_ID, id, message, Some(hint));
            return None;
        }
        self.step = Some(key.clone());
        let places = self.places.entry(key.clone()).or_default();
        places.id = (id.start, id.end);
        for entry in entries {
            places.parts.insert(entry.key.clone(), (entry.key_start, entry.key_end));
        }
        let kind_entry = self.kind_entry(node, entries, &key);
        let when = node.get("when").and_then(|when| self.expression(when, Expectation::When).or_else(|| self.unread()));
        let title = node.get("title").and_then(|title| self.text_template(title));
        let kind = kind_entry.and_then(|entry| {
            self.places.entry(key.clone()).or_default().kind = (entry.key_start, entry.key_end);
            self.kind(entry, node, &key)
        });
        // What could not be compiled still has its parts read, so that their faults are told now.
        let output = kind.as_ref().map_or(Type::Any, |kind| self.output_type(kind));
        let writes = self.writes(node, &output, kind.as_ref());
        let outcomes = match (&kind, node.get("outcomes")) {
            (Some(StepKind::First { .. }), _) | (_, None) => BTreeMap::new(),
            (Some(StepKind::Call(_)), Some(outcomes)) => self.outcomes(outcomes, &key, &super::work::error_type()),
            (_, Some(outcomes)) => self.outcomes(outcomes, &key, &output),
        };
        let handlers = node.get("events").map(|events| self.handlers(events, &key, false)).unwrap_or_default();
        let compensate = node.get("compensate").filter(|_| kind_entry.is_none_or(|entry| entry.key != "compensate"));
        let compensate = compensate.and_then(|compensate| self.compensation(compensate, &name, &key, &output));
        let due = node.get("due").and_then(|due| self.due(due));
        let retry = node.get("retry").and_then(|retry| self.retry(retry));
        let milestone = node.get("milestone").and_then(|milestone| self.name(milestone));
        let kind = kind.unwrap_or_else(|| {
            self.places.entry(key.clone()).or_default().broken = true;
            StepKind::Wait(WaitFor::For(Template::Literal(Value::Null)))
        });
        let step = Step {
            key: key.clone(),
            block: block.clone(),
            index,
            title,
            when,
            kind,
            writes,
            outcomes,
            handlers,
            due,
            retry,
            milestone,
            compensate,
            span: self.source.span(node.start),
        };
        self.steps.insert(key.clone(), Arc::new(step));
        Some(key)
    }

    /// The one key that says what the step is.
    fn kind_entry<'n>(&mut self, node: &Node, entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
        let mut found: Vec<&Entry> = entries.iter().filter(|entry| KINDS.contains(&entry.key.as_str())).collect();
        if found.is_empty() {
            found.extend(entries.iter().filter(|entry| entry.key == "steps"));
        }
        if found.is_empty() {
            found.extend(entries.iter().filter(|entry| entry.key == "compensate"));
        }
        let mut told = false;
        let has_kind = !found.is_empty();
        for entry in entries {
            let word = entry.key.as_str();
            if KINDS.contains(&word) || BESIDE.contains(&word) || MORE.contains(&word) {
                continue;
            }
            told = true;
            if has_kind || super::read::LATER.contains(&word) || nearest(word, BESIDE.into_iter().chain(MORE)).is_some()
            {
                self.known_key(entry, "a step", &[&BESIDE[..], &MORE[..], &KINDS[..]].concat());
            } else {
                let message = text!(format!("没有 `{word}` 这种步骤"), format!("there is no kind of step `{word}`"));
                let hint = match nearest(word, KINDS) {
                    Some(near) => text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")),
                    None => text!(
                        format!("步骤种类：{}、steps", KINDS.join("、")),
                        format!("kinds are {}, steps", KINDS.join(", "))
                    ),
                };
                self.say_at(&codes::STEP_UNKNOWN_KIND, entry.key_start, entry.key_end, message, Some(hint));
            }
        }
        match found.as_slice() {
            [one] => Some(one),
            [] => {
                if !told {
                    let message = text!(
                        format!("步骤 `{key}` 没有说明做什么"),
                        format!("the step `{key}` does not say what it does")
                    );
                    let hint = text!("加上一种步骤，例如 `task:`", "give it one kind, for example `task:`");
                    self.say_at(&codes::STEP_NO_KIND, node.start, node.start + 1, message, Some(hint));
                }
                None
            }
            [first, second, ..] => {
                let (one, two) = (&first.key, &second.key);
                let message = text!(
                    format!("步骤 `{key}` 有两种：`{one}` 和 `{two}`"),
                    format!("the step `{key}` is of two kinds, `{one}` and `{two}`")
                );
                let hint = text!("一个步骤只做一件事：分成两个", "a step does one thing: make it two");
                self.say_at(&codes::STEP_TWO_KINDS, second.key_start, second.key_end, message, Some(hint));
                Some(first)
            }
        }
    }

    fn kind(&mut self, entry: &Entry, node: &Node, key: &StepKey) -> Option<StepKind> {
        let word = entry.key.as_str();
        self.beside(node, word);
        let value = &entry.value;
        match word {
            "call" => self.call(value, node),
            "task" => self.task(value, node).map(StepKind::Task),
            "approve" => self.approve(value).map(StepKind::Approve),
            "decide" => self.decide(value, node),
            "script" => self.script(value, node),
            "set" => self.set(value),
            "add" => self.add(value),
            "choose" => self.choose(value, key),
            "parallel" => self.parallel(value, node, key),
            "each" => self.each(value, node, key),
            "repeat" => self.repeat(value, node, key),
            "wait" => self.wait(value).map(StepKind::Wait),
            "first" => self.first(value, node, key),
            "run" => self.run(value, node),
            "start" => self.start_step(value, node),
            "send" => self.send(value, node),
            "signal" => self.signal(value, node),
            "notify" => self.notify(value),
            "steps" => {
                let block = self.block(value, key.clone(), Some(key.clone()));
                Some(StepKind::Steps { block })
            }
            "do" => self.part(value, key),
            "end" => {
                let outcome = self.name(value)?;
                Some(StepKind::End { outcome })
            }
            "fail" => self.fail(value),
            "back_to" => self.back(value, node).map(StepKind::BackTo),
            "compensate" => self.compensate(value),
            "escalate" => self.escalate(value),
            _ => None,
        }
    }

    /// What stands beside a kind that does not take it.
    fn beside(&mut self, node: &Node, kind: &str) {
        let fits = |key: &str| match key {
            "steps" => matches!(kind, "steps" | "each" | "repeat"),
            "with" => matches!(kind, "call" | "decide" | "script" | "run" | "start" | "send" | "signal"),
            "until" => kind == "run",
            "link" => matches!(kind, "run" | "start"),
            "retry" => kind == "call",
            "into" => {
                let kinds = ["call", "task", "approve", "decide", "script", "wait", "run", "start", "send", "do"];
                kinds.contains(&kind)
            }
            "fills" => matches!(kind, "task" | "approve"),
            "outcomes" => {
                matches!(kind, "call" | "task" | "approve" | "run" | "first" | "wait" | "start" | "send" | "do")
            }
            "join" => matches!(kind, "parallel" | "each"),
            "rest" => matches!(kind, "parallel" | "each"),
            "at_most" | "undo" => kind == "back_to",
            "compensate" => !matches!(kind, "end" | "fail" | "back_to" | "escalate"),
            "due" => {
                let at_once = ["set", "add", "decide", "script", "choose", "signal", "notify", "escalate"];
                !matches!(kind, "end" | "fail" | "back_to") && !at_once.contains(&kind)
            }
            "events" => {
                let at_once = ["set", "add", "decide", "script", "signal", "notify", "escalate"];
                !matches!(kind, "end" | "fail" | "back_to") && !at_once.contains(&kind)
            }
            "milestone" => !matches!(kind, "end" | "fail" | "back_to"),
            _ => true,
        };
        for entry in node.entries().unwrap_or_default() {
            let key = entry.key.as_str();
            if (BESIDE.contains(&key) || MORE.contains(&key)) && !fits(key) {
                let message = text!(format!("`{kind}` 步骤没有 `{key}`"), format!("a `{kind}` step has no `{key}`"));
                self.say_at(&codes::STEP_KEY_NOT_HERE, entry.key_start, entry.key_end, message, None);
            }
        }
    }

    /// A key inside the kind that belongs beside it.
    pub(crate) fn not_inside(&mut self, node: &Node, kind: &str, known: &[&str]) -> bool {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.shape(node, kind, known);
            return false;
        };
        for entry in entries {
            let key = entry.key.as_str();
            if BESIDE.contains(&key) && !known.contains(&key) {
                let message = text!(
                    format!("`{key}` 应写在 `{kind}` 旁边，不在其中"),
                    format!("`{key}` stands beside `{kind}`, not inside it")
                );
                let hint = text!(format!("移到与 `{kind}:` 同一层"), format!("move it to the level of `{kind}:`"));
                self.say_at(&codes::STEP_KEY_INSIDE, entry.key_start, entry.key_end, message, Some(hint));
            } else {
                self.known_key(entry, kind, known);
            }
        }
        true
    }

    /// Where the outcomes of a step lead.
    fn outcomes(&mut self, node: &Node, key: &StepKey, output: &Type) -> BTreeMap<Arc<str>, Route> {
        let mut routes = BTreeMap::new();
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "结果到去向的表", "a map from outcomes to where they lead");
            return routes;
        };
        for entry in entries {
            if !self.own_key(entry) {
                continue;
            }
            self.note(&format!("outcomes.{}", entry.key), entry.key_start, entry.key_end);
            let block = format!("{key}!{}", entry.key);
            let route = self.with_local("output", output.clone(), |compiler| {
                compiler.route(&entry.value, block.into(), Some(key.clone()))
            });
            routes.insert(entry.key.as_str().into(), route.unwrap_or(Route::Next));
        }
        routes
    }

    /// `into` and `fills`.
    pub(super) fn writes(&mut self, node: &Node, output: &Type, kind: Option<&StepKind>) -> Vec<Write> {
        let mut writes: Vec<Written> = Vec::new();
        let written = |write, start, end| Written { write, start, end, output: output.clone() };
        if let Some(fills) = node.get("fills") {
            for item in self.list(fills) {
                if let Some(path) = self.path(item) {
                    writes.push(written(Write { to: path.clone(), from: path }, item.start, item.end));
                }
            }
        }
        match node.get("into").map(|into| (into, &into.kind)) {
            Some((_, NodeKind::Map { entries, .. })) => {
                for entry in entries {
                    let to = self.path_at(&entry.key, entry.key_start, entry.key_end);
                    if let (Some(to), Some(from)) = (to, self.path(&entry.value)) {
                        let from = self.single_output(kind, from);
                        writes.push(written(Write { to, from }, entry.key_start, entry.value.end));
                    }
                }
            }
            Some((into, _)) => {
                if let Some(to) = self.path(into) {
                    writes.push(written(Write { to, from: Vec::new() }, into.start, into.end));
                }
            }
            None => {}
        }
        let made = writes.iter().map(|written| written.write.clone()).collect();
        match &self.step {
            Some(step) => self.places.entry(step.clone()).or_default().writes.extend(writes),
            None => self.event_writes.extend(writes.into_iter().map(|written| (None, written))),
        }
        made
    }

    /// `retry: { attempts: 5, wait: 2s, factor: 2, max: 5m }`
    fn retry(&mut self, node: &Node) -> Option<Retry> {
        self.shape(node, "retry", &["attempts", "wait", "factor", "max"])?;
        let mut retry = Retry::default();
        if let Some(attempts) = node.get("attempts") {
            retry.attempts = self.count(attempts, 1)?;
        }
        if let Some(wait) = node.get("wait") {
            retry.wait_micros = self.clock_time(wait)?;
        }
        if let Some(factor) = node.get("factor") {
            retry.factor = self.count(factor, 1)?;
        }
        if let Some(max) = node.get("max") {
            retry.max_micros = self.clock_time(max)?;
        }
        Some(retry)
    }
}
