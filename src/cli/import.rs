//! `countersign import`: another system's export.

use std::path::PathBuf;

use crate::import::door::Door;
use crate::import::mapping::Mapping;
use crate::import::run::Rehearsal;
use crate::import::source::Source;
use crate::import::{built_in, report::Report, run as importing};
use anyhow::Context;
use clap::Args;
use engine::command::Actor;

use super::{Target, output};

/// Import another system's export through a mapping file
///
/// MAPPING is a file, or the name of a built-in one (`adventureworks`, `plant`). Every row is loaded, or listed with
/// the reason why not. Importing again changes nothing.
#[derive(Args)]
pub(crate) struct ImportArgs {
    mapping: String,
    /// The folder with the export's files
    folder: PathBuf,
    /// Try everything and take it back
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: ImportArgs) -> anyhow::Result<bool> {
    let mapping = match built_in::mapping(&args.mapping) {
        Some(mapping) => mapping?,
        None => {
            let text = std::fs::read_to_string(&args.mapping)
                .with_context(|| format!("there is no built-in mapping and no file `{}`", args.mapping))?;
            Mapping::parse(&text)?
        }
    };
    let client = args.target.connect_or_create().await?;
    let Some(plant) = client.plant() else {
        anyhow::bail!("an import works on the database itself: stop the server and give --database");
    };
    let source = Source::Folder(args.folder.clone());
    let bar = output::bar(None, "rows");
    let progress = |progress: importing::Progress<'_>| {
        bar.set_message(progress.table.to_owned());
        bar.set_position(progress.rows);
    };
    let now = plant.handle.now();
    let report = if args.dry_run {
        let writer = Rehearsal { database: plant.handle.database().clone() };
        importing::import(&writer, &mapping, &source, now, &progress).await
    } else {
        let actor = Actor::person(args.target.actor.as_deref().unwrap_or(crate::wire::ADMINISTRATOR));
        let writer = Door { handle: plant.handle.clone(), actor };
        importing::import(&writer, &mapping, &source, now, &progress).await
    };
    bar.finish_and_clear();
    client.close().await?;
    let report = report?;
    if args.json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    Ok(true)
}

fn print(report: &Report) {
    let mut table = output::table(&["table", "loaded"]);
    for (name, rows) in &report.loaded {
        table.add_row([name.clone(), rows.to_string()]);
    }
    output::line(table);
    if !report.rejected.is_empty() {
        let mut table = output::table(&["file", "row", "reason"]);
        for rejected in &report.rejected {
            let reason = format!("{}\n{}", rejected.reason, rejected.reason_zh);
            table.add_row([rejected.file.clone(), rejected.row.to_string(), reason]);
        }
        output::line(table);
    }
    output::line(format!("{} rows rejected", report.rejected.len()));
}
