//! People, programs, their roles and tokens.

pub mod me;
mod shape;

pub use shape::{AccountShape, RoleShape};
