//! What stands beside the steps: events that people raise, conditions, and lists that run alongside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Candidate, NotWho, Path, Span, TextTemplate, Write};
use crate::id::{BlockKey, StepKey};
use crate::rules::expression::Expression;

/// An event that a person raises while its host is open, as often as needed.
#[derive(Clone, Debug)]
pub struct PersonEvent {
    pub title: Option<TextTemplate>,
    pub by: Vec<Candidate>,
    /// Four eyes: who acted there, or for whom they acted, may not raise it.
    pub not: Vec<NotWho>,
    /// It may be raised only while this holds.
    pub open_while: Option<Expression>,
    pub form: Option<Arc<str>>,
    /// What is displayed, hashed and signed.
    pub shows: Vec<Path>,
    /// The meaning of the signature that raising demands.
    pub sign: Option<Arc<str>>,
    /// A reason must be given; one may always be.
    pub reason_required: bool,
    /// What of the form's answer goes where.
    pub writes: Vec<Write>,
}

/// What is waited for in the process's own data.
#[derive(Clone, Debug)]
pub enum Condition {
    Holds(Expression),
    /// A milestone of this instance.
    Milestone(Arc<str>),
}

/// A list of steps beside the process's own, begun once, from the moment its `when` holds. A return does not touch it.
#[derive(Clone, Debug)]
pub struct Alongside {
    pub name: Arc<str>,
    pub title: Option<TextTemplate>,
    /// None: from the start.
    pub when: Option<Expression>,
    pub block: BlockKey,
    /// For the steps of its list: what becomes of them when the process is to end.
    pub at_end: BTreeMap<StepKey, AtEnd>,
    /// For the steps that `at_end` does not name.
    pub otherwise: AtEnd,
    pub span: Span,
}

impl Alongside {
    #[must_use]
    pub fn at_end(&self, step: &str) -> AtEnd {
        self.at_end.get(step).copied().unwrap_or(self.otherwise)
    }
}

/// What becomes of a step alongside when the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// It must be done before the process ends.
    Finish,
    Withdraw,
}
