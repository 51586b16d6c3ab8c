//! One running node: leases the shards, starts the loops, and stops them without losing anything.
//!
//! A restart runs the ordinary loops; there is no recovery code.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use engine::command::{Action, Actor, Command};
use engine::id::{InstanceId, ServiceStream, ShardId};
use engine::time::Timestamp;
use store::{Database, Kind, StoreError};
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::task::JoinHandle;

use crate::activity::Activities;
use crate::batch::Head;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::handle::Handle;
use crate::holder;
use crate::releases::Releases;
use crate::request::{Request, Work};
use crate::shared::{Counts, Shared};
use crate::skew::{self, Watch};
use crate::writer::{Writer, chain};
use crate::{background, schedules, timers};

/// How a node is set up.
#[derive(Clone)]
pub struct Config {
    /// Requests that may wait for one writer; more are told to come back.
    pub queue_max: usize,
    /// Bytes of live states kept in memory.
    pub cache_bytes_max: usize,
    /// How long a lease holds without renewal.
    pub lease: Duration,
    /// Background jobs at the same time.
    pub background_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { queue_max: 4_096, cache_bytes_max: 256 << 20, lease: Duration::from_secs(10), background_max: 2 }
    }
}

/// What a node cannot make itself; the composition root fills it.
pub struct Ports {
    pub activities: Activities,
    pub directory: Arc<dyn Directory>,
    pub clock: Clock,
}

/// A running node.
pub struct Node {
    handle: Handle,
    writers: Vec<JoinHandle<()>>,
    loops: Vec<JoinHandle<()>>,
    epochs: Vec<(ShardId, u64)>,
}

impl Node {
    /// Takes the leases of all shards and starts. Fails with `server_running` while another process has them.
    pub async fn start(database: Database, ports: Ports, config: Config) -> Result<Node, StoreError> {
        let releases = Releases::open(database.clone()).await?;
        let shards = database.shards();
        let mut leased = Vec::new();
        for shard in (0..shards).map(ShardId) {
            leased.push(holder::lease(&database, shard, config.lease).await?);
        }
        let last_at = last_at(&database, &leased).await?;
        let reading = ports.clock.reading(database.now().await?);
        let skew = Watch::open(&ports.clock, reading, last_at, skew::latest(&database).await?.as_ref());
        let epochs: Vec<(ShardId, u64)> = leased.iter().map(|lease| (lease.shard, lease.epoch)).collect();
        // SQLite has one writer connection, so one writer does all shards; on PostgreSQL each has its own.
        let lanes: Vec<Vec<store::shard::Lease>> = match database.kind() {
            Kind::Sqlite => vec![leased],
            Kind::Postgres => leased.into_iter().map(|lease| vec![lease]).collect(),
        };
        let mut queues: Vec<Option<mpsc::Sender<Request>>> = vec![None; usize::from(shards)];
        let mut receivers = Vec::new();
        for lane in &lanes {
            let (sender, receiver) = mpsc::channel(config.queue_max);
            for lease in lane {
                queues[usize::from(lease.shard.0)] = Some(sender.clone());
            }
            receivers.push(receiver);
        }
        let shared = Arc::new(Shared {
            database: database.clone(),
            clock: ports.clock,
            skew,
            activities: ports.activities,
            directory: ports.directory,
            releases,
            cache: Cache::new(config.cache_bytes_max),
            queues: queues.into_iter().flatten().collect(),
            committed: broadcast::channel(16_384).0,
            timers: Notify::new(),
            next_timer: AtomicI64::new(i64::MAX),
            jobs: Notify::new(),
            stopping: AtomicBool::new(false),
            lease_lost: AtomicBool::new(false),
            disk_full: AtomicBool::new(false),
            quarantine: std::sync::Mutex::default(),
            counts: Counts::default(),
        });
        let mut writers = Vec::new();
        for (lane, queue) in lanes.into_iter().zip(receivers) {
            let writer = writer(&shared, lane, queue, last_at).await?;
            writers.push(tokio::spawn(writer.run()));
        }
        let loops = vec![
            tokio::spawn(holder::renew(shared.clone(), epochs.clone(), config.lease)),
            tokio::spawn(timers::run(shared.clone())),
            tokio::spawn(skew::run(Handle { shared: shared.clone() })),
            tokio::spawn(schedules::run(Handle { shared: shared.clone() })),
            tokio::spawn(background::run(shared.clone(), config.background_max)),
            tokio::spawn(catch_up(shared.clone())),
        ];
        Ok(Node { handle: Handle { shared }, writers, loops, epochs })
    }

    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops: takes nothing new, finishes what was taken, gives the leases back.
    pub async fn stop(self) -> Result<(), StoreError> {
        let shared = self.handle.shared.clone();
        shared.stopping.store(true, Ordering::Release);
        for running in &self.loops {
            running.abort();
        }
        for running in self.loops {
            // An aborted loop reports that it was aborted.
            let _ = running.await;
        }
        // An empty request behind everything that was taken: when it is answered, all before it are durable.
        for shard in (0..shared.database.shards()).map(ShardId) {
            let (reply, answer) = tokio::sync::oneshot::channel();
            let work = Work::Instance {
                to: InstanceId::service(ServiceStream::Services, shard),
                command: Command { actor: Actor::System, action: Action::Continue },
            };
            let request = Request { reply: Some(reply), ..Request::new(work) };
            if shared.send_waiting(shard, request).await.is_ok() {
                let _ = answer.await;
            }
        }
        for writer in self.writers {
            writer.abort();
            let _ = writer.await;
        }
        for (shard, epoch) in self.epochs {
            store::shard::release(&shared.database, shard, epoch).await?;
        }
        Ok(())
    }
}

