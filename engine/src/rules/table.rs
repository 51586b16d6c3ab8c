//! Decision tables: rows of texts between pipes, with a hit policy.
//!
//! Parsed with the place of every cell; evaluated row by row; analysed over the regions that its cells cut each
//! input into, so that a gap or an overlap comes with an example.

mod analyze;
mod cell;
mod evaluate;
mod parse;

use std::sync::Arc;

use crate::rules::expression::Expression;
use crate::value::Value;

pub use analyze::Finding;
use cell::Test;

/// How many rows, inputs and outputs a table may have.
pub const ROWS_MAX: usize = 2_000;
pub const COLUMNS_MAX: usize = 40;

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    name: Arc<str>,
    title: Option<(Arc<str>, Arc<str>)>,
    hit: HitPolicy,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    rows: Vec<Row>,
    /// For `hit: priority`: the values of the first output, the most wanted first.
    priority: Vec<Value>,
    /// Where the header stands, for findings about the whole.
    line: u32,
    column: u32,
}

/// Which rows count when several match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPolicy {
    /// At most one row may match.
    Unique,
    /// The first that matches.
    First,
    /// Several may match if they say the same.
    Any,
    /// The one whose first output comes first in `priority`.
    Priority,
    /// All, put together.
    Collect(Collect),
    /// All, in their order.
    RuleOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collect {
    List,
    Sum,
    Min,
    Max,
    Count,
}

/// A column that is tested.
#[derive(Clone, Debug)]
pub struct Input {
    pub expression: Expression,
    pub line: u32,
    pub column: u32,
}

/// A column that is given: a path, of which `limits.contain` has two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub path: Vec<Arc<str>>,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug)]
struct Row {
    line: u32,
    column: u32,
    tests: Vec<Test>,
    gives: Vec<Give>,
}

/// What an output cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Give {
    Literal(Value),
    Expression(Expression),
}

/// What a table gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rows that matched, from 0.
    pub rows: Vec<u32>,
    /// The outputs: one value where the table has one output, else a record of them.
    pub value: Value,
}

/// A text is no table, and where; line and column begin at 1 and count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFault {
    pub line: u32,
    pub column: u32,
    pub code: &'static str,
    pub en: String,
    pub zh: String,
}

/// An expression somewhere in a table, for the checker.
#[derive(Clone, Copy, Debug)]
pub struct TableExpression<'a> {
    pub expression: &'a Expression,
    pub line: u32,
    pub column: u32,
    /// It stands in an input's cell, where `value` is what the column tests.
    pub has_value: bool,
}

impl Table {
    /// Reads a table file; all its faults at once.
    pub fn parse(source: &str) -> Result<Self, Vec<TableFault>> {
        parse::parse(source)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title in Chinese and in English.
    #[must_use]
    pub fn title(&self) -> Option<(&str, &str)> {
        self.title.as_ref().map(|(zh, en)| (zh.as_ref(), en.as_ref()))
    }

    #[must_use]
    pub fn hit(&self) -> HitPolicy {
        self.hit
    }

    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The literals that an output column may give, in the order of the rows; `None` if it also computes.
    #[must_use]
    pub fn literals(&self, output: usize) -> Option<Vec<&Value>> {
        self.rows
            .iter()
            .map(|row| match row.gives.get(output) {
                Some(Give::Literal(value)) => Some(value),
                Some(Give::Expression(_)) | None => None,
            })
            .collect()
    }

    /// Every expression of it: headers, test cells, output cells.
    #[must_use]
    pub fn expressions(&self) -> Vec<TableExpression<'_>> {
        let headers = self.inputs.iter().map(|input| TableExpression {
            expression: &input.expression,
            line: input.line,
            column: input.column,
            has_value: false,
        });
        let cells = self.rows.iter().flat_map(|row| {
            let place =
                |expression, has_value| TableExpression { expression, line: row.line, column: row.column, has_value };
            let tests = row.tests.iter().filter_map(Test::expression).map(move |expression| place(expression, true));
            let gives = row.gives.iter().filter_map(|give| match give {
                Give::Expression(expression) => Some(expression),
                Give::Literal(_) => None,
            });
            tests.chain(gives.map(move |expression| place(expression, false)))
        });
        headers.chain(cells).collect()
    }
}

#[cfg(test)]
mod tests;
