//! What is undone, and what follows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Item;
use crate::command::Actor;
use crate::id::{RunId, ScopeId, StepKey};

/// Entries of one log, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoOf {
    pub log: UndoLog,
    pub entries: Vec<u64>,
}

/// Whose log of completed steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum UndoLog {
    /// The steps that a block has completed.
    Scope { scope: ScopeId },
    /// What the blocks under an open step have left.
    Run { run: RunId },
}

/// What follows when all is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "go", rename_all = "snake_case", deny_unknown_fields)]
pub enum UndoThen {
    /// The step that undid it is done.
    Next,
    /// The jump backwards that asked for it.
    Back {
        to: StepKey,
        index: usize,
        from: StepKey,
        /// The jump is over this bound of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<u32>,
    },
    /// The steps of the event that took the host's place.
    Instead {
        handler: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Item>,
    },
    /// The instance is cancelled.
    Cancel { by: Actor, reason: Arc<str> },
}
