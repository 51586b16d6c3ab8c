//! What deciding asked of the world, and what it was told.
//!
//! A transition keeps the answers, so that deciding again reads nothing but the row (laws 1 and 2).
//! [`Ask`] is what `decide` cannot answer itself and the runtime must; expressions, scripts, tables and
//! calendars are evaluated in place, and their results are facts as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::ActivityFailure;
use crate::event::Candidates;
use crate::id::{Digest, InstanceId, RunId, UserId};
use crate::time::Timestamp;
use crate::value::Value;

/// One answer, in the order in which it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// An expression, script, table or calendar gave this.
    Value {
        value: Value,
    },
    /// It failed, with our own code and detail.
    Failed {
        code: Arc<str>,
        #[serde(default)]
        detail: Value,
    },
    /// A table row: the outputs, and which rows matched, from 0.
    Rows {
        rows: Vec<u32>,
        value: Value,
    },
    Activity {
        result: ActivityResult,
    },
    Person {
        person: Option<PersonFact>,
    },
    Holders {
        holders: Vec<UserId>,
    },
    /// The key is this instance's now, or another's.
    Key {
        owner: InstanceId,
    },
    /// The effective release of a process to run, and the child's id.
    Child {
        release: Option<Digest>,
        child: InstanceId,
    },
}

/// What an inline activity gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActivityResult {
    Succeeded { output: Value },
    Failed { failure: ActivityFailure },
}

/// What the directory says of a person at the moment of acting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFact {
    pub active: bool,
    pub printed_name: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<UserId>,
    pub roles: Vec<RoleFact>,
    /// Who may act in their place, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<Substitution>,
}

/// A period in which somebody acts in another's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitution {
    pub by: UserId,
    pub from: Timestamp,
    /// The first moment at which it holds no more.
    pub until: Timestamp,
    /// The processes it is good for; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Arc<str>>,
}

impl Substitution {
    /// Whether `who` may act by it, in this process, at this moment.
    #[must_use]
    pub fn covers(&self, who: &str, process: &str, at: Timestamp) -> bool {
        let named = self.processes.is_empty() || self.processes.iter().any(|name| name.as_ref() == process);
        self.by.as_ref() == who && self.from <= at && at < self.until && named
    }
}

/// A role somebody holds, within a scope; an empty scope is everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleFact {
    pub role: Arc<str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scope: BTreeMap<Arc<str>, Arc<str>>,
}

impl RoleFact {
    /// Whether this grant is good for `role` within `scope`: what the grant restricts must be equal there.
    #[must_use]
    pub fn covers(&self, role: &str, scope: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        self.role.as_ref() == role
            && self.scope.iter().all(|(name, value)| scope.get(name).is_none_or(|wanted| wanted == value))
    }
}

/// A question to the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Run an inline activity, now, under a savepoint. `key` is its idempotency key.
    Activity { run: RunId, activity: Arc<str>, input: Value, key: Arc<str> },
    /// Who is this?
    Person(UserId),
    /// Who could take this? The first `at_most` of them, by id.
    Holders { candidates: Candidates, at_most: usize },
    /// Claim the business key for this instance.
    Key { process: Arc<str>, key: Arc<str> },
    /// Which release of `process` is effective, and what shall the child's id be?
    Child { process: Arc<str> },
}

/// How many holders of a role get a seat each.
pub const HOLDERS_MAX: usize = 500;

/// What deciding is given beside the definition, the state and the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    pub instance: InstanceId,
    /// The larger of the database's clock and the last transition's.
    pub now: Timestamp,
}
