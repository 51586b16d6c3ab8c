//! Work for machines: activities, how they are tried again, and other processes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Link, Template};
use crate::language::types::Type;

#[derive(Clone, Debug)]
pub struct Call {
    pub activity: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
}

/// What the catalogue says of an activity (`processes/catalogue/*.yaml`).
#[derive(Clone, Debug)]
pub struct ActivitySpec {
    pub name: Arc<str>,
    pub mode: ActivityMode,
    pub input: Type,
    pub output: Type,
    /// Business errors: each is one more way out.
    pub errors: Vec<Arc<str>>,
    /// For a remote job: how long a worker may be silent, in microseconds.
    pub lease_micros: i64,
}

/// Where an activity runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityMode {
    /// In the transition's own transaction: exactly once.
    Inline,
    /// Long work of our own, in its own transaction.
    Background,
    /// A worker in any language: at least once, with a stable key and a fence.
    Remote,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub process: Arc<str>,
    pub with: BTreeMap<Arc<str>, Template>,
    /// The milestone of the child to wait for, rather than its end.
    pub until: Option<Arc<str>>,
    pub link: Option<Link>,
}

/// How often a failed activity is tried again, and after how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub attempts: u32,
    pub wait_micros: i64,
    pub factor: u32,
    pub max_micros: i64,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: 3, wait_micros: 1_000_000, factor: 2, max_micros: 300_000_000 }
    }
}
