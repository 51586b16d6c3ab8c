//! Reading paths: what is missing fails, what is unset is unset.

use std::sync::Arc;

use crate::rules::expression::{EvaluationError, Names};
use crate::value::Value;

/// What the script engine may ask for while it computes one expression.
#[derive(Debug)]
pub(crate) struct Reader {
    paths: Arc<[Vec<Arc<str>>]>,
    roots: Vec<Option<Value>>,
    answers: Vec<Value>,
}

impl Reader {
    /// Looks up the variables at once: cloning them is cheap, and the engine needs owned data.
    pub(crate) fn new(paths: Arc<[Vec<Arc<str>>]>, answers: Vec<Value>, names: &dyn Names) -> Arc<Self> {
        let roots = paths.iter().map(|path| path.first().and_then(|name| names.lookup(name))).collect();
        Arc::new(Reader { paths, roots, answers })
    }

    /// A reader that knows nothing, for scripts.
    pub(crate) fn empty() -> Arc<Self> {
        Arc::new(Reader { paths: Arc::new([]), roots: vec![], answers: vec![] })
    }

    pub(crate) fn read(&self, number: usize) -> Result<Value, EvaluationError> {
        match (self.paths.get(number), self.roots.get(number)) {
            (Some(path), Some(root)) => strict(root.as_ref(), path),
            _ => Err(EvaluationError::new("other", Value::Null)),
        }
    }

    pub(crate) fn seek(&self, number: usize) -> Value {
        match (self.paths.get(number), self.roots.get(number)) {
            (Some(path), Some(Some(root))) => root.at(path.get(1..).unwrap_or_default()).cloned().unwrap_or_default(),
            _ => Value::Null,
        }
    }

    pub(crate) fn answer(&self, number: usize) -> Value {
        self.answers.get(number).cloned().unwrap_or_default()
    }
}

/// The value at `path`, whose first part names `root`.
pub(crate) fn strict(root: Option<&Value>, path: &[Arc<str>]) -> Result<Value, EvaluationError> {
    let missing = |place: usize| {
        let shown = path.iter().take(place + 1).map(AsRef::as_ref).collect::<Vec<_>>().join(".");
        EvaluationError::new("missing_field", shown)
    };
    let mut value = root.ok_or_else(|| missing(0))?;
    for (place, name) in path.iter().enumerate().skip(1) {
        value = value.get(name).ok_or_else(|| missing(place))?;
    }
    Ok(value.clone())
}
