//! Jobs: work for machines in any language, leased, kept alive and finished.

mod access;
pub mod finish;
pub mod heartbeat;
pub mod lease;
