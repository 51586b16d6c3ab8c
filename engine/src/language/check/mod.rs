//! What a definition must satisfy beyond its shape, one file a family of findings.

mod entry;

pub use entry::check;
