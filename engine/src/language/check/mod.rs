//! What a definition must satisfy beyond its shape, one file a family of findings.

mod ballots;
mod beside;
mod context;
mod entry;
mod expressions;
mod flow;
mod messages;
mod names;
mod outcomes;
mod reachable;
mod returns;
mod scope;
mod starts;
mod tables;
mod types;
mod undo;
mod writers;
mod writes;

pub use entry::check;
