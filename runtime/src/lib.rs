//! The loops that move instances: writers, timers, jobs, messages, schedules, leases.
//!
//! | module | for |
//! |---|---|
//! | [`handle`] | the only door in |
//! | [`node`] | starting and stopping all of it |
//! | [`activity`], [`directory`] | ports: what services and the identity service fill |
//! | [`deploy`] | releases into use |
//! | [`releases`], [`load`] | definitions and states, from memory or the store |
//! | `writer`, `batch`, `cache` | group commit |
//! | [`clock`], [`skew`] | time, and what stops while it is in doubt |
//! | `timers`, `background`, `schedules`, `holder` | the other loops |

pub mod activity;
mod background;
mod batch;
pub mod cache;
pub mod clock;
pub mod deploy;
pub mod directory;
pub mod error;
pub mod handle;
mod holder;
pub mod load;
pub mod node;
pub mod releases;
pub mod request;
mod schedules;
mod seal;
mod shared;
pub mod skew;
mod timers;
pub mod verify;
mod writer;

pub use clock::Clock;
pub use error::SubmitError;
pub use handle::{Handle, StartRequest};
pub use node::{Config, Node, Ports};
pub use request::{Idempotency, Publish, Receipt, ServiceError, ServiceWrite};
pub use shared::Counts;
