//! Why a submitted command has no receipt.

use engine::rejection::Rejection;
use store::{ErrorKind, StoreError};

/// The four kinds of failure, as a caller of the door sees them.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The caller's: nothing has changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A service refused its own command: a stable code, and words in English and Chinese.
    #[error("{en}")]
    Refused { code: String, en: String, zh: String },
    /// A queue is full; try again soon.
    #[error("the queue of this shard is full")]
    Busy,
    /// The same idempotency key came with another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The database's weather; the same again may work.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The instance met a bug and is parked; others go on.
    #[error("the instance is quarantined: {0}")]
    Quarantined(String),
    /// This node is stopping, or has lost its lease.
    #[error("this node does not write this shard any more")]
    Stopped,
}

impl SubmitError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            SubmitError::Rejected(rejection) => rejection.code(),
            SubmitError::Refused { code, .. } => code,
            SubmitError::Busy => "busy",
            SubmitError::KeyReused => "idempotency_key_reused",
            SubmitError::Store(error) => match error.kind() {
                ErrorKind::Full => "disk_full",
                _ => "store_unavailable",
            },
            SubmitError::Quarantined(_) => "quarantined",
            SubmitError::Stopped => "stopping",
        }
    }
}
