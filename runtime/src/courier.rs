//! The port through which mails and webhooks leave the house; the composition root fills it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::id::{InstanceId, UserId};
use engine::language::definition::Text;
use engine::project::Channel;
use engine::time::Timestamp;

/// One thing to be delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    pub channel: Channel,
    /// Whom it is for, as the directory has them now.
    pub people: Vec<UserId>,
    pub text: Text,
    pub process: Arc<str>,
    pub key: Option<Arc<str>>,
    pub step: Arc<str>,
    pub instance: InstanceId,
    pub at: Timestamp,
    /// The moment of this attempt.
    pub now: Timestamp,
    /// The same for every attempt: receivers know a second one by it.
    pub idempotency_key: Arc<str>,
}

/// Why it did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Undelivered {
    /// Stable: `unreachable`, `refused`, `timed_out`, `no_channel`, `no_address`, `not_allowed`.
    pub code: Arc<str>,
    pub message: Arc<str>,
    /// Trying again may help.
    pub transient: bool,
}

impl Undelivered {
    #[must_use]
    pub fn for_good(code: &str, message: impl Into<Arc<str>>) -> Self {
        Undelivered { code: code.into(), message: message.into(), transient: false }
    }

    #[must_use]
    pub fn for_now(code: &str, message: impl Into<Arc<str>>) -> Self {
        Undelivered { code: code.into(), message: message.into(), transient: true }
    }
}

pub type Delivering = Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send>>;

/// Takes parcels out of the house.
pub trait Courier: Send + Sync {
    /// Whether the house has this channel.
    fn has(&self, channel: &Channel) -> bool;
    fn deliver(&self, parcel: Parcel) -> Delivering;
}

/// A house without channels.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCourier;

impl Courier for NoCourier {
    fn has(&self, _: &Channel) -> bool {
        false
    }

    fn deliver(&self, _: Parcel) -> Delivering {
        Box::pin(async { Err(Undelivered::for_good("no_channel", "this node has no channels")) })
    }
}
