//! The clock: whether it is believed, and saying that it may be.

pub mod acknowledge;
pub mod show;

use runtime::skew::Doubt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The node's time, and whether the database's clock agrees with the time that has passed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Clock)]
pub struct ClockShape {
    /// `trusted`, or `in_doubt`: timers, schedules and signatures wait until an administrator acknowledges it.
    pub state: String,
    /// By which everything is dated; while in doubt it goes on from the last reading that was believed.
    pub now: String,
    /// What the database's clock says.
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtShape>,
}

/// What was seen when the clock was no longer believed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ClockDoubt)]
pub struct DoubtShape {
    /// Its number; absent until it is in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<u64>,
    /// What it should have been, by the time that had passed.
    pub expected: String,
    pub seen: String,
}

impl From<&Doubt> for DoubtShape {
    fn from(doubt: &Doubt) -> Self {
        let skew = &doubt.skew;
        DoubtShape { alarm: doubt.id, expected: skew.expected.to_string(), seen: skew.seen.to_string() }
    }
}
