//! Passwords: argon2id with the parameters that OWASP names, on blocking threads, a few at a time.
//!
//! A hash takes 19 MiB and tens of milliseconds; the semaphore keeps a crowd of sign-ins from taking all memory.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::IdentityError;

/// How many characters a password may have, at least and at most.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// How many hashes are computed at the same time.
pub const HASHES_AT_ONCE_MAX: usize = 4;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash that no password has: checked when there is no account, so that both take equally long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$Y29uc3RhbnQtdGltZS1mb3Itbm9ib2R5LWF0LWFsbCE";

/// Hashes and checks passwords. Cloning shares the limit.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords { turns: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)) }
    }
}

impl Passwords {
    /// The PHC text to store. `salt` comes from the system's random numbers.
    pub async fn hash(&self, password: &str, salt: [u8; SALT_BYTES]) -> Result<String, IdentityError> {
        check(password)?;
        let password = password.to_owned();
        self.run(move || {
            let hash: PasswordHash =
                hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(IdentityError::Hash)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password is the one behind `stored`; without one it takes as long and says no.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, IdentityError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(NOBODY).to_owned();
        // A longer text than any password is not worth a hash, and must not cost one.
        let password: String = password.chars().take(PASSWORD_CHARS.end() + 1).collect();
        self.run(move || {
            let hash = PasswordHash::new(&stored).map_err(|fault| IdentityError::Hash(fault.into()))?;
            Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok() && known)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _turn = self.turns.acquire().await.map_err(|_| IdentityError::Thread)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| IdentityError::Thread)?
    }
}

fn check(password: &str) -> Result<(), IdentityError> {
    let fits = PASSWORD_CHARS.contains(&password.chars().count()) && !password.contains('\0');
    if fits { Ok(()) } else { Err(IdentityError::InvalidPassword) }
}

fn hasher() -> Result<Argon2<'static>, IdentityError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|fault| IdentityError::Hash(fault.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let passwords = Passwords::default();
        let stored = passwords.hash("correct horse", [7; SALT_BYTES]).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horsf", Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn an_account_without_a_password_is_checked_as_long_and_never_right() {
        assert!(!Passwords::default().verify("anything at all", None).await.unwrap());
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        let passwords = Passwords::default();
        for bad in ["short", &"x".repeat(257)] {
            assert!(matches!(passwords.hash(bad, [0; SALT_BYTES]).await, Err(IdentityError::InvalidPassword)));
        }
    }
}
