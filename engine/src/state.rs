//! What an instance is now: the fold of its events.
//!
//! A tree of activations: the process (run 0) holds the scope of its steps; a scope walks one list and has
//! at most one open run; a composite run holds scopes again. Every open run that waits has something
//! persisted that will wake it ([`State::wake_sources`]).
//!
//! Fields are private to this module's tree: [`apply`](State::apply) is the only writer. The maps are
//! persistent, so a draft is a cheap copy and the cost of a step does not grow with the history.

mod across;
mod apply;
mod names;
pub mod operations;
mod people;
mod undo;
mod view;

use std::sync::Arc;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

pub use self::across::{ChildStatus, TiedChild, WatchTo, Watcher};
pub use self::names::{At, Extra};
pub(crate) use self::people::{Answered, Copied, Decided, ResumeAt, ScopePeople, SignOffs};
pub use self::undo::{Lane, Undoable, Undoing};
pub use self::view::WakeSource;
use crate::command::{Actor, Cause, WorkId};
use crate::event::{Purpose, Seat, SubscriptionPurpose, Task, TimerPurpose, UndoThen};
use crate::id::{
    BlockKey, ConditionId, Digest, IncidentId, InstanceId, RunId, ScopeId, StepKey, SubscriptionId, TimerId, UserId,
};
use crate::incident::IncidentCode;
use crate::language::definition::{ActivityMode, Join, Rest, Rule, SeatOrder};
use crate::project::InstanceStatus;
use crate::time::Timestamp;
use crate::value::Value;

type Map<K, V> = RedBlackTreeMapSync<K, V>;
type Set<K> = RedBlackTreeSetSync<K>;

/// The run that stands for the process itself and holds its steps and events.
pub const ROOT_RUN: RunId = RunId(0);
/// The scope of the process's own steps.
pub const ROOT_SCOPE: ScopeId = ScopeId(1);

/// One instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(crate) id: InstanceId,
    pub(crate) process: Arc<str>,
    pub(crate) release: Digest,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) status: InstanceStatus,
    pub(crate) outcome: Option<Arc<str>>,
    pub(crate) started_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) initiator: Actor,
    pub(crate) cause: Cause,
    pub(crate) input: Value,
    pub(crate) data: Value,
    pub(crate) scopes: Map<ScopeId, Scope>,
    pub(crate) runs: Map<RunId, Run>,
    /// Scopes that have a step to run, in the order in which they became ready.
    pub(crate) ready: Map<u64, ScopeId>,
    pub(crate) timers: Map<TimerId, Timer>,
    pub(crate) subscriptions: Map<SubscriptionId, Subscription>,
    /// Open incidents.
    pub(crate) incidents: Map<IncidentId, Incident>,
    pub(crate) records: Map<StepKey, Record>,
    pub(crate) visits: Map<StepKey, u32>,
    /// How often each jump was taken, by the step it started from.
    pub(crate) jumps: Map<StepKey, u32>,
    /// When each step outside of items and rounds was first opened: deadlines run from here, whatever returns happen.
    pub(crate) opened: Map<StepKey, Timestamp>,
    pub(crate) milestones: Map<Arc<str>, Timestamp>,
    /// Everybody who ever acted in a step, and for whom.
    pub(crate) acted: Map<StepKey, Set<UserId>>,
    /// How often people have acted: tells what came after what.
    #[serde(default)]
    pub(crate) acts: u64,
    /// The newest return to each step, by the number that was next then: approvals before it count no more.
    #[serde(default)]
    pub(crate) rewound: Map<StepKey, u64>,
    /// Who was given a copy, and whether they have looked at it.
    #[serde(default)]
    pub(crate) copies: Map<u64, Copied>,
    /// Ballots that were decided while seats had not voted, where late votes are recorded.
    #[serde(default)]
    pub(crate) decided: Map<RunId, Decided>,
    /// Signatures in force.
    pub(crate) signatures: Map<StepKey, Vec<Signed>>,
    /// Items that grow and have all ended: they close when nothing can add to them any more.
    #[serde(default, skip_serializing_if = "Set::is_empty")]
    pub(crate) idle: Set<RunId>,
    /// What is waited for in its own data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) conditions: Map<ConditionId, Waiting>,
    /// Lists alongside that have begun.
    #[serde(default, skip_serializing_if = "Set::is_empty")]
    pub(crate) begun: Set<Arc<str>>,
    /// The outcome with which it ends as soon as what must be done alongside is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ending: Option<Arc<str>>,
    /// What operators and sweeps hold of it.
    #[serde(default)]
    pub(crate) operations: operations::Operations,
    /// The next number for anything that needs one.
    pub(crate) next: u64,
    /// Instances that steps started, or run with a tie, by the activation of the step.
    #[serde(default = "Map::default", skip_serializing_if = "Map::is_empty")]
    pub(crate) tied: Map<RunId, TiedChild>,
    /// Who waits for a milestone of this one that is not reached.
    #[serde(default = "Map::default", skip_serializing_if = "Map::is_empty")]
    pub(crate) watchers: Map<Arc<str>, Vec<Watcher>>,
    /// The outcome, once it is decided while other instances still hold the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held_end: Option<Arc<str>>,
}

