//! `countersign test`: the scenarios beside processes, on a virtual clock.

use std::path::PathBuf;

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
        std::fs::write(path, scenario::junit(&reports))?;
    }
    let passed: usize = reports.iter().map(scenario::Report::passed).sum();
    let failed: usize = reports.iter().map(scenario::Report::failed).sum::<usize>() + unsound;
    let covered = reports.iter().all(|report| report.coverage.percent() >= args.min_coverage);
    if args.json {
        output::json(&reports.iter().map(json_of).collect::<Vec<_>>())?;
    } else {
        for report in &reports {
            print(report);
        }
        if !covered {
            output::line(format!("coverage is below {} %", args.min_coverage));
        }
        output::line(format!("{passed} passed, {failed} failed"));
    }
    Ok(failed == 0 && covered)
}

fn print(report: &scenario::Report) {
    output::line(format!("{}", report.process));
    for verdict in &report.verdicts {
        let mark = if verdict.faults.is_empty() { "ok    " } else { "FAILED" };
        output::line(format!("  {mark} {}", verdict.scenario));
        for fault in &verdict.faults {
            output::line(format!("         {fault}"));
        }
    }
    let coverage = &report.coverage;
    output::line(format!(
        "  {} % covered: {} of {} steps, {} of {} branches",
        coverage.percent(),
        coverage.steps_reached,
        coverage.steps,
        coverage.branches_reached,
        coverage.branches
    ));
    for (span, point) in &coverage.missing {
        output::line(format!("         not reached: {point} (process.yaml:{}:{})", span.line, span.column));
    }
}

fn json_of(report: &scenario::Report) -> serde_json::Value {
    let verdicts: Vec<_> = report
        .verdicts
        .iter()
        .map(|verdict| {
            let faults: Vec<_> = verdict
                .faults
                .iter()
                .map(|fault| {
                    serde_json::json!({
                        "file": fault.file,
                        "line": fault.span.line,
                        "column": fault.span.column,
                        "message": { "zh": fault.message.zh, "en": fault.message.en },
                    })
                })
                .collect();
            serde_json::json!({ "scenario": verdict.scenario, "file": verdict.file, "faults": faults })
        })
        .collect();
    let missing: Vec<String> = report.coverage.missing.iter().map(|(_, point)| point.to_string()).collect();
    serde_json::json!({
        "process": report.process,
        "passed": report.passed(),
        "failed": report.failed(),
        "coverage": { "percent": report.coverage.percent(), "missing": missing },
        "scenarios": verdicts,
    })
}
