//! Work for people: inboxes, and everything somebody may do with a task or a seat of a ballot.

pub mod add_approver;
pub mod assign;
pub mod claim;
pub mod complete;
pub mod delegate;
pub mod go_back;
pub mod inbox_events;
pub mod list;
mod open;
pub mod recall;
pub mod release;
pub mod remove_approver;
pub mod resolve;
mod shape;
pub mod show;
pub mod to_sign;
pub mod transfer;
pub mod urge;
pub mod withdraw;

pub use shape::TaskShape;
