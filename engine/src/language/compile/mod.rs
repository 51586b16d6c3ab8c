//! From the tree to the definition: shape is checked here, meaning in [`super::check`].
//!
//! Nothing stops at the first fault: what cannot be read is left out or replaced, and the finding keeps the
//! definition from being used.

mod alongside;
mod branches;
mod catalogue;
mod conditions;
mod context;
mod due;
mod events;
mod forms;
mod library;
mod outward;
mod parts;
mod people;
mod process;
mod read;
mod rules;
mod site;
mod starts;
mod steps;
mod texts;
mod typing;
mod undo;
mod values;
mod waits;
mod work;

pub(crate) use catalogue::ROLE;
pub use catalogue::{names_in_catalogue, release_names};
pub(crate) use context::{Compiler, Reference, ReferenceKind, Written};
pub(crate) use library::Library;
pub(crate) use process::compile;
pub(crate) use rules::{add, column_type, output_type};
pub(crate) use site::{Expectation, Site};
pub(crate) use steps::{step_keys, step_kinds};
pub(crate) use undo::UNDO;
pub(crate) use values::number;
pub(crate) use work::error_type;
