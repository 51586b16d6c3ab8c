//! YAML with places: what was written, read so that nothing is lost silently.

mod compare;
mod node;
mod parse;
mod source;
mod traps;

pub use node::{Entry, Node, NodeKind, Style};
pub use parse::parse;
pub use source::Source;
pub(crate) use traps::{full_width, is_wide};
