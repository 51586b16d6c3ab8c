//! The process language: from YAML to a checked, compiled [`definition::Definition`].
//!
//! [`check`] is the entry: bundle in, definition and findings out. Nothing here reads a file, a clock or the network.
//!
//! | module | for |
//! |---|---|
//! | [`release`] | bundles: a process with all it names, under one digest |
//! | [`syntax`] | YAML with places, and the traps of YAML refused |
//! | [`compile`] | from the tree to the definition |
//! | [`check`] | what the compiled definition must satisfy |
//! | [`diagnostics`] | findings, their codes and pages, and their printed forms |

#[macro_use]
mod text;

mod check;
pub mod compile;
pub mod definition;
pub mod diagnostics;
pub mod difference;
mod format;
pub mod release;
mod schema;
pub mod syntax;
pub mod types;

pub use check::check;
pub use diagnostics::{Checked, Diagnostic, Severity};
pub use format::format;
pub use schema::schema;
