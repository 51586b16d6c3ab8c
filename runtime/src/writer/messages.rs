//! The owner of a message: pairs what is published with who waits.
//!
//! Publishing and subscribing of one message happen in one stream, so they cannot miss each other. A
//! subscription is given away with the message that takes it; the waiter subscribes again if it goes on. So
//! messages reach a waiter one at a time, in the order in which they were published.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::command::{Action, Actor, Cause, Command, Start};
use engine::history::transition::Content;
use engine::id::{Digest, InstanceId, ServiceStream, ShardId, SubscriptionId};
use engine::language::definition::Start as StartRule;
use engine::project::Outgoing;
use engine::time::Timestamp;
use engine::value::{Map, Value};
use store::message::MessageRow;
use store::subscription::SubscriptionRow;
use store::{StoreError, Tx};

use super::{Outcome, Writer};
use crate::batch::Batch;
use crate::error::SubmitError;
use crate::handle::new_instance_id;
use crate::request::{Publish, Receipt, owner};

/// Waiters that one message is given to.
const WAITERS_MAX: u32 = 100_000;
/// Buffered messages looked at for one new subscription.
const BUFFERED_MAX: u32 = 1_000;
/// Fields of a message that waits are looked up by.
const FIELDS_MAX: usize = 16;

impl Writer {
    pub(super) async fn publish(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        publish: &Publish,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let shard = owner(&publish.message, self.shared.database.shards());
        let stream = InstanceId::service(ServiceStream::Messages, shard);
        let position = batch.next_position(shard);
        let row = MessageRow {
            shard,
            name: publish.message.clone(),
            id: publish.id.clone(),
            payload: publish.payload.clone(),
            position,
            published_at: now,
            expires_at: now.plus_micros(publish.ttl_micros),
        };
        if !store::message::put(tx, &row, &findable(&publish.payload)).await? {
            let result = Value::record([("verdict", Value::from("duplicate"))]);
            let answer = Receipt {
                instance: stream,
                version: 0,
                position: 0,
                status: engine::project::InstanceStatus::Running,
                outcome: None,
                result,
                replayed: true,
            };
            return Ok(Outcome::Answer(Ok(answer)));
        }
        let waiters = self.waiters(tx, shard, &publish.message, &publish.payload).await?;
        let mut sent = self.give(tx, &waiters, &publish.message, &publish.id, &publish.payload).await?;
        let delivered = sent.len();
        let taken_by = self.processes_of(tx, &waiters).await?;
        let started = self.starts(publish, &taken_by, now).await?;
        sent.extend(started.iter().cloned());
        if !sent.is_empty() {
            store::message::consume(tx, shard, &publish.message, &publish.id).await?;
        }
        let verdict = match (delivered, started.len()) {
            (0, 0) => "buffered",
            (0, _) => "started",
            _ => "delivered",
        };
        let to = sent.iter().filter_map(|outgoing| match outgoing {
            Outgoing::Command { to, .. } => Some(Value::from(to.to_string())),
            _ => None,
        });
        let result = Value::record([("verdict", Value::from(verdict)), ("to", Value::list(to.collect()))]);
        let input = Value::record([
            ("message", Value::Text(publish.message.clone())),
            ("id", Value::Text(publish.id.clone())),
            ("payload", publish.payload.clone()),
            ("ttl_micros", Value::Int(publish.ttl_micros)),
        ]);
        let content = Content::Service {
            actor: publish.actor.clone(),
            command: "message.publish".into(),
            input,
            result: result.clone(),
        };
        let Some(receipt) = self.record(tx, batch, stream, content, result, now) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        batch.change(shard, receipt.position, sent.into_iter().map(engine::project::RowChange::Outgoing).collect());
        Ok(Outcome::Answer(Ok(receipt)))
    }

    pub(super) async fn broker(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        outgoing: &Outgoing,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        batch.dirty = true;
        match outgoing {
            Outgoing::Subscribe { message, matches, instance, subscription } => {
                self.subscribe(tx, batch, message, matches, (*instance, *subscription), now).await
            }
            Outgoing::Unsubscribe { instance, subscription, .. } => {
                store::subscription::remove(tx, &[(*instance, *subscription)]).await?;
                Ok(quiet())
            }
            Outgoing::GiveBack { message, id } => self.offer_again(tx, batch, message, id, now).await,
            Outgoing::Command { .. } => Ok(quiet()),
        }
    }

