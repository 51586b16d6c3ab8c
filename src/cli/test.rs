//! `countersign test`: the scenarios beside processes, on a virtual clock.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engine::language;
use engine::scenario;

use super::{check, files, mutate, output};

/// Run the scenarios of processes on a virtual clock
///
/// Scenarios lie in `scenarios/*.yaml` beside a `process.yaml`. Prints what failed and which steps and branches no
/// scenario reaches. The last line is `N passed, N failed`.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Process folders, or folders that hold some
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail when scenarios reach less than this share of steps and branches
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    min_coverage: u32,
    /// Change the process in one place at a time, and list the changes that no scenario notices
    ///
    /// Thresholds, comparisons, conditions, roles, deadlines, ways out, quorums, exclusions and cells of tables.
    /// `mutations.yaml` beside the process excuses changes, each with a reason: `- { change: …, reason: … }`.
    #[arg(long)]
    mutate: bool,
    /// With --mutate: fail when scenarios notice less than this share of the changes
    #[arg(long, value_name = "PERCENT", default_value_t = 100, requires = "mutate", value_parser = clap::value_parser!(u32).range(0..=100))]
    min_score: u32,
    /// With --mutate: how long it may take in all
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "mutate")]
    mutate_seconds: u64,
    /// Print the results as JSON instead
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<bool> {
    let folders = files::processes(&args.paths)?;
    let bar = output::bar(Some(folders.len() as u64), "scenarios");
    let mut reports = Vec::new();
    let mut unsound = 0;
    let mut passing = Vec::new();
    for folder in &folders {
        let checked = language::check(&folder.bundle);
        match checked.definition {
            Some(definition) => {
                let definition = std::sync::Arc::new(definition);
                let report = scenario::run_all(&definition, &folder.own);
                if report.failed() == 0 {
                    passing.push((folder, definition));
                }
                reports.push(report);
            }
            None => {
                unsound += 1;
                bar.suspend(|| checked.diagnostics.iter().for_each(|finding| check::show(folder, finding)));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(path) = &args.junit {
        std::fs::write(path, scenario::junit(&reports)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let passed: usize = reports.iter().map(scenario::Report::passed).sum();
    let failed: usize = reports.iter().map(scenario::Report::failed).sum::<usize>() + unsound;
    // What does not pass as it is says nothing when it is changed.
    let until = mutate::deadline(args.mutate_seconds);
    let passing = if args.mutate { passing } else { Vec::new() };
    let mutations: Vec<_> =
        passing.iter().map(|(folder, definition)| mutate::mutate(folder, definition, until)).collect();
    let noticed = mutations.iter().all(|found| found.passes(args.min_score));
    let covered = reports.iter().all(|report| report.coverage.percent() >= args.min_coverage);
    if args.json {
        let with_mutations = |report: &scenario::Report| {
            let mut json = report.to_json();
            if let Some(found) = mutations.iter().find(|found| *found.process == *report.process) {
                json["mutations"] = found.to_json();
            }
            json
        };
        output::json(&reports.iter().map(with_mutations).collect::<Vec<_>>())?;
    } else {
        for report in &reports {
            output::line(report);
        }
        for found in &mutations {
            output::line(found);
        }
        if !covered {
            output::line(format!("coverage is below {} %", args.min_coverage));
        }
        output::line(format!("{passed} passed, {failed} failed"));
    }
    Ok(failed == 0 && covered && noticed)
}
