//! Changes inside an expression: comparisons, thresholds, connectives, and conditions as a whole.

use super::{Changes, Place};
use crate::language::syntax::Node;

/// Comparisons, longest first, with what each becomes.
const COMPARISONS: [(&str, &str); 6] = [(">=", ">"), ("<=", "<"), ("==", "!="), ("!=", "=="), (">", ">="), ("<", "<=")];
const CONNECTIVES: [(&str, &str); 2] = [("&&", "||"), ("||", "&&")];

/// Changes of `text`, whose characters stand at `places` of the file (and its end).
pub(super) fn inside(text: &[char], places: &[usize], at: &Place, changes: &mut Changes<'_>) {
    let mut quoted: Option<char> = None;
    let mut place = 0;
    while let Some(c) = text.get(place).copied() {
        match quoted {
            Some(quote) => quoted = Some(quote).filter(|quote| *quote != c),
            None if matches!(c, '"' | '`' | '\'') => quoted = Some(c),
            None => {
                if let Some(length) = operator(text, place, places, at, changes) {
                    place += length;
                    continue;
                }
                let before = place.checked_sub(1).and_then(|before| text.get(before));
                let alone = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
                if c.is_ascii_digit() && alone {
                    place += number(&text[place..], places.get(place..).unwrap_or_default(), at, changes);
                    continue;
                }
            }
        }
        place += 1;
    }
}

fn operator(text: &[char], place: usize, places: &[usize], at: &Place, changes: &mut Changes<'_>) -> Option<usize> {
    let starts = |word: &str| word.chars().enumerate().all(|(offset, c)| text.get(place + offset) == Some(&c));
    let (word, to) = COMPARISONS.iter().chain(&CONNECTIVES).find(|(word, _)| starts(word))?;
    let length = word.chars().count();
    // `||` also begins a closure without parameters, and `|x|` one with some: those are no connectives.
    changes.add(at, range(places, place, length)?, word, *to);
    Some(length)
}

/// A number and one more; gives how long it is.
pub(super) fn number(text: &[char], places: &[usize], at: &Place, changes: &mut Changes<'_>) -> usize {
    let mut length = text.iter().take_while(|c| c.is_ascii_digit() || **c == '_').count();
    let fraction = text.get(length) == Some(&'.') && text.get(length + 1).is_some_and(char::is_ascii_digit);
    if fraction {
        length += 1 + text[length + 1..].iter().take_while(|c| c.is_ascii_digit() || **c == '_').count();
    }
    let written: String = text[..length].iter().filter(|c| **c != '_').collect();
    if let (Some(range), Some(more)) = (range(places, 0, length), more(&written)) {
        changes.add(at, range, &written, more);
    }
    length
}

/// The next number of the same form: 30 becomes 31, 0.05 becomes 0.06.
pub(super) fn more(written: &str) -> Option<String> {
    let number = rust_decimal::Decimal::from_str_exact(written).ok()?;
    let step = rust_decimal::Decimal::new(1, number.scale());
    number.checked_add(step).map(|more| more.to_string())
}

/// A condition that always holds, and one that never does.
pub(super) fn condition(node: &Node, places: &[usize], at: &Place, changes: &mut Changes<'_>) {
    let length = places.len().saturating_sub(1);
    if node.text().is_none_or(|text| !text.starts_with('=')) || length < 2 {
        return;
    }
    if let Some(range) = range(places, 1, length - 1) {
        // Written so that the checker does not see it: it would say that the branch is never taken.
        changes.add(at, range.clone(), "always", "started_at == started_at");
        changes.add(at, range, "never", "started_at != started_at");
    }
}

pub(super) fn range(places: &[usize], from: usize, length: usize) -> Option<std::ops::Range<usize>> {
    let (start, last) = (*places.get(from)?, *places.get(from + length - 1)?);
    Some(start..last + 1)
}