    async fn subscribe(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        message: &Arc<str>,
        matches: &Value,
        (instance, subscription): (InstanceId, SubscriptionId),
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let shard = owner(message, self.shared.database.shards());
        let (fields, match_hash) = wanted(matches);
        let first = matches.as_map().and_then(|matches| matches.iter().next());
        let (by, hash) = first.map_or_else(everything, |(field, value)| single(field, value));
        let waiting = store::message::waiting(tx, shard, message, &by, hash, now, BUFFERED_MAX).await?;
        let found = waiting.into_iter().find(|row| fits(matches, &row.payload));
        let Some(found) = found else {
            let message = message.clone();
            let row = SubscriptionRow { shard, message, fields, match_hash, instance, subscription };
            store::subscription::put(tx, &[row]).await?;
            return Ok(quiet());
        };
        store::message::consume(tx, shard, message, &found.id).await?;
        let sent = vec![deliver(instance, subscription, message, &found.id, &found.payload)];
        self.paired(tx, batch, shard, message, &found.id, sent, now)
    }

    /// A message whose waiter had gone: whoever waits now gets it, else it waits on until it expires.
    async fn offer_again(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        message: &Arc<str>,
        id: &Arc<str>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let shard = owner(message, self.shared.database.shards());
        let Some(row) = store::message::find(tx, shard, message, id).await? else { return Ok(quiet()) };
        if row.expires_at <= now {
            // Its time passed in the hands of one who could not take it: it stays unheard, and visible as that.
            store::message::offer(tx, &row, &findable(&row.payload)).await?;
            return Ok(quiet());
        }
        let mut waiters = self.waiters(tx, shard, message, &row.payload).await?;
        waiters.truncate(1);
        if waiters.is_empty() {
            store::message::offer(tx, &row, &findable(&row.payload)).await?;
            return Ok(quiet());
        }
        let sent = self.give(tx, &waiters, message, id, &row.payload).await?;
        self.paired(tx, batch, shard, message, id, sent, now)
    }

    #[expect(clippy::too_many_arguments, reason = "one pairing: what, for whom, where it is written")]
    fn paired(
        &self,
        tx: &mut Tx,
        batch: &mut Batch,
        shard: ShardId,
        message: &Arc<str>,
        id: &Arc<str>,
        sent: Vec<Outgoing>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let stream = InstanceId::service(ServiceStream::Messages, shard);
        let input = Value::record([("message", Value::Text(message.clone())), ("id", Value::Text(id.clone()))]);
        let to = sent.iter().filter_map(|outgoing| match outgoing {
            Outgoing::Command { to, .. } => Some(Value::from(to.to_string())),
            _ => None,
        });
        let result = Value::record([("verdict", Value::from("delivered")), ("to", Value::list(to.collect()))]);
        let content =
            Content::Service { actor: Actor::System, command: "message.pair".into(), input, result: result.clone() };
        let Some(receipt) = self.record(tx, batch, stream, content, result, now) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        batch.change(shard, receipt.position, sent.into_iter().map(engine::project::RowChange::Outgoing).collect());
        Ok(Outcome::Answer(Ok(receipt)))
    }

    /// Who waits for this message with these values.
    async fn waiters(
        &self,
        tx: &mut Tx,
        shard: ShardId,
        message: &str,
        payload: &Value,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        let mut waiters = Vec::new();
        for fields in store::subscription::fields_of(tx, shard, message).await? {
            let mut values = Map::new();
            for field in fields.split(',').filter(|field| !field.is_empty()) {
                values.insert(field.into(), payload.get(field).cloned().unwrap_or_default());
            }
            let (_, hash) = wanted(&Value::map(values));
            waiters.extend(store::subscription::matching(tx, shard, message, &fields, hash, WAITERS_MAX).await?);
        }
        waiters.sort_by_key(|waiter| (waiter.instance, waiter.subscription));
        Ok(waiters)
    }

    /// Gives the message to waiters: their subscriptions go with it.
    async fn give(
        &self,
        tx: &mut Tx,
        waiters: &[SubscriptionRow],
        message: &Arc<str>,
        id: &Arc<str>,
        payload: &Value,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let which: Vec<_> = waiters.iter().map(|waiter| (waiter.instance, waiter.subscription)).collect();
        if !which.is_empty() {
            store::subscription::remove(tx, &which).await?;
        }
        let sent =
            which.into_iter().map(|(instance, subscription)| deliver(instance, subscription, message, id, payload));
        Ok(sent.collect())
    }

