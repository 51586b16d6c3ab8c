//! What undoes a step.

use super::{Definition, Path};
use crate::id::BlockKey;

/// The steps that undo a completed step, and what they read: it is kept as it was when the step was completed.
#[derive(Clone, Debug)]
pub struct Compensation {
    pub block: BlockKey,
    /// Names of fields and variables; of steps, `steps.x`.
    pub reads: Vec<Path>,
}

impl Definition {
    /// Whether any of its steps can be undone.
    pub(crate) fn has_compensations(&self) -> bool {
        self.steps.values().any(|step| step.compensate.is_some())
    }
}
