//! An instance as lists show it.

use engine::project::InstanceRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One instance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Instance)]
pub struct InstanceShape {
    pub instance: String,
    #[schema(example = "order_review")]
    pub process: String,
    /// The release it was started with, and keeps.
    pub release: String,
    /// Its business key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `running`, `ended` or `cancelled`.
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The length of its history.
    pub version: u64,
    pub open_incidents: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    pub started_at: String,
    pub updated_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl From<InstanceRow> for InstanceShape {
    fn from(row: InstanceRow) -> Self {
        InstanceShape {
            instance: row.instance.to_string(),
            process: row.process.to_string(),
            release: row.release.to_string(),
            key: row.key.map(|key| key.to_string()),
            status: row.status.word().into(),
            outcome: row.outcome.map(|outcome| outcome.to_string()),
            version: row.version,
            open_incidents: row.open_incidents,
            initiator: row.initiator.map(|initiator| initiator.to_string()),
            parent: row.parent.map(|parent| parent.to_string()),
            started_at: row.started_at.to_string(),
            updated_at: row.updated_at.to_string(),
            ended_at: row.ended_at.map(|at| at.to_string()),
        }
    }
}
