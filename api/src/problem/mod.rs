//! Refusals as callers see them: RFC 9457 `application/problem+json` with a stable code, in English and Chinese.

mod code;
mod family;
mod from;
mod problem;

pub use code::{Both, Code};
pub use family::{Acting, Deploying, Open, Reading, Signing};
pub(crate) use from::chain;
pub use problem::{Diagnostic, FieldProblem, Problem, ProblemBody};
