//! The table `release`: deployed bundles, content-addressed. `draft ──▶ approved ──▶ effective`, from a moment on.

use std::sync::Arc;

use engine::id::Digest;
use engine::time::Timestamp;

use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Read, Select};
use crate::tx::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Draft,
    Approved,
    Effective,
}

impl State {
    /// The word stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Approved => "approved",
            State::Effective => "effective",
        }
    }
}

/// A release without its bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRow {
    pub digest: Digest,
    pub process: Arc<str>,
    pub state: State,
    pub effective_from: Option<Timestamp>,
    pub deployed_at: Timestamp,
    pub deployed_by: Arc<str>,
}

/// Stores a release with its bundle. `false`: the same content was deployed before and is as it was.
pub async fn put(tx: &mut Tx, row: &ReleaseRow, bundle: &[u8]) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO release (digest, process, state, effective_from, bundle, deployed_at, deployed_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let params = params![
        &row.digest,
        &row.process,
        row.state.word(),
        row.effective_from,
        bundle,
        row.deployed_at,
        &row.deployed_by
    ];
    Ok(tx.execute(SQL, &params).await? == 1)
}

/// Moves a release on. `false`: it is not in the state it was believed to be in.
pub async fn set_state(
    tx: &mut Tx,
    digest: Digest,
    from: State,
    to: State,
    effective_from: Option<Timestamp>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE release SET state = $1, effective_from = $2 WHERE digest = $3 AND state = $4";
    Ok(tx.execute(SQL, &params![to.word(), effective_from, &digest, from.word()]).await? == 1)
}

const COLUMNS: &str = "SELECT digest, process, state, effective_from, deployed_at, deployed_by FROM release";

/// One release.
pub async fn find(reader: &mut impl Read, digest: Digest) -> Result<Option<ReleaseRow>, StoreError> {
    let mut select = Select::new(COLUMNS);
    select.and("digest = ").value(&digest);
    select.fetch(reader).await?.first().map(read).transpose()
}

/// A release's bundle.
pub async fn bundle(reader: &mut impl Read, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
    reader
        .one("SELECT bundle FROM release WHERE digest = $1", &params![&digest])
        .await?
        .map(|row| row.bytes(0))
        .transpose()
}

/// The release of a process that is effective at a moment: the one that became so last.
pub async fn effective(
    reader: &mut impl Read,
    process: &str,
    now: Timestamp,
) -> Result<Option<ReleaseRow>, StoreError> {
    let mut select = Select::new(COLUMNS);
    select.and("process = ").value(process).and("state = 'effective'").and("effective_from <= ").value(now);
    select.text(" ORDER BY effective_from DESC, deployed_at DESC, digest DESC LIMIT 1");
    select.fetch(reader).await?.first().map(read).transpose()
}

/// All releases of a process, or of all, the newest first.
pub async fn list(reader: &mut impl Read, process: Option<&str>) -> Result<Vec<ReleaseRow>, StoreError> {
    let mut select = Select::new(COLUMNS);
    if let Some(process) = process {
        select.and("process = ").value(process);
    }
    select.text(" ORDER BY process, deployed_at DESC, digest");
    select.fetch(reader).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<ReleaseRow, StoreError> {
    let digest = row.digest(0)?;
    let state = match row.text(2)? {
        "draft" => State::Draft,
        "approved" => State::Approved,
        "effective" => State::Effective,
        other => return Err(StoreError::corrupt("release", "state", digest, format!("`{other}`"))),
    };
    Ok(ReleaseRow {
        digest,
        process: row.text(1)?.into(),
        state,
        effective_from: row.opt_timestamp(3)?,
        deployed_at: row.timestamp(4)?,
        deployed_by: row.text(5)?.into(),
    })
}
