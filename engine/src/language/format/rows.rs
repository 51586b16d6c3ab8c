//! The rows of a decision table: their pipes stand below each other.

use super::{Edits, line};
use crate::language::syntax::{Node, NodeKind, Source, Style};

pub(super) fn aligned(source: &Source, tree: &Node) -> String {
    let mut edits = Edits::default();
    if let Some(node) = tree.get("rows")
        && let NodeKind::Scalar { text, style: Style::Block } = &node.kind
        && is_rows(text)
    {
        align(source, node, &mut edits);
    }
    edits.apply(source)
}

/// Whether a block of text is the rows of a table: a head with results, and pipes in every line.
pub(super) fn is_rows(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|head| head.contains("->")) && lines.all(|line| line.contains('|'))
}

/// Its cells, without the blanks around them.
pub(super) fn cells_of(text: &str) -> Vec<Vec<String>> {
    text.lines().filter(|line| !line.trim().is_empty()).map(cells).collect()
}

fn align(source: &Source, node: &Node, edits: &mut Edits) {
    let (first, last) = (line(source, node.start), line(source, node.end.saturating_sub(1)));
    let mut rows: Vec<(std::ops::Range<usize>, usize, Vec<String>)> = Vec::new();
    for number in first..=last {
        let start = source.offset(number + 1, 0);
        let end = source.line_end(start);
        let written = source.slice(start, end);
        if written.trim().is_empty() {
            continue;
        }
        rows.push((start..end, written.len() - written.trim_start().len(), cells(&written)));
    }
    let columns = rows.first().map_or(0, |(_, _, cells)| cells.len());
    if rows.iter().any(|(_, _, cells)| cells.len() != columns) {
        return;
    }
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|(_, _, cells)| cells.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
        })
        .collect();
    for (range, indent, cells) in rows {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell)))))
            .collect();
        edits.put(range, format!("{}{}", " ".repeat(indent), padded.join(" | ").trim_end()));
    }
}

/// A line cut at its pipes; a pipe between quotes, and two together, belong to a cell.
fn cells(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.trim().chars().collect();
    let (mut cells, mut cell, mut quoted, mut place) = (Vec::new(), String::new(), false, 0);
    while let Some(c) = chars.get(place) {
        let double = *c == '|' && chars.get(place + 1) == Some(&'|');
        match c {
            '"' => quoted = !quoted,
            '|' if double && !quoted => {
                cell.push('|');
                place += 1;
            }
            '|' if !quoted => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                place += 1;
                continue;
            }
            _ => {}
        }
        cell.push(*c);
        place += 1;
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// Columns on a screen: Chinese characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}') { 2 } else { 1 }).sum()
}
