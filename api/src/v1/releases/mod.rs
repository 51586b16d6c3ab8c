//! Releases: deployed bundles of process files, content-addressed and immutable.

pub mod approve;
pub mod deploy;
pub mod diff;
pub mod list;
pub mod migrate;
pub mod show;

use engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::release::ReleaseRow;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// A release.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Release)]
pub struct ReleaseShape {
    /// SHA-256 over the bundle.
    pub release: String,
    pub process: String,
    /// `draft`, `approved` or `effective`.
    pub state: String,
    /// New instances use it from this moment on, until a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    pub deployed_at: String,
    pub deployed_by: String,
}

impl From<&ReleaseRow> for ReleaseShape {
    fn from(row: &ReleaseRow) -> Self {
        ReleaseShape {
            release: row.digest.to_string(),
            process: row.process.to_string(),
            state: row.state.word().into(),
            effective_from: row.effective_from.map(|from| from.to_string()),
            deployed_at: row.deployed_at.to_string(),
            deployed_by: row.deployed_by.to_string(),
        }
    }
}

/// Reads the moment from which a release is to be effective.
fn moment(text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).ok_or_else(|| {
        let (en, zh) = ("a moment like 2026-03-02T09:00:00+08:00", "时间格式如 2026-03-02T09:00:00+08:00");
        Problem::field(Code::InvalidInput, "/effective_from", en, zh)
    })
}
