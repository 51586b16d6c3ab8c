//! Fires timers: looks at what is due, submits, and sleeps until the next is.
//!
//! Nothing is polled: a writer that arms an earlier timer wakes the loop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::command::{Action, Actor, Command};
use engine::id::ShardId;
use engine::time::Timestamp;
use store::StoreError;
use tokio::sync::oneshot;

use crate::request::{Request, Work};
use crate::shared::Shared;
use crate::writer::chain;

/// Timers fired in one go; their commands are one or two batches.
const PAGE: u32 = 1_000;

pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        shared.skew.trusted().await;
        // From here on, whatever is armed lowers the mark again and leaves a wake-up behind.
        shared.next_timer.store(i64::MAX, Ordering::Release);
        match fire_due(&shared).await {
            Ok(Some(next)) => {
                shared.next_timer.fetch_min(next.micros(), Ordering::AcqRel);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(error = %chain(&error), "cannot look for due timers");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        }
        let next = Timestamp::from_micros(shared.next_timer.load(Ordering::Acquire));
        tokio::select! {
            () = shared.timers.notified() => {}
            () = shared.clock.sleep_until(next) => {}
        }
    }
}

/// Fires everything that is due; gives the moment of the next.
async fn fire_due(shared: &Arc<Shared>) -> Result<Option<Timestamp>, StoreError> {
    let mut next: Option<Timestamp> = None;
    for shard in (0..shared.database.shards()).map(ShardId) {
        let mut asked;
        loop {
            let now = shared.clock.now();
            asked = now;
            if shared.skew.doubt().is_some() {
                return Ok(None);
            }
            let mut reader = shared.database.read().await?;
            let due = store::timer::due(&mut reader, shard, now, PAGE).await?;
            drop(reader);
            if due.is_empty() {
                break;
            }
            let mut answers = Vec::with_capacity(due.len());
            for timer in &due {
                let command = Command { actor: Actor::System, action: Action::FireTimer { timer: timer.timer } };
                let (reply, answer) = oneshot::channel();
                let work = Work::Instance { to: timer.instance, command };
                let request = Request { reply: Some(reply), ..Request::new(work) };
                if shared.send_waiting(shard, request).await.is_err() {
                    return Ok(None);
                }
                answers.push(answer);
            }
            let mut fired = false;
            for answer in answers {
                fired |= matches!(answer.await, Ok(Ok(_)));
            }
            // Rows that nothing fires any more (a parked instance) must not keep the loop busy.
            if !fired {
                tokio::time::sleep(Duration::from_millis(200)).await;
                break;
            }
        }
        let mut reader = shared.database.read().await?;
        if let Some(due) = store::timer::next_due(&mut reader, shard).await? {
            // What was due when it was asked for and is still there will not fire now; what has come due since will.
            let due = if due <= asked { shared.clock.now().plus_micros(1_000) } else { due };
            next = Some(next.map_or(due, |next| next.min(due)));
        }
    }
    Ok(next)
}
