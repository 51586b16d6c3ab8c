//! `countersign copy`: a database to the other kind.

use clap::Args;
use serde_json::json;
use store::{Database, OpenOptions};

use super::output;

/// Copy a database to a new one of either kind, and prove that the heads are equal
#[derive(Args)]
pub(crate) struct CopyArgs {
    /// The database to copy; nobody may be serving it
    #[arg(long, value_name = "URL")]
    from: String,
    /// A new database
    #[arg(long, value_name = "URL")]
    to: String,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: CopyArgs) -> anyhow::Result<bool> {
    let from = Database::open(&args.from, OpenOptions { create: false, ..OpenOptions::default() }).await?;
    let to = Database::open(&args.to, OpenOptions { shards: Some(from.shards()), ..OpenOptions::default() }).await?;
    let bar = output::bar(None, "rows");
    let mut rows = 0;
    store::copy::copy(&from, &to, &mut |progress| {
        rows = progress.rows;
        bar.set_message(progress.table.to_owned());
        bar.set_position(progress.rows);
    })
    .await?;
    bar.finish_and_clear();
    let heads: Vec<_> = store::shard::all(&mut to.read().await?)
        .await?
        .into_iter()
        .map(|row| json!({ "shard": row.shard, "position": row.position, "head": row.head }))
        .collect();
    if args.json {
        output::json(&json!({ "heads": heads }))?;
    } else {
        output::line(format!("copied; the heads of {} shards are equal", heads.len()));
    }
    Ok(true)
}
