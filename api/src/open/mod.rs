//! The few addresses that need no token: the node's health, its metrics, the documentation and the meaning of codes.

pub mod docs;
pub mod errors;
pub mod health;
pub mod metrics;