    /// The processes of waiting instances.
    async fn processes_of(&self, tx: &mut Tx, waiters: &[SubscriptionRow]) -> Result<Vec<Arc<str>>, StoreError> {
        let mut processes: Vec<Arc<str>> = Vec::new();
        for waiter in waiters {
            let process = match self.shared.cache.get(waiter.instance) {
                Some(cached) => Some(cached.state.process().clone()),
                None => store::instance::find(tx, waiter.instance).await?.map(|row| row.process),
            };
            if let Some(process) = process.filter(|process| !processes.contains(process)) {
                processes.push(process);
            }
        }
        Ok(processes)
    }

    /// The processes that this message starts.
    async fn starts(
        &self,
        publish: &Publish,
        taken_by: &[Arc<str>],
        now: Timestamp,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let mut started = Vec::new();
        for (process, release) in self.shared.releases.all_effective(now) {
            let definition = match self.shared.releases.definition(release).await {
                Ok(definition) => definition,
                Err(crate::releases::ReleaseError::Store(error)) => return Err(error),
                Err(error) => {
                    tracing::error!(error = %error, "a release cannot be asked what starts it");
                    continue;
                }
            };
            let starts = definition.starts.iter().any(|start| match start {
                StartRule::Message { message, or_event } => {
                    *message == publish.message && !(*or_event && taken_by.contains(&process))
                }
                _ => false,
            });
            if !starts {
                continue;
            }
            let fields: BTreeMap<Arc<str>, Value> = definition
                .input
                .iter()
                .filter_map(|field| publish.payload.get(&field.name).map(|value| (field.name.clone(), value.clone())))
                .collect();
            let shard = self.spread();
            let start = Start {
                process,
                release,
                input: Value::map(fields),
                cause: Cause::Message { message: publish.message.clone(), id: publish.id.clone() },
                signature: None,
            };
            let command = Command { actor: publish.actor.clone(), action: Action::Start(start) };
            started.push(Outgoing::Command { to: new_instance_id(shard), command });
        }
        Ok(started)
    }

    /// A shard for a new instance.
    fn spread(&self) -> ShardId {
        let draw = engine::id::Digest::of(new_instance_id(ShardId(0)).as_bytes()).0;
        ShardId(u16::from_be_bytes([draw[0], draw[1]]) % self.shared.database.shards().max(1))
    }
}

fn quiet() -> Outcome {
    Outcome::Answer(Err(SubmitError::Rejected(engine::rejection::Rejection::Gone("nothing to record".into()))))
}

fn deliver(
    instance: InstanceId,
    subscription: SubscriptionId,
    message: &Arc<str>,
    id: &Arc<str>,
    payload: &Value,
) -> Outgoing {
    let action = Action::Deliver { subscription, message: message.clone(), id: id.clone(), payload: payload.clone() };
    Outgoing::Command { to: instance, command: Command { actor: Actor::System, action } }
}

/// The fields of a wait in order, and the hash of their values.
fn wanted(matches: &Value) -> (Arc<str>, Digest) {
    let fields: Vec<&str> = matches.as_map().into_iter().flatten().map(|(field, _)| field.as_ref()).collect();
    (fields.join(",").into(), engine::signing::record_digest(matches))
}

fn single(field: &Arc<str>, value: &Value) -> (Arc<str>, Digest) {
    wanted(&Value::record([(field.clone(), value.clone())]))
}

fn everything() -> (Arc<str>, Digest) {
    wanted(&Value::map(Map::new()))
}

/// Under what a message that waits can be found: by nothing, and by each of its first plain fields.
fn findable(payload: &Value) -> Vec<(Arc<str>, Digest)> {
    let plain = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_));
    let fields = payload.as_map().into_iter().flatten().filter(|(_, value)| plain(value)).take(FIELDS_MAX);
    std::iter::once(everything()).chain(fields.map(|(field, value)| single(field, value))).collect()
}

/// Whether a payload has the wanted values.
fn fits(matches: &Value, payload: &Value) -> bool {
    let mut wanted = matches.as_map().into_iter().flatten();
    wanted.all(|(field, value)| payload.get(field).unwrap_or(&Value::Null) == value)
}
