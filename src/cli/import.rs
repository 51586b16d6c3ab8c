//! `countersign import`: another system's export.

use std::path::PathBuf;
use std::sync::Arc;

use crate::import::chunk::{Chunk, Written};
use crate::import::mapping::Mapping;
use crate::import::run::{ChunkWriter, ImportError, Rehearsal, Writing};
use crate::import::source::Source;
use crate::import::{built_in, report::Report, run as importing};
use anyhow::Context;
use clap::Args;
use engine::command::Actor;
use engine::id::ServiceStream;
use engine::value::Value;
use runtime::{Handle, ServiceError, ServiceWrite};

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

/// Writes chunks through the door: each is a transition of the services' stream.
pub(crate) struct Door {
    pub(crate) handle: Handle,
    pub(crate) actor: Actor,
}

impl ChunkWriter for Door {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_> {
        Box::pin(async move {
            let summary = chunk.summary();
            let written: Arc<std::sync::Mutex<Option<Written>>> = Arc::default();
            let result = written.clone();
            let write: ServiceWrite = Arc::new(move |tx, _| {
                let (chunk, result) = (chunk.clone(), result.clone());
                Box::pin(async move {
                    let written = chunk.apply(tx).await.map_err(ServiceError::Store)?;
                    let rows: u64 = written.loaded.iter().map(|(_, rows)| rows).sum();
                    let rows = Value::Int(i64::try_from(rows).unwrap_or(i64::MAX));
                    *result.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(written);
                    Ok(Value::record([("rows", rows)]))
                })
            });
            let actor = self.actor.clone();
            let receipt = self.handle.write(ServiceStream::Services, actor, "import.chunk", summary, write, None).await;
            receipt.map_err(|error| ImportError::Refused(error.to_string()))?;
            let written = written.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            Ok(written.unwrap_or_default())
        })
    }
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
    let client = args.target.connect().await?;
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
