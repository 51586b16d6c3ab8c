//! `countersign doctor`: whether a database is in order.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use engine::id::Digest;
use engine::signing::record_digest;
use engine::value::Value;
use runtime::releases::Releases;
use runtime::verify::{self, Mismatch};
use serde::Serialize;
use store::{Database, OpenOptions, Reader, StoreError};

use super::output;
use crate::config;

/// Check a database: every instance is awaited, every row agrees with the log
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

#[derive(Serialize)]
struct Examination {
    instances: u64,
    transitions: u64,
    rows: u64,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    kind: &'static str,
    subject: String,
    detail: String,
}

pub(crate) async fn run(args: DoctorArgs) -> anyhow::Result<bool> {
    let url = config::or_variable(args.database.as_deref(), config::DATABASE)
        .ok_or_else(|| anyhow::anyhow!("say which database: --database URL"))?;
    let options = OpenOptions { create: false, migrate: false, ..OpenOptions::default() };
    let database = Database::open(&url, options).await?;
    let releases = Releases::open(database.clone()).await?;
    let bar = output::bar(None, "transitions");
    let report = verify::all(&database, &releases, &mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    let mut findings: Vec<Finding> = report.mismatches.iter().map(of_mismatch).collect();
    let mut logged = report.rows;
    let mut rows = 0;
    let mut reader = database.read().await?;
    for table in masterdata::repo::TABLES {
        rows += masterdata_rows(&mut reader, table, &mut logged, &mut findings).await?;
    }
    for table in sales::repo::TABLES {
        rows += sales_rows(&mut reader, table, &mut logged, &mut findings).await?;
    }
    for table in inventory::repo::TABLES {
        rows += inventory_rows(&mut reader, table, &mut logged, &mut findings).await?;
    }
    for (table, key, row) in identity::records(&mut reader).await? {
        rows += 1;
        judge(table, &key, &row, &mut logged, &mut findings);
    }
    let tables: BTreeSet<&str> =
        masterdata::repo::TABLES.iter().chain(&sales::repo::TABLES).chain(&inventory::repo::TABLES).copied().collect();
    // What the log says is there and no table had.
    for ((table, key), digest) in logged {
        if digest.is_some() && tables.contains(table.as_str()) {
            findings.push(Finding {
                kind: "row_missing",
                subject: format!("{table} {key}"),
                detail: "the log has this row, the table has not".into(),
            });
        }
    }
    let faults = inventory::repo::faults(&mut reader).await?.into_iter().map(|fault| ("stock", fault));
    let exposure = sales::repo::exposure_faults(&mut reader).await?.into_iter().map(|fault| ("exposure", fault));
    findings.extend(faults.chain(exposure).map(|(kind, detail)| Finding { kind, subject: String::new(), detail }));
    findings.extend(orphans(&mut reader).await?);
    let examination = Examination { instances: report.instances, transitions: report.transitions, rows, findings };
    if args.json {
        output::json(&examination)?;
    } else {
        for finding in &examination.findings {
            output::line(format!("{} {}: {}", finding.kind, finding.subject, finding.detail));
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

fn of_mismatch(mismatch: &Mismatch) -> Finding {
    let subject = mismatch.instance.map_or_else(|| format!("shard {}", mismatch.shard.0), |id| id.to_string());
    Finding { kind: mismatch.kind, subject, detail: mismatch.detail.clone() }
}

type Logged = BTreeMap<(String, String), Option<Digest>>;

macro_rules! rows_of {
    ($name:ident, $rows:path) => {
        /// Compares a table's rows with the digests that the log has of them; gives how many there are.
        async fn $name(
            reader: &mut Reader,
            table: &str,
            logged: &mut Logged,
            findings: &mut Vec<Finding>,
        ) -> Result<u64, StoreError> {
            const PAGE: u32 = 1_000;
            let mut after: Option<String> = None;
            let mut count = 0;
            loop {
                let page: Vec<(String, Value)> = $rows(reader, table, after.as_deref(), PAGE).await?;
                for (key, row) in &page {
                    count += 1;
                    judge(table, key, row, logged, findings);
                }
                if page.len() < PAGE as usize {
                    return Ok(count);
                }
                after = page.last().map(|(key, _)| key.clone());
            }
        }
    };
}

rows_of!(masterdata_rows, masterdata::repo::rows);
rows_of!(sales_rows, sales::repo::rows);
rows_of!(inventory_rows, inventory::repo::rows);

fn judge(table: &str, key: &str, row: &Value, logged: &mut Logged, findings: &mut Vec<Finding>) {
    let subject = || format!("{table} {key}");
    match logged.remove(&(table.to_owned(), key.to_owned())) {
        Some(Some(digest)) if digest == record_digest(row) => {}
        Some(Some(_)) => findings.push(Finding {
            kind: "row_altered",
            subject: subject(),
            detail: "the row differs from what the log says was written".into(),
        }),
        Some(None) => findings.push(Finding {
            kind: "row_back",
            subject: subject(),
            detail: "the log says that this row was removed".into(),
        }),
        None => findings.push(Finding {
            kind: "row_unlogged",
            subject: subject(),
            detail: "no transition wrote this row".into(),
        }),
    }
}

/// Reservations whose instance never was.
async fn orphans(reader: &mut Reader) -> Result<Vec<Finding>, StoreError> {
    const PAGE: u32 = 1_000;
    let mut findings = Vec::new();
    let mut after = None;
    loop {
        let page = inventory::repo::holders(reader, after, PAGE).await?;
        for instance in &page {
            if store::instance::find(reader, *instance).await?.is_none() {
                findings.push(Finding {
                    kind: "reservation_without_instance",
                    subject: instance.to_string(),
                    detail: "it holds reservations, but there is no such instance".into(),
                });
            }
        }
        if page.len() < PAGE as usize {
            return Ok(findings);
        }
        after = page.last().copied();
    }
}
