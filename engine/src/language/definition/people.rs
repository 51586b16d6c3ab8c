//! Work for people: tasks, ballots, who may act, and what they fill in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Path, Template, TextTemplate};
use crate::id::{Digest, StepKey};
use crate::language::types::Type;
use crate::rules::expression::Expression;

#[derive(Clone, Debug)]
pub struct TaskSpec {
    pub title: TextTemplate,
    pub to: Vec<Candidate>,
    pub form: Option<Arc<str>>,
    /// Four eyes: who acted there, or for whom they acted, may not act here.
    pub not: Vec<NotWho>,
    /// What is displayed, hashed and signed.
    pub shows: Vec<Path>,
    /// The meaning of the signature that completing demands.
    pub sign: Option<Arc<str>>,
    /// The ways a person may complete it, in the order of the YAML; empty: one, `done`.
    pub outcomes: Vec<Arc<str>>,
}

/// Who may take a task or a seat. Each is resolved at the moment of acting.
#[derive(Clone, Debug)]
pub enum Candidate {
    Role { role: Template, scope: BTreeMap<Arc<str>, Template> },
    User(Template),
    ManagerOf(Template),
    Initiator,
}

/// Who is excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWho {
    Initiator,
    Step(StepKey),
}

/// A ballot: 会签, 或签, 依次, 票签.
#[derive(Clone, Debug)]
pub struct BallotSpec {
    pub title: Option<TextTemplate>,
    pub seats: Vec<SeatSpec>,
    pub rule: Rule,
    pub order: SeatOrder,
    pub not: Vec<NotWho>,
    pub shows: Vec<Path>,
    pub form: Option<Arc<str>>,
    /// The meaning that every seat signs with, unless it has its own.
    pub sign: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub struct SeatSpec {
    pub who: Candidate,
    /// No decision before it has voted, and its no is the ballot's.
    pub must: bool,
    pub when: Option<Expression>,
    pub sign: Option<Arc<str>>,
    /// A seat for every holder, with a quorum of their own.
    pub each: Option<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    All,
    Any,
    AtLeast(u32),
    /// Of the seats, in millionths: 0.67 is 670 000.
    Ratio(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatOrder {
    AtOnce,
    InTurn,
}

/// What people may do with work beside answering it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeoplePolicy {
    /// An approval that somebody gave before stands for a seat that could only be theirs; never where the seat signs.
    pub skips_same_approver: bool,
    /// A vote that comes when the ballot was decided is recorded, without effect.
    pub records_late_votes: bool,
    /// A person may go back only where the process says so.
    pub refuses_returns: bool,
    /// A substitute may sign, in their own name.
    pub substitutes_sign: bool,
}

/// A form: a JSON Schema of the answer, with texts.
pub struct Form {
    pub name: Arc<str>,
    pub digest: Digest,
    /// The document as written, for clients to draw.
    pub document: serde_json::Value,
    pub schema: jsonschema::Validator,
    /// Names of the answer's fields, with their types where the schema tells them.
    pub fields: BTreeMap<Arc<str>, Type>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").field("name", &self.name).finish_non_exhaustive()
    }
}
