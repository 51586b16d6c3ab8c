//! The writer of a lane of shards: takes what waits, decides it one after another, commits once, answers all.
//!
//! ```text
//! queue ──▶ batch: idempotency · decide (inline activities under savepoints) · project
//!       ──▶ one transaction: log, projections, outbox, answers, the shards' heads
//!       ──▶ commit ──▶ cache swapped · answers given · timers, jobs, other streams woken
//! ```
//!
//! Nobody waits for a timer to flush: a batch is what queued while the last commit was in flight. When a
//! batch fails, nothing of it has happened, and its requests run singly.

mod instance;
mod matching;
mod messages;
mod service;
mod sweep;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::command::{Action, Actor, Command};
use engine::id::{InstanceId, ShardId};
use engine::time::Timestamp;
use store::{ErrorKind, StoreError, Tx};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::batch::{Batch, Head};
use crate::error::SubmitError;
use crate::request::{Receipt, Request, Work};
use crate::shared::Shared;

/// Requests taken into one batch.
const REQUESTS_MAX: usize = 512;
/// Rows after which a batch takes no further request.
const ROWS_MAX: usize = 2_000;
/// Time after which it takes none: others wait, and what it has must still be written.
const DECIDING_MAX: Duration = Duration::from_millis(25);
/// Savepoints after which it takes none: PostgreSQL keeps 64 subtransactions of a transaction in memory.
const SAVEPOINTS_MAX: u32 = 60;
/// How often a request is put off by deadlocks and lock timeouts before its caller hears of it.
const ATTEMPTS_MAX: u32 = 12;
/// How often it asks whether a commit without an answer has arrived.
const ASKED_MAX: u32 = 20;
/// Commits between two checkpoints of SQLite's write-ahead log.
const CHECKPOINT_EVERY: u64 = 512;

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: mpsc::Receiver<Request>,
    pub(crate) heads: BTreeMap<ShardId, Head>,
    /// Versions of service streams.
    pub(crate) versions: HashMap<InstanceId, u64>,
    pub(crate) last_at: Timestamp,
    pub(crate) first: VecDeque<Request>,
    pub(crate) commits: u64,
    /// What goes to many, and when it last came further.
    pub(crate) sweeping: HashMap<(ShardId, u64), tokio::time::Instant>,
    /// The checkpoint that runs beside the writing.
    pub(crate) checkpoint: Option<JoinHandle<()>>,
}

/// How one request came out.
pub(crate) enum Outcome {
    /// Answer this after the commit.
    Answer(Result<Receipt, SubmitError>),
    /// A deadlock or a lock timeout: its writes are undone, it runs first in the next batch.
    PutOff,
}

/// How a batch came out.
enum Attempt {
    Committed { batch: Box<Batch>, outcomes: Vec<Outcome> },
    LeaseLost,
}

impl Writer {
    /// Works until the queue is closed and empty, or the lease is lost.
    pub(crate) async fn run(mut self) {
        loop {
            let first = match self.first.pop_front() {
                Some(first) => first,
                None => match self.queue.recv().await {
                    Some(first) => first,
                    None => return,
                },
            };
            let mut requests = vec![first];
            while requests.len() < REQUESTS_MAX {
                let next = self.first.pop_front().map_or_else(|| self.queue.try_recv().ok(), Some);
                let Some(next) = next else { break };
                requests.push(next);
            }
            if !self.work(requests).await {
                self.shared.lease_lost.store(true, Ordering::Release);
                self.queue.close();
                while let Ok(request) = self.queue.try_recv() {
                    answer(request, Err(SubmitError::Stopped));
                }
                return;
            }
        }
    }

    /// Does a batch; `false` when the lease is lost.
    async fn work(&mut self, requests: Vec<Request>) -> bool {
        match self.attempt(&requests).await {
            Ok(Attempt::Committed { batch, outcomes }) => {
                self.settle(batch, requests, outcomes).await;
                true
            }
            Ok(Attempt::LeaseLost) => self.give_up(requests),
            Err(error) if requests.len() == 1 => self.single(requests, error).await,
            Err(error) => {
                tracing::warn!(error = %error, requests = requests.len(), "a batch failed; its requests run singly");
                for request in requests {
                    let one = vec![request];
                    let alive = match self.attempt(&one).await {
                        Ok(Attempt::Committed { batch, outcomes }) => {
                            self.settle(batch, one, outcomes).await;
                            true
                        }
                        Ok(Attempt::LeaseLost) => self.give_up(one),
                        Err(error) => self.single(one, error).await,
                    };
                    if !alive {
                        return false;
                    }
                }
                true
            }
        }
    }

