//! What came of the scenarios: verdicts, faults with their places, and JUnit for those who collect them.

use std::fmt::Write as _;
use std::sync::Arc;

use super::coverage::{Coverage, Point};
use crate::language::definition::{Span, Text};
use crate::language::syntax::Source;

/// Something that was not as the scenario says, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: Arc<str>,
    pub span: Span,
    pub message: Text,
}

impl Fault {
    pub(super) fn at(source: &Source, offset: usize, zh: impl Into<Arc<str>>, en: impl Into<Arc<str>>) -> Self {
        let message = Text { zh: zh.into(), en: en.into() };
        Fault { file: source.file.clone(), span: source.span(offset), message }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fault { file, span, message } = self;
        write!(f, "{file}:{}:{}: {}（{}）", span.line, span.column, message.en, message.zh)
    }
}

/// What came of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub file: Arc<str>,
    pub scenario: Arc<str>,
    /// Empty: it passed.
    pub faults: Vec<Fault>,
    pub transitions: u32,
}

/// What came of all scenarios of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub process: Arc<str>,
    pub verdicts: Vec<Verdict>,
    pub coverage: Coverage,
}

impl Report {
    #[must_use]
    pub fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.faults.is_empty()).count()
    }

    #[must_use]
    pub fn failed(&self) -> usize {
        self.verdicts.len() - self.passed()
    }

    /// As programs read it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let fault = |fault: &Fault| {
            serde_json::json!({
                "file": fault.file,
                "line": fault.span.line,
                "column": fault.span.column,
                "message": fault.message,
            })
        };
        let verdict = |verdict: &Verdict| {
            serde_json::json!({
                "file": verdict.file,
                "scenario": verdict.scenario,
                "passed": verdict.faults.is_empty(),
                "faults": verdict.faults.iter().map(fault).collect::<Vec<_>>(),
                "transitions": verdict.transitions,
            })
        };
        let missing = |(span, point): &(Span, Point)| serde_json::json!({ "line": span.line, "column": span.column, "point": point.to_string() });
        let coverage = &self.coverage;
        serde_json::json!({
            "process": self.process,
            "passed": self.passed(),
            "failed": self.failed(),
            "scenarios": self.verdicts.iter().map(verdict).collect::<Vec<_>>(),
            "coverage": {
                "percent": coverage.percent(),
                "steps": coverage.steps,
                "steps_reached": coverage.steps_reached,
                "branches": coverage.branches,
                "branches_reached": coverage.branches_reached,
                "missing": coverage.missing.iter().map(missing).collect::<Vec<_>>(),
            },
        })
    }
}

/// As people read it, without a line end.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.process)?;
        for verdict in &self.verdicts {
            let word = if verdict.faults.is_empty() { "ok    " } else { "FAILED" };
            writeln!(f, "  {word} {}", verdict.scenario)?;
            for fault in &verdict.faults {
                writeln!(f, "         {fault}")?;
            }
        }
        let Coverage { steps_reached, steps, branches_reached, branches, missing } = &self.coverage;
        let percent = self.coverage.percent();
        write!(
            f,
            "  coverage {percent}%: {steps_reached} of {steps} steps, {branches_reached} of {branches} branches"
        )?;
        for (span, point) in missing {
            write!(f, "\n    not reached: process.yaml:{}:{} {point}", span.line, span.column)?;
        }
        Ok(())
    }
}

/// The reports as one JUnit document.
#[must_use]
pub fn junit(reports: &[Report]) -> String {
    let tests: usize = reports.iter().map(|report| report.verdicts.len()).sum();
    let failures: usize = reports.iter().map(Report::failed).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing into a String cannot fail; the results are dropped for that reason alone.
    let _ = writeln!(out, "<testsuites tests=\"{tests}\" failures=\"{failures}\">");
    for report in reports {
        let name = escape(&report.process);
        let (tests, failures) = (report.verdicts.len(), report.failed());
        let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
        for verdict in &report.verdicts {
            let (scenario, file) = (escape(&verdict.scenario), escape(&verdict.file));
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{scenario}\" file=\"{file}\"");
            if verdict.faults.is_empty() {
                out.push_str("/>\n");
                continue;
            }
            out.push_str(">\n");
            for fault in &verdict.faults {
                let line = fault.to_string();
                let _ = writeln!(
                    out,
                    "      <failure message=\"{}\">{}</failure>",
                    escape(&fault.message.en),
                    escape(&line)
                );
            }
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
