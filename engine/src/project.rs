//! Events as row changes: what the store must write so that inboxes, timers and jobs can be found.
//!
//! Everything here is derived: it can be dropped and made again from the log. Rows of one transition are
//! whole rows, not differences, so applying them twice does no harm.

mod across;
mod changes;

use std::sync::Arc;

pub use self::across::{Channel, DeliveryRow, NoticeKind, NoticeRow, milestone_of};
pub use self::changes::{changes, standing};

use crate::command::{Action, Actor, Cause, Command, DeliveryId, DeliveryResult, Start, WorkId};
use crate::event::{Candidates, TimerPurpose};
use crate::id::{Digest, IncidentId, InstanceId, RunId, StepKey, SubscriptionId, TimerId, UserId};
use crate::incident::IncidentCode;
use crate::language::definition::{ActivityMode, SIGNAL, Text};
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Timestamp;
use crate::value::Value;

/// One change of a derived row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange {
    Instance(InstanceRow),
    /// Business data to find the instance by: replaces all of its attributes.
    Attributes {
        instance: InstanceId,
        process: Arc<str>,
        values: Vec<(Arc<str>, Arc<str>)>,
    },
    /// The key is free again.
    FreeKey {
        process: Arc<str>,
        key: Arc<str>,
        instance: InstanceId,
    },
    Task(TaskRow),
    Job(JobRow),
    RemoveJob {
        instance: InstanceId,
        run: RunId,
    },
    Timer(TimerRow),
    RemoveTimer {
        instance: InstanceId,
        timer: TimerId,
    },
    Incident(IncidentRow),
    /// People are told something.
    Notice(NoticeRow),
    /// A mail or a webhook to be sent.
    Delivery(DeliveryRow),
    /// What became of one; none: it is tried anew.
    DeliveryDone {
        instance: InstanceId,
        delivery: DeliveryId,
        result: Option<DeliveryResult>,
    },
    /// Something for another stream, in the order of the transition.
    Outgoing(Outgoing),
}

/// One instance, as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceRow {
    pub instance: InstanceId,
    pub process: Arc<str>,
    pub release: Digest,
    pub key: Option<Arc<str>>,
    pub status: InstanceStatus,
    /// Set when it has ended.
    pub outcome: Option<Arc<str>>,
    /// Length of its history in transitions.
    pub version: u64,
    /// Steps are ready to run: the writer goes on by itself.
    pub ready: bool,
    pub open_incidents: u32,
    pub initiator: Option<UserId>,
    pub parent: Option<InstanceId>,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceStatus {
    Running,
    /// Given up, and what it has done is being undone.
    Compensating,
    Ended,
    Cancelled,
    /// An operator stopped it for a while.
    Suspended,
    /// A bug was met; it waits for whoever mends it.
    Quarantined,
    /// It ends as soon as all that is open has been closed.
    Cancelling,
}

impl Outgoing {
    /// What the parent hears when a child refuses to start; none for any other command.
    #[must_use]
    pub fn of_refusal(child: InstanceId, command: &Command, rejection: &Rejection) -> Option<Self> {
        let Action::Start(Start {
            cause: Cause::Parent { instance, run, .. } | Cause::Linked { instance, run, .. },
            ..
        }) = &command.action
        else {
            return None;
        };
        // It started before: this is a second delivery.
        if matches!(rejection, Rejection::Gone(_)) {
            return None;
        }
        let (code, message) = (rejection.code().into(), rejection.to_string().into());
        let action = Action::RefuseChild { run: *run, child, code, message };
        Some(Outgoing::Command { to: *instance, command: Command { actor: Actor::System, action } })
    }
}

impl Outgoing {
    /// What the owner of a message hears when its delivery is refused: the wait goes on, or the message is for others.
    #[must_use]
    pub fn of_refused_delivery(state: Option<&State>, action: &Action) -> Option<Self> {
        let Action::Deliver { subscription, message, id, .. } = action else { return None };
        let held = state.and_then(|state| state.awaits(*subscription).map(|held| (state.id(), held.matches().clone())));
        // Signals and milestones are kept for nobody else.
        let kept = !message.starts_with(SIGNAL) && milestone_of(message).is_none();
        let (message, subscription) = (message.clone(), *subscription);
        match held {
            // Its `when` does not take this one; it goes on waiting for others.
            Some((instance, matches)) if kept => {
                Some(Outgoing::Decline { message, id: id.clone(), matches, instance, subscription })
            }
            Some((instance, matches)) => Some(Outgoing::Subscribe { message, matches, instance, subscription }),
            None => kept.then(|| Outgoing::GiveBack { message, id: id.clone() }),
        }
    }
}

