//! What operators and sweeps hold of an instance: a suspension, parked results, what was cut off and waits to be closed.

use std::sync::Arc;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use crate::command::{Actor, Command};
use crate::event::Closing;
use crate::id::{RunId, ScopeId, SubscriptionId, TimerId};
use crate::operate::TimersOnResume;
use crate::time::Timestamp;
use crate::value::Value;

/// Empty for an instance that runs undisturbed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Operations {
    #[serde(default)]
    pub(crate) hold: Option<Hold>,
    /// Results that came while it was held, in their order.
    #[serde(default)]
    pub(crate) parked: RedBlackTreeMapSync<u64, Parked>,
    /// The runs they are for.
    #[serde(default)]
    pub(crate) parked_runs: RedBlackTreeSetSync<RunId>,
    /// Waits whose message was given back.
    #[serde(default)]
    pub(crate) deferred: RedBlackTreeSetSync<SubscriptionId>,
    /// Blocks that were cut off, by the run that held them.
    #[serde(default)]
    pub(crate) condemned: RedBlackTreeMapSync<RunId, Condemned>,
    /// The process ends like this when all is closed.
    #[serde(default)]
    pub(crate) closing: Option<Closing>,
    /// Steps that may open further items.
    #[serde(default)]
    pub(crate) growing: RedBlackTreeSetSync<RunId>,
}

/// Why nothing goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    pub(crate) kind: HoldKind,
    pub(crate) since: Timestamp,
    pub(crate) by: Actor,
    pub(crate) reason: Arc<str>,
    #[serde(default)]
    pub(crate) resuming: Option<Resuming>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum HoldKind {
    Suspended,
    /// The command that met a bug is kept for whoever mends it.
    Quarantined {
        command: Value,
    },
}

/// How far resuming has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resuming {
    pub(crate) timers: TimersOnResume,
    pub(crate) shift_micros: i64,
    /// The last timer and the last run that were moved.
    pub(crate) timer: Option<TimerId>,
    pub(crate) run: Option<RunId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    pub(crate) run: Option<RunId>,
    pub(crate) command: Command,
}

/// Blocks of one run that were cut off: those with a number below `before`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condemned {
    pub(crate) before: ScopeId,
    pub(crate) scopes: Vec<ScopeId>,
}

impl Operations {
    /// Something goes on by itself, whatever is ready.
    pub(crate) fn sweeps(&self) -> bool {
        !self.condemned.is_empty()
            || self.closing.is_some()
            || self.hold.as_ref().is_some_and(|hold| hold.resuming.is_some())
    }

    /// Results or items wait for their turn, which comes unless it is held.
    pub(crate) fn goes_on(&self) -> bool {
        !self.parked.is_empty() || !self.growing.is_empty()
    }
}
