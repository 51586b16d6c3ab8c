//! Shared rhai functions of `scripts/`: pure, bounded, called by `script` steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rules::expression::EvaluationError;
use crate::value::Value;

/// A compiled script: a file with one public function `run(input)`.
#[derive(Clone, Debug)]
pub struct Script {}

impl Script {
    pub fn run(&self, _with: &BTreeMap<Arc<str>, Value>) -> Result<Value, EvaluationError> {
        Ok(Value::Null)
    }
}
