//! What the checker says: codes with their pages, findings with their places, and how they are printed.

mod diagnostic;
mod nearest;
mod pages;
pub mod registry;
mod render;

pub use diagnostic::{Checked, Diagnostic, Severity, Sink};
pub use nearest::nearest;
pub use pages::pages;
pub use registry::Code;
pub use render::{json, plain, sarif};
