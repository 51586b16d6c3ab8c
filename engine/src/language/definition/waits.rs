//! What a process waits for, and when it is late.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Condition, MilestoneWait, Template};
use crate::language::types::Type;
use crate::rules::expression::Expression;
use crate::rules::span::DurationSpec;

/// What the catalogue says of a message.
#[derive(Clone, Debug)]
pub struct MessageSpec {
    pub name: Arc<str>,
    pub fields: Type,
    /// How long it is kept for somebody who waits for it later, in microseconds.
    pub ttl_micros: i64,
    /// It is for one instance: that several wait for it is the sender's to mend.
    pub to_one: bool,
}

#[derive(Clone, Debug)]
pub enum WaitFor {
    /// A duration: a text such as `90 days`, or an expression that gives one.
    For(Template),
    /// A moment.
    Until(Template),
    /// A message, or a signal: its name has the prefix of one then.
    Message(MessageWait),
    /// A milestone of another instance, reached before or later.
    Milestone(MilestoneWait),
    Condition(Condition),
}

/// A subscription: equalities on fields of the message, so that they are indexed; `when` narrows.
#[derive(Clone, Debug)]
pub struct MessageWait {
    pub message: Arc<str>,
    pub matches: BTreeMap<Arc<str>, Template>,
    pub when: Option<Expression>,
}

/// A deadline: how long, by which calendar, from when, and what happens when it is late.
#[derive(Clone, Debug)]
pub struct Due {
    /// `5 business days`, a moment, or an expression that gives either.
    pub within: Template,
    /// The calendar, by its name in the definition; none: the process's.
    pub calendar: Option<Arc<str>>,
    /// The moment the clock runs from; none: the step's first opening.
    pub after: Option<Expression>,
    /// The ladder's name; none: `usual`, if there is one.
    pub ladder: Option<Arc<str>>,
    /// For ballots: the clock of each seat from its own opening.
    pub each_seat: bool,
}

/// One rung of a ladder: when, relative to the deadline, whom to tell, what else to do.
#[derive(Clone, Debug)]
pub struct Rung {
    pub at: RungAt,
    pub tell: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RungAt {
    Before(DurationSpec),
    Due,
    After(DurationSpec),
}
