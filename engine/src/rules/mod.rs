//! Everything that is computed from business rules: expressions, scripts, tables, calendars, durations.
//!
//! Called while deciding, never while folding: results are recorded as facts.

pub mod calendar;
mod document;
pub mod expression;
pub mod sandbox;
pub mod schedule;
pub mod script;
pub mod span;
pub mod table;
mod wall;
