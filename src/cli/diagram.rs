//! `countersign diagram`: a process as a picture.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use engine::diagram;
use engine::language;

use super::{check, files, output};

/// Draw a process as SVG
#[derive(Args)]
pub(crate) struct DiagramArgs {
    /// The folder of one process
    #[arg(value_name = "PROCESS_FOLDER")]
    folder: PathBuf,
    /// Where to write the SVG
    #[arg(short, long, value_name = "FILE.svg")]
    output: PathBuf,
    /// The language of the labels
    #[arg(long, value_enum, default_value_t = Language::Zh)]
    language: Language,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Zh,
    En,
}

pub(crate) fn run(args: &DiagramArgs) -> anyhow::Result<bool> {
    let folders = files::processes(std::slice::from_ref(&args.folder))?;
    let [folder] = folders.as_slice() else { bail!("{} holds more than one process", args.folder.display()) };
    let checked = language::check(&folder.bundle);
    let Some(definition) = checked.definition else {
        checked.diagnostics.iter().for_each(|finding| check::show(folder, finding));
        return Ok(false);
    };
    let language = match args.language {
        Language::Zh => diagram::Language::Zh,
        Language::En => diagram::Language::En,
    };
    let svg = diagram::svg(&definition, language);
    std::fs::write(&args.output, svg).with_context(|| format!("cannot write {}", args.output.display()))?;
    output::line(args.output.display());
    Ok(true)
}
