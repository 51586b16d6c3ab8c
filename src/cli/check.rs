//! `countersign check`: everything that is wrong with processes, all at once.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::language::{self, Diagnostic};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Severity};

use super::files::{self, ProcessFolder};
use super::output;

/// Check processes: names, types, flow, ballots, tables, texts
///
/// Prints every finding with its place, a hint and a code; `docs/errors/<code>.md` explains each. Exits with 1 if
/// there is any, errors and warnings alike.
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Process folders, or folders that hold some
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Also print when schedules fire next
    #[arg(long, conflicts_with_all = ["format", "json"])]
    explain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
}

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<bool> {
    let folders = files::processes(&args.paths)?;
    let format = if args.json { Format::Json } else { args.format };
    let mut all: Vec<Diagnostic> = Vec::new();
    let mut sound = 0;
    for folder in &folders {
        let checked = language::check(&folder.bundle);
        sound += usize::from(checked.definition.is_some());
        if let Some(definition) = checked.definition.as_ref().filter(|_| args.explain) {
            explain(definition);
        }
        for mut finding in checked.diagnostics {
            if format == Format::Text {
                show(folder, &finding);
            }
            finding.file = folder.place(&finding.file).to_string_lossy().into_owned().into();
            all.push(finding);
        }
    }
    let errors = all.iter().filter(|finding| finding.severity() == language::diagnostics::Severity::Error).count();
    match format {
        Format::Json => output::json(&language::diagnostics::json(&all))?,
        Format::Sarif => output::json(&language::diagnostics::sarif(&all))?,
        Format::Text => {
            let warnings = all.len() - errors;
            output::line(format!(
                "{sound} of {} processes are sound; {errors} errors, {warnings} warnings",
                folders.len()
            ));
        }
    }
    Ok(all.is_empty())
}

/// How many firings of a schedule are shown.
const FIRINGS: usize = 5;

/// When the schedules of a process fire next, by the clock of this machine.
#[expect(clippy::disallowed_methods, reason = "who asks what comes next means from now on")]
fn explain(definition: &language::definition::Definition) {
    let now = engine::time::Timestamp::from_utc(chrono::Utc::now());
    for start in &definition.starts {
        let language::definition::Start::Schedule { schedule, .. } = start else { continue };
        output::line(format!("{}: {} · {}", definition.process, schedule.source(), schedule.zone()));
        let mut after = now;
        for _ in 0..FIRINGS {
            let Some(next) = schedule.next_after(after) else { break };
            output::line(format!("  {} {}", schedule.on_the_wall(next), schedule.zone()));
            after = next;
        }
    }
}

/// One finding with the lines it speaks of, in both languages.
pub(crate) fn show(folder: &ProcessFolder, finding: &Diagnostic) {
    let severity = match finding.severity() {
        language::diagnostics::Severity::Error => Severity::Error,
        language::diagnostics::Severity::Warning => Severity::Warning,
    };
    let text = folder.bundle.files.get(finding.file.as_ref()).cloned().unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let length = finding.bytes.len().max(1);
    let start = finding.bytes.start.min(text.len());
    let mut report = MietteDiagnostic::new(format!("{}\n{}", finding.message.en, finding.message.zh))
        .with_code(finding.code.id)
        .with_severity(severity)
        .with_label(LabeledSpan::at(start..(start + length).min(text.len().max(start)), ""));
    if let Some(hint) = &finding.hint {
        report = report.with_help(format!("{}\n{}", hint.en, hint.zh));
    }
    let name = format!("{}:{}:{}", folder.place(&finding.file).display(), finding.span.line, finding.span.column);
    let report = miette::Report::new(report).with_source_code(NamedSource::new(name, text));
    let mut words = String::new();
    let theme = if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    if GraphicalReportHandler::new_themed(theme).render_report(&mut words, report.as_ref()).is_ok() {
        output::line(words);
    }
}
