//! An instance's committed state, from the cache or from its snapshot and the log's tail.

use engine::history::replay::{FoldError, fold};
use engine::id::InstanceId;
use engine::state::State;
use store::log::LogRow;
use store::{Database, StoreError};

use crate::cache::Committed;

/// Transitions read at a time.
const PAGE: u32 = 2_000;

/// A state cannot be made from what is stored.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read the history")]
    Store(#[from] StoreError),
    #[error("cannot fold the history")]
    Fold(#[from] FoldError),
}

/// The newest state. `None`: there is no such instance.
pub async fn newest(database: &Database, instance: InstanceId) -> Result<Option<Committed>, LoadError> {
    let mut reader = database.read().await?;
    let stored = store::snapshot::find(&mut reader, instance).await?;
    // A snapshot that this build cannot read is only a longer way.
    let start = stored.and_then(|stored| {
        let state: State = serde_json::from_slice(&stored.state).ok()?;
        Some(Committed { state, version: stored.version, snapshot: stored.version })
    });
    let (mut state, mut version, snapshot) = match start {
        Some(start) => (Some(start.state), start.version, start.snapshot),
        None => (None, 0, 0),
    };
    loop {
        let rows = store::log::of_instance(&mut reader, instance, version, PAGE).await?;
        let full = rows.len() == PAGE as usize;
        (state, version) = extend(state, version, &rows)?;
        if !full {
            return Ok(state.map(|state| Committed { state, version, snapshot }));
        }
    }
}

/// The state after the transition `version` of its history; `None` if there is no such instance.
pub async fn at_version(database: &Database, instance: InstanceId, version: u64) -> Result<Option<State>, LoadError> {
    let mut reader = database.read().await?;
    let (mut state, mut reached) = (None, 0);
    while reached < version {
        let limit = u32::try_from(version - reached).unwrap_or(PAGE).min(PAGE);
        let rows = store::log::of_instance(&mut reader, instance, reached, limit).await?;
        if rows.is_empty() {
            break;
        }
        (state, reached) = extend(state, reached, &rows)?;
    }
    Ok(state)
}

fn extend(state: Option<State>, version: u64, rows: &[LogRow]) -> Result<(Option<State>, u64), LoadError> {
    let (mut state, mut version) = (state, version);
    for row in rows {
        state = Some(fold(state, version, &row.transition()?)?);
        version = row.version;
    }
    Ok((state, version))
}