    fn give_up(&self, requests: Vec<Request>) -> bool {
        // Nobody hears of it before the node says so itself.
        self.shared.lease_lost.store(true, Ordering::Release);
        for request in requests {
            answer(request, Err(SubmitError::Stopped));
        }
        false
    }

    /// One request whose transaction failed: weather is retried, the rest is the caller's to hear.
    async fn single(&mut self, requests: Vec<Request>, error: StoreError) -> bool {
        let mut error = error;
        let mut requests = requests;
        for attempt in 1..=3u32 {
            match error.kind() {
                ErrorKind::Retryable | ErrorKind::Unavailable => {}
                ErrorKind::Full => {
                    self.shared.disk_full.store(true, Ordering::Release);
                    break;
                }
                ErrorKind::Corrupt { .. } | ErrorKind::Other => break,
            }
            tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt * attempt))).await;
            match self.attempt(&requests).await {
                Ok(Attempt::Committed { batch, outcomes }) => {
                    self.settle(batch, requests, outcomes).await;
                    return true;
                }
                Ok(Attempt::LeaseLost) => return self.give_up(requests),
                Err(again) => error = again,
            }
        }
        tracing::error!(error = %chain(&error), "a request could not be stored");
        if let Some(request) = requests.pop() {
            answer(request, Err(SubmitError::Store(error)));
        }
        true
    }

    /// One transaction over requests. An error means that nothing of it has happened.
    async fn attempt(&mut self, requests: &[Request]) -> Result<Attempt, StoreError> {
        let now = self.shared.clock.now().max(self.last_at);
        let mut tx = self.shared.database.begin().await?;
        let mut batch = Batch::new(self.heads.clone());
        let known = self.known_answers(&mut tx, requests).await?;
        let mut outcomes = Vec::with_capacity(requests.len());
        let began = tokio::time::Instant::now();
        for request in requests {
            if (began.elapsed() > DECIDING_MAX && !outcomes.is_empty())
                || batch.weight() >= ROWS_MAX
                || tx.savepoints_opened() >= SAVEPOINTS_MAX
            {
                break;
            }
            let outcome = match replayed(&known, &batch, request) {
                Some(answer) => Outcome::Answer(answer),
                None => self.handle(&mut tx, &mut batch, request, now).await?,
            };
            let put_off = matches!(outcome, Outcome::PutOff);
            outcomes.push(outcome);
            if put_off {
                break;
            }
        }
        if batch.is_empty() {
            tx.rollback().await?;
            return Ok(Attempt::Committed { batch: Box::new(batch), outcomes });
        }
        if !batch.write(&mut tx, &self.heads).await? {
            tx.rollback().await?;
            return Ok(Attempt::LeaseLost);
        }
        if let Err(error) = tx.commit().await {
            match self.learn(&batch).await {
                Some(true) => {}
                Some(false) => return Err(error),
                // Nobody can tell whether it happened: going on could do it twice, and a restart reads the truth.
                None => return Ok(Attempt::LeaseLost),
            }
        }
        self.last_at = now;
        Ok(Attempt::Committed { batch: Box::new(batch), outcomes })
    }

    /// Asks until the database answers whether the batch has arrived, for a while.
    async fn learn(&self, batch: &Batch) -> Option<bool> {
        for attempt in 1..=ASKED_MAX {
            match self.arrived(batch).await {
                Ok(arrived) => return Some(arrived),
                Err(error) => tracing::warn!(error = %chain(&error), "cannot learn whether a commit arrived"),
            }
            tokio::time::sleep(Duration::from_millis(100 * u64::from(attempt))).await;
        }
        None
    }

    /// After a COMMIT without an answer: the shards' rows tell whether it happened.
    async fn arrived(&self, batch: &Batch) -> Result<bool, StoreError> {
        let mut reader = self.shared.database.read().await?;
        for (shard, head) in &batch.heads {
            if self.heads.get(shard) == Some(head) {
                continue;
            }
            let row = store::shard::get(&mut reader, *shard).await?;
            return Ok(row.position == head.position && row.head == head.head);
        }
        Ok(false)
    }

    async fn known_answers(
        &self,
        tx: &mut Tx,
        requests: &[Request],
    ) -> Result<Vec<store::idempotency::Answer>, StoreError> {
        let keys: Vec<(&str, &str)> = requests
            .iter()
            .filter_map(|request| request.idempotency.as_ref())
            .map(|key| (key.actor.as_ref(), key.key.as_ref()))
            .collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        store::idempotency::find_many(tx, &keys).await
    }

    async fn handle(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        request: &Request,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let outcome = self.take(tx, batch, request, now).await?;
        if let (Some(origin), true) = (request.origin, has_not_happened(&outcome)) {
            // What was sent waits for its next delivery: its row must not go without its effect.
            if let Some(outgoing) = request.work.outgoing() {
                store::outbox::append(tx, &[(origin, &outgoing)]).await?;
            }
        }
        Ok(outcome)
    }

    async fn take(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        request: &Request,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if let Some(origin) = request.origin {
            // The row goes with its effect, so what was sent arrives exactly once.
            if store::outbox::remove(tx, &[origin]).await? == 0 {
                return Ok(Outcome::Answer(Err(SubmitError::Rejected(engine::rejection::Rejection::Gone(
                    "it was delivered before".into(),
                )))));
            }
            batch.dirty = true;
            batch.touched.insert(request.work.shard(self.shared.database.shards()));
        }
        match &request.work {
            Work::Instance { to, command } => {
                let span = tracing::info_span!("command", name = command.action.name(), instance.id = %to);
                self.instance(tx, batch, request, *to, command, now).instrument(span).await
            }
            Work::Service { stream, actor, name, input, write } => {
                let content = service::Asked { stream: *stream, actor, name, input, write };
                self.service(tx, batch, request, content, now).await
            }
            Work::Publish(publish) => self.publish(tx, batch, publish, now).await,
            Work::Broker(outgoing) => self.broker(tx, batch, request.origin, outgoing, now).await,
            Work::Sweep { shard, position, resumed } => self.sweep(tx, batch, (*shard, *position), *resumed, now).await,
        }
    }

    /// After the commit: states are visible, callers hear, the others are woken.
    async fn settle(&mut self, batch: Box<Batch>, requests: Vec<Request>, outcomes: Vec<Outcome>) {
        let mut batch = batch;
        let counts = &self.shared.counts;
        if !batch.is_empty() {
            self.commits += 1;
            counts.commits.fetch_add(1, Ordering::Relaxed);
            counts.transitions.fetch_add(batch.transitions() as u64, Ordering::Relaxed);
            counts.rows.fetch_add(batch.weight() as u64, Ordering::Relaxed);
            self.shared.disk_full.store(false, Ordering::Release);
        }
        if let Some(due) = batch.earliest_timer() {
            self.shared.armed(due);
        }
        if batch.queued_jobs() {
            self.shared.jobs.notify_waiters();
        }
        if batch.has_deliveries() {
            self.shared.deliveries.notify_one();
        }
        self.heads = std::mem::take(&mut batch.heads);
        self.versions.extend(std::mem::take(&mut batch.versions));
        let mut goes_on = Vec::new();
        for (id, committed) in std::mem::take(&mut batch.states) {
            if committed.state.is_live() && committed.state.is_ready() {
                goes_on.push(id);
            }
            self.shared.cache.put(committed);
        }
        goes_on.sort_unstable();
        let mut put_off = None;
        let mut rest = Vec::new();
        let mut outcomes = outcomes.into_iter();
        for mut request in requests {
            match outcomes.next() {
                Some(Outcome::Answer(result)) => {
                    if let Ok(receipt) = &result
                        && !receipt.replayed
                    {
                        // Nobody listening is no fault.
                        let _ = self.shared.committed.send(receipt.clone());
                    }
                    if result.is_err() {
                        counts.rejections.fetch_add(1, Ordering::Relaxed);
                    }
                    answer(request, result);
                }
                Some(Outcome::PutOff) => {
                    counts.retried.fetch_add(1, Ordering::Relaxed);
                    request.attempts += 1;
                    if request.attempts > ATTEMPTS_MAX {
                        answer(request, Err(SubmitError::Busy));
                    } else {
                        put_off = Some(request);
                    }
                }
                None => rest.push(request),
            }
        }
        let goes_on = goes_on.into_iter().map(|to| {
            let command = Command { actor: Actor::System, action: Action::Continue };
            Request::new(Work::Instance { to, command })
        });
        // First what was put off, then what did not fit, then what goes on by itself.
        let queued: Vec<Request> = put_off.into_iter().chain(rest).chain(goes_on).collect();
        for request in queued.into_iter().rev() {
            self.first.push_front(request);
        }
        self.hand_over(std::mem::take(&mut batch.sent)).await;
        for (shard, position) in std::mem::take(&mut batch.sweeps) {
            // Behind what the chunk before sent: so receivers keep up, and others come between.
            self.first.push_back(Request::new(Work::Sweep { shard, position, resumed: false }));
        }
        self.check_point();
    }

    /// Begins a checkpoint of the write-ahead log when it is time for one and none is running.
    fn check_point(&mut self) {
        let running = self.checkpoint.as_ref().is_some_and(|running| !running.is_finished());
        if self.commits < CHECKPOINT_EVERY || running {
            return;
        }
        self.commits = 0;
        let database = self.shared.database.clone();
        self.checkpoint = Some(tokio::spawn(async move {
            if let Err(error) = database.checkpoint().await {
                tracing::warn!(error = %chain(&error), "a checkpoint of the write-ahead log failed");
            }
        }));
    }

    /// Gives what was sent to its receivers: to itself at the end of its own line, to others by their queues.
    async fn hand_over(&mut self, sent: Vec<(store::outbox::Origin, engine::project::Outgoing)>) {
        let shards = self.shared.database.shards();
        for (origin, outgoing) in sent {
            let request = Request::delivery(origin, outgoing);
            let shard = request.work.shard(shards);
            if self.heads.contains_key(&shard) {
                self.first.push_back(request);
            } else {
                // Writers must not wait for each other: a full queue is caught up by the sweep of the outbox.
                let _ = self.shared.send(shard, request);
            }
        }
    }
}

