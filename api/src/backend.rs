//! What the surface stands on: the database for reading, identity for knowing callers, and the nodes' instruments.

use std::sync::Arc;

use engine::time::Timestamp;
use identity::Identity;
use store::Database;
use tokio::sync::Semaphore;

use crate::limits;

/// The parts, put together by the composition root.
pub struct Parts {
    pub database: Database,
    pub identity: Identity,
    /// The runtime's clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Why this node should get no work just now (`starting`, `stopping`); none when it may.
    pub unready: Arc<dyn Fn() -> Option<&'static str> + Send + Sync>,
}

/// Shared by all handlers. Cloning is cheap.
#[derive(Clone)]
pub struct Backend {
    parts: Arc<Parts>,
    /// Turns of ordinary requests, and of streams that stay open.
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
}

impl Backend {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Backend {
            parts: Arc::new(parts),
            requests: Arc::new(Semaphore::new(limits::REQUESTS_AT_ONCE_MAX)),
            streams: Arc::new(Semaphore::new(limits::STREAMS_MAX)),
        }
    }

    #[must_use]
    pub fn database(&self) -> &Database {
        &self.parts.database
    }

    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.parts.identity
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.parts.clock)()
    }

    #[must_use]
    pub fn metrics(&self) -> String {
        (self.parts.metrics)()
    }

    #[must_use]
    pub fn unready(&self) -> Option<&'static str> {
        (self.parts.unready)()
    }
}
