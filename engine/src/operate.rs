//! What operators do with an instance as a whole: suspend it, mend it, move it, take it to another release.
//!
//! All of it is for the process's owner and administrators, needs a reason, and is on record. What people and machines
//! do is [`crate::work`] and [`crate::decide`]; here is what is done to them.

pub(crate) mod hold;
pub(crate) mod mend;
pub mod migrate;
pub(crate) mod relocate;
pub(crate) mod sweep;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::mend::outcomes;
pub use self::relocate::{GIVEN_UP_MAX, Target, targets};
use crate::command::Actor;
use crate::decide::{operator, reject};
use crate::draft::{Deciding, Draft};
use crate::event::FieldWrite;
use crate::id::{Digest, IncidentId, RunId, StepKey};
use crate::rejection::Rejection;
use crate::value::Value;

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Nothing goes on until it is resumed.
    Suspend,
    /// Goes on after a suspension, or after a quarantine.
    Resume {
        /// What becomes of timers that came due meanwhile; absent: what the process declares.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timers: Option<TimersOnResume>,
    },
    /// The platform met a bug while it decided a command: the instance is put aside with it.
    Quarantine {
        /// What the bug said.
        why: Arc<str>,
        /// The command that met it.
        command: Value,
    },
    /// Writes data fields, judged by their types.
    Fix { writes: Vec<FieldWrite> },
    /// Ends a step with an outcome and an output that are given.
    Skip {
        at: Spot,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Arc<str>>,
        #[serde(default)]
        output: Value,
    },
    /// Gives up what is open at `at`, and goes on at a step of a list around it.
    Move { at: Spot, to: StepKey },
    /// Goes on by another release of the same process.
    Migrate {
        release: Digest,
        #[serde(default)]
        plan: Box<migrate::Plan>,
    },
}

/// Where an operator takes hold of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spot {
    /// An open step.
    Run { run: RunId },
    /// What an incident stopped.
    Incident { incident: IncidentId },
}

/// What becomes of timers whose moment passed while an instance was suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimersOnResume {
    /// They fire at once: a deadline does not care why nothing was done.
    #[default]
    FireOnResume,
    /// All timers and due dates move by as long as it was suspended.
    Shift,
    /// Reminders and `after` events of that time do not happen; what the flow itself waits for fires at once.
    Skip,
}

/// Handles an operation.
pub(crate) fn handle(draft: &mut Draft, actor: &Actor, what: &Operation, reason: &Arc<str>) -> Deciding<()> {
    if reason.trim().is_empty() {
        return reject(Rejection::ReasonRequired);
    }
    if let Operation::Quarantine { why, command } = what {
        return hold::quarantine(draft, actor, why, command);
    }
    operator(draft, actor)?;
    match what {
        Operation::Suspend => hold::suspend(draft, actor, reason),
        Operation::Resume { timers } => hold::resume(draft, actor, reason, *timers),
        Operation::Quarantine { .. } => Ok(()),
        Operation::Fix { writes } => mend::fix(draft, actor, reason, writes),
        Operation::Skip { at, outcome, output } => mend::skip(draft, actor, reason, *at, outcome.as_ref(), output),
        Operation::Move { at, to } => relocate::relocate(draft, actor, reason, *at, to),
        Operation::Migrate { release, plan } => migrate::migrate(draft, actor, reason, *release, plan),
    }
}
