//! Tests of a process beside its definition: scenarios on a virtual clock, with coverage.
//!
//! A scenario drives the same `decide` and `apply` as the runtime does, with activities, people and child
//! processes played from the file. Each transition is also decided again from its own facts, and the state it
//! leaves must have something to wake it; so a scenario tests the engine as well.
//!
//! Invariant: nothing here reads a clock or a file; time moves only when the scenario says so.
//!
//! | module | for |
//! |---|---|
//! | `script`, `read`, `moves` | what a scenario says, from its YAML |
//! | `people`, `mocks` | who exists, and what the outside answers |
//! | `acts` | what people do with work beside answering it |
//! | `world` | an instance on a virtual clock |
//! | `suite` | all of them, to be played against changed definitions |
//! | `play`, `expect` | the moves, one after another, and what is expected |
//! | `trace` | what was done, in its order |
//! | [`coverage`] | which steps and branches were reached, and which were not |
//! | [`mutation`] | whether the scenarios would notice a change of the definition |
//! | [`report`] | the results, as text and as JUnit |

mod acts;
pub mod coverage;
mod expect;
mod mocks;
mod moves;
pub mod mutation;
mod people;
mod play;
mod raises;
mod read;
pub mod report;
mod script;
mod suite;
mod trace;
mod world;

pub use play::run_all;
pub use read::is_scenario;
pub use report::{Fault, Report, Verdict, junit};
