//! Changes of a decision table: each cell in turn.

use super::expressions::more;
use super::{Changes, Place};

/// A cell: its text without blanks around, and the characters of the file that hold it.
struct Cell {
    text: String,
    range: std::ops::Range<usize>,
}

pub(super) fn changes(changes: &mut Changes<'_>) {
    let rows = rows(changes);
    let Some((head, rows)) = rows.split_first() else { return };
    let inputs = head.iter().position(|cell| cell.text.starts_with("->")).unwrap_or(head.len());
    let file = Place::default().at(&changes.source.file);
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.len() == head.len()) {
        for (column, cell) in row.iter().enumerate() {
            let name = head.get(column).map_or("", |head| head.text.trim_start_matches("->").trim());
            let at = file.at(format!("row {}", number + 1)).at(name);
            if column < inputs {
                test(cell, &at, changes);
            } else {
                let others = rows.iter().filter_map(|row| row.get(column)).map(|other| other.text.as_str());
                give(cell, others, &at, changes);
            }
        }
    }
}

/// The lines of `rows: |`, cut at their pipes.
fn rows(changes: &Changes<'_>) -> Vec<Vec<Cell>> {
    let source = changes.source;
    let mut rows = Vec::new();
    let (mut start, mut inside) = (0, false);
    while start < source.chars.len() {
        let end = source.line_end(start);
        let line = &source.chars[start..end];
        let blank = line.iter().all(|c| c.is_whitespace());
        if inside && !blank {
            if !line.first().is_some_and(|c| c.is_whitespace()) {
                break;
            }
            rows.push(cells(line, start));
        }
        let text: String = line.iter().collect();
        inside |= text.starts_with("rows:");
        start = end + 1;
    }
    rows
}

fn cells(line: &[char], start: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut from = 0;
    let mut quoted = false;
    for place in 0..=line.len() {
        match line.get(place) {
            Some('"') => quoted = !quoted,
            Some('|')
                if !quoted && line.get(place + 1) != Some(&'|') && line.get(place.wrapping_sub(1)) != Some(&'|') =>
            {
                cells.push(cell(line, from, place, start));
                from = place + 1;
            }
            None => cells.push(cell(line, from, place, start)),
            _ => {}
        }
    }
    cells
}

fn cell(line: &[char], from: usize, to: usize, start: usize) -> Cell {
    let text: String = line[from..to].iter().collect();
    let before = text.chars().take_while(|c| c.is_whitespace()).count();
    let trimmed = text.trim();
    let begin = start + from + before.min(to - from);
    Cell { text: trimmed.to_owned(), range: begin..begin + trimmed.chars().count() }
}

/// A condition is dropped, its bound moved, its comparison turned.
fn test(cell: &Cell, at: &Place, changes: &mut Changes<'_>) {
    if matches!(cell.text.as_str(), "any" | "" | "-") {
        return;
    }
    changes.add(at, cell.range.clone(), "any", "any");
    for (word, to) in [(">=", ">"), ("<=", "<"), (">", ">="), ("<", "<=")] {
        if let Some(rest) = cell.text.strip_prefix(word) {
            changes.add(at, cell.range.clone(), word, format!("{to}{rest}"));
            if let Some(more) = more(rest.trim()) {
                changes.add(at, cell.range.clone(), "more", format!("{word} {more}"));
            }
            return;
        }
    }
    if let "true" | "false" = cell.text.as_str() {
        let to = if cell.text == "true" { "false" } else { "true" };
        changes.add(at, cell.range.clone(), "flipped", to);
    }
}

/// A result becomes another that the column has, or the next number.
fn give<'c>(cell: &Cell, others: impl Iterator<Item = &'c str>, at: &Place, changes: &mut Changes<'_>) {
    let other = others.filter(|other| *other != cell.text).min().map(str::to_owned);
    let to = match cell.text.as_str() {
        "true" => Some("false".to_owned()),
        "false" => Some("true".to_owned()),
        text => more(text).or(other),
    };
    if let Some(to) = to {
        changes.add(at, cell.range.clone(), "gives", to);
    }
}
