//! What somebody wants to happen to an instance. A command may be refused; only events have happened.
//!
//! Stored with its transition (a contract: `docs/formats/transition.md`).

mod act;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::act::{Act, Resume};
use crate::id::{Digest, IncidentId, InstanceId, RunId, StepKey, SubscriptionId, TimerId, UserId};
use crate::operate::Operation;
use crate::time::Timestamp;
use crate::value::Value;

/// A wish and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    pub actor: Actor,
    pub action: Action,
}

/// Who acts. Every write has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    Person {
        id: UserId,
        /// The person whose work this is, when acting as a substitute.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_behalf_of: Option<UserId>,
    },
    /// A program with an account of its own.
    Service { id: UserId },
    /// The platform itself: timers, retries, deliveries between instances.
    System,
}

impl Actor {
    #[must_use]
    pub fn person(id: &str) -> Self {
        Actor::Person { id: id.into(), on_behalf_of: None }
    }

    /// The account that acts; none for the platform itself.
    #[must_use]
    pub fn id(&self) -> Option<&UserId> {
        match self {
            Actor::Person { id, .. } | Actor::Service { id } => Some(id),
            Actor::System => None,
        }
    }

    /// Everybody this act counts for: the actor and the one acted for.
    pub fn principals(&self) -> impl Iterator<Item = &UserId> {
        let (own, other) = match self {
            Actor::Person { id, on_behalf_of } => (Some(id), on_behalf_of.as_ref()),
            Actor::Service { id } => (Some(id), None),
            Actor::System => (None, None),
        };
        own.into_iter().chain(other)
    }
}

/// One piece of work in an inbox: a task, or a seat of a ballot. A task's seat is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkId {
    pub run: RunId,
    pub seat: u32,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    Start(Start),
    Claim {
        work: WorkId,
    },
    /// Gives claimed work back to its candidates.
    Release {
        work: WorkId,
    },
    Assign {
        work: WorkId,
        to: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    Complete(Complete),
    /// The result of a job that ran outside the transition, with the attempt it was leased for.
    FinishJob {
        run: RunId,
        attempt: u32,
        result: JobResult,
    },
    FireTimer {
        timer: TimerId,
    },
    /// A message for a subscription, once.
    Deliver {
        subscription: SubscriptionId,
        message: Arc<str>,
        id: Arc<str>,
        payload: Value,
    },
    /// A child process ended.
    EndChild {
        run: RunId,
        child: InstanceId,
        outcome: Arc<str>,
        output: Value,
    },
    /// A child process refused to start.
    RefuseChild {
        run: RunId,
        child: InstanceId,
        /// The refusal's code.
        code: Arc<str>,
        message: Arc<str>,
    },
    /// A process that a step started, or runs with a tie, is there.
    ConfirmChild {
        run: RunId,
        child: InstanceId,
    },
    /// A child reached the milestone that its parent waits for, or that holds its parent's end.
    ReachChild {
        run: RunId,
        child: InstanceId,
        milestone: Arc<str>,
        output: Value,
    },
    /// Another instance waits for a milestone of this one.
    Watch {
        watcher: InstanceId,
        subscription: SubscriptionId,
        milestone: Arc<str>,
    },
    /// It waits no more.
    Unwatch {
        watcher: InstanceId,
        subscription: SubscriptionId,
        milestone: Arc<str>,
    },
    /// The other process can reach the milestone no more: it ended so, or there is none.
    MissMilestone {
        subscription: SubscriptionId,
        outcome: Arc<str>,
    },
    /// What became of a message that a step sent.
    TakeVerdict {
        run: RunId,
        verdict: Verdict,
        /// Who got it, or who could have; the first of many.
        to: Vec<InstanceId>,
    },
    /// What became of a mail or a webhook of this instance.
    FinishDelivery {
        delivery: DeliveryId,
        result: DeliveryResult,
    },
    /// A person raises an event of a step, a block or the process.
    Raise(Raise),
    /// A step of a child process told those around, and nobody in the child took it.
    EscalateChild {
        run: RunId,
        child: InstanceId,
        code: Arc<str>,
        detail: Value,
    },
    /// Goes on after the budget of a transition was spent.
    Continue,
    Cancel {
        reason: Arc<str>,
        /// What it has done is undone first, newest first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
    /// Tries again what an incident stopped.
    Retry {
        incident: IncidentId,
        reason: Arc<str>,
    },
    /// What an operator does with the instance as a whole.
    Operate {
        what: Operation,
        reason: Arc<str>,
    },
    /// What people do with work beside claiming, assigning and completing it.
    Work {
        work: WorkId,
        act: Act,
    },
    /// The same, provided that the work is still as it was seen.
    IfUnchanged {
        work: WorkId,
        revision: u64,
        action: Box<Action>,
    },
}

impl Action {
    /// The release that a migration goes to.
    #[must_use]
    pub fn target(&self) -> Option<Digest> {
        match self {
            Action::Operate { what: Operation::Migrate { release, .. }, .. } => Some(*release),
            _ => None,
        }
    }

    /// The name under which it is counted and logged.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::Start(_) => "start",
            Action::Claim { .. } => "claim",
            Action::Release { .. } => "release",
            Action::Assign { .. } => "assign",
            Action::Complete(_) => "complete",
            Action::FinishJob { .. } => "finish_job",
            Action::FireTimer { .. } => "fire_timer",
            Action::Deliver { .. } => "deliver",
            Action::EndChild { .. } => "end_child",
            Action::RefuseChild { .. } => "refuse_child",
            Action::ConfirmChild { .. } => "confirm_child",
            Action::ReachChild { .. } => "reach_child",
            Action::Watch { .. } => "watch",
            Action::Unwatch { .. } => "unwatch",
            Action::MissMilestone { .. } => "miss_milestone",
            Action::TakeVerdict { .. } => "take_verdict",
            Action::FinishDelivery { .. } => "finish_delivery",
            Action::Raise(_) => "raise",
            Action::EscalateChild { .. } => "escalate_child",
            Action::Continue => "continue",
            Action::Cancel { .. } => "cancel",
            Action::Retry { .. } => "retry",
            Action::Operate { what, .. } => match what {
                Operation::Suspend => "suspend",
                Operation::Resume { .. } => "resume",
                Operation::Quarantine { .. } => "quarantine",
                Operation::Fix { .. } => "fix",
                Operation::Skip { .. } => "skip",
                Operation::Move { .. } => "move",
                Operation::Migrate { .. } => "migrate",
            },
            Action::Work { act, .. } => act.name(),
            Action::IfUnchanged { action, .. } => action.name(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    pub process: Arc<str>,
    pub release: Digest,
    pub input: Value,
    pub cause: Cause,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Assertion>,
}

/// What made an instance start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Cause {
    Person,
    Message {
        message: Arc<str>,
        id: Arc<str>,
    },
    /// `due` is the moment that the schedule named, which may be before the start.
    Schedule {
        due: Timestamp,
    },
    /// A step of another instance, which awaits the end.
    Parent {
        instance: InstanceId,
        run: RunId,
        #[serde(default, skip_serializing_if = "Tie::is_plain")]
        tie: Tie,
    },
    /// A step of another instance, which goes on without awaiting the end.
    Linked {
        instance: InstanceId,
        run: RunId,
        #[serde(default, skip_serializing_if = "Tie::is_plain")]
        tie: Tie,
    },
}

/// What a child knows of what ties it to its parent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Arc<str>>,
    /// The milestones that the parent is told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Arc<str>>,
    /// How many parents there are above.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
}

