//! Changes of `process.yaml`: conditions, deadlines, roles, quorums, ways out, four eyes, values that are set.

use super::expressions::{condition, inside, more};
use super::{Changes, Place};
use crate::language::diagnostics::Sink;
use crate::language::syntax::{self, Entry, Node, NodeKind};
use crate::rules::span::DurationSpec;

pub(super) fn changes(bytes: &[u8], changes: &mut Changes<'_>) {
    let (_, tree) = syntax::parse("process.yaml", bytes, &mut Sink::default());
    let Some(tree) = tree else { return };
    // What is declared (types, texts, who reads) is not how the process behaves.
    for key in ["key", "late", "start", "steps", "alongside", "events", "parts", "policy"] {
        if let Some(node) = tree.get(key) {
            walk(node, key, &Place::default().at(key), changes);
        }
    }
}

fn walk(node: &Node, key: &str, at: &Place, changes: &mut Changes<'_>) {
    match &node.kind {
        NodeKind::Map { entries, .. } => {
            let own = node.get("id").and_then(Node::text).map(Place::step);
            let at = own.as_ref().unwrap_or(at);
            for entry in entries.iter().filter(|entry| !matches!(entry.key.as_str(), "id" | "title" | "zh" | "en")) {
                let inner = at.at(&entry.key);
                if entry.key == "outcomes" {
                    routes(&entry.value, &inner, changes);
                }
                value(entry, &inner, changes);
                walk(&entry.value, &entry.key, &inner, changes);
            }
        }
        NodeKind::List(items) => {
            for (number, item) in items.iter().enumerate() {
                let named = item.get("id").is_none();
                let inner = if named { at.at(number + 1) } else { at.clone() };
                if key == "not" {
                    removed(items, number, &at.at(item.text().unwrap_or_default()), changes);
                }
                walk(item, key, &inner, changes);
            }
        }
        NodeKind::Scalar { text, .. } => {
            let places = node.places(&changes.source.chars);
            if let Some(expression) = text.strip_prefix('=') {
                let chars: Vec<char> = expression.chars().collect();
                inside(&chars, places.get(1..).unwrap_or_default(), at, changes);
            }
        }
        NodeKind::Null | NodeKind::Broken => {}
    }
}

/// One more or less of a list of those who are excluded.
fn removed(items: &[Node], number: usize, at: &Place, changes: &mut Changes<'_>) {
    let Some(item) = items.get(number) else { return };
    // Taking one away takes its comma; the only one leaves an empty list.
    let range = match (items.get(number + 1), number.checked_sub(1).and_then(|before| items.get(before))) {
        (Some(next), _) => item.start..next.start,
        (None, Some(before)) => before.end..item.end,
        (None, None) => item.start..item.end,
    };
    let one_line = changes.source.span(range.start).line == changes.source.span(range.end).line;
    if one_line {
        changes.add(at, range, "removed", "");
    }
}

/// What stands at a key, changed as the key says.
fn value(entry: &Entry, at: &Place, changes: &mut Changes<'_>) {
    let node = &entry.value;
    let (Some(text), key) = (node.text(), entry.key.as_str()) else { return };
    let places = node.places(&changes.source.chars);
    let whole = match (places.first(), places.len().checked_sub(2).and_then(|last| places.get(last))) {
        (Some(first), Some(last)) => *first..last + 1,
        _ => return,
    };
    if key == "when" {
        return condition(node, &places, at, changes);
    }
    if text.starts_with('=') {
        return;
    }
    match key {
        "role" => changes.add(at, whole, "role", "somebody_else"),
        "rule" | "join" => changes.add(at, whole, "quorum", if text == "all" { "any" } else { "all" }),
        "at_least" | "at_most" => {
            changes.add(at, whole.clone(), "more", more(text).unwrap_or_default());
            let less = text.parse::<u32>().ok().filter(|count| *count > 1).map(|count| (count - 1).to_string());
            if let Some(less) = less {
                changes.add(at, whole, "less", less);
            }
        }
        "ratio" => changes.add(at, whole, "quorum", if text == "1" { "0.01" } else { "1" }),
        "order" => changes.add(at, whole, "order", if text == "in_turn" { "at_once" } else { "in_turn" }),
        "rest" => changes.add(at, whole, "rest", if text == "cancel" { "finish" } else { "cancel" }),
        "end" => changes.add(at, whole, "end", format!("{text}_otherwise")),
        _ if matches!(text, "true" | "false") && node.is_plain() => {
            changes.add(at, whole, "flipped", if text == "true" { "false" } else { "true" });
        }
        _ => {
            if let Ok(span) = DurationSpec::parse(text) {
                let later = DurationSpec { count: span.count + 1, ..span };
                changes.add(at, whole, "later", later.to_string());
            } else if in_set(&at.path)
                && let Some(more) = more(text).filter(|_| node.is_plain())
            {
                changes.add(at, whole, "more", more);
            }
        }
    }
}

/// Whether the place is a value that a step sets, or gives to an activity.
fn in_set(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "set" | "with"))
}

/// Each outcome leads elsewhere: on to the next step, or to an end.
fn routes(node: &Node, at: &Place, changes: &mut Changes<'_>) {
    for entry in node.entries().unwrap_or_default() {
        let at = at.at(&entry.key);
        let start = entry.value.start;
        let Some(end) = entry.value.close(&changes.source.chars) else { continue };
        match &entry.value.kind {
            NodeKind::Scalar { text, .. } if text == "next" => {
                changes.add(&at, start..end, "ends", "{ end: elsewhere }");
            }
            NodeKind::Map { flow: true, .. } => changes.add(&at, start..end, "goes on", "next"),
            NodeKind::List(_) if changes.source.chars.get(start) == Some(&'[') => {
                changes.add(&at, start..end, "goes on", "next");
            }
            // A block of lines is replaced from its key on, up to the end of its last line.
            NodeKind::List(_) => changes.add(&at, entry.key_end..end, "goes on", ": next"),
            NodeKind::Map { .. } | NodeKind::Scalar { .. } | NodeKind::Null | NodeKind::Broken => {}
        }
    }
}
