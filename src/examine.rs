//! Whether a database is in order: the record replayed, and every row of a service held against it.
//!
//! Reads only. It wants a database at rest: what is written meanwhile would look like rows beside the log.

use std::collections::BTreeMap;

use engine::project::{InstanceRow, InstanceStatus};
use engine::signing::record_digest;
use engine::value::Value;
use runtime::releases::Releases;
use runtime::verify::{self, Mismatch, Newest};
use serde::Serialize;
use store::{Database, Reader, StoreError};

/// What was looked at, and what is wrong.
#[derive(Debug, Serialize)]
pub struct Examination {
    pub instances: u64,
    pub transitions: u64,
    /// Rows of services' tables.
    pub rows: u64,
    pub findings: Vec<Finding>,
    /// What somebody should know although nothing is wrong with the record: instances that are held, messages that nobody
    /// heard before their time was over.
    pub notices: Vec<Finding>,
}

/// One thing that is not as it should be.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub kind: &'static str,
    /// The instance, the row or the shard; empty where the detail names it.
    pub subject: String,
    pub detail: String,
}

/// Examines a database; `progress` hears how many transitions were replayed.
pub async fn examine(
    database: &Database,
    releases: &Releases,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Examination, StoreError> {
    let report = verify::all(database, releases, progress).await?;
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
    for release in store::release::list(&mut reader, None).await? {
        rows += 1;
        let (key, row) = (release.digest.to_string(), runtime::deploy::record(&release));
        judge(runtime::deploy::TABLE, &key, &row, &mut logged, &mut findings);
    }
    for alarm in store::clock_alarm::list(&mut reader).await? {
        rows += 1;
        let (key, row) = (alarm.id.to_string(), runtime::skew::record(&alarm));
        judge(runtime::skew::TABLE, &key, &row, &mut logged, &mut findings);
        if alarm.acknowledged.is_none() {
            let detail =
                format!("it should have been {}, and was {}; nobody has acknowledged it", alarm.expected, alarm.seen);
            findings.push(Finding { kind: "clock_in_doubt", subject: format!("alarm {key}"), detail });
        }
    }
    // What the log says is there and no table had.
    for ((table, key), _) in logged.into_iter().filter(|(_, newest)| newest.values().all(Option::is_some)) {
        let detail = "the log has this row, the table has not".into();
        findings.push(Finding { kind: "row_missing", subject: format!("{table} {key}"), detail });
    }
    let faults = inventory::repo::faults(&mut reader).await?.into_iter().map(|fault| ("stock", fault));
    let exposure = sales::repo::exposure_faults(&mut reader).await?.into_iter().map(|fault| ("exposure", fault));
    findings.extend(faults.chain(exposure).map(|(kind, detail)| Finding { kind, subject: String::new(), detail }));
    findings.extend(orphans(&mut reader).await?);
    findings.extend(held(&mut reader, InstanceStatus::Quarantined).await?);
    let mut notices = held(&mut reader, InstanceStatus::Suspended).await?;
    let now = reader.now().await?;
    for message in store::message::unheard(&mut reader, now, NOTICES_MAX).await? {
        notices.push(Finding {
            kind: "message_unheard",
            subject: format!("{} {}", message.name, message.id),
            detail: format!("nobody took it before {}", message.expires_at),
        });
    }
    Ok(Examination { instances: report.instances, transitions: report.transitions, rows, findings, notices })
}

/// How many notices of a kind are listed.
const NOTICES_MAX: u32 = 200;

/// Instances that wait for an operator, in this status.
async fn held(reader: &mut Reader, status: InstanceStatus) -> Result<Vec<Finding>, StoreError> {
    let filter = store::instance::Filter { status: Some(status), ..store::instance::Filter::default() };
    let page = store::instance::list(reader, &filter, None, NOTICES_MAX).await?;
    let finding = |row: InstanceRow| Finding {
        kind: status.word(),
        subject: row.instance.to_string(),
        detail: format!("{}, since {}: look at `countersign instances show`", row.process, row.updated_at),
    };
    Ok(page.rows.into_iter().map(finding).collect())
}

fn of_mismatch(mismatch: &Mismatch) -> Finding {
    let subject = mismatch.instance.map_or_else(|| format!("shard {}", mismatch.shard.0), |id| id.to_string());
    Finding { kind: mismatch.kind, subject, detail: mismatch.detail.clone() }
}

type Logged = BTreeMap<(String, String), Newest>;

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
        Some(newest) if newest.values().any(|digest| *digest == Some(record_digest(row))) => {}
        Some(newest) if newest.values().any(Option::is_some) => findings.push(Finding {
            kind: "row_altered",
            subject: subject(),
            detail: "the row differs from what the log says was written".into(),
        }),
        Some(_) => findings.push(Finding {
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
