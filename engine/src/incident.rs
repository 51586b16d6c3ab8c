//! What stops an instance until an operator acts: recorded as an event, with a stable code.

use serde::{Deserialize, Serialize};

/// Why an instance cannot go on by itself. Each has a page in `docs/errors/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentCode {
    /// An activity failed and its retries are spent, or its error has no way out.
    ActivityFailed,
    /// The code of an activity panicked.
    ActivityPanicked,
    /// An expression could not be evaluated.
    ExpressionFailed,
    /// A script failed or went over its limits.
    ScriptFailed,
    /// No row of a table matched, or two rows of a `unique` table did.
    TableFailed,
    /// A value does not fit the type of its field.
    TypeMismatch,
    /// No branch of a `choose` holds.
    NoBranch,
    /// Nobody may take a task or a seat.
    NobodyEligible,
    /// A loop or a jump went over its bound.
    BoundReached,
    /// An error was raised that nothing handles.
    UnhandledError,
    /// A process that a step runs has no effective release.
    NoRelease,
    /// A child process refused to start: its input does not fit, or its key is taken.
    ChildRefused,
    /// A limit of the engine was reached.
    LimitReached,
    /// A calendar cannot answer.
    CalendarFailed,
}
