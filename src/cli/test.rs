//! `countersign test`: the scenarios beside processes, on a virtual clock.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engine::language;
use engine::scenario;

use super::{check, files, output};

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
    /// Print the results as JSON instead
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &TestArgs) -> anyhow::Result<bool> {
    let folders = files::processes(&args.paths)?;
    let bar = output::bar(Some(folders.len() as u64), "scenarios");
    let mut reports = Vec::new();
    let mut unsound = 0;
    for folder in &folders {
        let checked = language::check(&folder.bundle);
        match checked.definition {
            Some(definition) => reports.push(scenario::run_all(&std::sync::Arc::new(definition), &folder.own)),
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
    let covered = reports.iter().all(|report| report.coverage.percent() >= args.min_coverage);
    if args.json {
        output::json(&reports.iter().map(scenario::Report::to_json).collect::<Vec<_>>())?;
    } else {
        for report in &reports {
            output::line(report);
        }
        if !covered {
            output::line(format!("coverage is below {} %", args.min_coverage));
        }
        output::line(format!("{passed} passed, {failed} failed"));
    }
    Ok(failed == 0 && covered)
}
