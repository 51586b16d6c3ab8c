//! Instances: running and ended processes.

pub mod cancel;
mod event_shape;
pub mod events;
pub mod history;
pub mod list;
pub mod raise;
pub mod raise_to_sign;
mod shape;
pub mod show;
pub mod start;
pub mod state;

pub use event_shape::EventShape;
pub use shape::InstanceShape;
