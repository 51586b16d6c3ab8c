//! The owner of a message: pairs what is published with who waits.
//!
//! Publishing and subscribing of one message happen in one stream, so they cannot miss each other. A
//! subscription is given away with the message that takes it; the waiter subscribes again if it goes on. So
//! messages reach a waiter one at a time, in the order in which they were published.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::command::{Action, Actor, Cause, Command, Start, Verdict};
use engine::history::transition::Content;
use engine::id::{InstanceId, ServiceStream, ShardId, SubscriptionId};
use engine::language::definition::{SIGNAL, Start as StartRule};
use engine::project::{Outgoing, RowChange};
use engine::rejection::Rejection;
use engine::time::Timestamp;
use engine::value::Value;
use store::message::MessageRow;
use store::outbox::Origin;
use store::subscription::SubscriptionRow;
use store::{StoreError, Tx};

use super::matching::{everything, findable, fits, hash_of, single, wanted};
use super::{Outcome, Writer};
use crate::batch::Batch;
use crate::error::SubmitError;
use crate::handle::new_instance_id;
use crate::request::{Publish, Receipt, owner};

/// Waiters that get something in one transaction: each is a row that goes and one that comes.
pub(super) const CHUNK: u32 = 200;
/// Receivers that an answer names.
const NAMED_MAX: usize = 20;
/// Buffered messages looked at for one new subscription.
const BUFFERED_MAX: u32 = 1_000;

impl Writer {
    pub(super) async fn publish(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        publish: &Publish,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if publish.message.starts_with(SIGNAL) {
            return self.broadcast(tx, batch, publish, now).await;
        }
        let judged = self.offer(tx, batch, publish, now).await?;
        Ok(Outcome::Answer(match (judged.verdict, judged.receipt) {
            (Verdict::Ambiguous, _) => Err(Rejection::AmbiguousMessage { candidates: judged.to }.into()),
            (_, Some(receipt)) => Ok(receipt),
            (_, None) => Err(SubmitError::Stopped),
        }))
    }

    /// Gives a message to whoever waits or is started by it, or keeps it.
    async fn offer(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        publish: &Publish,
        now: Timestamp,
    ) -> Result<Judged, StoreError> {
        let shard = owner(&publish.message, self.shared.database.shards());
        let stream = InstanceId::service(ServiceStream::Messages, shard);
        let (name, id) = (&publish.message, &publish.id);
        if store::message::find(tx, shard, name, id).await?.is_some() {
            let result = Value::record([("verdict", Value::from(Verdict::Duplicate.word()))]);
            return Ok(Judged { verdict: Verdict::Duplicate, to: Vec::new(), receipt: Some(known(stream, result)) });
        }
        let waiters = self.waiters(tx, shard, name, &publish.payload, CHUNK + 1).await?;
        if waiters.len() > 1 && (publish.to_one || self.is_for_one(name, now).await?) {
            let mut to: Vec<InstanceId> = waiters.iter().map(|waiter| waiter.instance).collect();
            to.truncate(NAMED_MAX);
            return Ok(Judged { verdict: Verdict::Ambiguous, to, receipt: None });
        }
        let position = batch.next_position(shard);
        let row = MessageRow {
            shard,
            name: name.clone(),
            id: id.clone(),
            payload: publish.payload.clone(),
            position,
            published_at: now,
            expires_at: now.plus_micros(publish.ttl_micros),
        };
        store::message::put(tx, &row, &findable(&publish.payload)).await?;
        let many = waiters.len() > CHUNK as usize;
        let mut sent = if many { Vec::new() } else { self.give(tx, &waiters, name, id, &publish.payload).await? };
        let started = self.starts(tx, publish, (shard, &receivers(&sent)), now).await?;
        let verdict = match (waiters.is_empty(), started.is_empty()) {
            (true, true) => Verdict::Buffered,
            (true, false) => Verdict::Started,
            _ => Verdict::Delivered,
        };
        sent.extend(started);
        if verdict != Verdict::Buffered {
            store::message::consume(tx, shard, name, id).await?;
        }
        let to: Vec<InstanceId> = if many {
            waiters.iter().take(NAMED_MAX).map(|waiter| waiter.instance).collect()
        } else {
            receivers(&sent)
        };
        // What goes to many does not come back from one.
        let pending = if many { u64::from(u32::MAX) } else { sent.len() as u64 };
        store::message::judge(tx, (shard, name, id), pending, verdict.word(), &to).await?;
        let names = Value::list(to.iter().map(|to| Value::from(to.to_string())).collect());
        let result =
            Value::record([("verdict", Value::from(verdict.word())), ("to", names), ("more", Value::Bool(many))]);
        let content = Content::Service {
            actor: publish.actor.clone(),
            command: "message.publish".into(),
            input: as_input(publish),
            result: result.clone(),
        };
        let Some(receipt) = self.record(tx, batch, stream, content, result, now) else {
            return Ok(Judged { verdict, to, receipt: None });
        };
        if many {
            self.begin_sweep(tx, batch, publish, (shard, receipt.position)).await?;
        }
        batch.change(shard, receipt.position, sent.into_iter().map(RowChange::Outgoing).collect());
        Ok(Judged { verdict, to, receipt: Some(receipt) })
    }

