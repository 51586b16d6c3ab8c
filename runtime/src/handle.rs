//! The only door in: every write, of a process or of a service, goes through here.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::command::{Action, Actor, Assertion, Cause, Command, Start};
use engine::id::{InstanceId, ServiceStream, ShardId};
use engine::language::definition::Definition;
use engine::rejection::Rejection;
use engine::state::State;
use engine::time::Timestamp;
use engine::value::Value;
use store::Database;
use tokio::sync::{broadcast, oneshot};

use crate::activity::Activities;
use crate::cache::Committed;
use crate::clock::Clock;
use crate::error::SubmitError;
use crate::load::{self, LoadError};
use crate::releases::{ReleaseError, Releases};
use crate::request::{Idempotency, Publish, Receipt, Request, ServiceWrite, Work, service_stream};
use crate::shared::{Counts, Shared};

/// The door. Cloning shares it.
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
}

/// What is needed to start an instance.
#[derive(Clone, Debug)]
pub struct StartRequest {
    pub process: Arc<str>,
    pub input: Value,
    pub actor: Actor,
    pub cause: Cause,
    pub signature: Option<Assertion>,
    pub idempotency: Option<Idempotency>,
}

impl StartRequest {
    /// A start by a person, or by a program in a person's place.
    #[must_use]
    pub fn by(actor: Actor, process: &str, input: Value) -> Self {
        StartRequest { process: process.into(), input, actor, cause: Cause::Person, signature: None, idempotency: None }
    }
}

impl Handle {
    /// Submits a command to an instance and waits until it is durable and visible.
    pub async fn submit(
        &self,
        to: InstanceId,
        command: Command,
        idempotency: Option<Idempotency>,
    ) -> Result<Receipt, SubmitError> {
        self.ask(Request { idempotency, ..Request::new(Work::Instance { to, command }) }).await
    }

    /// Starts an instance of the release that is effective now.
    pub async fn start(&self, request: StartRequest) -> Result<Receipt, SubmitError> {
        let now = self.now();
        let release = self.shared.releases.effective(&request.process, now);
        let Some(release) = release else { return Err(Rejection::UnknownProcess(request.process).into()) };
        let unique = new_instance_id(ShardId(0));
        let to = with_shard(unique, self.shared.database.shards());
        let action = Action::Start(Start {
            process: request.process,
            release,
            input: request.input,
            cause: request.cause,
            signature: request.signature,
        });
        let command = Command { actor: request.actor, action };
        let idempotency = request.idempotency;
        self.ask(Request { idempotency, fresh: true, ..Request::new(Work::Instance { to, command }) }).await
    }

    /// Publishes a message: to those who wait, to the processes it starts, or into the buffer.
    pub async fn publish(&self, publish: Publish) -> Result<Receipt, SubmitError> {
        self.ask(Request::new(Work::Publish(publish))).await
    }

    /// A service's own write, in the log of its stream.
    pub async fn write(
        &self,
        stream: ServiceStream,
        actor: Actor,
        name: &str,
        input: Value,
        write: ServiceWrite,
        idempotency: Option<Idempotency>,
    ) -> Result<Receipt, SubmitError> {
        let work = Work::Service { stream: service_stream(stream), actor, name: name.into(), input, write };
        self.ask(Request { idempotency, ..Request::new(work) }).await
    }

    async fn ask(&self, mut request: Request) -> Result<Receipt, SubmitError> {
        if self.shared.stopping.load(Ordering::Acquire) || self.shared.lease_lost.load(Ordering::Acquire) {
            return Err(SubmitError::Stopped);
        }
        let (reply, answer) = oneshot::channel();
        request.reply = Some(reply);
        let shard = request.work.shard(self.shared.database.shards());
        self.shared.send(shard, request)?;
        answer.await.unwrap_or(Err(SubmitError::Stopped))
    }

    /// The newest committed state with its version; from memory while it is cached.
    pub async fn state(&self, instance: InstanceId) -> Result<Option<Committed>, LoadError> {
        match self.shared.cache.get(instance) {
            Some(cached) => Ok(Some(cached)),
            None => load::newest(&self.shared.database, instance).await,
        }
    }

    /// The state after the given number of transitions.
    pub async fn state_at(&self, instance: InstanceId, version: u64) -> Result<Option<State>, LoadError> {
        load::at_version(&self.shared.database, instance, version).await
    }

    /// The definition an instance runs by.
    pub async fn definition_of(&self, state: &State) -> Result<Arc<Definition>, ReleaseError> {
        self.shared.releases.definition(state.release()).await
    }

    #[must_use]
    pub fn releases(&self) -> &Releases {
        &self.shared.releases
    }

    #[must_use]
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    #[must_use]
    pub fn activities(&self) -> &Activities {
        &self.shared.activities
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Every transition as it commits. A listener that is too slow misses some and is told how many.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Receipt> {
        self.shared.committed.subscribe()
    }

    /// Takes nothing new from now on, and lets streams and probes know; [`crate::Node::stop`] finishes what was taken.
    pub fn close(&self) {
        self.shared.stopping.store(true, Ordering::Release);
    }

    /// Whether it takes writes: not stopping, the lease held, the disk not full.
    pub fn readiness(&self) -> Result<(), &'static str> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err("stopping");
        }
        if self.shared.lease_lost.load(Ordering::Acquire) {
            return Err("lease_lost");
        }
        if self.shared.disk_full.load(Ordering::Acquire) {
            return Err("disk_full");
        }
        Ok(())
    }

    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// Bytes of states in memory, as estimated.
    #[must_use]
    pub fn cached_bytes(&self) -> usize {
        self.shared.cache.bytes()
    }

    /// Requests that wait for a writer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.queues.iter().map(|queue| queue.max_capacity() - queue.capacity()).max().unwrap_or(0)
    }

    /// A remote job was queued or freed: wakes those who wait for work.
    pub async fn jobs_changed(&self) {
        self.shared.jobs.notified().await;
    }
}

/// A fresh id on a shard.
#[expect(clippy::disallowed_methods, reason = "this is the door, where ids are made")]
pub(crate) fn new_instance_id(shard: ShardId) -> InstanceId {
    InstanceId::new(uuid::Uuid::now_v7(), shard)
}

/// The same id on a shard drawn from itself.
fn with_shard(unique: InstanceId, shards: u16) -> InstanceId {
    let bytes = unique.as_bytes();
    let draw = u16::from_be_bytes([bytes[12], bytes[13]]) % shards.max(1);
    let mut placed = *bytes;
    placed[14..].copy_from_slice(&draw.to_be_bytes());
    InstanceId::from_bytes(placed)
}
