//! Reading: states and definitions, with the refusal that belongs to what is missing.

use std::sync::Arc;

use engine::id::{Digest, InstanceId};
use engine::language::definition::Definition;
use engine::language::release::Bundle;
use engine::rejection::Rejection;
use engine::state::State;
use runtime::Receipt;
use runtime::load::LoadError;
use runtime::releases::ReleaseError;
use tokio::sync::broadcast;

use super::Backend;
use crate::problem::{Code, Problem, chain};

impl Backend {
    /// The committed state of an instance.
    pub(crate) async fn state(&self, id: InstanceId) -> Result<Arc<State>, Problem> {
        let found = self.handle().state(id).await.map_err(unreadable)?;
        found.map(|committed| Arc::new(committed.state)).ok_or_else(|| Problem::plain(Code::UnknownInstance))
    }

    /// Its state after a number of transitions.
    pub(crate) async fn state_at(&self, id: InstanceId, version: u64) -> Result<Arc<State>, Problem> {
        self.handle().state_at(id, version).await.map_err(unreadable)?.map(Arc::new).ok_or_else(|| {
            let (en, zh) = (format!("the history has no version {version}"), format!("历史中没有第 {version} 版"));
            Problem::new(Code::NotFound, en, zh)
        })
    }

    /// The compiled release.
    pub(crate) async fn definition(&self, release: Digest) -> Result<Arc<Definition>, Problem> {
        self.handle().releases().definition(release).await.map_err(|error| match error {
            ReleaseError::Store(error) => error.into(),
            ReleaseError::Unknown(_) => Problem::plain(Code::NotFound),
            error @ ReleaseError::DoesNotCompile { .. } => {
                tracing::error!(error = %chain(&error), "a release cannot be used");
                Problem::plain(Code::Internal)
            }
        })
    }

    /// The files of a release.
    pub(crate) async fn bundle(&self, release: Digest) -> Result<Bundle, Problem> {
        self.handle().releases().bundle(release).await.map_err(|error| match error {
            ReleaseError::Store(error) => error.into(),
            ReleaseError::Unknown(_) | ReleaseError::DoesNotCompile { .. } => Problem::plain(Code::NotFound),
        })
    }

    /// The compiled effective release of a process.
    pub(crate) async fn effective(&self, process: &str) -> Result<Arc<Definition>, Problem> {
        match self.handle().releases().effective(process, self.now()) {
            Some(release) => self.definition(release).await,
            None => Err(Rejection::UnknownProcess(process.into()).into()),
        }
    }

    /// Every process that has an effective release, by name.
    pub(crate) fn all_effective(&self) -> Vec<(Arc<str>, Digest)> {
        self.handle().releases().all_effective(self.now())
    }

    /// A receipt for each commit from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Receipt> {
        self.handle().subscribe()
    }
}

fn unreadable(error: LoadError) -> Problem {
    match error {
        LoadError::Store(error) => error.into(),
        error @ LoadError::Fold(_) => {
            tracing::error!(error = %chain(&error), "a history cannot be folded");
            Problem::plain(Code::Internal)
        }
    }
}
