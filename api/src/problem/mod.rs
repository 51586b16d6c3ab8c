//! Refusals as callers see them: RFC 9457 `application/problem+json` with a stable code, in English and Chinese.

mod body;
mod code;
mod family;
mod from;
mod pages;

pub use body::{Diagnostic, FieldProblem, Problem, ProblemBody};
pub use code::{Both, Code};
pub use family::{Acting, Deploying, Open, Reading, Signing};
pub(crate) use from::chain;
pub use pages::pages;
