//! Incidents: what stands still until an operator acts.

pub mod list;
pub mod retry;
