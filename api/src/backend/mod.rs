//! What the surface stands on: the runtime's door for writing, the database for reading, identity for knowing callers.

mod read;
mod write;

pub(crate) use write::Key;

use std::sync::Arc;

use engine::time::Timestamp;
use identity::{Accounts, Identity};
use runtime::Handle;
use store::Database;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::audit::Rate;
use crate::limits;
use crate::problem::{Code, Problem};

/// What a deployment is at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// A draft, until somebody else approves it.
    #[default]
    Approval,
    /// Effective at once: for demonstrations and for plants of one person.
    Open,
}

/// The parts, put together by the composition root.
pub struct Parts {
    pub database: Database,
    pub handle: Handle,
    pub identity: Identity,
    pub policy: Policy,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Shared by all handlers. Cloning is cheap.
#[derive(Clone)]
pub struct Backend {
    parts: Arc<Parts>,
    accounts: Accounts,
    /// Turns of ordinary requests.
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    audit_rate: Arc<Rate>,
}

impl Backend {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Backend {
            accounts: Accounts::new(parts.identity.clone(), parts.handle.clone()),
            parts: Arc::new(parts),
            requests: Arc::new(Semaphore::new(limits::REQUESTS_AT_ONCE_MAX)),
            streams: Arc::new(Semaphore::new(limits::STREAMS_MAX)),
            audit_rate: Arc::default(),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.parts.database
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.parts.handle
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.parts.identity
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) fn requests(&self) -> Arc<Semaphore> {
        self.requests.clone()
    }

    pub(crate) fn audit_rate(&self) -> &Rate {
        &self.audit_rate
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.handle.now()
    }

    pub(crate) fn metrics(&self) -> String {
        (self.parts.metrics)()
    }

    pub(crate) fn policy(&self) -> Policy {
        self.parts.policy
    }

    /// Whether what waits should come to its end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.handle().readiness() == Err("stopping")
    }

    /// The right to keep one stream open, for as long as it is held.
    pub(crate) fn stream_turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.streams.clone().try_acquire_owned().map_err(|_| {
            let most = limits::STREAMS_MAX;
            Problem::new(Code::LimitReached, format!("{most} open streams"), format!("已打开 {most} 个事件流"))
                .retry_after(30)
        })
    }
}
