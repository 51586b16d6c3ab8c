//! Table `substitution`.

use std::sync::Arc;

use engine::id::UserId;
use engine::time::Timestamp;
use engine::value::Value;
use store::{Reader, Row, StoreError, Tx, params};

pub(crate) const TABLE: &str = "substitution";

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub id: String,
    pub account: UserId,
    pub by: UserId,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Empty: all.
    pub processes: Vec<Arc<str>>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Stored {
    /// The canonical record whose digest the log keeps.
    pub(crate) fn record(&self) -> Value {
        let moment = |at: Timestamp| Value::Int(at.micros());
        Value::record([
            ("id", Value::text(self.id.as_str())),
            ("account", Value::text(self.account.clone())),
            ("substitute", Value::text(self.by.clone())),
            ("starts_at", moment(self.from)),
            ("ends_at", moment(self.until)),
            ("processes", Value::text(processes_text(&self.processes))),
            ("created_at", moment(self.created_at)),
            ("ended_at", self.ended_at.map_or(Value::Null, moment)),
        ])
    }
}

fn processes_text(processes: &[Arc<str>]) -> String {
    serde_json::Value::from(processes.iter().map(|name| name.to_string()).collect::<Vec<_>>()).to_string()
}

fn read(row: &Row) -> Result<Stored, StoreError> {
    let id: String = row.text(0)?.into();
    let processes = serde_json::from_str::<Vec<String>>(row.text(5)?)
        .map_err(|_| StoreError::corrupt(TABLE, "processes", &id, "no JSON list of texts"))?;
    Ok(Stored {
        account: row.text(1)?.into(),
        by: row.text(2)?.into(),
        from: row.timestamp(3)?,
        until: row.timestamp(4)?,
        processes: processes.into_iter().map(Into::into).collect(),
        created_at: row.timestamp(6)?,
        ended_at: row.opt_timestamp(7)?,
        id,
    })
}

/// Adds a period.
pub(crate) async fn insert(tx: &mut Tx, new: &Stored) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO substitution (id, account, substitute, starts_at, ends_at, processes, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &params![&new.id, &new.account, &new.by, new.from, new.until, &processes_text(&new.processes), new.created_at],
    )
    .await?;
    tx.wrote(TABLE, &new.id, Some(&new.record()));
    Ok(())
}

/// Ends a period before its time; none if there is no such period of this account that goes on.
pub(crate) async fn end(tx: &mut Tx, account: &str, id: &str, now: Timestamp) -> Result<Option<Stored>, StoreError> {
    let sql = "UPDATE substitution SET ended_at = $3 WHERE id = $1 AND account = $2 AND ended_at IS NULL
             RETURNING id, account, substitute, starts_at, ends_at, processes, created_at, ended_at";
    let rows = tx.fetch(sql, &params![id, account, now]).await?;
    let ended = rows.first().map(read).transpose()?;
    if let Some(ended) = &ended {
        tx.wrote(TABLE, &ended.id, Some(&ended.record()));
    }
    Ok(ended)
}

/// Every period, over or not.
pub(crate) async fn all(reader: &mut Reader) -> Result<Vec<Stored>, StoreError> {
    let sql = "SELECT id, account, substitute, starts_at, ends_at, processes, created_at, ended_at FROM substitution ORDER BY id";
    reader.fetch(sql, &[]).await?.iter().map(read).collect()
}

/// The periods that go on, for looking at them inside a change.
pub(crate) async fn going_on(tx: &mut Tx) -> Result<Vec<Stored>, StoreError> {
    let sql = "SELECT id, account, substitute, starts_at, ends_at, processes, created_at, ended_at FROM substitution WHERE ended_at IS NULL ORDER BY id";
    tx.fetch(sql, &[]).await?.iter().map(read).collect()
}
