//! Steps that own blocks: alternatives, branches, items and rounds.

use std::sync::Arc;

use super::{Route, Template, WaitFor, Write};
use crate::id::BlockKey;
use crate::rules::expression::Expression;

#[derive(Clone, Debug)]
pub struct Branch {
    /// None: `otherwise`.
    pub when: Option<Expression>,
    pub route: Route,
}

#[derive(Clone, Debug)]
pub struct ParallelBranch {
    pub name: Arc<str>,
    pub when: Option<Expression>,
    pub block: BlockKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    All,
    Any,
    AtLeast(u32),
}

/// What becomes of branches that are still open when the join is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They are withdrawn.
    Cancel,
    /// They go on beside, and the list around ends only when they have.
    Finish,
    /// They go on beside, and are withdrawn when the list around ends.
    UntilEnd,
}

#[derive(Clone, Debug)]
pub struct Each {
    pub of: Expression,
    pub name: Arc<str>,
    /// Names an item in histories and scenarios; without one, its place from 0.
    pub key: Option<Expression>,
    /// How many items run at the same time.
    pub at_once: u32,
    pub block: BlockKey,
    pub join: Join,
    pub rest: Rest,
    /// `add` appends to the list while it is open.
    pub grows: bool,
}

#[derive(Clone, Debug)]
pub struct Repeat {
    pub kind: RepeatKind,
    /// Rounds after which it is an incident.
    pub at_most: u32,
    /// The pause before every round but the first, for `every`.
    pub every: Option<Template>,
    pub block: BlockKey,
}

#[derive(Clone, Debug)]
pub enum RepeatKind {
    /// Tested before each round.
    While(Expression),
    /// Tested after each round.
    Until(Expression),
    /// Only `every` and `at_most` bound it.
    Always,
}

#[derive(Clone, Debug)]
pub struct Alternative {
    pub name: Arc<str>,
    pub wait: WaitFor,
    pub writes: Vec<Write>,
    /// The steps that follow when it wins.
    pub route: Route,
}
