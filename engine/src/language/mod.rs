//! The process language: from YAML to a checked, compiled [`definition::Definition`].

pub mod definition;
pub mod types;
