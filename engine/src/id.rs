//! The names of things: newtypes over numbers and UUIDs.
//!
//! An instance's id carries its shard in its last two bytes, so a command finds its writer without a
//! lookup. Ids inside an instance are counters: deciding again gives the same ones.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One of the fixed number of write streams of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(pub u16);

/// A stream of the log: a process instance, or a service's own stream (master data, messages, accounts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(Uuid);

impl InstanceId {
    /// Puts `shard` into the last two bytes of a fresh UUID.
    #[must_use]
    pub fn new(unique: Uuid, shard: ShardId) -> Self {
        let mut bytes = unique.into_bytes();
        bytes[14..].copy_from_slice(&shard.0.to_be_bytes());
        InstanceId(Uuid::from_bytes(bytes))
    }

    /// The stream of a shard that belongs to a service rather than to a process: `00000000-0000-0000-00kk-00000000ssss`.
    #[must_use]
    pub fn service(kind: ServiceStream, shard: ShardId) -> Self {
        let mut bytes = [0u8; 16];
        bytes[9] = kind as u8;
        bytes[14..].copy_from_slice(&shard.0.to_be_bytes());
        InstanceId(Uuid::from_bytes(bytes))
    }

    /// Which service's stream this is; `None` for a process instance.
    #[must_use]
    pub fn service_stream(self) -> Option<ServiceStream> {
        let bytes = self.0.as_bytes();
        if bytes[..9].iter().any(|byte| *byte != 0) || bytes[10..14].iter().any(|byte| *byte != 0) {
            return None;
        }
        ServiceStream::ALL.into_iter().find(|kind| *kind as u8 == bytes[9])
    }

    #[must_use]
    pub fn shard(self) -> ShardId {
        let bytes = self.0.as_bytes();
        ShardId(u16::from_be_bytes([bytes[14], bytes[15]]))
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        InstanceId(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for InstanceId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(InstanceId)
    }
}

/// The streams of a shard that no process instance owns. The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ServiceStream {
    /// Releases of processes.
    Releases = 1,
    /// People, tokens and roles.
    Identity = 2,
    /// Published messages and who waits for them.
    Messages = 3,
    /// Master data, imports and direct commands of domain services.
    Services = 4,
    /// Failed access and refused attempts.
    Access = 5,
}

impl ServiceStream {
    pub const ALL: [ServiceStream; 5] = [Self::Releases, Self::Identity, Self::Messages, Self::Services, Self::Access];
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter!(
    /// One activation of a block: a list of steps being walked.
    ScopeId
);
counter!(
    /// One activation of a step. It is the fence: whoever answers a wait names it, and a stale one is refused.
    RunId
);
counter!(
    /// One armed timer.
    TimerId
);
counter!(
    /// One incident of an instance.
    IncidentId
);
counter!(
    /// One subscription to a message.
    SubscriptionId
);
counter!(
    /// One condition that is waited for.
    ConditionId
);

/// The id of a person or service account. Never reassigned.
pub type UserId = Arc<str>;
/// A step's name, unique in its definition (`carry_out.do_it` for a step of a part).
pub type StepKey = Arc<str>;
/// A block's name: the step that owns it and the branch (`reviews/technical`); the root is the empty text.
pub type BlockKey = Arc<str>;

/// SHA-256, written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub const ZERO: Digest = Digest([0; 32]);

    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Digest(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestTextError;

impl FromStr for Digest {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
            return Err(DigestTextError);
        }
        let mut digest = [0u8; 32];
        for (place, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).map_err(|_| DigestTextError)?;
        }
        Ok(Digest(digest))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_shard() {
        let id = InstanceId::new(Uuid::from_u128(u128::MAX), ShardId(258));
        assert_eq!(id.shard(), ShardId(258));
        assert_eq!(id.to_string().parse::<InstanceId>().ok(), Some(id));
        assert_eq!(id.service_stream(), None);
    }

    #[test]
    fn a_service_stream_is_told_from_an_instance() {
        for kind in ServiceStream::ALL {
            let id = InstanceId::service(kind, ShardId(3));
            assert_eq!((id.service_stream(), id.shard()), (Some(kind), ShardId(3)));
        }
    }

    #[test]
    fn a_digest_survives_its_text() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse::<Digest>().ok(), Some(digest));
        assert!("zz".parse::<Digest>().is_err());
    }
}
