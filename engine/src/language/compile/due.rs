//! Deadlines and the ladders of what happens when they pass.

use std::sync::Arc;

use crate::language::compile::{Compiler, Expectation, ReferenceKind};
use crate::language::definition::{Due, Rung, RungAt};
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::{Node, NodeKind};

impl Compiler<'_> {
    /// `due: 5 business days`, `{ in, on, after, late }`, or `{ each_seat: … }`.
    pub(crate) fn due(&mut self, node: &Node) -> Option<Due> {
        if node.text().is_some() {
            let within = self.time(node)?;
            return Some(Due { within, calendar: None, after: None, ladder: None, each_seat: false });
        }
        self.shape(node, "due", &["in", "on", "after", "late", "each_seat"])?;
        let each_seat = node.get("each_seat");
        let Some(span) = node.get("in").or(each_seat) else {
            self.required(node, "in", "due");
            return None;
        };
        let counted = self.business.len();
        let within = self.time(span);
        if node.get("on").is_some() {
            // A calendar of its own counts these days.
            self.business.truncate(counted);
        }
        let mut named = |key: &str, kind| {
            let value = node.get(key)?;
            let name = self.name(value)?;
            self.refer(kind, &name, value);
            Some(name)
        };
        let calendar = named("on", ReferenceKind::Calendar);
        let ladder = named("late", ReferenceKind::Ladder);
        let after = node.get("after").and_then(|after| self.expression(after, Expectation::Time));
        Some(Due { within: within?, calendar, after, ladder, each_seat: each_seat.is_some() })
    }

    /// `late: { usual: [ { at: due, tell: holder } ] }`
    pub(crate) fn late(&mut self, node: &Node) {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(node, "有名称的催办阶梯", "named ladders");
            return;
        };
        for entry in entries {
            let Some(name) = self.name_key(entry) else { continue };
            let rungs = self.list(&entry.value).iter().filter_map(|rung| self.rung(rung)).collect();
            self.ladders.insert(name, rungs);
        }
    }

    fn rung(&mut self, node: &Node) -> Option<Rung> {
        self.shape(node, "a rung", &["at", "tell"])?;
        let at_node = self.required(node, "at", "a rung")?;
        let tell = self
            .required(node, "tell", "a rung")
            .map(|tell| self.roles(tell, &["holder", "manager_of_holder"]))
            .unwrap_or_default();
        let at = self.rung_at(at_node)?;
        Some(Rung { at, tell })
    }

    /// `due`, `5 days before`, `1 business day after`.
    fn rung_at(&mut self, node: &Node) -> Option<RungAt> {
        let written: Arc<str> = self.word(node, "时刻", "a moment")?;
        if written.as_ref() == "due" {
            return Some(RungAt::Due);
        }
        let parts = match (written.strip_suffix(" before"), written.strip_suffix(" after")) {
            (Some(span), _) => Some((span, true)),
            (_, Some(span)) => Some((span, false)),
            _ => None,
        };
        let Some((span, before)) = parts else {
            let message =
                text!(format!("`{written}` 不是阶梯上的时刻"), format!("`{written}` is no place on a ladder"));
            let hint = text!(
                "写作 `due`、`5 days before` 或 `1 business day after`",
                "write `due`, `5 days before` or `1 business day after`"
            );
            self.say(&codes::DURATION_INVALID, node, message, Some(hint));
            return None;
        };
        let mut only_span = node.clone();
        if let NodeKind::Scalar { text, .. } = &mut only_span.kind {
            *text = span.to_owned();
        }
        let span = self.duration(&only_span)?;
        Some(if before { RungAt::Before(span) } else { RungAt::After(span) })
    }
}
