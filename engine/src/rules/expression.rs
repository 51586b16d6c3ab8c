//! Expressions of the language: what stands behind `=` and inside `${…}`.

use std::sync::Arc;

use crate::value::Value;

/// What an expression may read. Implemented by the engine's state and by the checker's tests.
pub trait Names {
    /// A variable: `input`, a data field, `key`, `steps`, `item`, `message`, `form`, `output`, `now`…; `None` if it does not exist here.
    fn lookup(&self, name: &str) -> Option<Value>;
    /// How often the step was entered.
    fn visits(&self, step: &str) -> i64;
    /// Whether the milestone was reached.
    fn reached(&self, milestone: &str) -> bool;
    /// Whether a step inside `step` was completed with `outcome` since `step` was last entered.
    fn any_outcome(&self, step: &str, outcome: &str) -> bool;
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
}

/// Why a text is no expression, and where in it (in characters, from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    pub offset: usize,
    pub en: String,
    pub zh: String,
}

/// Why an expression has no value. Our own words, stable for ever: they are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    pub code: &'static str,
    pub detail: Value,
}

impl Expression {
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        Ok(Expression { source: source.into() })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The path, if it is nothing but one (`input.order`): our own code reads it, and no fact is recorded.
    #[must_use]
    pub fn as_path(&self) -> Option<&[Arc<str>]> {
        None
    }

    pub fn evaluate(&self, _names: &dyn Names) -> Result<Value, EvaluationError> {
        Ok(Value::Null)
    }
}
