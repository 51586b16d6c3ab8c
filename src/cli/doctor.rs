//! `countersign doctor`: whether a database is in order.

use clap::Args;
use runtime::releases::Releases;
use store::{Database, OpenOptions};

use super::output;
use crate::config;
use crate::examine::examine;

/// Check a database: every instance is awaited, every row agrees with the log
///
/// Notes instances that are suspended and messages that nobody heard; a quarantined instance is a finding.
///
/// Finds instances that nothing will wake, reservations without their instance, negative stock, balances that differ
/// from their ledger, and rows of services that were changed beside the log.
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// [env: COUNTERSIGN_DATABASE]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: DoctorArgs) -> anyhow::Result<bool> {
    let url = config::or_variable(args.database.as_deref(), config::DATABASE)
        .ok_or_else(|| anyhow::anyhow!("say which database: --database URL"))?;
    let options = OpenOptions { create: false, migrate: false, ..OpenOptions::default() };
    let database = Database::open(&url, options).await?;
    let releases = Releases::open(database.clone()).await?;
    let bar = output::bar(None, "transitions");
    let examination = examine(&database, &releases, &mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    if args.json {
        output::json(&examination)?;
    } else {
        for finding in &examination.findings {
            output::line(format!("{} {}: {}", finding.kind, finding.subject, finding.detail));
        }
        for notice in &examination.notices {
            output::line(format!("note: {} {}: {}", notice.kind, notice.subject, notice.detail));
        }
        output::line(format!(
            "{} instances, {} transitions, {} rows of services: {} findings",
            examination.instances,
            examination.transitions,
            examination.rows,
            examination.findings.len()
        ));
    }
    Ok(examination.findings.is_empty())
}
