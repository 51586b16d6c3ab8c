//! The log's row: one transition, and the chain over them.
//!
//! Its stored bytes are RFC 8785 (JCS) and are kept as they were written: nobody serialises a row again
//! to hash it. `leaf = SHA-256(0x00 ‖ body)` (RFC 6962 §2.1, so that a Merkle tree can be laid over the
//! same leaves) and `head' = SHA-256(0x01 ‖ head ‖ leaf)` within a shard.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::command::Command;
use crate::event::Event;
use crate::facts::Fact;
use crate::id::{Digest, InstanceId, ShardId};
use crate::time::Timestamp;
use crate::value::Value;

/// The version of the row's format.
pub const FORMAT: u32 = 1;
/// The version of `decide` and `apply` that made it.
pub const SEMANTICS: u32 = 1;

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    pub format: u32,
    pub shard: ShardId,
    /// Gap-free in its shard, from 1.
    pub position: u64,
    /// The stream: a process instance, or a service's.
    pub instance: InstanceId,
    /// Gap-free in its stream, from 1.
    pub version: u64,
    pub semantics: u32,
    pub build: Arc<str>,
    pub at: Timestamp,
    pub content: Content,
    /// Rows that services wrote in the same transaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowDigest>,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "nearly every transition is the large one, and is moved once")]
pub enum Content {
    /// A process instance's: decided by `decide`, folded by `apply`.
    Instance { command: Command, facts: Vec<Fact>, events: Vec<Event> },
    /// A service's: its own words for what was asked and what happened.
    Service { actor: crate::command::Actor, command: Arc<str>, input: Value, result: Value },
}

/// A row of a service's table, as the transition left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowDigest {
    pub table: Arc<str>,
    pub key: Arc<str>,
    /// SHA-256 of the row's canonical form; none when the row was removed.
    pub digest: Option<Digest>,
}

/// A stored row cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read a transition of format {FORMAT}")]
pub struct TransitionError(#[source] serde_json::Error);

impl Transition {
    /// The bytes that are stored and hashed.
    ///
    /// # Panics
    /// Never: every part of a transition is plain JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::canonical::to_vec(self).expect("a transition holds only texts, integers, lists and maps")
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TransitionError> {
        serde_json::from_slice(bytes).map_err(TransitionError)
    }
}

/// The leaf hash of stored bytes.
#[must_use]
pub fn leaf(body: &[u8]) -> Digest {
    Digest(sha2::Sha256::new().chain_update([0u8]).chain_update(body).finalize().into())
}

/// The head of a shard's chain after one more leaf.
#[must_use]
pub fn next_head(head: Digest, leaf: Digest) -> Digest {
    Digest(sha2::Sha256::new().chain_update([1u8]).chain_update(head.0).chain_update(leaf.0).finalize().into())
}
