//! Sends mails and webhooks: leased, fenced, tried again with growing pauses, and the end of it told to the instance.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Action, Actor, Command, DeliveryResult};
use engine::id::{Digest, UserId};
use engine::project::DeliveryRow;
use engine::rejection::Rejection;
use engine::time::Timestamp;
use store::StoreError;
use store::delivery::Leased;

use crate::courier::{Parcel, Undelivered};
use crate::error::SubmitError;
use crate::handle::Handle;
use crate::writer::chain;

/// Deliveries at the same time.
const AT_ONCE: u32 = 8;
/// How often one is tried before an operator hears of it: over about a day.
pub(crate) const ATTEMPTS_MAX: u32 = 10;
/// How long one attempt may take, and how long its lease holds.
const ATTEMPT_MAX: Duration = Duration::from_secs(30);
const LEASE_MICROS: i64 = 90_000_000;
/// The pause after the first failure, what each further one multiplies it with, and its limit.
const PAUSE_MICROS: i64 = 10_000_000;
const FACTOR: i64 = 3;
const PAUSE_MICROS_MAX: i64 = 6 * 3_600_000_000;
/// People that one mail goes to.
const PEOPLE_MAX: usize = 500;

pub(crate) async fn run(handle: Handle) {
    loop {
        // Asked before looking, so that what is ordered meanwhile is not missed.
        let ordered = handle.shared.deliveries.notified();
        match send_due(&handle).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %chain(&error), "cannot look for mails and webhooks to send");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        let next = match handle.shared.database.read().await {
            Ok(mut reader) => store::delivery::next_ready(&mut reader).await.ok().flatten(),
            Err(_) => None,
        };
        tokio::select! {
            () = ordered => {}
            () = handle.shared.clock.sleep_until(next.unwrap_or(Timestamp::MAX)) => {}
            () = tokio::time::sleep(Duration::from_secs(30)) => {}
        }
    }
}

/// Sends what is due; `false` if nothing was.
async fn send_due(handle: &Handle) -> Result<bool, StoreError> {
    let shared = &handle.shared;
    let now = shared.clock.now();
    let mut reader = shared.database.read().await?;
    let next = store::delivery::next_ready(&mut reader).await?;
    drop(reader);
    if next.is_none_or(|next| next > now) {
        return Ok(false);
    }
    let mut tx = shared.database.begin().await?;
    let leased = store::delivery::lease(&mut tx, now, now.plus_micros(LEASE_MICROS), AT_ONCE).await?;
    tx.commit().await?;
    let any = !leased.is_empty();
    let sending = leased.into_iter().map(|leased| send(handle, leased));
    for sent in futures_util::future::join_all(sending).await {
        sent?;
    }
    Ok(any)
}

/// One attempt, and what follows from it.
async fn send(handle: &Handle, leased: Leased) -> Result<(), StoreError> {
    let shared = &handle.shared;
    let row = &leased.row;
    if row.optional && !shared.courier.has(&row.channel) {
        let mut tx = shared.database.begin().await?;
        store::delivery::skip(&mut tx, &leased).await?;
        return tx.commit().await;
    }
    let now = shared.clock.now();
    let parcel = parcel(handle, row, now);
    let sent = match tokio::time::timeout(ATTEMPT_MAX, shared.courier.deliver(parcel)).await {
        Ok(sent) => sent,
        Err(_) => Err(Undelivered::for_now("timed_out", "the receiver did not answer in time")),
    };
    let attempts = leased.attempt;
    let result = match sent {
        Ok(()) => DeliveryResult::Delivered { attempts },
        Err(why) if why.transient && attempts < ATTEMPTS_MAX => {
            tracing::warn!(instance.id = %row.instance, attempts, "a delivery did not arrive and is tried again: {why}");
            let mut tx = shared.database.begin().await?;
            store::delivery::release(&mut tx, &leased, now.plus_micros(pause(row, attempts))).await?;
            return tx.commit().await;
        }
        Err(why) => DeliveryResult::Failed { attempts, code: why.code, message: why.message },
    };
    let command = Command { actor: Actor::System, action: Action::FinishDelivery { delivery: row.delivery, result } };
    match handle.submit(row.instance, command, None).await {
        Ok(_) | Err(SubmitError::Rejected(Rejection::Gone(_))) => {}
        // Its lease runs out, and it is sent once more with the same key.
        Err(error) => tracing::warn!(error = %error, instance.id = %row.instance, "a delivery cannot be noted"),
    }
    Ok(())
}

fn parcel(handle: &Handle, row: &DeliveryRow, now: Timestamp) -> Parcel {
    let mut people: Vec<UserId> = Vec::new();
    for candidates in &row.to {
        for person in handle.shared.directory.holders(candidates, PEOPLE_MAX) {
            if !people.contains(&person) && people.len() < PEOPLE_MAX {
                people.push(person);
            }
        }
    }
    Parcel {
        channel: row.channel.clone(),
        people,
        text: row.text.clone(),
        process: row.process.clone(),
        key: row.key.clone(),
        step: row.step.clone(),
        instance: row.instance,
        at: row.at,
        now,
        idempotency_key: key(row),
    }
}

fn key(row: &DeliveryRow) -> Arc<str> {
    format!("{}/{}/{}", row.instance, row.delivery.version, row.delivery.seq).into()
}

/// Grows with each attempt, with up to a quarter more drawn from its own name.
fn pause(row: &DeliveryRow, attempt: u32) -> i64 {
    let plain = PAUSE_MICROS.saturating_mul(FACTOR.saturating_pow(attempt.saturating_sub(1))).min(PAUSE_MICROS_MAX);
    let draw = Digest::of(format!("{}/{attempt}", key(row)).as_bytes()).0[0];
    plain.saturating_add(plain / 4 * i64::from(draw) / 255)
}
