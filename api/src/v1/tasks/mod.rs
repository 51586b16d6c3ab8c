//! Work for people: inboxes, and everything somebody may do with a task or a seat of a ballot.

pub mod assign;
pub mod claim;
pub mod complete;
pub mod inbox_events;
pub mod list;
mod open;
pub mod release;
mod shape;
pub mod show;
pub mod to_sign;

pub use shape::TaskShape;
