//! Texts in both languages, in block form: between braces a comma would cut them.

use super::{Edits, line, walk};
use crate::language::syntax::{Entry, Node, NodeKind, Source};

pub(super) fn in_blocks(source: &Source, tree: &Node) -> String {
    let mut edits = Edits::default();
    walk(tree, &mut |node| {
        let NodeKind::Map { entries, flow: false } = &node.kind else { return };
        for entry in entries {
            block(source, entry, &mut edits);
        }
    });
    edits.apply(source)
}

/// `title: { zh: …, en: … }` on lines of its own becomes three lines.
fn block(source: &Source, entry: &Entry, edits: &mut Edits) {
    let NodeKind::Map { entries, flow: true } = &entry.value.kind else { return };
    let both = entries.iter().map(|part| part.key.as_str()).eq(["zh", "en"]);
    let start = entry.value.start;
    let Some(end) = entry.value.close(&source.chars) else { return };
    let one_line = |from: usize, to: usize| line(source, from) == line(source, to);
    let whole = entries.iter().all(|part| part.value.text().is_some() && one_line(part.value.start, part.value.end));
    let same_line = one_line(entry.key_start, start) && one_line(start, end - 1);
    // A comment between the braces has no place in the block.
    let comment = outside(source, entries, start, end).contains('#');
    if !both || !whole || !same_line || comment {
        return;
    }
    let column = entry.key_start - source.line_start(entry.key_start);
    let written: String = entries
        .iter()
        .map(|part| {
            let text = source.slice(part.value.start, part.value.end);
            format!("\n{}{}: {}", " ".repeat(column + 2), part.key, text.trim_end())
        })
        .collect();
    // What stands after the braces is a comment, and stays with the key.
    let rest = source.slice(end, source.line_end(end));
    let rest = rest.trim_end();
    let key_end = source.slice(entry.key_end, start);
    let colon = entry.key_end + key_end.find(':').map_or(0, |place| place + 1);
    let comment = if rest.is_empty() { String::new() } else { format!("  {}", rest.trim_start()) };
    edits.put(colon..source.line_end(end), format!("{comment}{written}"));
}

/// What stands between the braces beside the texts.
fn outside(source: &Source, entries: &[Entry], start: usize, end: usize) -> String {
    let mut out = String::new();
    let mut at = start;
    for part in entries {
        out.push_str(&source.slice(at, part.value.start));
        at = part.value.end;
    }
    out.push_str(&source.slice(at.min(end), end));
    out
}
