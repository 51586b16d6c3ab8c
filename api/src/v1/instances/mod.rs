//! Instances: running and ended processes.

pub mod cancel;
pub mod events;
pub mod history;
pub mod list;
mod shape;
pub mod show;
pub mod start;
pub mod state;

pub use shape::InstanceShape;
