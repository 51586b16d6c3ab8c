//! `countersign fmt`: the files of processes in the house's form.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use engine::language::{self, Diagnostic};

use super::output;

/// Write the YAML of processes in one form; comments and meaning stay
///
/// Indentation by two blanks, texts in block form, blanks inside braces, the pipes of tables below each other.
/// Columns that are lined up stay so. A file that the form would change the meaning of is left as it is.
#[derive(Args)]
pub(crate) struct FmtArgs {
    /// Files, or folders that hold some
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 if a file is not in this form
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &FmtArgs) -> anyhow::Result<bool> {
    let mut files = Vec::new();
    for path in &args.paths {
        if path.is_file() {
            files.push(path.clone());
        } else if path.is_dir() {
            search(path, &mut files)?;
        } else {
            bail!("there is no {}", path.display());
        }
    }
    files.sort();
    files.dedup();
    let (mut unlike, mut broken) = (0, 0);
    for file in &files {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        // The findings name the file as it was named here.
        match language::format(&file.to_string_lossy(), &bytes) {
            Err(findings) => {
                broken += 1;
                output::line(language::diagnostics::plain(&errors(findings)).trim_end());
            }
            Ok(text) if text.as_bytes() == bytes => {}
            Ok(text) => {
                unlike += 1;
                output::line(file.display());
                if !args.check {
                    write(file, &text)?;
                }
            }
        }
    }
    let what = if args.check { "would change" } else { "changed" };
    output::line(format!("{unlike} of {} files {what}, {broken} could not be read", files.len()));
    Ok(broken == 0 && (unlike == 0 || !args.check))
}

fn errors(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.into_iter().filter(|finding| finding.severity() == language::Severity::Error).collect()
}

/// Writes beside the file and puts it in its place: a crash leaves the old one whole.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let beside = file.with_extension("yaml.new");
    std::fs::write(&beside, text).with_context(|| format!("cannot write {}", beside.display()))?;
    std::fs::rename(&beside, file).with_context(|| format!("cannot write {}", file.display()))
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    Ok(())
}