/// One activation of a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    pub(crate) id: ScopeId,
    pub(crate) block: BlockKey,
    pub(crate) parent: RunId,
    pub(crate) purpose: Purpose,
    pub(crate) variable: Option<Variable>,
    pub(crate) cursor: Cursor,
    /// What steps inside an item gave: `steps.x` there means this item's.
    pub(crate) records: Option<Map<StepKey, Record>>,
    /// When each step inside an item or a round was first opened: their clocks are their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) opened: Option<Map<StepKey, Timestamp>>,
    /// What its steps have done and can be undone, oldest first.
    #[serde(default, skip_serializing_if = "Map::is_empty", with = "pairs")]
    pub(crate) log: Map<u64, Undoable>,
    /// Steps of its list that the flow has left behind, where something still goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rests: Vec<RunId>,
    /// For steps that undo another: what was known when that was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<Value>,
    /// What people did in it, and where a return wants it to go on.
    #[serde(default)]
    pub(crate) people: ScopePeople,
}

/// A signature in force, and the scopes it was given in, from the inside out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    pub(crate) work: WorkId,
    pub(crate) within: Vec<ScopeId>,
}

/// A variable that exists only inside a scope: the item of an `each`, the message of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    pub(crate) name: Arc<str>,
    pub(crate) index: u64,
    pub(crate) key: Arc<str>,
    pub(crate) value: Value,
}

/// Where a scope's walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Cursor {
    /// The step at `index` is to be run, or the end is reached. A forced step runs whatever its `when` says.
    Ready { index: usize, forced: bool, turn: u64 },
    /// A step is open.
    Open { run: RunId },
    /// An incident stopped it before the step at `index`.
    Blocked { index: usize, forced: bool, incident: IncidentId },
    /// Its step was given up, and an event decides where it goes on.
    Held,
    /// Walked to its end, before `index`: it waits for what goes on beside.
    Resting { index: usize },
}

/// One activation of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub(crate) id: RunId,
    /// Run 0 has none: its scope's number is 0.
    pub(crate) scope: ScopeId,
    pub(crate) step: StepKey,
    pub(crate) index: usize,
    pub(crate) entered_at: Timestamp,
    pub(crate) phase: Phase,
    pub(crate) body: Body,
    pub(crate) children: Vec<ScopeId>,
    pub(crate) timers: Vec<TimerId>,
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// The newest of its open incidents.
    pub(crate) incident: Option<IncidentId>,
    /// The moment it is due.
    pub(crate) due: Option<Timestamp>,
    /// That moment lies in a year without an official notice of its days off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) provisional: bool,
    /// What the blocks under it have left that can be undone; items by their places.
    #[serde(default, skip_serializing_if = "Map::is_empty", with = "pairs")]
    pub(crate) log: Map<u64, Undoable>,
    /// What undoes it once it is completed, which it is about to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) noted: Option<Box<Undoing>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Open,
    /// Its work is done; the steps of its outcome are running.
    Leaving,
    /// The flow has gone on; what was still open in it goes on beside.
    Resting,
}

/// What an open step holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    Plain,
    /// The process itself.
    Process,
    Job {
        activity: Arc<str>,
        mode: ActivityMode,
        attempt: u32,
        input: Value,
        /// Queued for a worker; otherwise it waits for a timer or an operator.
        queued: bool,
        available_at: Timestamp,
    },
    Task(Box<Work>),
    Ballot {
        rule: Rule,
        order: SeatOrder,
        seats: Vec<SeatState>,
    },
    Parallel {
        branches: Vec<Arc<str>>,
        join: Join,
        rest: Rest,
        ended: u32,
    },
    Each {
        name: Arc<str>,
        items: Value,
        keys: Arc<Vec<Arc<str>>>,
        at_once: u32,
        join: Join,
        rest: Rest,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        grows: bool,
        next: u64,
        ended: u64,
        #[serde(with = "pairs")]
        results: Map<u64, Value>,
    },
    Repeat {
        rounds: u32,
    },
    First {
        alternatives: Vec<Arc<str>>,
    },
    Child {
        child: InstanceId,
        process: Arc<str>,
    },
    /// A message on its way to its owner, whose verdict is awaited.
    Sent,
    /// Completed steps are being undone under it.
    Undo {
        #[serde(with = "pairs")]
        lanes: Map<u64, Lane>,
        then: UndoThen,
    },
}

