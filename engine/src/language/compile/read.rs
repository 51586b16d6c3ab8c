//! Reading nodes by what their position declares: maps with known keys, words, names, lists.

use std::sync::Arc;

use crate::language::compile::Compiler;
use crate::language::diagnostics::{nearest, registry as codes};
use crate::language::syntax::{Entry, Node, NodeKind, Style};

/// What this version of the language does not have yet, refused by name rather than as unknown.
pub(crate) const LATER: [&str; 1] = ["extend"];

/// What every expression may read, and words of expressions.
const RESERVED: [&str; 13] = [
    "input",
    "key",
    "initiator",
    "started_at",
    "now",
    "steps",
    "message",
    "form",
    "output",
    "value",
    "true",
    "false",
    "null",
];

/// The Chinese word for a part of a process; keywords are the same in both languages.
fn zh(what: &str) -> String {
    let word = match what {
        "a process" | "the process" => "流程",
        "a step" => "步骤",
        "a branch" => "分支",
        "a way out" => "去向",
        "an alternative" => "选项",
        "an event" => "事件",
        "a list alongside" => "并行进行的步骤",
        "a rung" => "阶梯的一级",
        "a field" => "字段",
        "a type" => "类型",
        "a candidate" => "候选人",
        "a catalogue" => "目录",
        "an activity" => "活动",
        "a message" => "消息",
        "a signal" => "信号",
        "a text" => "文字",
        keyword => return format!("`{keyword}`"),
    };
    word.to_owned()
}

/// The same in English.
fn en(what: &str) -> String {
    if what.starts_with("a ") || what.starts_with("an ") || what.starts_with("the ") {
        what.to_owned()
    } else {
        format!("`{what}`")
    }
}

