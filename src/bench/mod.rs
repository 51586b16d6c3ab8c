//! The bench: the platform's unit of work against any database, with what the database itself takes beside it.
//!
//! The unit of work W is one instance: start, five trivial service steps with their results persisted, an approval that
//! is awaited durably and given, a branch decision, the end. Acknowledged means durable.
//!
//! | module | for |
//! |---|---|
//! | [`args`] | what can be asked for |
//! | [`run`] | a run from the empty database to the report |
//! | `plant` | the node, its people, its process |
//! | `load` | submitters, in process |
//! | `http` | submitters, over the real server |
//! | `progress` | waiting for what goes on by itself |
//! | `history` | the cost of a step after a long history against a short one |
//! | `trial` | one large thing, and what it does to others meanwhile |
//! | `measure` | processor time of this process, of the database and of others; percentiles |
//! | [`report`] | what comes out |

pub mod args;
mod history;
mod http;
mod load;
mod measure;
mod plant;
mod progress;
pub mod report;
pub mod run;
mod trial;

pub use args::BenchArgs;
pub use run::run;
