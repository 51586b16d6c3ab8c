//! What the door hands to a writer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::command::{Actor, Command};
use engine::id::{Digest, InstanceId, ServiceStream, ShardId};
use engine::project::{InstanceStatus, Outgoing};
use engine::time::Timestamp;
use engine::value::Value;
use store::outbox::Origin;
use store::{StoreError, Tx};
use tokio::sync::oneshot;

use crate::error::SubmitError;

/// A caller's key for a request that may be sent twice. It belongs to its actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    pub actor: Arc<str>,
    pub key: Arc<str>,
    /// SHA-256 of the request: the same key with another request is refused.
    pub request: Digest,
}

/// The durable answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    pub instance: InstanceId,
    /// The length of the instance's history after it.
    pub version: u64,
    pub position: u64,
    pub status: InstanceStatus,
    pub outcome: Option<Arc<str>>,
    /// What a service's command gave; null for a process's.
    #[serde(default)]
    pub result: Value,
    /// It was answered before: nothing was done again.
    #[serde(default)]
    pub replayed: bool,
}

pub(crate) type Reply = oneshot::Sender<Result<Receipt, SubmitError>>;

/// One thing for a writer to do.
pub(crate) struct Request {
    pub(crate) work: Work,
    pub(crate) idempotency: Option<Idempotency>,
    /// Set when another stream sent it: its row in the outbox goes with its effect.
    pub(crate) origin: Option<Origin>,
    /// Its instance's id was made for it: there is no state to look for.
    pub(crate) fresh: bool,
    /// None: nobody waits for the answer.
    pub(crate) reply: Option<Reply>,
    /// How often a deadlock or a lock timeout has put it off.
    pub(crate) attempts: u32,
}

impl Request {
    pub(crate) fn new(work: Work) -> Self {
        Request { work, idempotency: None, origin: None, fresh: false, reply: None, attempts: 0 }
    }

    /// What another stream sent.
    pub(crate) fn delivery(origin: Origin, outgoing: Outgoing) -> Self {
        let work = match outgoing {
            Outgoing::Command { to, command } => Work::Instance { to, command },
            other => Work::Broker(other),
        };
        Request { origin: Some(origin), ..Request::new(work) }
    }
}

/// What is to be done.
pub(crate) enum Work {
    Instance {
        to: InstanceId,
        command: Command,
    },
    Service {
        stream: InstanceId,
        actor: Actor,
        name: Arc<str>,
        input: Value,
        write: ServiceWrite,
    },
    Publish(Publish),
    /// The next chunk of what goes to many. `resumed`: after a restart, or now and then, in case nobody does.
    Sweep {
        shard: ShardId,
        position: u64,
        resumed: bool,
    },
    /// Subscriptions and messages given back, for the stream that owns the message.
    Broker(Outgoing),
}

impl Work {
    /// It as it was sent, for what comes from an outbox.
    pub(crate) fn outgoing(&self) -> Option<Outgoing> {
        match self {
            Work::Instance { to, command } => Some(Outgoing::Command { to: *to, command: command.clone() }),
            Work::Broker(outgoing) => Some(outgoing.clone()),
            Work::Service { .. } | Work::Publish(_) | Work::Sweep { .. } => None,
        }
    }

    /// The shard whose writer does it.
    pub(crate) fn shard(&self, shards: u16) -> ShardId {
        match self {
            Work::Instance { to, .. } => to.shard(),
            Work::Service { stream, .. } => stream.shard(),
            Work::Publish(publish) => owner(&publish.message, shards),
            Work::Sweep { shard, .. } => *shard,
            Work::Broker(outgoing) => match outgoing {
                Outgoing::Subscribe { message, .. }
                | Outgoing::Unsubscribe { message, .. }
                | Outgoing::GiveBack { message, .. }
                | Outgoing::Decline { message, .. }
                | Outgoing::Publish { message, .. }
                | Outgoing::Signal { signal: message, .. } => owner(message, shards),
                Outgoing::Command { to, .. } => to.shard(),
            },
        }
    }
}

/// The shard that owns a message: where it is published, waited for and paired.
pub(crate) fn owner(message: &str, shards: u16) -> ShardId {
    let digest = Digest::of(message.as_bytes()).0;
    ShardId(u16::from_be_bytes([digest[0], digest[1]]) % shards.max(1))
}

/// A message from outside, or from a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Publish {
    pub message: Arc<str>,
    /// The sender's id of it: a second one with the same id is not delivered again.
    pub id: Arc<str>,
    pub payload: Value,
    /// How long it waits for somebody who takes it.
    pub ttl_micros: i64,
    /// Somebody else who waits as well makes it ambiguous; else as the catalogue of an effective release declares it.
    pub to_one: bool,
    pub actor: Actor,
}

/// Why a service's write is not done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller's to mend.
    #[error("{en}")]
    Refused { code: String, en: String, zh: String },
    #[error("the store failed under a service")]
    Store(#[from] StoreError),
}

/// The future of a service's write.
pub type ServiceWriting<'a> = Pin<Box<dyn Future<Output = Result<Value, ServiceError>> + Send + 'a>>;

/// A service's write: runs in the writer's transaction, may be run again after a deadlock, and gives the
/// result that the log keeps.
pub type ServiceWrite = Arc<dyn for<'a> Fn(&'a mut Tx, Timestamp) -> ServiceWriting<'a> + Send + Sync>;

/// Which stream a service's write belongs to: on the first shard.
pub(crate) fn service_stream(stream: ServiceStream) -> InstanceId {
    InstanceId::service(stream, ShardId(0))
}