    /// A signal: to everybody who waits now, else to nobody, on record either way.
    async fn broadcast(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        publish: &Publish,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let shard = owner(&publish.message, self.shared.database.shards());
        let stream = InstanceId::service(ServiceStream::Messages, shard);
        let waiters = self.waiters(tx, shard, &publish.message, &publish.payload, CHUNK + 1).await?;
        let many = waiters.len() > CHUNK as usize;
        let payload = &publish.payload;
        let sent =
            if many { Vec::new() } else { self.give(tx, &waiters, &publish.message, &publish.id, payload).await? };
        let verdict = if waiters.is_empty() { "lost" } else { "delivered" };
        let names = receivers(&sent).iter().map(|to| Value::from(to.to_string())).collect();
        let result =
            Value::record([("verdict", Value::from(verdict)), ("to", Value::list(names)), ("more", Value::Bool(many))]);
        let content = Content::Service {
            actor: publish.actor.clone(),
            command: "signal.send".into(),
            input: as_input(publish),
            result: result.clone(),
        };
        let Some(receipt) = self.record(tx, batch, stream, content, result, now) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        if many {
            self.begin_sweep(tx, batch, publish, (shard, receipt.position)).await?;
        }
        batch.change(shard, receipt.position, sent.into_iter().map(RowChange::Outgoing).collect());
        Ok(Outcome::Answer(Ok(receipt)))
    }

