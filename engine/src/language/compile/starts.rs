//! Who and what starts an instance.

use crate::language::compile::Compiler;
use crate::language::definition::Start;
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
        self.shape(node, "start", &["message", "else", "process", "schedule", "zone", "gap", "overlap", "with"])?;
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

    fn schedule(&mut self, cron: &Node, node: &Node) -> Option<Start> {
        let cron_text = self.word(cron, "时间表", "a schedule")?;
        let Some(zone) = node.get("zone") else {
            let message = text!("时间表没有时区", "the schedule has no zone");
            let hint = text!("加上 `zone: Asia/Shanghai`", "add `zone: Asia/Shanghai`");
            self.say(&codes::SCHEDULE_NO_ZONE, cron, message, Some(hint));
            return None;
        };
        let zone_text = self.word(zone, "时区", "a zone")?;
        let gap = node.get("gap").map_or(Some(0), |gap| self.choice(gap, &["next", "skip"]))?;
        let overlap = node.get("overlap").map_or(Some(0), |word| self.choice(word, &["first", "both", "second"]))?;
        let input = Type::Record(std::sync::Arc::new(
            self.input.iter().map(|field| (field.name.clone(), field.kind.clone())).collect(),
        ));
        let with = self.with(node, Some(&input));
        self.note(&format!("schedule.{cron_text}"), cron.start, cron.end);
        match super::rules::schedule(&cron_text, &zone_text, gap, overlap) {
            Ok(schedule) => Some(Start::Schedule { schedule, with }),
            Err((in_zone, message)) => {
                self.say(&codes::SCHEDULE_INVALID, if in_zone { zone } else { cron }, message, None);
                None
            }
        }
    }
}
