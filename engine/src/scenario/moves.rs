//! The moves of a scenario and its expectations, from YAML.

use super::read::Reader;
use super::script::{Acts, Does, Expectation, Move, Pattern, What};
use crate::id::UserId;
use crate::language::syntax::{Entry, Node, Source};
use crate::time::Timestamp;

impl Reader<'_> {
    pub(super) fn play(&mut self, source: &Source, node: &Node) -> Vec<Move> {
        let Some(items) = node.items() else {
            self.say(source, node.start, "`play` 应是列表".into(), "`play` is a list of moves".into());
            return Vec::new();
        };
        items.iter().filter_map(|item| Some(Move { offset: item.start, what: self.one(source, item)? })).collect()
    }

    fn one(&mut self, source: &Source, node: &Node) -> Option<What> {
        let has = |key: &str| node.get(key).is_some();
        if has("as") {
            return self.act(source, node);
        }
        let known = ["as", "message", "signal", "reached", "with", "advance", "advance_to", "expect"];
        let entries = self.entries(source, node, "play", &known);
        let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        if let Some(value) = find("message") {
            return Some(What::Message { name: self.text(source, value), with: find("with").cloned() });
        }
        if let Some(value) = find("signal") {
            return Some(What::Signal { name: self.text(source, value), with: find("with").cloned() });
        }
        if let Some(value) = find("reached") {
            return Some(What::Reached { milestone: self.text(source, value) });
        }
        if let Some(value) = find("advance") {
            return Some(What::Advance { span: self.text(source, value).to_string() });
        }
        if let Some(value) = find("advance_to") {
            let text = self.text(source, value);
            let step = Pattern::parse(&text, value.start);
            return Some(What::AdvanceTo { moment: Timestamp::parse(&text), step });
        }
        if let Some(value) = find("expect") {
            return Some(What::Expect(self.expectation(source, value, "expect")));
        }
        let moves = known.join(", ");
        self.say(
            source,
            node.start,
            format!("这不是动作；可用：{moves}"),
            format!("this is no move; there are {moves}"),
        );
        None
    }

    fn act(&mut self, source: &Source, node: &Node) -> Option<What> {
        let known = [
            "as",
            "does",
            "outcome",
            "with",
            "signs",
            "comment",
            "back_to",
            "expect_error",
            "claims",
            "releases",
            "assigns",
            "to",
            "reason",
            "cancels",
            "undo",
            "raises",
            "retries",
            "for",
        ];
        let known = [&known[..], &super::acts::KEYS].concat();
        let entries = self.entries(source, node, "as", &known);
        let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
        let by: Vec<UserId> = find("as")
            .map(|node| self.texts(source, node))
            .unwrap_or_default()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let first = by.first().cloned()?;
        let behalf = find("for").map(|node| self.text(source, node));
        if let Some(verb) = self.verb(source, &find) {
            let (verb, step) = verb?;
            let expect_error = find("expect_error").map(|node| self.text(source, node));
            return Some(What::Acts(Box::new(Acts { by: first, behalf, verb, step, expect_error })));
        }
        let mut optional = |key: &str| find(key).map(|node| self.text(source, node));
        let (outcome, comment, back_to) = (optional("outcome"), optional("comment"), optional("back_to"));
        let (expect_error, reason, to) = (optional("expect_error"), optional("reason"), optional("to"));
        let (cancels, retries) = (optional("cancels"), optional("retries"));
        let mut pattern = |key: &str| find(key).map(|node| Pattern::parse(&self.text(source, node), node.start));
        let (does, claims, releases, assigns) =
            (pattern("does"), pattern("claims"), pattern("releases"), pattern("assigns"));
        if let Some(event) = pattern("raises") {
            let signs = find("signs").is_some_and(|node| self.flag(source, node));
            return Some(What::Raises { by, event, with: find("with").cloned(), reason, signs, expect_error });
        }
        if let Some(step) = does {
            let signs = find("signs").is_some_and(|node| self.flag(source, node));
            let with = find("with").cloned();
            return Some(What::Does(Does { by, behalf, step, outcome, with, signs, comment, back_to, expect_error }));
        }
        if let Some(step) = claims {
            return Some(What::Claims { by: first, step, release: false, expect_error });
        }
        if let Some(step) = releases {
            return Some(What::Claims { by: first, step, release: true, expect_error });
        }
        if let (Some(step), Some(to)) = (assigns, to) {
            return Some(What::Assigns { by: first, step, to, reason, expect_error });
        }
        if let Some(reason) = cancels {
            let undo = find("undo").is_some_and(|node| self.flag(source, node));
            return Some(What::Cancels { by: first, reason, undo, expect_error });
        }
        if let Some(reason) = retries {
            return Some(What::Retries { by: first, reason, expect_error });
        }
        self.say(
            source,
            node.start,
            format!(
                "缺少动作：does、claims、releases、assigns 与 to、raises、cancels、retries 或 {}",
                super::acts::VERBS.join("、")
            ),
            format!(
                "what they do is missing: does, claims, releases, assigns with to, raises, cancels, retries or {}",
                super::acts::VERBS.join(", ")
            ),
        );
        None
    }

    pub(super) fn expectation(&mut self, source: &Source, node: &Node, what: &str) -> Expectation {
        let known =
            ["open", "not_open", "called", "data", "outcome", "reached", "not_reached", "trace", "clocks", "incidents"];
        let mut expected = Expectation::default();
        for Entry { key, value, .. } in self.entries(source, node, what, &known) {
            match key.as_str() {
                "open" => expected.open = self.patterns(source, value),
                "not_open" => expected.not_open = self.patterns(source, value),
                "reached" => expected.reached = self.patterns(source, value),
                "not_reached" => expected.not_reached = self.patterns(source, value),
                "trace" => expected.trace = Some((self.patterns(source, value), value.start)),
                "outcome" => expected.outcome = Some((self.text(source, value), value.start)),
                "incidents" => {
                    let codes = self.texts(source, value).into_iter().map(|(code, _)| code).collect();
                    expected.incidents = Some((codes, value.start));
                }
                "called" => {
                    for Entry { key, value, .. } in self.entries(source, value, "called", &[]) {
                        expected.called.push((key.as_str().into(), self.count(source, value), value.start));
                    }
                }
                "data" => {
                    for Entry { key, value, .. } in self.entries(source, value, "data", &[]) {
                        expected.data.push((key.as_str().into(), value.clone()));
                    }
                }
                "clocks" => {
                    for Entry { key, value, .. } in self.entries(source, value, "clocks", &[]) {
                        expected.clocks.push((key.as_str().into(), self.text(source, value), value.start));
                    }
                }
                _ => {}
            }
        }
        expected
    }
}
