//! One way of writing the files of a process: blanks, indentation, texts in block form, columns of tables.
//!
//! Comments stay where they are, and so does every scalar as it was written; columns that an author has lined up
//! stay lined up. What would read as anything else than before is not written: each pass is parsed again and
//! compared, and given up if the tree differs.

mod flow;
mod indent;
mod rows;
mod texts;

use crate::language::diagnostics::{Diagnostic, Sink};
use crate::language::syntax::{self, Node, NodeKind, Source, Style};

/// The passes settle at once; a text that still changes after this many is left as it is.
const ROUNDS_MAX: usize = 4;

/// The file in the house's form. A file that is no YAML, or that loses something, gives its findings.
pub fn format(path: &str, bytes: &[u8]) -> Result<String, Vec<Diagnostic>> {
    let mut sink = Sink::default();
    let (_, tree) = syntax::parse(path, bytes, &mut sink);
    let Some(tree) = tree.filter(|_| !sink.has_errors()) else { return Err(sink.into_sorted()) };
    let written = String::from_utf8_lossy(bytes).into_owned();
    let mut text = written.clone();
    for _ in 0..ROUNDS_MAX {
        let before = text.clone();
        for pass in [lines, flow::spaced, texts::in_blocks, indent::indented, rows::aligned] {
            let Some((source, now)) = read(path, &text) else { return Ok(written) };
            let next = pass(&source, &now);
            if read(path, &next).is_some_and(|(_, after)| same(&tree, &after)) {
                text = next;
            }
        }
        if text == before {
            return Ok(text);
        }
    }
    Ok(written)
}

fn read(path: &str, text: &str) -> Option<(Source, Node)> {
    let mut sink = Sink::default();
    let (source, tree) = syntax::parse(path, text.as_bytes(), &mut sink);
    tree.filter(|_| !sink.has_errors()).map(|tree| (source, tree))
}

/// Whether two trees say the same: keys in their order, scalars word for word, plain where they were plain.
fn same(one: &Node, two: &Node) -> bool {
    match (&one.kind, &two.kind) {
        (NodeKind::Null, NodeKind::Null) | (NodeKind::Broken, NodeKind::Broken) => true,
        (NodeKind::Scalar { text: a, style: x }, NodeKind::Scalar { text: b, style: y }) => {
            let same_cells = |a: &str, b: &str| rows::cells_of(a) == rows::cells_of(b);
            let equal = a == b || (*x == Style::Block && rows::is_rows(a) && same_cells(a, b));
            equal && (*x == Style::Plain) == (*y == Style::Plain)
        }
        (NodeKind::List(a), NodeKind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (NodeKind::Map { entries: a, .. }, NodeKind::Map { entries: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// No blanks at the ends of lines, at most one empty line, one line end at the end.
fn lines(source: &Source, tree: &Node) -> String {
    let text: String = source.chars.iter().collect();
    let kept = kept_lines(source, tree);
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for (number, line) in text.split('\n').enumerate() {
        let line = if kept.contains(&number) { line } else { line.trim_end() };
        if line.is_empty() && !kept.contains(&number) {
            empty += 1;
            continue;
        }
        if empty > 0 && !out.is_empty() {
            out.push('\n');
        }
        empty = 0;
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Lines that lie inside a scalar: what is in them is the author's.
fn kept_lines(source: &Source, node: &Node) -> std::collections::BTreeSet<usize> {
    let mut kept = std::collections::BTreeSet::new();
    walk(node, &mut |node| {
        if matches!(node.kind, NodeKind::Scalar { .. }) {
            let (first, last) = (line(source, node.start), line(source, node.end));
            kept.extend(first..last);
        }
    });
    kept
}

/// The line of a character, from 0.
fn line(source: &Source, at: usize) -> usize {
    source.span(at).line as usize - 1
}

fn walk<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Node)) {
    visit(node);
    match &node.kind {
        NodeKind::Map { entries, .. } => entries.iter().for_each(|entry| walk(&entry.value, visit)),
        NodeKind::List(items) => items.iter().for_each(|item| walk(item, visit)),
        NodeKind::Scalar { .. } | NodeKind::Null | NodeKind::Broken => {}
    }
}

/// Replacements of ranges of characters, applied from the end.
#[derive(Default)]
struct Edits(Vec<(std::ops::Range<usize>, String)>);

impl Edits {
    fn put(&mut self, range: std::ops::Range<usize>, text: impl Into<String>) {
        self.0.push((range, text.into()));
    }

    fn apply(mut self, source: &Source) -> String {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut out, mut at) = (String::new(), 0);
        for (range, text) in self.0 {
            // Of two that overlap the first counts; the other comes in the next round.
            if range.start < at {
                continue;
            }
            out.push_str(&source.slice(at, range.start));
            out.push_str(&text);
            at = range.end;
        }
        out.push_str(&source.slice(at, source.chars.len()));
        out
    }
}
