//! Activities: the work that `call` steps order. A service implements them; the composition root registers them.
//!
//! An inline activity runs inside the transaction of the transition that ordered it, under a savepoint: its
//! effects and the event that records its result commit together, so they happen exactly once. Its failure
//! undoes its own writes and nothing else.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::command::{ActivityFailure, Actor};
use engine::id::{InstanceId, RunId};
use engine::time::Timestamp;
use engine::value::Value;
use store::{StoreError, Tx};

/// What an activity is given. It reads no clock and makes no ids of its own.
pub struct Call<'a> {
    /// The transition's own transaction. Writes are guarded: conditional updates with a checked row count, or `tx.lock`.
    pub tx: &'a mut Tx,
    pub input: &'a Value,
    pub now: Timestamp,
    pub actor: &'a Actor,
    pub instance: InstanceId,
    pub run: RunId,
    /// Stable over retries of this step's activation.
    pub key: &'a str,
}

/// Why an activity gives no output.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The process's turn: a declared business error, or a failure to retry.
    #[error(transparent)]
    Failed(#[from] ActivityFailure),
    /// The database's weather: the writer retries the command, the process never sees it.
    #[error("the store failed under an activity")]
    Store(#[from] StoreError),
}

/// The future of a call.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Value, CallError>> + Send + 'a>>;

/// The code of one activity: `fn reserve(call: Call<'_>) -> Calling<'_> { Box::pin(async move { … }) }`.
pub type Activity = Arc<dyn for<'a> Fn(Call<'a>) -> Calling<'a> + Send + Sync>;

/// All activities of this node, by name.
#[derive(Clone, Default)]
pub struct Activities {
    by_name: BTreeMap<Arc<str>, Activity>,
}

impl Activities {
    /// Adds one. A name is registered once; a second registration replaces the first.
    pub fn register<F>(&mut self, name: &str, activity: F)
    where
        F: for<'a> Fn(Call<'a>) -> Calling<'a> + Send + Sync + 'static,
    {
        self.by_name.insert(name.into(), Arc::new(activity));
    }

    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<&Activity> {
        self.by_name.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_name.keys()
    }
}
