//! Leases of shards: taken at the start, renewed, and taken over from a process that is dead.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::id::ShardId;
use engine::time::Timestamp;
use store::shard::Lease;
use store::{Database, ErrorKind, StoreError};

use crate::shared::Shared;
use crate::writer::chain;

/// Who this process is, for others on the same host to see whether it lives: `host/boot/pid/start`.
fn myself() -> String {
    let pid = std::process::id();
    format!("{}/{pid}/{}", host(), started(pid).unwrap_or_default())
}

/// Its name and this boot of it: two machines may bear one name, and their process numbers say nothing to each other.
fn host() -> String {
    let read = |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    let boot = read("/proc/sys/kernel/random/boot_id");
    format!("{}/{}", read("/proc/sys/kernel/hostname"), boot.split('-').next().unwrap_or_default())
}

/// When a process of this host started, in ticks since boot; `None` if it runs no more, or nobody can tell.
fn started(pid: u32) -> Option<String> {
    start_of(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The same out of `/proc/PID/stat`. One that was killed and that its parent has not asked after yet is still listed.
fn start_of(stat: &str) -> Option<String> {
    // The name in brackets may hold anything; after it come the state and numbers. The 20th is the start.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

/// Whether the holder is a process of this host that has ended.
fn is_dead(holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, '/');
    let (Some(start), Some(pid), Some(of)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    of == host() && !start.is_empty() && started(pid).is_none_or(|now| now != start)
}

/// Takes a shard's lease; from a dead process of this host at once, from any other when it has run out.
pub(crate) async fn lease(database: &Database, shard: ShardId, ttl: Duration) -> Result<Lease, StoreError> {
    let micros = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    let now = database.now().await?;
    match store::shard::lease(database, shard, &myself(), now, micros).await {
        Err(StoreError::ServerRunning { holder, until, .. }) if is_dead(&holder) => {
            tracing::info!(shard = shard.0, holder, "taking the lease over from a process that has ended");
            let after = until.plus_micros(1).max(now);
            store::shard::lease(database, shard, &myself(), after, micros).await
        }
        other => other,
    }
}

/// Renews all leases at a third of their time, and follows the database's clock.
pub(crate) async fn renew(shared: Arc<Shared>, epochs: Vec<(ShardId, u64)>, ttl: Duration) {
    let micros = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    loop {
        tokio::time::sleep(ttl / 3).await;
        let now = match shared.database.now().await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "cannot ask the database for the time");
                continue;
            }
        };
        shared.skew.look(&shared.clock, now);
        for (shard, epoch) in &epochs {
            let until: Timestamp = now.plus_micros(micros);
            match store::shard::renew(&shared.database, *shard, *epoch, until).await {
                // There is room again: nobody sends writes to a node that says it has none, so nothing else would tell.
                Ok(true) => shared.disk_full.store(false, Ordering::Release),
                Ok(false) => {
                    tracing::error!(shard = shard.0, "another process has taken the lease");
                    shared.lease_lost.store(true, Ordering::Release);
                    return;
                }
                Err(error) => {
                    if error.kind() == ErrorKind::Full {
                        shared.disk_full.store(true, Ordering::Release);
                    }
                    tracing::warn!(error = %chain(&error), shard = shard.0, "cannot renew the lease");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives() {
        assert!(!is_dead(&myself()));
    }

    #[test]
    fn a_killed_process_that_is_still_listed_is_dead() {
        let stat = |state: &str| {
            format!(
                "17 (counter (sign)) {state} 1 17 17 0 -1 4194304 5 0 0 0 1 2 0 0 20 0 3 0 8800 1000 2 18446744073709551615"
            )
        };
        assert_eq!(start_of(&stat("S")).as_deref(), Some("8800"));
        assert_eq!(start_of(&stat("Z")), None);
        assert_eq!(start_of("nonsense"), None);
    }

    #[test]
    fn a_process_that_never_was_is_dead_here_and_unknown_elsewhere() {
        let gone = format!("{}/4000000/1", host());
        assert!(is_dead(&gone));
        assert!(!is_dead("elsewhere/4000000/1"));
    }
}
