//! What all loops of a node share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::id::{InstanceId, ShardId};
use engine::time::Timestamp;
use store::Database;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::activity::Activities;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::error::SubmitError;
use crate::releases::Releases;
use crate::request::{Receipt, Request};
use crate::skew::Watch;

pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) skew: Watch,
    pub(crate) activities: Activities,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) releases: Releases,
    pub(crate) cache: Cache,
    /// The queue of each shard's writer; several shards may share one.
    pub(crate) queues: Vec<mpsc::Sender<Request>>,
    pub(crate) committed: broadcast::Sender<Receipt>,
    /// Somebody should look at the timers: one was armed that is due before `next_timer`.
    pub(crate) timers: Notify,
    pub(crate) next_timer: AtomicI64,
    pub(crate) jobs: Notify,
    pub(crate) stopping: AtomicBool,
    /// A writer found that another node has its shard.
    pub(crate) lease_lost: AtomicBool,
    pub(crate) disk_full: AtomicBool,
    /// Instances that met a bug, and what it said.
    pub(crate) quarantine: Mutex<HashMap<InstanceId, String>>,
    pub(crate) counts: Counts,
}

/// What a node has done since it started, for metrics and benches.
#[derive(Default)]
pub struct Counts {
    pub commits: AtomicU64,
    pub transitions: AtomicU64,
    pub rows: AtomicU64,
    pub rejections: AtomicU64,
    pub retried: AtomicU64,
}

impl Shared {
    pub(crate) fn send(&self, shard: ShardId, request: Request) -> Result<(), SubmitError> {
        let queue = self.queues.get(usize::from(shard.0)).ok_or(SubmitError::Stopped)?;
        queue.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SubmitError::Busy,
            mpsc::error::TrySendError::Closed(_) => SubmitError::Stopped,
        })
    }

    /// Hands over without giving up: what another stream sent is in the outbox, but latency counts.
    pub(crate) async fn send_waiting(&self, shard: ShardId, request: Request) -> Result<(), SubmitError> {
        let queue = self.queues.get(usize::from(shard.0)).ok_or(SubmitError::Stopped)?;
        queue.send(request).await.map_err(|_| SubmitError::Stopped)
    }

    pub(crate) fn armed(&self, due: Timestamp) {
        if due.micros() < self.next_timer.fetch_min(due.micros(), Ordering::AcqRel) {
            self.timers.notify_one();
        }
    }

    pub(crate) fn park(&self, instance: InstanceId, why: String) {
        tracing::error!(instance.id = %instance, "an instance met a bug and is quarantined: {why}");
        self.quarantine.lock().unwrap_or_else(PoisonError::into_inner).insert(instance, why);
    }

    pub(crate) fn parked(&self, instance: InstanceId) -> Option<String> {
        self.quarantine.lock().unwrap_or_else(PoisonError::into_inner).get(&instance).cloned()
    }
}
