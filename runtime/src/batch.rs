//! One group commit in the making: states as they would be, rows to write.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::history::transition::{Content, FORMAT, SEMANTICS, Transition};
use engine::id::{Digest, InstanceId, ShardId};
use engine::project::{Outgoing, RowChange};
use engine::time::Timestamp;
use store::idempotency::Answer;
use store::outbox::Origin;
use store::project::Changes;
use store::snapshot::Snapshot;
use store::{StoreError, Tx};

use crate::cache::Committed;
use crate::request::{Idempotency, Receipt};
use crate::seal::Sealing;

/// Transitions after which a live instance's state is stored beside its log.
const SNAPSHOT_EVERY: u64 = 256;

/// Where a shard's chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) epoch: u64,
    pub(crate) position: u64,
    pub(crate) head: Digest,
}

/// What a batch adds. Nothing of it is seen by anybody before it has committed.
pub(crate) struct Batch {
    pub(crate) heads: BTreeMap<ShardId, Head>,
    pub(crate) states: HashMap<InstanceId, Committed>,
    /// Versions of service streams that changed.
    pub(crate) versions: HashMap<InstanceId, u64>,
    /// Transitions with their places, not yet bytes.
    pending: Vec<Transition>,
    /// How many have been written.
    written: usize,
    changes: Vec<(ShardId, u64, Vec<RowChange>)>,
    weight: usize,
    /// What it sends to other streams, to be handed over after the commit.
    pub(crate) sent: Vec<(Origin, Outgoing)>,
    answers: Vec<Answer>,
    snapshots: Vec<Snapshot>,
    /// Something was written directly through the transaction.
    pub(crate) dirty: bool,
    /// Shards for which something was written, whether or not their chains grew: their leases must be ours.
    pub(crate) touched: BTreeSet<ShardId>,
}

impl Batch {
    pub(crate) fn new(heads: BTreeMap<ShardId, Head>) -> Self {
        Batch {
            heads,
            states: HashMap::new(),
            versions: HashMap::new(),
            pending: Vec::new(),
            written: 0,
            changes: Vec::new(),
            weight: 0,
            sent: Vec::new(),
            answers: Vec::new(),
            snapshots: Vec::new(),
            dirty: false,
            touched: BTreeSet::new(),
        }
    }

    /// Rows it would write: what the limit of a transaction counts.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.transitions() == 0 && self.changes.is_empty() && !self.dirty
    }

    /// How many transitions it adds.
    pub(crate) fn transitions(&self) -> usize {
        self.pending.len() + self.written
    }

    /// The position that the next transition of a shard gets.
    pub(crate) fn next_position(&self, shard: ShardId) -> u64 {
        self.heads.get(&shard).map_or(1, |head| head.position + 1)
    }

    /// Gives a transition its place in its shard's log. A shard that is not leased has none.
    pub(crate) fn append(&mut self, new: NewTransition, tx: &mut Tx) -> Option<u64> {
        let shard = new.instance.shard();
        let head = self.heads.get_mut(&shard)?;
        let position = head.position + 1;
        head.position = position;
        self.pending.push(Transition {
            format: FORMAT,
            shard,
            position,
            instance: new.instance,
            version: new.version,
            semantics: SEMANTICS,
            build: build(),
            at: new.at,
            content: new.content,
            rows: tx.take_rows(),
        });
        self.weight += 1;
        Some(position)
    }

    /// Takes over the row changes of a transition.
    pub(crate) fn change(&mut self, shard: ShardId, position: u64, changes: Vec<RowChange>) {
        let mut seq = 0;
        for change in &changes {
            if let RowChange::Outgoing(outgoing) = change {
                self.sent.push((Origin { shard, position, seq }, outgoing.clone()));
                seq += 1;
            }
        }
        self.weight += changes.len();
        self.changes.push((shard, position, changes));
    }

    pub(crate) fn keep_state(&mut self, mut committed: Committed, position: u64) {
        if committed.state.is_live() && committed.version >= committed.snapshot + SNAPSHOT_EVERY {
            // A state is plain JSON by its types; one that is not would only miss its snapshot.
            if let Ok(state) = serde_json::to_vec(&committed.state) {
                let (instance, version) = (committed.state.id(), committed.version);
                self.snapshots.push(Snapshot { instance, version, position, state });
                committed.snapshot = version;
            }
        }
        self.states.insert(committed.state.id(), committed);
    }

    /// Keeps the answer under the caller's key.
    pub(crate) fn remember(&mut self, key: &Idempotency, receipt: &Receipt, at: Timestamp) {
        self.weight += 1;
        self.answers.push(Answer {
            actor: key.actor.clone(),
            key: key.key.clone(),
            request_hash: key.request,
            status: 200,
            // A receipt is plain JSON by its types.
            body: serde_json::to_vec(receipt).unwrap_or_default(),
            at,
        });
    }

    /// The answer of this very batch to the same key.
    pub(crate) fn answered(&self, key: &Idempotency) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.actor == key.actor && answer.key == key.key)
    }

    /// The earliest timer armed in it.
    pub(crate) fn earliest_timer(&self) -> Option<Timestamp> {
        let due = |change: &RowChange| match change {
            RowChange::Timer(row) => Some(row.due),
            _ => None,
        };
        self.changes.iter().flat_map(|(_, _, changes)| changes).filter_map(due).min()
    }

    /// Whether jobs were queued in it.
    pub(crate) fn queued_jobs(&self) -> bool {
        let mut changes = self.changes.iter().flat_map(|(_, _, changes)| changes);
        changes.any(|change| matches!(change, RowChange::Job(_)))
    }

    /// Writes everything but the commit; the shards' heads come last. `false`: a lease is lost.
    ///
    /// The transitions become bytes on another thread while the database is busy with the rows folded from them.
    pub(crate) async fn write(&mut self, tx: &mut Tx, before: &BTreeMap<ShardId, Head>) -> Result<bool, StoreError> {
        let pending = std::mem::take(&mut self.pending);
        self.written = pending.len();
        let sealing = Sealing::begin(pending, before.clone());
        if !self.changes.is_empty() {
            let changes: Vec<Changes<'_>> = self
                .changes
                .iter()
                .map(|(shard, position, changes)| Changes { shard: *shard, position: *position, changes })
                .collect();
            store::project::apply(tx, &changes).await?;
        }
        if !self.answers.is_empty() {
            store::idempotency::put(tx, &self.answers).await?;
        }
        if !self.snapshots.is_empty() {
            store::snapshot::put(tx, &self.snapshots).await?;
        }
        let (rows, sealed) = sealing.end().await;
        if !rows.is_empty() {
            store::log::append(tx, &rows).await?;
        }
        for (shard, head) in &mut self.heads {
            let Some(old) = before.get(shard) else { continue };
            if let Some(sealed) = sealed.get(shard) {
                head.head = sealed.head;
            }
            if old.position == head.position && !self.touched.contains(shard) {
                continue;
            }
            if !store::shard::advance(tx, *shard, head.epoch, old.position, head.position, head.head).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The build that writes rows.
pub(crate) fn build() -> std::sync::Arc<str> {
    std::sync::Arc::from(concat!("countersign ", env!("CARGO_PKG_VERSION")))
}

/// A transition before it has a position.
pub(crate) struct NewTransition {
    pub(crate) instance: InstanceId,
    pub(crate) version: u64,
    pub(crate) at: Timestamp,
    pub(crate) content: Content,
}
