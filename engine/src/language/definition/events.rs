//! What may happen to a process: how it starts, and what may come while something is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Condition, MessageWait, PersonEvent, Span, Template};
use crate::id::BlockKey;
use crate::rules::expression::Expression;
use crate::rules::schedule::Schedule;

/// Something that may happen while its host (a step, a block, the process) is open.
#[derive(Clone, Debug)]
pub struct Handler {
    pub name: Arc<str>,
    pub on: Trigger,
    pub when: Option<Expression>,
    pub action: HandlerAction,
    /// Its steps end the host's step when they end.
    pub ends_step: bool,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Trigger {
    Message(MessageWait),
    /// Business errors of steps inside, by code; `any` catches all.
    Error(Arc<str>),
    /// Durations from the host's first opening.
    After(Vec<Template>),
    /// Somebody raises it.
    Person(Box<PersonEvent>),
    /// Each time when it becomes true.
    Condition(Condition),
    /// Escalations of steps inside, by code; `any` catches all.
    Escalation(Arc<str>),
}

#[derive(Clone, Debug)]
pub enum HandlerAction {
    /// Runs beside what goes on.
    Steps(BlockKey),
    /// Gives up what is running; then the flow goes on after the host.
    Instead { block: BlockKey, undo: bool },
}

/// Who and what may start an instance.
#[derive(Clone, Debug)]
pub enum Start {
    People {
        roles: Vec<Arc<str>>,
        form: Option<Arc<str>>,
        sign: Option<Arc<str>>,
    },
    /// `or_event`: a running instance with this key gets it as an event instead.
    Message {
        message: Arc<str>,
        or_event: bool,
    },
    Process {
        processes: Vec<Arc<str>>,
    },
    Schedule {
        schedule: Schedule,
        /// What becomes of firings that were missed.
        missed: Missed,
        with: BTreeMap<Arc<str>, Template>,
    },
}

/// What becomes of a schedule's firings that came while nobody ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// One start for all of them, with the moment of the first.
    #[default]
    One,
    /// A start for each.
    All,
    /// None: the next one comes at its own time.
    Skip,
}