    pub(super) async fn broker(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        origin: Option<Origin>,
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
            Outgoing::Decline { message, id, matches, instance, subscription } => {
                let shard = owner(message, self.shared.database.shards());
                store::message::decline(tx, (shard, message, id), (*instance, *subscription)).await?;
                self.offer_again(tx, batch, message, id, now).await?;
                self.subscribe(tx, batch, message, matches, (*instance, *subscription), now).await
            }
            Outgoing::Publish { message, id, payload, ttl_micros, to_one, instance, run } => {
                let publish = Publish {
                    message: message.clone(),
                    id: id.clone(),
                    payload: payload.clone(),
                    ttl_micros: *ttl_micros,
                    to_one: *to_one,
                    actor: Actor::System,
                };
                let judged = self.offer(tx, batch, &publish, now).await?;
                let action = Action::TakeVerdict { run: *run, verdict: judged.verdict, to: judged.to };
                let command = Command { actor: Actor::System, action };
                self.tell_back(tx, batch, origin, Some(Outgoing::Command { to: *instance, command })).await?;
                Ok(judged.receipt.map_or_else(quiet, |receipt| Outcome::Answer(Ok(receipt))))
            }
            Outgoing::Signal { signal, payload, instance, run } => {
                let publish = Publish {
                    message: signal.clone(),
                    id: format!("{instance}/{run}").into(),
                    payload: payload.clone(),
                    ttl_micros: 0,
                    to_one: false,
                    actor: Actor::System,
                };
                self.broadcast(tx, batch, &publish, now).await
            }
            Outgoing::Command { .. } => Ok(quiet()),
        }
    }

    /// Whether an effective release declares that the message is for one.
    async fn is_for_one(&self, message: &str, now: Timestamp) -> Result<bool, StoreError> {
        for (_, release) in self.shared.releases.all_effective(now) {
            match self.shared.releases.definition(release).await {
                Ok(definition) if definition.messages.get(message).is_some_and(|spec| spec.to_one) => return Ok(true),
                Ok(_) => {}
                Err(crate::releases::ReleaseError::Store(error)) => return Err(error),
                Err(error) => tracing::error!(error = %error, "a release cannot be asked what it declares"),
            }
        }
        Ok(false)
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
        let declined = if waiting.is_empty() {
            std::collections::BTreeSet::new()
        } else {
            store::message::declined_by(tx, shard, message, (instance, subscription)).await?
        };
        let found = waiting.into_iter().find(|row| fits(matches, &row.payload) && !declined.contains(&row.id));
        let Some(found) = found else {
            let message = message.clone();
            let since = batch.next_position(shard) - 1;
            let row = SubscriptionRow { shard, message, fields, match_hash, instance, subscription, since };
            store::subscription::put(tx, &[row]).await?;
            return Ok(quiet());
        };
        store::message::consume(tx, shard, message, &found.id).await?;
        let verdict = Verdict::Delivered.word();
        store::message::judge(tx, (shard, message, &found.id), 1, verdict, &[instance]).await?;
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
        if !store::message::came_back(tx, shard, message, id).await? {
            // Somebody else has it, or may take it still.
            return Ok(quiet());
        }
        let Some(row) = store::message::find(tx, shard, message, id).await? else { return Ok(quiet()) };
        let mut waiters = if row.expires_at > now {
            self.waiters(tx, shard, message, &row.payload, BUFFERED_MAX).await?
        } else {
            Vec::new()
        };
        let declined = store::message::declined(tx, shard, message, id).await?;
        waiters.retain(|waiter| !declined.contains(&(waiter.instance, waiter.subscription)));
        waiters.truncate(1);
        let Some(first) = waiters.first() else {
            store::message::offer(tx, &row, &findable(&row.payload)).await?;
            store::message::judge(tx, (shard, message, id), 0, Verdict::Buffered.word(), &[]).await?;
            return Ok(quiet());
        };
        let verdict = Verdict::Delivered.word();
        store::message::judge(tx, (shard, message, id), 1, verdict, &[first.instance]).await?;
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
        batch.change(shard, receipt.position, sent.into_iter().map(RowChange::Outgoing).collect());
        Ok(Outcome::Answer(Ok(receipt)))
    }

    /// Who waits for this message with these values.
    async fn waiters(
        &self,
        tx: &mut Tx,
        shard: ShardId,
        message: &str,
        payload: &Value,
        limit: u32,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        let mut waiters = Vec::new();
        for fields in store::subscription::fields_of(tx, shard, message).await? {
            let hash = hash_of(&fields, payload);
            waiters.extend(store::subscription::matching(tx, shard, message, &fields, hash, limit).await?);
        }
        waiters.sort_by_key(|waiter| (waiter.instance, waiter.subscription));
        Ok(waiters)
    }

    /// Gives the message to waiters: their subscriptions go with it.
    pub(super) async fn give(
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

    /// Whether an instance of this process waited for what is published now.
    async fn is_taken_by(
        &self,
        tx: &mut Tx,
        publish: &Publish,
        shard: ShardId,
        (process, sent): (&str, &[InstanceId]),
    ) -> Result<bool, StoreError> {
        for to in sent {
            let of = match self.shared.cache.get(*to) {
                Some(cached) => Some(cached.state.process().clone()),
                None => store::instance::find(tx, *to).await?.map(|row| row.process),
            };
            if of.as_deref() == Some(process) {
                return Ok(true);
            }
        }
        for fields in store::subscription::fields_of(tx, shard, &publish.message).await? {
            let match_hash = hash_of(&fields, &publish.payload);
            let (message, until) = (publish.message.as_ref(), u64::MAX >> 1);
            let wanted = store::subscription::Wanted { shard, message, fields: &fields, match_hash, until };
            if store::subscription::has_process(tx, &wanted, process).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The processes that this message starts.
    async fn starts(
        &self,
        tx: &mut Tx,
        publish: &Publish,
        (shard, sent): (ShardId, &[InstanceId]),
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
            let rule = definition.starts.iter().find_map(|start| match start {
                StartRule::Message { message, or_event } if *message == publish.message => Some(*or_event),
                _ => None,
            });
            let Some(or_event) = rule else { continue };
            if or_event && self.is_taken_by(tx, publish, shard, (&process, sent)).await? {
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

/// What became of a message.
struct Judged {
    verdict: Verdict,
    /// Who got it, or could have; the first of them.
    to: Vec<InstanceId>,
    /// None where nothing was recorded: nobody got it, or the shard is not leased any more.
    receipt: Option<Receipt>,
}

/// The answer to what happened before.
fn known(stream: InstanceId, result: Value) -> Receipt {
    Receipt {
        instance: stream,
        version: 0,
        position: 0,
        status: engine::project::InstanceStatus::Running,
        outcome: None,
        result,
        replayed: true,
    }
}

fn as_input(publish: &Publish) -> Value {
    Value::record([
        ("message", Value::Text(publish.message.clone())),
        ("id", Value::Text(publish.id.clone())),
        ("payload", publish.payload.clone()),
        ("ttl_micros", Value::Int(publish.ttl_micros)),
    ])
}

/// Who is sent something; the first of many.
fn receivers(sent: &[Outgoing]) -> Vec<InstanceId> {
    let to = sent.iter().filter_map(|outgoing| match outgoing {
        Outgoing::Command { to, .. } => Some(*to),
        _ => None,
    });
    to.take(NAMED_MAX).collect()
}

pub(super) fn quiet() -> Outcome {
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
