//! Waiting until an instance has come so far: what goes on by itself after an answer is seen by its commits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use engine::id::InstanceId;
use runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

type Waiting = HashMap<InstanceId, (u64, oneshot::Sender<()>)>;

/// Listens to all commits and wakes those who wait.
#[derive(Clone)]
pub(crate) struct Progress {
    handle: Handle,
    waiting: Arc<Mutex<Waiting>>,
}

/// Somebody who waits for a version of an instance.
pub(crate) struct Awaited {
    instance: InstanceId,
    version: u64,
    reached: oneshot::Receiver<()>,
}

impl Progress {
    /// Starts to listen.
    pub(crate) fn listen(handle: &Handle) -> Progress {
        let progress = Progress { handle: handle.clone(), waiting: Arc::default() };
        let (mut receipts, own) = (handle.subscribe(), progress.clone());
        tokio::spawn(async move {
            loop {
                match receipts.recv().await {
                    Ok(receipt) => own.reached(receipt.instance, receipt.version),
                    Err(RecvError::Lagged(_)) => own.look_again().await,
                    Err(RecvError::Closed) => return,
                }
            }
        });
        progress
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self, instance: InstanceId, version: u64) {
        let mut waiting = self.lock();
        if waiting.get(&instance).is_some_and(|(wanted, _)| *wanted <= version)
            && let Some((_, waker)) = waiting.remove(&instance)
        {
            // Whoever waited may have seen it by themselves.
            let _ = waker.send(());
        }
    }

    /// Some commits were missed: asks for each instance instead.
    async fn look_again(&self) {
        let ids: Vec<InstanceId> = self.lock().keys().copied().collect();
        for id in ids {
            if let Ok(Some(committed)) = self.handle.state(id).await {
                self.reached(id, committed.version);
            }
        }
    }

    /// Begins to wait; what commits from now on is seen.
    pub(crate) fn expect(&self, instance: InstanceId, version: u64) -> Awaited {
        let (waker, reached) = oneshot::channel();
        self.lock().insert(instance, (version, waker));
        Awaited { instance, version, reached }
    }

    /// Waits for what was begun, unless it had come so far before.
    pub(crate) async fn until(&self, awaited: Awaited, known: u64) -> anyhow::Result<()> {
        let come = known >= awaited.version
            || self.handle.state(awaited.instance).await?.is_some_and(|now| now.version >= awaited.version);
        if come {
            self.lock().remove(&awaited.instance);
            return Ok(());
        }
        awaited.reached.await.context("the listener to commits has ended")
    }
}