impl Compiler<'_> {
    /// The entries of a map that has these keys only.
    pub(crate) fn shape<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<&'n [Entry]> {
        let NodeKind::Map { entries, .. } = &node.kind else {
            self.wrong(
                node,
                &format!("{}（由键和值组成）", zh(what)),
                &format!("{}, made of keys and values", en(what)),
            );
            return None;
        };
        for entry in entries {
            self.known_key(entry, what, known);
        }
        Some(entries)
    }

    /// Whether the key is one of these; if not, says what it may have meant.
    pub(crate) fn known_key(&mut self, entry: &Entry, what: &str, known: &[&str]) -> bool {
        // Asked once for every key that is wrong: right ones need no list.
        if !known.contains(&entry.key.as_str()) {
            let keys = self.shapes.entry(what.to_owned()).or_default();
            keys.extend(known.iter().map(|key| (*key).to_owned()));
        }
        if known.contains(&entry.key.as_str()) {
            return true;
        }
        let key = &entry.key;
        if LATER.contains(&key.as_str()) {
            self.later(entry.key_start, entry.key_end, key);
            return false;
        }
        let message = text!(format!("{}没有 `{key}` 这个键", zh(what)), format!("{} has no key `{key}`", en(what)));
        let hint = match nearest(key, known.iter().copied()) {
            Some(name) => text!(format!("是否指 `{name}`？"), format!("did you mean `{name}`?")),
            None => text!(format!("可用的键：{}", known.join("、")), format!("it may have: {}", known.join(", "))),
        };
        self.say_at(&codes::SHAPE_UNKNOWN_KEY, entry.key_start, entry.key_end, message, Some(hint));
        false
    }

    pub(crate) fn later(&mut self, start: usize, end: usize, what: &str) {
        let message = text!(format!("`{what}` 在此版本中尚不可用"), format!("`{what}` is not yet in this version"));
        self.say_at(&codes::LANGUAGE_LATER, start, end, message, None);
    }

    /// A node is not what its position declares.
    pub(crate) fn wrong(&mut self, node: &Node, zh: &str, en: &str) {
        if node.is_broken() {
            return;
        }
        let message = text!(format!("这里应为{zh}"), format!("this must be {en}"));
        self.say(&codes::SHAPE_WRONG_KIND, node, message, None);
    }

    /// A key that must be there.
    pub(crate) fn required<'n>(&mut self, node: &'n Node, key: &str, what: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() && !node.is_broken() {
            let message = text!(format!("{}缺少 `{key}`", zh(what)), format!("{} lacks `{key}`", en(what)));
            self.say_at(&codes::SHAPE_MISSING_KEY, node.start, node.start + 1, message, None);
        }
        found
    }

    /// A text; a number or word written plainly is the text that was written.
    pub(crate) fn word(&mut self, node: &Node, what_zh: &str, what_en: &str) -> Option<Arc<str>> {
        match &node.kind {
            NodeKind::Scalar { text, .. } => Some(text.as_str().into()),
            _ => {
                self.wrong(node, what_zh, what_en);
                None
            }
        }
    }

    /// A name: letters, digits and underscores, beginning with a letter.
    pub(crate) fn name(&mut self, node: &Node) -> Option<Arc<str>> {
        let word = self.word(node, "名称", "a name")?;
        self.name_at(&word, node.start, node.end).then_some(word)
    }

    /// Checks a name of the process's own: a hyphen would be a minus in an expression.
    pub(crate) fn name_at(&mut self, word: &str, start: usize, end: usize) -> bool {
        let good = word.chars().enumerate().all(|(place, c)| {
            c == '_' || c.is_ascii_lowercase() || c.is_ascii_uppercase() || (place > 0 && c.is_ascii_digit())
        });
        if good && !word.is_empty() {
            return true;
        }
        let message = text!(
            format!("`{word}` 不能作名称：只可用字母、数字和下划线"),
            format!("`{word}` is no name: use letters, digits and underscores")
        );
        let better: String =
            word.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        let hint = if word.contains('-') && word.is_ascii() {
            text!(
                format!("写成 `{better}`：在表达式中连字符是减号"),
                format!("write `{better}`: in an expression a hyphen is a minus")
            )
        } else {
            text!("例如 `approve_plan`", "for example `approve_plan`")
        };
        self.say_at(&codes::SHAPE_INVALID_NAME, start, end, message, Some(hint));
        false
    }

    /// Whether the name is free: it would hide what every expression may read.
    pub(crate) fn not_reserved(&mut self, name: &str, start: usize, end: usize) -> bool {
        if !RESERVED.contains(&name) {
            return true;
        }
        let message =
            text!(format!("`{name}` 在表达式中已有含义"), format!("`{name}` means something in expressions already"));
        let hint = text!("换一个名称", "choose another name");
        self.say_at(&codes::SHAPE_INVALID_NAME, start, end, message, Some(hint));
        false
    }

    /// A name chosen by the writer that stands as a key.
    pub(crate) fn name_key(&mut self, entry: &Entry) -> Option<Arc<str>> {
        if !self.own_key(entry) {
            return None;
        }
        self.name_at(&entry.key, entry.key_start, entry.key_end).then(|| entry.key.as_str().into())
    }

    /// A key chosen by the writer; words that readers of YAML take for something else must stand in quotes.
    pub(crate) fn own_key(&mut self, entry: &Entry) -> bool {
        let odd = ["yes", "no", "on", "off", "y", "n", "true", "false", "null", "~"];
        let lower = entry.key.to_ascii_lowercase();
        if entry.key_style != Style::Plain || !odd.contains(&lower.as_str()) {
            return true;
        }
        let key = &entry.key;
        let message = text!(
            format!("有的 YAML 解析器把 `{key}` 当作布尔值或空值"),
            format!("some readers of YAML take `{key}` for a boolean or for nothing")
        );
        let hint = text!(format!("加引号：\"{key}\""), format!("quote it: \"{key}\""));
        self.say_at(&codes::YAML_AMBIGUOUS_KEY, entry.key_start, entry.key_end, message, Some(hint));
        false
    }

    /// One of these words.
    pub(crate) fn choice(&mut self, node: &Node, words: &[&str]) -> Option<usize> {
        let word = self.word(node, "一个词", "a word")?;
        let found = words.iter().position(|known| *known == word.as_ref());
        if found.is_none() {
            let list = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
            let message = text!(
                format!("`{word}` 不在可选值之中：{}", list.join("、")),
                format!("`{word}` is not one of {}", list.join(", "))
            );
            let hint = nearest(&word, words.iter().copied())
                .map(|name| text!(format!("是否指 `{name}`？"), format!("did you mean `{name}`?")));
            self.say(&codes::SHAPE_INVALID_VALUE, node, message, hint);
        }
        found
    }

    pub(crate) fn flag(&mut self, node: &Node) -> bool {
        match node.text() {
            Some("true") => true,
            Some("false") => false,
            _ => {
                self.say(
                    &codes::SHAPE_INVALID_VALUE,
                    node,
                    text!("这里应为 `true` 或 `false`", "this is `true` or `false`"),
                    None,
                );
                false
            }
        }
    }

    /// A whole number of at least `least`.
    pub(crate) fn count(&mut self, node: &Node, least: u32) -> Option<u32> {
        let number = node.text().and_then(|text| text.parse::<u32>().ok()).filter(|number| *number >= least);
        if number.is_none() && !node.is_broken() {
            let message = text!(
                format!("这里应为不小于 {least} 的整数"),
                format!("this must be a whole number of at least {least}")
            );
            self.say(&codes::SHAPE_INVALID_VALUE, node, message, None);
        }
        number
    }

    /// A list of nodes; a single scalar counts as a list of one.
    pub(crate) fn one_or_many<'n>(&mut self, node: &'n Node) -> Vec<&'n Node> {
        match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            NodeKind::Scalar { .. } => vec![node],
            _ => {
                self.wrong(node, "一个词或列表", "a word or a list");
                Vec::new()
            }
        }
    }

    pub(crate) fn words(&mut self, node: &Node) -> Vec<Arc<str>> {
        self.one_or_many(node).into_iter().filter_map(|item| self.word(item, "一个词", "a word")).collect()
    }

    /// Names of roles, to be found in the catalogue; `others` stand for people without being roles.
    pub(crate) fn roles(&mut self, node: &Node, others: &[&str]) -> Vec<Arc<str>> {
        for item in self.one_or_many(node) {
            if let Some(name) = item.text().filter(|name| !others.contains(name) && !name.starts_with('=')) {
                self.refer(super::ReferenceKind::Role, name, item);
            }
        }
        self.words(node)
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            NodeKind::List(items) => items,
            _ => {
                self.wrong(node, "列表", "a list");
                &[]
            }
        }
    }
}
