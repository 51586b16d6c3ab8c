//! What leaves an instance: messages to one, signals to all, notices for people, ties to other instances.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Candidate, Template, TextTemplate};
use crate::rules::expression::Expression;

/// Before the name of a signal, where it stands among messages: what is sent to it reaches whoever waits now.
pub const SIGNAL: &str = "signal:";
/// Before the name of a milestone, where another instance waits for it.
pub const MILESTONE: &str = "milestone:";
/// In `blocks_end_until`: not a milestone, but the end.
pub const END: &str = "end";
/// The way out of a wait for a milestone that the other process can reach no more.
pub const NOT_REACHED: &str = "not_reached";
/// The way out of a message to one that several wait for.
pub const AMBIGUOUS: &str = "ambiguous";

/// `send: lot.released`, or `{ message, id, ttl }`.
#[derive(Clone, Debug)]
pub struct Send {
    pub message: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
    /// The sender's own id; none: the activation of the step.
    pub id: Option<Template>,
    pub ttl_micros: i64,
    /// Somebody else who waits as well makes it ambiguous.
    pub to_one: bool,
}

/// `signal: line_stopped`: to everybody who waits at this moment.
#[derive(Clone, Debug)]
pub struct Signal {
    /// With the prefix [`SIGNAL`].
    pub signal: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
}

/// `notify: { to, text, mail, webhook }`.
#[derive(Clone, Debug)]
pub struct Notify {
    pub to: Vec<Candidate>,
    pub text: TextTemplate,
    /// Also by mail, to those of them who have an address.
    pub mail: bool,
    /// Also to the receiver that the node's channels have under this name.
    pub webhook: Option<Arc<str>>,
}

/// `link: { relation, blocks_end_until }`: two instances tied in the record of both.
#[derive(Clone, Debug)]
pub struct Link {
    pub relation: Arc<str>,
    /// A milestone of the other, or [`END`]: until then this process does not end.
    pub blocks_end_until: Option<Arc<str>>,
}

/// A milestone of another instance.
#[derive(Clone, Debug)]
pub struct MilestoneWait {
    /// Gives the instance's id, or the record of the step that started it.
    pub process: Expression,
    pub milestone: Arc<str>,
}
