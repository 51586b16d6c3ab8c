//! Where expressions and names stand, kept for the checks that need the whole definition.

use std::sync::Arc;

use crate::id::StepKey;
use crate::language::types::Type;
use crate::rules::expression::Expression;

/// What the position of an expression wants it to give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expectation {
    Any,
    /// Whether something happens at all.
    When,
    /// The condition of a loop.
    Boolean,
    List,
    /// A duration or a moment.
    Time,
    Typed(Type),
}

/// An expression, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) expression: Expression,
    /// The place in the file of each character of the expression, and of its end.
    pub(crate) places: Vec<usize>,
    /// What is in scope here beside the fields of the process: items, `message`, `output`.
    pub(crate) locals: Vec<(Arc<str>, Type)>,
    pub(crate) wanted: Expectation,
    /// The step that it belongs to.
    pub(crate) step: Option<StepKey>,
}

impl Site {
    /// The characters of the file for a range of the expression.
    pub(crate) fn range(&self, from: usize, length: usize) -> (usize, usize) {
        let last = self.places.last().copied().unwrap_or(0);
        let start = self.places.get(from).copied().unwrap_or(last);
        let end = self.places.get(from + length).copied().unwrap_or(last).max(start);
        (start, end)
    }

    pub(crate) fn whole(&self) -> (usize, usize) {
        self.range(0, self.places.len().saturating_sub(1))
    }
}
