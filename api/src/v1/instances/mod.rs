//! Instances: running and ended processes.

pub mod cancel;
pub mod comment;
pub mod copy;
pub mod events;
pub mod history;
pub mod list;
pub mod read_copy;
mod shape;
pub mod show;
pub mod start;
pub mod state;

pub use shape::InstanceShape;
