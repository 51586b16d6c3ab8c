//! Instances: running and ended processes.

pub mod cancel;
pub mod comment;
pub mod copy;
pub mod events;
pub mod fix;
pub mod history;
pub mod list;
pub mod moves;
mod operate;
pub mod read_copy;
pub mod relocate;
pub mod resume;
mod shape;
pub mod show;
pub mod skip;
pub mod start;
pub mod state;
pub mod suspend;

pub use shape::InstanceShape;
