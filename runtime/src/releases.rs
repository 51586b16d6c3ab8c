//! Deployed processes, compiled once and kept: which release is effective, and what it says.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use engine::id::Digest;
use engine::language::definition::Definition;
use engine::language::release::Bundle;
use engine::time::Timestamp;
use store::{Database, StoreError};

/// The releases of a database. Cloning shares them.
#[derive(Clone)]
pub struct Releases {
    database: Database,
    inner: Arc<RwLock<Inner>>,
}

#[derive(Default)]
struct Inner {
    compiled: HashMap<Digest, Arc<Definition>>,
    /// Effective releases by process, each from a moment on, latest last.
    effective: HashMap<Arc<str>, Vec<(Timestamp, Digest)>>,
}

/// A release cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("cannot read releases")]
    Store(#[from] StoreError),
    #[error("there is no release {0}")]
    Unknown(Digest),
    /// It was checked when it was deployed, so a newer checker refuses what an older one took, or it was altered.
    #[error("the release {digest} does not compile any more: {first}")]
    DoesNotCompile { digest: Digest, first: String },
}

impl Releases {
    /// Reads which releases are effective.
    pub async fn open(database: Database) -> Result<Self, StoreError> {
        let releases = Releases { database, inner: Arc::default() };
        releases.refresh().await?;
        Ok(releases)
    }

    /// Reads again which releases are effective: after a deployment, here or on another node.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut reader = self.database.read().await?;
        let rows = store::release::list(&mut reader, None).await?;
        let mut effective: HashMap<Arc<str>, Vec<(Timestamp, Digest)>> = HashMap::new();
        for row in rows.into_iter().filter(|row| row.state == store::release::State::Effective) {
            effective
                .entry(row.process)
                .or_default()
                .push((row.effective_from.unwrap_or(Timestamp::EPOCH), row.digest));
        }
        for list in effective.values_mut() {
            list.sort();
        }
        self.inner.write().unwrap_or_else(PoisonError::into_inner).effective = effective;
        Ok(())
    }

    /// The release that starts of `process` use at `now`.
    #[must_use]
    pub fn effective(&self, process: &str, now: Timestamp) -> Option<Digest> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.effective.get(process)?.iter().rev().find(|(from, _)| *from <= now).map(|(_, digest)| *digest)
    }

    /// Every process with its effective release at `now`.
    #[must_use]
    pub fn all_effective(&self, now: Timestamp) -> Vec<(Arc<str>, Digest)> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = inner
            .effective
            .iter()
            .filter_map(|(process, list)| {
                let found = list.iter().rev().find(|(from, _)| *from <= now)?;
                Some((process.clone(), found.1))
            })
            .collect();
        all.sort();
        all
    }

    /// The compiled release, if it was used before.
    #[must_use]
    pub fn known(&self, digest: Digest) -> Option<Arc<Definition>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).compiled.get(&digest).cloned()
    }

    /// The compiled release.
    pub async fn definition(&self, digest: Digest) -> Result<Arc<Definition>, ReleaseError> {
        if let Some(known) = self.known(digest) {
            return Ok(known);
        }
        let bundle = self.bundle(digest).await?;
        let checked = engine::language::check(&bundle);
        let Some(definition) = checked.definition else {
            let first = checked
                .diagnostics
                .first()
                .map(|fault| format!("{}: {}", fault.code.id, fault.message.en))
                .unwrap_or_default();
            return Err(ReleaseError::DoesNotCompile { digest, first });
        };
        let definition = Arc::new(definition);
        self.inner.write().unwrap_or_else(PoisonError::into_inner).compiled.insert(digest, definition.clone());
        Ok(definition)
    }

    /// The files of a release, as deployed.
    pub async fn bundle(&self, digest: Digest) -> Result<Bundle, ReleaseError> {
        let mut reader = self.database.read().await?;
        let bytes = store::release::bundle(&mut reader, digest).await?.ok_or(ReleaseError::Unknown(digest))?;
        Bundle::from_bytes(&bytes).map_err(|error| ReleaseError::DoesNotCompile { digest, first: error.to_string() })
    }

    /// Puts in a definition that is not stored: tests and benches build theirs.
    pub fn insert(&self, definition: Arc<Definition>, from: Timestamp) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.effective.entry(definition.process.clone()).or_default().push((from, definition.release));
        inner.compiled.insert(definition.release, definition);
    }
}
