//! What can be asked of the bench.

use clap::{Args, ValueEnum};

/// Measures how many instances the platform takes through a whole process in a second.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`: a database of its own, empty or from an earlier bench.
    #[arg(long)]
    pub database: String,
    /// Submitters that each take one instance after another from start to end.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub concurrency: u32,
    /// Seconds that are measured, after one second that is not.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// Goes through the real server on a port of this machine, with the clients in this process.
    #[arg(long)]
    pub http: bool,
    /// Where a transition ends: at the next wait, or after every step.
    #[arg(long, value_enum, default_value_t = Boundary::Wait)]
    pub boundary: Boundary,
    /// Shards of a fresh database.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub shards: u16,
    /// Instead of W: the cost of a step in an instance with this many transitions, against one with ten.
    #[arg(long)]
    pub history: Option<u64>,
    /// Instead of W: one large thing, and what it does to others who take W meanwhile.
    #[arg(long, value_enum, conflicts_with = "history")]
    pub trial: Option<TrialKind>,
    /// How large the trial is; each has a size of its own unless told.
    #[arg(long, requires = "trial", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub size: Option<u64>,
    /// Prints the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// One large thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrialKind {
    /// This many timers are armed (1,000,000 unless told), of which 10,000 fall due in one moment.
    Timers,
    /// Returns across this many parallel branches (50 unless told), each with open work.
    Returns,
    /// An `each` over this many items (100,000 unless told), cancelled half-way.
    Items,
}

/// Where a transition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Boundary {
    /// At the next wait: inline steps commit together.
    Wait,
    /// After every step: what engines that journal each step do.
    Commit,
}

impl Boundary {
    /// The word of a process's policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Boundary::Wait => "wait",
            Boundary::Commit => "commit",
        }
    }
}
