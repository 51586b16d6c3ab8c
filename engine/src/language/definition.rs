//! The compiled form of a process: a graph of steps inside nested blocks.
//!
//! A block is a list of steps that is entered once and left once. A step of a composite kind owns blocks
//! (its branches, its items' body, the steps of its outcomes and events), so the whole is a tree and the
//! only edge that is no nesting is [`Route::Back`], which leads to a step of a list around it.
//!
//! Everything is named by stable keys ([`StepKey`], [`BlockKey`]), never by its place, since events and
//! states outlive the build that compiled the definition. A new step kind is a new variant of [`StepKind`]
//! and a new file under `step/`.

mod beside;
mod events;
mod machine;
mod nesting;
mod outward;
mod parts;
mod people;
mod step;
mod undo;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::beside::{Alongside, AtEnd, Condition, PersonEvent};
pub use self::events::{Handler, HandlerAction, Missed, Start, Trigger};
pub use self::machine::{ActivityMode, ActivitySpec, Call, Retry, Run};
pub use self::nesting::{Alternative, Branch, Each, Join, ParallelBranch, Repeat, RepeatKind, Rest};
pub use self::outward::{AMBIGUOUS, END, Link, MILESTONE, MilestoneWait, NOT_REACHED, Notify, SIGNAL, Send, Signal};
pub(crate) use self::parts::{part_of, parts_around};
pub use self::people::{BallotSpec, Candidate, Form, NotWho, PeoplePolicy, Rule, SeatOrder, SeatSpec, TaskSpec};
pub use self::step::{Back, Path, Piece, Route, Step, StepKind, Template, TextTemplate, Write};
pub use self::undo::Compensation;
pub use self::waits::{Due, MessageSpec, MessageWait, Rung, RungAt, WaitFor};
use crate::id::{BlockKey, Digest, StepKey};
use crate::language::types::Type;
use crate::rules::calendar::Calendar;
use crate::rules::expression::Expression;
use crate::rules::script::Script;
use crate::rules::table::Table;
use crate::value::Value;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: Arc<str>,
    pub en: Arc<str>,
}

/// A process, checked and compiled, with everything it names.
#[derive(Debug)]
pub struct Definition {
    pub process: Arc<str>,
    /// SHA-256 of the release it was compiled from.
    pub release: Digest,
    pub title: Text,
    /// The role that may release it.
    pub owner: Arc<str>,
    pub risk: Risk,
    /// Roles that may read its instances.
    pub readers: Vec<Arc<str>>,
    /// Input and data fields that instances can be found by.
    pub search: Vec<Arc<str>>,
    /// The business key, unique while an instance runs.
    pub key: Option<Expression>,
    /// The calendar of business days, by its name in `calendars`.
    pub calendar: Option<Arc<str>>,
    pub calendars: BTreeMap<Arc<str>, Arc<Calendar>>,
    /// Ladders for what is late; `usual` is used by every deadline that names none.
    pub ladders: BTreeMap<Arc<str>, Vec<Rung>>,
    pub input: Vec<Field>,
    pub data: Vec<Field>,
    pub starts: Vec<Start>,
    /// The steps of the process itself: the block with the empty key.
    pub blocks: BTreeMap<BlockKey, Block>,
    pub steps: BTreeMap<StepKey, Arc<Step>>,
    /// Events of the process as a whole.
    pub handlers: Vec<Handler>,
    /// Lists that run beside the process's own steps.
    pub alongside: Vec<Alongside>,
    pub policy: Policy,
    pub tables: BTreeMap<Arc<str>, Arc<Table>>,
    pub scripts: BTreeMap<Arc<str>, Arc<Script>>,
    pub forms: BTreeMap<Arc<str>, Arc<Form>>,
    /// Activities it calls, from the catalogue.
    pub activities: BTreeMap<Arc<str>, Arc<ActivitySpec>>,
    /// Messages it waits for or starts from, from the catalogue.
    pub messages: BTreeMap<Arc<str>, Arc<MessageSpec>>,
    /// Texts by name: outcomes, meanings of signatures, notices.
    pub texts: BTreeMap<Arc<str>, Text>,
}

impl Definition {
    /// The block a key names. Keys come from this definition, or from events that it made.
    #[must_use]
    pub fn block(&self, key: &str) -> Option<&Block> {
        self.blocks.get(key)
    }

    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Arc<Step>> {
        self.steps.get(key)
    }

    /// Whether the step `inner` stands in a block that `outer` owns, at any depth.
    #[must_use]
    pub fn is_inside(&self, inner: &str, outer: &str) -> bool {
        let mut step = self.step(inner);
        while let Some(owner) = step.and_then(|step| self.block(&step.block)).and_then(|block| block.owner.as_ref()) {
            if owner.as_ref() == outer {
                return true;
            }
            step = self.step(owner);
        }
        false
    }

    /// The declared field of this name in the process's data.
    #[must_use]
    pub fn data_field(&self, name: &str) -> Option<&Field> {
        self.data.iter().find(|field| field.name.as_ref() == name)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risk {
    Low,
    #[default]
    Medium,
    High,
}

/// A typed field of `input` or `data`.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub kind: Type,
    /// What it holds before anyone writes it; null if nothing.
    pub initial: Value,
    /// Roles that may see it; empty: every reader of the instance.
    pub seen_by: Vec<Arc<str>>,
    /// Roles that may see a part of a record, by the part's name.
    pub part_seen_by: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// A list of steps.
#[derive(Clone, Debug)]
pub struct Block {
    pub key: BlockKey,
    /// The step that owns it; none for the root and for blocks of the process's own events.
    pub owner: Option<StepKey>,
    pub steps: Vec<StepKey>,
    /// The part it is expanded from, as the beginning of its steps' keys (`carry_out.`); empty outside of parts.
    pub part: Arc<str>,
}

/// Where something stands in its file; line and column begin at 1 and count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    pub line: u32,
    pub column: u32,
}

/// What to do where the rules leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub nobody_eligible: NobodyEligible,
    pub initiator_approves: InitiatorApproves,
    pub duplicate_key: DuplicateKey,
    pub boundary: Boundary,
    /// What becomes of timers that came due while an instance was suspended.
    pub suspended_timers: crate::operate::TimersOnResume,
    pub people: PeoplePolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            nobody_eligible: NobodyEligible::Incident,
            initiator_approves: InitiatorApproves::Allow,
            duplicate_key: DuplicateKey::Reject,
            boundary: Boundary::Wait,
            suspended_timers: crate::operate::TimersOnResume::FireOnResume,
            people: PeoplePolicy::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NobodyEligible {
    Incident,
    /// The task opens and waits for somebody to get the role.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitiatorApproves {
    Refuse,
    Allow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKey {
    Reject,
    ReturnExisting,
}

/// Where a transition ends: at the next wait, or after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    Wait,
    Commit,
}
