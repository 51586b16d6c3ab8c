//! Blanks inside braces and brackets: one where there is none. Runs of blanks are an author's columns, and stay.

use super::{Edits, walk};
use crate::language::syntax::{Node, NodeKind, Source};

pub(super) fn spaced(source: &Source, tree: &Node) -> String {
    let mut edits = Edits::default();
    walk(tree, &mut |node| {
        let braces = match (&node.kind, source.chars.get(node.start)) {
            (NodeKind::Map { flow, .. }, Some('{')) => *flow,
            (NodeKind::List(_), Some('[')) => true,
            _ => false,
        };
        let Some(last) = node.close(&source.chars).filter(|_| braces).map(|end| end - 1) else { return };
        let empty = source.chars[node.start + 1..last].iter().all(|c| c.is_whitespace());
        if empty {
            return;
        }
        let glued = |place: usize| source.chars.get(place).is_some_and(|c| !c.is_whitespace());
        if glued(node.start + 1) {
            edits.put(node.start + 1..node.start + 1, " ");
        }
        if glued(last - 1) {
            edits.put(last..last, " ");
        }
        for start in starts(node).into_iter().skip(1) {
            if source.chars.get(start.wrapping_sub(1)) == Some(&',') {
                edits.put(start..start, " ");
            }
        }
    });
    edits.apply(source)
}

/// Where the parts of a node begin.
fn starts(node: &Node) -> Vec<usize> {
    match &node.kind {
        NodeKind::Map { entries, .. } => entries.iter().map(|entry| entry.key_start).collect(),
        NodeKind::List(items) => items.iter().map(|item| item.start).collect(),
        _ => Vec::new(),
    }
}