impl InstanceStatus {
    pub const ALL: &'static [InstanceStatus] = &[
        InstanceStatus::Running,
        InstanceStatus::Compensating,
        InstanceStatus::Ended,
        InstanceStatus::Cancelled,
        InstanceStatus::Suspended,
        InstanceStatus::Quarantined,
        InstanceStatus::Cancelling,
    ];

    /// The word stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            InstanceStatus::Running => "running",
            InstanceStatus::Compensating => "compensating",
            InstanceStatus::Ended => "ended",
            InstanceStatus::Cancelled => "cancelled",
            InstanceStatus::Suspended => "suspended",
            InstanceStatus::Quarantined => "quarantined",
            InstanceStatus::Cancelling => "cancelling",
        }
    }

    /// The status of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.word() == word)
    }

    /// Something may still happen to it.
    #[must_use]
    pub fn is_live(self) -> bool {
        match self {
            InstanceStatus::Ended | InstanceStatus::Cancelled => false,
            InstanceStatus::Running
            | InstanceStatus::Compensating
            | InstanceStatus::Suspended
            | InstanceStatus::Quarantined
            | InstanceStatus::Cancelling => true,
        }
    }

    /// Its timers and jobs rest until an operator lets it go on.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self, InstanceStatus::Suspended | InstanceStatus::Quarantined)
    }
}

/// One piece of work for a person: a task, or a seat of a ballot.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    pub instance: InstanceId,
    pub work: WorkId,
    pub process: Arc<str>,
    pub step: StepKey,
    pub title: Text,
    pub status: TaskStatus,
    /// Who may take it; as opened.
    pub candidates: Vec<Candidates>,
    pub assignee: Option<UserId>,
    pub form: Option<Arc<str>>,
    pub sign: Option<Arc<str>>,
    pub outcomes: Vec<Arc<str>>,
    pub due: Option<Timestamp>,
    /// Business key of its instance.
    pub key: Option<Arc<str>>,
    /// Grows with each change: the ETag.
    pub revision: u64,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Set when completed.
    pub outcome: Option<Arc<str>>,
    pub completed_by: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    Open,
    Completed,
    Withdrawn,
}

impl TaskStatus {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TaskStatus::Open => "open",
            TaskStatus::Completed => "completed",
            TaskStatus::Withdrawn => "withdrawn",
        }
    }
}

/// Work for a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    pub instance: InstanceId,
    /// The fence.
    pub run: RunId,
    pub activity: Arc<str>,
    pub mode: ActivityMode,
    pub attempt: u32,
    pub input: Value,
    /// Stable over retries: `instance/run`.
    pub idempotency_key: Arc<str>,
    pub available_at: Timestamp,
    pub lease_micros: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TimerRow {
    pub instance: InstanceId,
    pub timer: TimerId,
    pub run: RunId,
    pub purpose: TimerPurpose,
    pub due: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    pub instance: InstanceId,
    pub incident: IncidentId,
    pub process: Arc<str>,
    pub step: Option<StepKey>,
    pub code: IncidentCode,
    pub detail: Value,
    pub raised_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<UserId>,
}

/// What a transition sends to another stream: stored with it, delivered after it, removed when the
/// receiver's own transition commits.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a transition sends a few, each moved once")]
pub enum Outgoing {
    /// To an instance (a child's start, a child's end, a cancelled child).
    Command {
        to: InstanceId,
        command: crate::command::Command,
    },
    /// To the stream that owns the message.
    Subscribe {
        message: Arc<str>,
        matches: Value,
        instance: InstanceId,
        subscription: SubscriptionId,
    },
    Unsubscribe {
        message: Arc<str>,
        instance: InstanceId,
        subscription: SubscriptionId,
    },
    /// The waiter a message was given to had gone: it is offered again.
    GiveBack {
        message: Arc<str>,
        id: Arc<str>,
    },
    /// The waiter's `when` does not take this message: it waits on for others, and the message for somebody else.
    Decline {
        message: Arc<str>,
        id: Arc<str>,
        matches: Value,
        instance: InstanceId,
        subscription: SubscriptionId,
    },
    /// A message of a step.
    Publish {
        message: Arc<str>,
        id: Arc<str>,
        payload: Value,
        ttl_micros: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        to_one: bool,
        instance: InstanceId,
        run: RunId,
    },
    /// A signal of a step, to everybody who waits at this moment.
    Signal {
        signal: Arc<str>,
        payload: Value,
        instance: InstanceId,
        run: RunId,
    },
}
