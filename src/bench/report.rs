//! What comes out of the bench.

use std::fmt;

use serde::Serialize;

/// The figures of one run of W.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub database: &'static str,
    pub door: &'static str,
    pub boundary: &'static str,
    pub concurrency: u32,
    pub shards: u16,
    pub seconds: f64,
    pub instances: u64,
    pub instances_per_s: f64,
    /// Five service steps an instance.
    pub steps_per_s: f64,
    /// From the approval sent to the end seen.
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Of this process: node and clients.
    pub cpu_ms_per_instance: f64,
    /// Of the PostgreSQL server's processes.
    pub database_cpu_ms_per_instance: f64,
    pub commits: u64,
    pub rows_per_commit: f64,
    pub rows_per_instance: f64,
    pub rows_per_s: f64,
    /// Bare inserts of the same rows in the same batch sizes.
    pub raw_rows_per_s: f64,
    pub share_of_raw: f64,
    pub cpu_us_per_raw_row: f64,
    pub foreign: Foreign,
}

/// What else the machine did meanwhile.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Foreign {
    /// Processors that other processes kept busy, on average.
    pub busy_processors: f64,
    pub load_average: f64,
}

/// The figures of a long history.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    pub long: u64,
    pub short: u64,
    pub cpu_micros_long: f64,
    pub cpu_micros_short: f64,
    /// The median of the pairs.
    pub cpu_ratio: f64,
    pub rows_long: u64,
    pub rows_short: u64,
}

/// What one large thing took, and what it did to others who took W meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    pub trial: &'static str,
    pub size: u64,
    /// From its beginning to its end.
    pub seconds: f64,
    /// What the trial tells of itself, by name: times in milliseconds, counts as they are.
    pub figures: Vec<(&'static str, f64)>,
    pub others_p50_ms_before: f64,
    pub others_p99_ms_before: f64,
    pub others_p50_ms_meanwhile: f64,
    pub others_p99_ms_meanwhile: f64,
    /// Meanwhile to before.
    pub others_p99_ratio: f64,
    pub others_per_s_meanwhile: f64,
    pub foreign: Foreign,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, size {}: {:.2} s", self.trial, self.size, self.seconds)?;
        for (name, value) in &self.figures {
            writeln!(f, "  {name:<24} {value:>12.2}")?;
        }
        writeln!(
            f,
            "  others, approve to end   p50 {:.2} → {:.2} ms   p99 {:.2} → {:.2} ms   ratio {:.2}   {:.0} /s meanwhile",
            self.others_p50_ms_before,
            self.others_p50_ms_meanwhile,
            self.others_p99_ms_before,
            self.others_p99_ms_meanwhile,
            self.others_p99_ratio,
            self.others_per_s_meanwhile
        )?;
        write!(
            f,
            "  meanwhile others   {:10.2} processors busy, load {:.1}",
            self.foreign.busy_processors, self.foreign.load_average
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { database, door, boundary, concurrency, shards, .. } = self;
        writeln!(f, "W on {database}, {door}, boundary {boundary}, {concurrency} submitters, {shards} shards")?;
        writeln!(f, "  instances/s        {:10.0}   steps/s {:.0}", self.instances_per_s, self.steps_per_s)?;
        writeln!(f, "  approve to end     {:10.2} ms p50   {:.2} ms p99", self.p50_ms, self.p99_ms)?;
        writeln!(
            f,
            "  CPU an instance    {:10.3} ms here   {:.3} ms in the database",
            self.cpu_ms_per_instance, self.database_cpu_ms_per_instance
        )?;
        writeln!(f, "  commits            {:10}   {:.1} rows each", self.commits, self.rows_per_commit)?;
        writeln!(
            f,
            "  rows/s             {:10.0}   bare {:.0}   share {:.0} %",
            self.rows_per_s,
            self.raw_rows_per_s,
            self.share_of_raw * 100.0
        )?;
        write!(
            f,
            "  meanwhile others   {:10.2} processors busy, load {:.1}",
            self.foreign.busy_processors, self.foreign.load_average
        )
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a step after {} transitions, against one after {}", self.long, self.short)?;
        writeln!(
            f,
            "  CPU                {:10.1} µs   {:.1} µs   ratio {:.2}",
            self.cpu_micros_long, self.cpu_micros_short, self.cpu_ratio
        )?;
        write!(f, "  rows               {:10}   {}", self.rows_long, self.rows_short)
    }
}
