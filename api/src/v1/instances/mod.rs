//! Instances: running and ended processes.

pub mod cancel;
pub mod comment;
pub mod copy;
mod event_shape;
pub mod events;
pub mod fix;
pub mod history;
pub mod list;
pub mod moves;
mod operate;
pub mod raise;
pub mod raise_to_sign;
pub mod read_copy;
pub mod relocate;
pub mod resume;
mod shape;
pub mod show;
pub mod skip;
pub mod start;
pub mod state;
pub mod suspend;

pub use event_shape::EventShape;
pub use shape::InstanceShape;