impl Tie {
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Tie::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What became of a message, as its owner tells its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// To those who waited.
    Delivered,
    /// It started processes, and nobody waited.
    Started,
    /// Kept for somebody who comes before its time is over.
    Buffered,
    /// The sender's id was seen before: nothing has happened now.
    Duplicate,
    /// It is for one, and several wait: nobody got it.
    Ambiguous,
}

impl Verdict {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Delivered => "delivered",
            Verdict::Started => "started",
            Verdict::Buffered => "buffered",
            Verdict::Duplicate => "duplicate",
            Verdict::Ambiguous => "ambiguous",
        }
    }
}

/// One delivery out of the house: the transition of its instance that ordered it, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryId {
    pub version: u64,
    pub seq: u32,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeliveryResult {
    Delivered {
        attempts: u32,
    },
    /// Its attempts are spent, or trying again cannot help.
    Failed {
        attempts: u32,
        code: Arc<str>,
        message: Arc<str>,
    },
}

/// A person's answer to a task or a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    pub work: WorkId,
    /// One of the step's outcomes; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Arc<str>>,
    /// The form's fields.
    #[serde(default)]
    pub answer: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Arc<str>>,
    /// Where to go back to, when the outcome lets the person choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<StepKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Assertion>,
}

/// A person's raising of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// The open step that the event belongs to; 0 for the process's own events.
    pub host: RunId,
    pub event: Arc<str>,
    /// The form's fields.
    #[serde(default)]
    pub answer: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Assertion>,
}

/// The identity service's word that this person has just proved who they are, over exactly this content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    pub signer: UserId,
    /// The name as it was printed beside the signature.
    pub printed_name: Arc<str>,
    pub method: SigningMethod,
    pub authenticated_at: Timestamp,
    /// SHA-256 of the record as displayed, which the signer was shown.
    pub record: Digest,
    pub locale: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningMethod {
    Password,
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobResult {
    Succeeded { output: Value },
    Failed { failure: ActivityFailure },
}

/// Why an activity has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{code}: {message}")]
pub struct ActivityFailure {
    /// A business error of the catalogue (`CREDIT`), or one of ours (`activity.panicked`).
    pub code: Arc<str>,
    pub message: Arc<str>,
    /// Facts of the failure for the process: `{ item, wanted, available }`.
    #[serde(default)]
    pub detail: Value,
    /// The same call may succeed later: the step's `retry` applies.
    pub transient: bool,
}

impl ActivityFailure {
    /// A business error, declared in the catalogue: one more way out of the step.
    #[must_use]
    pub fn business(code: &str, message: impl Into<Arc<str>>) -> Self {
        ActivityFailure { code: code.into(), message: message.into(), detail: Value::Null, transient: false }
    }

    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Codes of failures that are ours rather than an activity's.
pub mod failure {
    /// The output does not fit its catalogue entry, or the fields it is written to.
    pub const OUTPUT_MISFIT: &str = "activity.output_misfit";
    /// The activity's code panicked.
    pub const PANICKED: &str = "activity.panicked";
    /// The store refused a statement of the activity.
    pub const STORE: &str = "activity.store";
    /// No service of this node offers the activity.
    pub const UNKNOWN: &str = "activity.unknown";
}
