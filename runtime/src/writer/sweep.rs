//! What goes to many: a signal or a message that thousands wait for, chunk by chunk.
//!
//! ```text
//! begun ──chunk──▶ its receivers work it off ──chunk──▶ … ──▶ nobody is left who waited when it began
//! ```
//!
//! The place it has reached is stored with each chunk, so a restart goes on there; between two chunks other requests of
//! the same writer have their turn.

use std::time::Duration;

use engine::command::Actor;
use engine::history::transition::Content;
use engine::id::{InstanceId, ServiceStream, ShardId, SubscriptionId};
use engine::project::RowChange;
use engine::time::Timestamp;
use engine::value::Value;
use store::subscription::{SubscriptionRow, Wanted};
use store::sweep::SweepRow;
use store::{StoreError, Tx};

use super::matching::hash_of;
use super::messages::{CHUNK, quiet};
use super::{Outcome, Writer};
use crate::batch::Batch;
use crate::error::SubmitError;
use crate::request::Publish;

/// After so long without a chunk somebody takes it up again.
const STALE: Duration = Duration::from_secs(10);

impl Writer {
    pub(super) async fn begin_sweep(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        publish: &Publish,
        (shard, position): (ShardId, u64),
    ) -> Result<(), StoreError> {
        let row = SweepRow {
            shard,
            position,
            message: publish.message.clone(),
            id: publish.id.clone(),
            payload: publish.payload.clone(),
            fields: "".into(),
            after: FIRST,
            sent: 0,
        };
        store::sweep::begin(tx, &row).await?;
        batch.sweeps.push((shard, position));
        Ok(())
    }

    /// The next chunk.
    pub(super) async fn sweep(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        (shard, position): (ShardId, u64),
        resumed: bool,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let moved = self.sweeping.get(&(shard, position));
        if resumed && moved.is_some_and(|moved| moved.elapsed() < STALE) {
            return Ok(quiet());
        }
        let Some(mut row) = store::sweep::find(tx, shard, position).await? else {
            self.sweeping.remove(&(shard, position));
            return Ok(quiet());
        };
        self.sweeping.insert((shard, position), tokio::time::Instant::now());
        batch.dirty = true;
        batch.touched.insert(shard);
        let waiters = next_chunk(tx, &mut row).await?;
        let before = row.sent;
        row.sent += waiters.len() as u64;
        let over = waiters.len() < CHUNK as usize;
        if over {
            store::sweep::end(tx, shard, position).await?;
        } else {
            store::sweep::advance(tx, &row, before).await?;
            batch.sweeps.push((shard, position));
        }
        let sent = self.give(tx, &waiters, &row.message, &row.id, &row.payload).await?;
        let input = Value::record([
            ("message", Value::Text(row.message.clone())),
            ("id", Value::Text(row.id.clone())),
            ("of", count(position)),
        ]);
        let result = Value::record([("sent", count(row.sent)), ("over", Value::Bool(over))]);
        let (actor, command, told) = (Actor::System, "message.sweep".into(), result.clone());
        let content = Content::Service { actor, command, input, result: told };
        let stream = InstanceId::service(ServiceStream::Messages, shard);
        let Some(receipt) = self.record(tx, batch, stream, content, result, now) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        batch.change(shard, receipt.position, sent.into_iter().map(RowChange::Outgoing).collect());
        Ok(Outcome::Answer(Ok(receipt)))
    }
}

/// Before every id.
const FIRST: (InstanceId, SubscriptionId) = (InstanceId::from_bytes([0; 16]), SubscriptionId(0));

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Those who come next, and where that leads. Lists of fields are walked in their order, and waiters by their ids.
async fn next_chunk(tx: &mut Tx, row: &mut SweepRow) -> Result<Vec<SubscriptionRow>, StoreError> {
    let mut chunk: Vec<SubscriptionRow> = Vec::new();
    for fields in store::subscription::fields_of(tx, row.shard, &row.message).await? {
        if fields < row.fields {
            continue;
        }
        if fields != row.fields {
            (row.fields, row.after) = (fields.clone(), FIRST);
        }
        let left = CHUNK - u32::try_from(chunk.len()).unwrap_or(CHUNK);
        let match_hash = hash_of(&fields, &row.payload);
        // Who began to wait after it is not meant.
        let (message, until) = (row.message.as_ref(), row.position - 1);
        let wanted = Wanted { shard: row.shard, message, fields: &fields, match_hash, until };
        chunk.extend(store::subscription::matching_after(tx, &wanted, row.after, left).await?);
        if let Some(last) = chunk.last() {
            row.after = (last.instance, last.subscription);
        }
        if chunk.len() >= CHUNK as usize {
            break;
        }
    }
    Ok(chunk)
}
