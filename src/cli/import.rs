//! `countersign import`: another system's export.

mod reviews;
mod told;

use std::path::PathBuf;

use clap::Args;
use engine::command::Actor;

use super::{Target, output};
use crate::import::door::Door;
use crate::import::run::Rehearsal;
use crate::import::source::Source;
use crate::import::{built_in, run as importing};

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
    #[arg(long, conflicts_with = "reviews")]
    dry_run: bool,
    /// Write an input of `order_review` for each order that waits for its review, for `start --inputs`
    #[arg(long, value_name = "FILE")]
    reviews: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
    /// Print what was loaded, and every row that was not, as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: ImportArgs) -> anyhow::Result<bool> {
    let mapping = built_in::named(&args.mapping)?;
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
    let waiting = match (&report, args.dry_run) {
        (Ok(_), false) => reviews::waiting(plant.handle.database(), args.reviews.as_deref()).await,
        _ => Ok(reviews::Waiting::default()),
    };
    client.close().await?;
    let (report, waiting) = (report?, waiting?);
    if args.json {
        output::json(&report)?;
        return Ok(true);
    }
    told::print(&report);
    waiting.print(args.reviews.as_deref());
    Ok(true)
}
