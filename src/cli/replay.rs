//! `countersign replay`: the record folded and decided again.

use clap::Args;
use engine::id::InstanceId;
use runtime::load;
use runtime::releases::Releases;
use runtime::verify;
use store::{Database, OpenOptions};

use super::output;
use crate::config;

/// Replay the record: fold it, decide it again, compare
///
/// With --all: walks every shard's chain, folds every instance, decides every transition again from its recorded
/// facts, and compares the stored rows with the fold. With --instance and --at: shows the state then. Reads only, and
/// works beside a running server.
#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// [env: COUNTERSIGN_DATABASE]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Everything
    #[arg(long, conflicts_with = "instance")]
    all: bool,
    /// One instance
    #[arg(long, value_name = "ID")]
    instance: Option<InstanceId>,
    /// The state after so many transitions; without it, the newest
    #[arg(long, value_name = "N", requires = "instance")]
    at: Option<u64>,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: ReplayArgs) -> anyhow::Result<bool> {
    let url = config::or_variable(args.database.as_deref(), config::DATABASE)
        .ok_or_else(|| anyhow::anyhow!("say which database: --database URL"))?;
    let options = OpenOptions { create: false, migrate: false, ..OpenOptions::default() };
    let database = Database::open(&url, options).await?;
    if let Some(instance) = args.instance {
        let state = load::at_version(&database, instance, args.at.unwrap_or(u64::MAX)).await?;
        let state = state.ok_or_else(|| anyhow::anyhow!("unknown_instance: there is no instance {instance}"))?;
        output::json(&state.to_view())?;
        return Ok(true);
    }
    let releases = Releases::open(database.clone()).await?;
    let mut reader = database.read().await?;
    let total = store::shard::all(&mut reader).await?.iter().map(|shard| shard.position).sum();
    drop(reader);
    let bar = output::bar(Some(total), "transitions");
    let report = verify::all(&database, &releases, &mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    if args.json {
        output::json(&report)?;
    } else {
        for mismatch in &report.mismatches {
            let instance = mismatch.instance.map(|id| format!(" of {id}")).unwrap_or_default();
            output::line(format!(
                "{} at {}/{}{instance}: {}",
                mismatch.kind, mismatch.shard.0, mismatch.position, mismatch.detail
            ));
        }
        output::line(format!(
            "{} instances, {} transitions, {} mismatches",
            report.instances,
            report.transitions,
            report.mismatches.len()
        ));
    }
    Ok(report.mismatches.is_empty())
}
