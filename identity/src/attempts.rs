//! How often a password may be wrong: a bucket for each account, in memory, that refills with time.
//!
//! Invariant: nothing here reads a clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use engine::id::UserId;
use engine::time::Timestamp;

use crate::error::IdentityError;

/// Wrong passwords in a row before an account must wait.
pub const FAILURES_MAX: u32 = 5;
/// How long one wrong password is remembered, in microseconds: half a minute each.
pub const FORGET_MICROS: i64 = 30_000_000;
/// How many accounts are remembered; the oldest are forgotten first.
pub const ACCOUNTS_REMEMBERED_MAX: usize = 10_000;

/// Wrong passwords of late.
#[derive(Default)]
pub struct Attempts {
    by_account: Mutex<BTreeMap<UserId, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    failures: u32,
    since: Timestamp,
}

impl Bucket {
    /// As it stands now: one failure is forgotten for each span that has passed.
    fn at(self, now: Timestamp) -> Self {
        let spans = ((now.micros() - self.since.micros()).max(0) / FORGET_MICROS).min(i64::from(self.failures));
        let forgotten = u32::try_from(spans).unwrap_or(0);
        Bucket { failures: self.failures - forgotten, since: self.since.plus_micros(spans * FORGET_MICROS) }
    }
}

impl Attempts {
    /// Counts one attempt before the password is looked at, so that a crowd of guesses at once is bounded too.
    pub fn begin(&self, account: &str, now: Timestamp) -> Result<(), IdentityError> {
        let mut by_account = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = by_account.get(account).map_or(Bucket { failures: 0, since: now }, |bucket| bucket.at(now));
        if bucket.failures >= FAILURES_MAX {
            let left = FORGET_MICROS - (now.micros() - bucket.since.micros());
            let seconds = u32::try_from(left / 1_000_000 + 1).unwrap_or(1);
            return Err(IdentityError::TooManyAttempts { seconds });
        }
        let since = if bucket.failures == 0 { now } else { bucket.since };
        if by_account.len() >= ACCOUNTS_REMEMBERED_MAX && !by_account.contains_key(account) {
            let oldest = by_account.iter().min_by_key(|(_, bucket)| bucket.since).map(|(account, _)| account.clone());
            oldest.and_then(|account| by_account.remove(&account));
        }
        by_account.insert(account.into(), Bucket { failures: bucket.failures + 1, since });
        Ok(())
    }

    /// The password was right: what was counted is forgotten.
    pub fn succeeded(&self, account: &str) {
        self.by_account.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn the_sixth_guess_waits() {
        let attempts = Attempts::default();
        for _ in 0..FAILURES_MAX {
            assert!(attempts.begin("li", second(100)).is_ok());
        }
        assert!(matches!(
            attempts.begin("li", second(110)),
            Err(IdentityError::TooManyAttempts { seconds }) if (20..=21).contains(&seconds)
        ));
        assert!(attempts.begin("wang", second(110)).is_ok(), "another account does not wait");
        assert!(attempts.begin("li", second(131)).is_ok(), "one more guess after the span");
        assert!(attempts.begin("li", second(132)).is_err());
    }

    #[test]
    fn a_right_password_clears_the_count() {
        let attempts = Attempts::default();
        for _ in 0..FAILURES_MAX {
            assert!(attempts.begin("li", second(1)).is_ok());
        }
        attempts.succeeded("li");
        assert!(attempts.begin("li", second(1)).is_ok());
    }
}