/// Work for a person that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub(crate) task: Task,
    pub(crate) assignee: Option<UserId>,
    pub(crate) revision: u64,
    pub(crate) opened_at: Timestamp,
    /// Whose it is while a delegate, who has it, prepares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delegated_by: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) urged_at: Option<Timestamp>,
    /// Who was asked to sign a task off; a ballot has seats of its own for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sign_offs: Option<Box<SignOffs>>,
}

/// A seat of a ballot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeatState {
    pub(crate) seat: Seat,
    /// None before its turn.
    pub(crate) work: Option<Work>,
    pub(crate) vote: Option<Vote>,
    /// Seats that are answered before this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits: Vec<u32>,
    /// Who asked for it; none for a seat of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) added_by: Option<UserId>,
    /// It is not asked any more, and what it said does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub(crate) outcome: Arc<str>,
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    pub(crate) answer: Value,
    pub(crate) comment: Option<Arc<str>>,
    /// The number of the act.
    #[serde(default)]
    pub(crate) act: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    pub(crate) id: TimerId,
    pub(crate) run: RunId,
    pub(crate) purpose: TimerPurpose,
    pub(crate) due: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) run: RunId,
    pub(crate) purpose: SubscriptionPurpose,
    pub(crate) message: Arc<str>,
    pub(crate) matches: Value,
}

/// A condition that is waited for, and whether it held when it was judged last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub(crate) id: ConditionId,
    pub(crate) run: RunId,
    pub(crate) purpose: SubscriptionPurpose,
    pub(crate) held: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub(crate) id: IncidentId,
    pub(crate) run: Option<RunId>,
    pub(crate) scope: Option<ScopeId>,
    pub(crate) step: Option<StepKey>,
    pub(crate) code: IncidentCode,
    pub(crate) detail: Value,
    pub(crate) raised_at: Timestamp,
}

/// What a completed step left behind: `steps.<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) run: RunId,
    pub(crate) outcome: Arc<str>,
    pub(crate) by: Option<Actor>,
    pub(crate) at: Timestamp,
    pub(crate) output: Value,
    /// The scope it was open in, and the number of the act that completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<ScopeId>,
    #[serde(default)]
    pub(crate) act: u64,
}

/// A map as a list of pairs: inside a tagged body the texts that JSON makes of numbers are not read back as numbers.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Map;

    pub(super) fn serialize<V: Serialize, S: Serializer>(map: &Map<u64, V>, serializer: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Map<u64, V>, D::Error> {
        Ok(Vec::<(u64, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl State {
    #[must_use]
    pub fn id(&self) -> InstanceId {
        self.id
    }

    #[must_use]
    pub fn process(&self) -> &Arc<str> {
        &self.process
    }

    #[must_use]
    pub fn release(&self) -> Digest {
        self.release
    }

    #[must_use]
    pub fn key(&self) -> Option<&Arc<str>> {
        self.key.as_ref()
    }

    #[must_use]
    pub fn status(&self) -> InstanceStatus {
        self.status
    }

    #[must_use]
    pub fn outcome(&self) -> Option<&Arc<str>> {
        self.outcome.as_ref()
    }

    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    #[must_use]
    pub fn initiator(&self) -> &Actor {
        &self.initiator
    }

    #[must_use]
    pub fn input(&self) -> &Value {
        &self.input
    }

    #[must_use]
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Steps are ready to run without anybody's help.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.operations.sweeps()
            || (self.operations.hold.is_none() && (self.operations.goes_on() || !self.ready.is_empty()))
    }

    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status.is_live()
    }

    /// The instance whose step started this one.
    #[must_use]
    pub fn parent(&self) -> Option<(InstanceId, RunId)> {
        match self.cause {
            Cause::Parent { instance, run, .. } | Cause::Linked { instance, run, .. } => Some((instance, run)),
            _ => None,
        }
    }
}
