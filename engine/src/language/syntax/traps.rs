//! What YAML would lose without a word, found in the tree or in what is left of the file, each with its fix.

use crate::language::definition::Text;
use crate::language::diagnostics::registry as codes;
use crate::language::diagnostics::{Diagnostic, Sink};
use crate::language::syntax::Source;
use crate::language::syntax::node::{Entry, Node, NodeKind, Style};

/// Says what a parser's complaint at a character really is about.
pub(super) fn explain(source: &Source, at: usize, info: &str) -> Diagnostic {
    if info.contains("duplicate") {
        let end = source.chars[at..].iter().position(|c| *c == ':' || *c == '\n').map_or(at, |length| at + length);
        let key = source.slice(at, end);
        let message = text!(format!("键 `{key}` 写了两次"), format!("the key `{key}` stands here twice"));
        let hint = text!("删去一个，或合并两处内容", "remove one of them, or merge the two");
        return source.finding(&codes::YAML_DUPLICATE_KEY, at, end, message, Some(hint));
    }
    if info.contains("unknown anchor") {
        let star = source.chars.get(at) == Some(&'*');
        let at = if star { at } else { at.saturating_sub(1) };
        let message = text!("不使用别名（*）", "aliases (`*`) are not used here");
        let hint = text!(
            "把内容写出来；若文字以 `*` 开头，请加引号",
            "write the content out; quote a text that begins with `*`"
        );
        return source.finding(&codes::YAML_ALIAS, at, at + 1, message, Some(hint));
    }
    let beyond = || {
        let mut line = source.line_end(at) + 1;
        while info.contains("tab") && line < source.chars.len() {
            if let Some(tab) = leading_tab(source, line) {
                return Some(tab);
            }
            line = source.line_end(line) + 1;
        }
        None
    };
    if let Some(tab) = leading_tab(source, at).or_else(beyond) {
        let message = text!("缩进中有制表符", "there is a tab in the indentation");
        let hint = text!("用空格缩进", "indent with spaces");
        return source.finding(&codes::YAML_TAB, tab, tab + 1, message, Some(hint));
    }
    // Parsers find out a line late, so the line before is searched as well.
    let line = source.line_start(at);
    let window = source.line_start(line.saturating_sub(1))..source.line_end(at);
    if let Some(wide) = window.clone().find(|place| is_wide(source.chars[*place]) && outside_text(source, *place)) {
        return full_width(source, wide);
    }
    if let Some(equals) = expression_start(source, line..at) {
        let message = text!(
            "表达式含有 YAML 自己使用的字符（[ ] { } , : #），因此被截断",
            "the expression has characters that YAML takes for its own (`[ ] { } , : #`)"
        );
        return source.finding(&codes::YAML_EXPRESSION_IN_FLOW, equals, at, message, Some(quote_hint()));
    }
    let message = text!("从这里起不是合法的 YAML", format!("this is no YAML: {info}"));
    let hint = text!(
        "检查缩进、括号和引号；含有 `: `、`#` 或括号的文字要加引号",
        "look at indentation, brackets and quotes; a text with `: `, ` #` or brackets needs quotes"
    );
    source.finding(&codes::YAML_SYNTAX, at, at + 1, message, Some(hint))
}

fn quote_hint() -> Text {
    text!(
        "把整个表达式放进引号：\"=…\"，或另起一行写",
        "put the whole expression into quotes (\"=…\"), or on a line of its own"
    )
}

fn leading_tab(source: &Source, at: usize) -> Option<usize> {
    let line = source.line_start(at.min(source.chars.len().saturating_sub(1)));
    let leading = source.chars[line..].iter().take_while(|c| **c == ' ' || **c == '\t');
    leading.enumerate().find(|(_, c)| **c == '\t').map(|(length, _)| line + length)
}

/// Whether the character is a full-width form of one that YAML or an expression knows.
#[must_use]
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}' | '“' | '”' | '‘' | '’' | '\u{3000}' | '【' | '】')
}

/// The character that was meant.
#[must_use]
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '【' => '[',
        '】' => ']',
        _ => ' ',
    }
}

pub(crate) fn full_width(source: &Source, at: usize) -> Diagnostic {
    let wide = source.chars.get(at).copied().unwrap_or(' ');
    let meant = narrow(wide);
    let message = text!(format!("全角字符 `{wide}`"), format!("`{wide}` is a full-width character"));
    let hint = text!(format!("改用半角 `{meant}`"), format!("write `{meant}` instead"));
    source.finding(&codes::YAML_FULL_WIDTH, at, at + 1, message, Some(hint))
}

/// Whether a full-width character stands where YAML wants one of its own: a colon after a word, a bracket, a quote at the start.
fn outside_text(source: &Source, place: usize) -> bool {
    let line = source.slice(source.line_start(place), place);
    match source.chars[place] {
        '：' => !line.contains(": ") || line.trim_end().ends_with(['{', ',']) || after_brace(&line),
        '“' | '”' | '‘' | '’' => line.trim_end().ends_with([':', '{', ',', '[']),
        '｛' | '｝' | '［' | '］' | '，' | '【' | '】' => {
            line.contains(['{', '[']) || line.trim_end().ends_with(':')
        }
        _ => false,
    }
}

