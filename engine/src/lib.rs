//! The law of Countersign: what a process may do, and what has happened.
//!
//! `(definition, state, command, context) → decide → events`, `state ← apply ← events`, `events → project → rows`.
//! Deciding asks the world only through [`facts`], whose answers are recorded; folding asks nothing.
//!
//! Invariant: nothing here waits, reads a clock, draws a random number or looks at the environment.
//!
//! | module | for |
//! |---|---|
//! | [`id`], [`time`], [`value`] | names, moments, values |
//! | [`quantity`], [`day`], [`input`], [`row_key`], [`word`] | what services compute with, and how they read their inputs and name their rows |
//! | [`language`] | YAML → checked definition, releases |
//! | [`rules`] | expressions, scripts, tables, calendars |
//! | [`command`], [`event`], [`rejection`], [`incident`], [`facts`] | what is asked, what happened, what was refused, what stopped, what was told |
//! | [`draft`], [`decide`], [`work`], [`raise`], [`signing`] | deciding: the machinery, the commands, what people do and sign |
//! | `flow`, `alongside`, `condition`, `step`, `evaluate`, `deadline`, `ballot` | how control moves, and what each kind of step does |
//! | [`operate`] | what operators do with a whole instance, and sweeps |
//! | [`state`] | the fold |
//! | [`project`] | events as row changes |
//! | [`diagram`] | a definition as a picture |
//! | [`scenario`] | tests of a process on a virtual clock |
//! | [`canonical`] | the bytes of what is stored and hashed |
//! | [`history`] | the log's row, its chain, deciding again |

mod across;
mod alongside;
mod ballot;
pub mod canonical;
pub mod command;
mod condition;
pub mod day;
mod deadline;
pub mod decide;
pub mod diagram;
pub mod draft;
mod evaluate;
pub mod event;
pub mod facts;
mod flow;
pub mod history;
pub mod id;
pub mod incident;
pub mod input;
pub mod language;
pub mod operate;
pub mod project;
pub mod quantity;
pub mod raise;
pub mod rejection;
pub mod row_key;
pub mod rules;
pub mod scenario;
pub mod signing;
pub mod state;
mod step;
pub mod time;
mod undo;
pub mod value;
pub mod word;
pub mod work;