/// The moment of the newest transition of all shards.
async fn last_at(database: &Database, leased: &[store::shard::Lease]) -> Result<Timestamp, StoreError> {
    let mut last_at = Timestamp::EPOCH;
    let mut reader = database.read().await?;
    for lease in leased {
        if let Some(before) = lease.position.checked_sub(1) {
            let last = store::log::of_shard(&mut reader, lease.shard, before, 1).await?;
            last_at = last.iter().map(|row| row.at).max().unwrap_or(last_at).max(last_at);
        }
    }
    Ok(last_at)
}

async fn writer(
    shared: &Arc<Shared>,
    lane: Vec<store::shard::Lease>,
    queue: mpsc::Receiver<Request>,
    last_at: Timestamp,
) -> Result<Writer, StoreError> {
    let mut heads = BTreeMap::new();
    let mut versions = HashMap::new();
    let mut reader = shared.database.read().await?;
    for lease in lane {
        heads.insert(lease.shard, Head { epoch: lease.epoch, position: lease.position, head: lease.head });
        for stream in ServiceStream::ALL {
            let stream = InstanceId::service(stream, lease.shard);
            let version = store::log::version_of(&mut reader, stream).await?;
            versions.insert(stream, version);
        }
    }
    Ok(Writer {
        shared: shared.clone(),
        queue,
        heads,
        versions,
        last_at,
        first: VecDeque::new(),
        commits: 0,
        checkpoint: None,
    })
}

/// What a crash left between commit and wake: ready instances go on, sent items are delivered. Then, now and
/// then, what a full queue dropped.
async fn catch_up(shared: Arc<Shared>) {
    let mut rounds = 0u32;
    loop {
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(SWEPT_EVERY)
            && let Err(error) = sweep(&shared).await
        {
            tracing::warn!(error = %chain(&error), "cannot forget old answers and messages");
        }
        for shard in (0..shared.database.shards()).map(ShardId) {
            if let Err(error) = resume(&shared, shard).await {
                tracing::warn!(error = %chain(&error), shard = shard.0, "cannot look for what is ready");
            }
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Rounds of [`catch_up`] between two sweeps: ten minutes.
const SWEPT_EVERY: u32 = 120;

/// Forgets answers after their seven days, and messages as long after they expired: until then a sender's id is known.
async fn sweep(shared: &Arc<Shared>) -> Result<(), StoreError> {
    const ROWS_MAX: u32 = 1_000;
    let before = shared.clock.now().plus_micros(-store::idempotency::KEPT_MICROS);
    let mut tx = shared.database.begin().await?;
    store::idempotency::sweep(&mut tx, before, ROWS_MAX).await?;
    for shard in (0..shared.database.shards()).map(ShardId) {
        store::message::sweep(&mut tx, shard, before, ROWS_MAX / 10).await?;
    }
    tx.commit().await
}

async fn resume(shared: &Arc<Shared>, shard: ShardId) -> Result<(), StoreError> {
    const PAGE: u32 = 500;
    let shards = shared.database.shards();
    let mut after = None;
    loop {
        let mut reader = shared.database.read().await?;
        let ready = store::instance::ready(&mut reader, shard, after, PAGE).await?;
        drop(reader);
        for instance in &ready {
            let command = Command { actor: Actor::System, action: Action::Continue };
            // One that went on meanwhile is refused, which is the answer.
            let _ = shared.send_waiting(shard, Request::new(Work::Instance { to: *instance, command })).await;
        }
        after = ready.last().copied();
        if ready.len() < PAGE as usize {
            break;
        }
    }
    let mut after = None;
    for origin in [shard, background::RESULTS] {
        loop {
            let mut reader = shared.database.read().await?;
            let rows = store::outbox::pending(&mut reader, origin, after, PAGE).await?;
            drop(reader);
            after = rows.last().map(|row| row.origin);
            let full = rows.len() == PAGE as usize;
            for row in rows {
                let request = Request::delivery(row.origin, row.outgoing);
                let to = request.work.shard(shards);
                let _ = shared.send_waiting(to, request).await;
            }
            if !full {
                break;
            }
        }
        after = None;
    }
    Ok(())
}
