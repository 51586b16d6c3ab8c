//! Processor time of this process, of the database server and of everybody else, and percentiles.
//!
//! Read from `/proc`; where there is none, everything is zero and the report says so by zeros.

use std::fs;
use std::time::Instant;

/// Ticks of `/proc` in a second: fixed in Linux's interface to programs.
const TICKS: f64 = 100.0;

/// A moment: what had been used until then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    at: Instant,
    own: f64,
    database: f64,
    machine: f64,
}

/// What a stretch of time used, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) seconds: f64,
    /// Processor time of this process.
    pub(crate) own: f64,
    /// Of all PostgreSQL processes of the machine.
    pub(crate) database: f64,
    /// Of all other processes.
    pub(crate) foreign: f64,
}

impl Moment {
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    pub(crate) fn now() -> Self {
        Moment { at: Instant::now(), own: own(), database: database(), machine: machine() }
    }

    pub(crate) fn until(&self, later: &Moment) -> Used {
        let (own, database) = (later.own - self.own, later.database - self.database);
        Used {
            seconds: (later.at - self.at).as_secs_f64(),
            own,
            database,
            foreign: (later.machine - self.machine - own - database).max(0.0),
        }
    }
}

fn own() -> f64 {
    fs::read_to_string("/proc/self/stat").map_or(0.0, |stat| of_process(&stat))
}

/// User and system time of a process, from its `stat`. The name in brackets may hold anything.
fn of_process(stat: &str) -> f64 {
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0.0 };
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

fn database() -> f64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0.0 };
    let stats = processes.flatten().filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    stats.filter(|stat| stat.contains("(postgres)")).map(|stat| of_process(&stat)).sum()
}

/// Time that any processor worked: all but idle, waiting for the disk, and stolen by the host.
fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    ticks.iter().take(7).enumerate().filter(|(place, _)| ![3, 4].contains(place)).map(|(_, ticks)| ticks).sum::<f64>()
        / TICKS
}

/// The machine's load average of the last minute.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// The value below which `share` of the sorted micros are, in milliseconds.
pub(crate) fn percentile(sorted: &[u64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).map_or(0.0, |micros| *micros as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_with_a_strange_name_is_read() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert!((of_process(stat) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<u64> = (1..=100).map(|n| n * 1_000).collect();
        assert!((percentile(&sorted, 0.5) - 51.0).abs() < 1e-9);
        assert!((percentile(&sorted, 0.99) - 100.0).abs() < 1e-9);
        assert!(percentile(&[], 0.5).abs() < 1e-9);
    }
}