/// Neither done nor refused: a deadlock, a bug, or a writer that stops.
fn has_not_happened(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::PutOff => true,
        Outcome::Answer(Err(error)) => matches!(
            error,
            SubmitError::Busy | SubmitError::Stopped | SubmitError::Store(_) | SubmitError::Quarantined(_)
        ),
        Outcome::Answer(Ok(_)) => false,
    }
}

/// The stored answer to a key that was seen before, here or in this batch.
fn replayed(
    known: &[store::idempotency::Answer],
    batch: &Batch,
    request: &Request,
) -> Option<Result<Receipt, SubmitError>> {
    let key = request.idempotency.as_ref()?;
    let found = known.iter().find(|answer| answer.actor == key.actor && answer.key == key.key);
    let answer = found.or_else(|| batch.answered(key))?;
    if answer.request_hash != key.request {
        return Some(Err(SubmitError::KeyReused));
    }
    let receipt: Result<Receipt, _> = serde_json::from_slice(&answer.body);
    Some(match receipt {
        Ok(receipt) => Ok(Receipt { replayed: true, ..receipt }),
        Err(error) => Err(SubmitError::Store(StoreError::corrupt("idempotency", "body", &key.key, error))),
    })
}

fn answer(request: Request, result: Result<Receipt, SubmitError>) {
    match request.reply {
        // A caller who has gone away still had the effect; the key tells on the next try.
        Some(reply) => drop(reply.send(result)),
        None => {
            if let Err(error @ (SubmitError::Store(_) | SubmitError::Quarantined(_))) = result {
                tracing::warn!(error = %error, "a command of the platform itself failed");
            }
        }
    }
}

/// An error with everything behind it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
