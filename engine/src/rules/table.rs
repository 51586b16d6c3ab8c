//! Decision tables: rows of texts between pipes, with a hit policy.

use crate::rules::expression::{EvaluationError, Names};
use crate::value::Value;

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {}

/// What a table gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rows that matched, from 0.
    pub rows: Vec<u32>,
    /// The outputs: one value where the table has one output, else a record of them.
    pub value: Value,
}

impl Table {
    pub fn evaluate(&self, _names: &dyn Names) -> Result<Hit, EvaluationError> {
        Ok(Hit { rows: vec![], value: Value::Null })
    }
}