/// Nothing but a word stands between the last brace or comma and the end.
fn after_brace(line: &str) -> bool {
    line.rfind(['{', ',']).is_some_and(|place| !line[place..].contains(": "))
}

/// The last `=` in the range that begins a value.
fn expression_start(source: &Source, range: std::ops::Range<usize>) -> Option<usize> {
    range.rev().find(|place| {
        source.chars.get(*place) == Some(&'=')
            && source.chars[..*place]
                .iter()
                .rev()
                .find(|c| **c != ' ')
                .is_some_and(|c| matches!(c, ':' | '[' | ',' | '-'))
            && source.chars.get(place.wrapping_sub(1)) == Some(&' ')
    })
}

/// Refuses traps in the tree; what is refused becomes [`NodeKind::Broken`], so that it is told once.
pub(super) fn refuse(source: &Source, node: &mut Node, sink: &mut Sink) {
    match &mut node.kind {
        NodeKind::Map { entries, flow } => {
            if *flow {
                valueless(source, entries, sink);
            }
            for entry in entries.iter_mut() {
                if let NodeKind::Scalar { style: Style::Plain, .. } = entry.value.kind {
                    cut(source, &entry.key, &entry.value, sink);
                }
                refuse(source, &mut entry.value, sink);
            }
        }
        NodeKind::List(items) => {
            for item in items.iter_mut() {
                if item.is_plain() {
                    cut(source, "", item, sink);
                }
                refuse(source, item, sink);
            }
        }
        NodeKind::Scalar { text, style: Style::Plain } => {
            if text.starts_with(['＝', '“', '‘']) {
                sink.add(full_width(source, node.start));
                node.kind = NodeKind::Broken;
            }
        }
        NodeKind::Scalar { .. } | NodeKind::Null | NodeKind::Broken => {}
    }
}

/// Keys without values between braces: the rest of a text that had a comma, or of an expression.
fn valueless(source: &Source, entries: &mut Vec<Entry>, sink: &mut Sink) {
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        let written = source.slice(entry.value.start, entry.value.end);
        let missing =
            matches!(entry.value.kind, NodeKind::Null) && !matches!(written.trim(), "null" | "~" | "Null" | "NULL");
        if !missing {
            kept.push(entry);
            continue;
        }
        if let Some(place) = (entry.key_start..entry.key_end).find(|place| is_wide(source.chars[*place])) {
            sink.add(full_width(source, place));
            let meant = source.slice(entry.key_start, place);
            let value = Node { start: place, end: entry.key_end, kind: NodeKind::Broken };
            kept.push(Entry { key: meant, value, ..entry });
            continue;
        }
        let before = kept.last_mut();
        let unfinished = before.as_ref().is_some_and(|entry| {
            entry.value.text().is_some_and(|text| text.starts_with('=') && unbalanced(text)) || entry.value.is_broken()
        });
        let split = unfinished && before.as_ref().is_some_and(|entry| !entry.value.is_broken());
        let key = &entry.key;
        if split {
            let start = before.as_ref().map_or(entry.key_start, |entry| entry.value.start);
            let message = text!("逗号把这个表达式切成了两个键", "the comma splits this expression into two keys");
            sink.add(source.finding(&codes::YAML_SPLIT_EXPRESSION, start, entry.key_end, message, Some(quote_hint())));
        } else if !unfinished {
            let message = text!(format!("`{key}` 没有值"), format!("`{key}` is a key without a value"));
            let hint = text!(
                "若它是前面文字的一部分，请给整段文字加引号，或另起一行写",
                "if it belongs to the text before the comma, quote that text or write it on a line of its own"
            );
            let finding =
                source.finding(&codes::YAML_KEY_WITHOUT_VALUE, entry.key_start, entry.key_end, message, Some(hint));
            sink.add(finding);
        }
        if let Some(before) = before {
            before.value.kind = NodeKind::Broken;
        }
    }
    *entries = kept;
}

/// Whether brackets or quotes of an expression stay open.
fn unbalanced(text: &str) -> bool {
    let count = |c: char| text.chars().filter(|other| *other == c).count();
    count('(') > count(')') || count('[') > count(']') || count('"') % 2 == 1
}

/// A comment directly after a text: perhaps the text went on.
fn cut(source: &Source, key: &str, node: &Node, sink: &mut Sink) {
    let after = source.slice(node.end, source.line_end(node.end));
    let blanks = after.len() - after.trim_start_matches(' ').len();
    let Some(comment) = after.trim_start_matches(' ').strip_prefix('#') else { return };
    let glued = comment.starts_with(|c: char| !c.is_whitespace() && c != '#' && c != '-' && c != '=');
    let is_text = matches!(key, "zh" | "en" | "text" | "title" | "message");
    let holes = node.text().is_some_and(|text| text.contains("${"));
    if blanks > 0 && (glued || ((is_text || holes) && blanks == 1)) {
        let at = node.end + blanks;
        let message = text!("文字在 `#` 处被截断，其后成了注释", "the text ends at `#`: the rest is a comment");
        let hint = text!("若 `#` 属于文字，请加引号", "quote the text if `#` belongs to it");
        sink.add(source.finding(&codes::YAML_TEXT_CUT, at, source.line_end(at), message, Some(hint)));
    }
}
