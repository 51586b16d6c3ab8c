//! What events of operators and of sweeps hold.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::Actor;
use crate::id::BlockKey;
use crate::language::definition::Path;
use crate::value::Value;

/// Where a list is in another release, and where its places are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockMove {
    pub to: BlockKey,
    /// By the old place of each step: its new one, if it has one.
    pub places: Vec<Option<u64>>,
    /// By the old place that comes next, the end included: where it goes on.
    pub next: Vec<u64>,
}

impl BlockMove {
    /// The new place of an old one: of that very step, or of whatever comes next there.
    pub(crate) fn place(&self, index: usize, this_step: bool) -> usize {
        let own = self.places.get(index).copied().flatten().filter(|_| this_step);
        let place = own.or_else(|| self.next.get(index).copied()).or_else(|| self.next.last().copied());
        place.and_then(|place| usize::try_from(place).ok()).unwrap_or(index)
    }
}

/// One field that an operator changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFix {
    pub path: Path,
    #[serde(default)]
    pub before: Value,
    #[serde(default)]
    pub after: Value,
}

/// How a process ends once all that is open in it has been closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
pub enum Closing {
    Ended {
        outcome: Arc<str>,
        #[serde(default)]
        output: Value,
    },
    Cancelled {
        by: Actor,
        reason: Arc<str>,
    },
}
