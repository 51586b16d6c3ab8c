//! Who and what starts an instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::Compiler;
use crate::language::definition::{Missed, Start, Template};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::Node;
use crate::language::types::Type;

impl Compiler<'_> {
    pub(crate) fn starts(&mut self, node: &Node) -> Vec<Start> {
        self.list(node).iter().filter_map(|item| self.start(item)).collect()
    }

    fn start(&mut self, node: &Node) -> Option<Start> {
        if let Some(by) = node.get("by") {
            for entry in node.entries().unwrap_or_default() {
                if entry.key != "by" {
                    self.known_key(entry, "start", &["by", "form", "sign"]);
                }
            }
            let roles = self.roles(by, &[]);
            let form = node.get("form").and_then(|form| self.form(form));
            let sign = node.get("sign").and_then(|sign| self.meaning(sign));
            return Some(Start::People { roles, form, sign });
        }
        self.shape(
            node,
            "start",
            &["message", "else", "process", "schedule", "zone", "gap", "overlap", "missed", "with"],
        )?;
        if let Some(message_node) = node.get("message") {
            let message = self.message_wait(node)?.message;
            let or_event = match node.get("else") {
                Some(word) => self.choice(word, &["event"]).is_some(),
                None => false,
            };
            self.note(&format!("start.{message}"), message_node.start, message_node.end);
            return Some(Start::Message { message, or_event });
        }
        if let Some(process) = node.get("process") {
            let processes = self.one_or_many(process).into_iter().filter_map(|item| self.name(item)).collect();
            return Some(Start::Process { processes });
        }
        let Some(schedule) = node.get("schedule") else {
            let message = text!("没有说明由谁或什么发起", "this does not say who or what starts an instance");
            let hint =
                text!("加上 by、message、process 或 schedule", "give it `by`, `message`, `process` or `schedule`");
            self.say_at(&codes::SHAPE_MISSING_KEY, node.start, node.start + 1, message, Some(hint));
            return None;
        };
        self.schedule(schedule, node)
    }

    /// What a schedule starts with is computed before there is an instance.
    fn only_due(&mut self, node: Option<&Node>, with: &BTreeMap<Arc<str>, Template>) {
        let reads = |template: &Template| match template {
            Template::Expression(expression) => {
                expression.references().iter().filter_map(|read| read.path.first().cloned()).collect()
            }
            _ => Vec::new(),
        };
        for (name, template) in with {
            let stranger = reads(template).into_iter().find(|read| !matches!(read.as_ref(), "due" | "now"));
            let (Some(stranger), Some(at)) = (stranger, node.and_then(|node| node.get(name))) else { continue };
            let message = text!(
                format!("定时发起时还没有 `{stranger}`"),
                format!("there is no `{stranger}` yet when a schedule starts a process")
            );
            let hint = text!("可用 `due`：计划的时间", "there is `due`, the moment that the schedule names");
            self.say(&codes::EXPR_UNKNOWN_VARIABLE, at, message, Some(hint));
        }
    }

    fn schedule(&mut self, cron: &Node, node: &Node) -> Option<Start> {
        let cron_text = self.word(cron, "时间表", "a schedule")?;
        let Some(zone) = node.get("zone") else {
            let message = text!("时间表没有时区", "the schedule has no zone");
            let hint = text!("加上 `zone: Asia/Shanghai`", "add `zone: Asia/Shanghai`");
            self.say(&codes::SCHEDULE_NO_ZONE, cron, message, Some(hint));
            return None;
        };
        let zone_text = self.word(zone, "时区", "a zone")?;
        let gap = node.get("gap").map_or(Some(0), |gap| self.choice(gap, &["next", "skip", "prev"]))?;
        let overlap = node.get("overlap").map_or(Some(0), |word| self.choice(word, &["first", "both", "second"]))?;
        let missed = match node.get("missed") {
            Some(word) => [Missed::One, Missed::All, Missed::Skip][self.choice(word, &["one", "all", "skip"])?],
            None => Missed::One,
        };
        let input = Type::Record(std::sync::Arc::new(
            self.input.iter().map(|field| (field.name.clone(), field.kind.clone())).collect(),
        ));
        // There is no instance yet whose data could be read.
        let with = self.with_local("due", Type::DateTime, |compiler| compiler.with(node, Some(&input)));
        self.only_due(node.get("with"), &with);
        self.note(&format!("schedule.{cron_text}"), cron.start, cron.end);
        match super::rules::schedule(&cron_text, &zone_text, gap, overlap) {
            Ok(schedule) => Some(Start::Schedule { schedule, missed, with }),
            Err((in_zone, message)) => {
                self.say(&codes::SCHEDULE_INVALID, if in_zone { zone } else { cron }, message, None);
                None
            }
        }
    }
}
