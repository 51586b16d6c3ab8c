//! The tables `instance` and `attribute`: instances as lists show them, and by what they are found. Derived.

use std::sync::Arc;

use engine::id::{Digest, InstanceId, ShardId};
use engine::project::{InstanceRow, InstanceStatus};
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::param::Param;
use crate::params;
use crate::row::Row;
use crate::select::{Page, Read, Select};
use crate::tx::Tx;

pub(crate) const TABLE: Table<'static> = Table {
    name: "instance",
    columns: &[
        ("instance", Type::Bytes),
        ("shard", Type::I64),
        ("process", Type::Text),
        ("release", Type::Bytes),
        ("key", Type::Text),
        ("status", Type::Text),
        ("outcome", Type::Text),
        ("version", Type::I64),
        ("ready", Type::Bool),
        ("open_incidents", Type::I64),
        ("initiator", Type::Text),
        ("parent", Type::Bytes),
        ("started_at", Type::I64),
        ("updated_at", Type::I64),
        ("ended_at", Type::I64),
    ],
    key: 1,
};

/// What may change. The rest is fixed at the start, so that its indexes are not written again with each step.
const AGAIN: &str = "release = excluded.release, key = excluded.key, status = excluded.status, \
     outcome = excluded.outcome, version = excluded.version, ready = excluded.ready, \
     open_incidents = excluded.open_incidents, updated_at = excluded.updated_at, ended_at = excluded.ended_at";

const ATTRIBUTE: Table<'static> = Table {
    name: "attribute",
    columns: &[("instance", Type::Bytes), ("name", Type::Text), ("value", Type::Text), ("process", Type::Text)],
    key: 3,
};

const COLUMNS: &str = "SELECT instance, process, release, key, status, outcome, version, ready, open_incidents, \
     initiator, parent, started_at, updated_at, ended_at FROM instance";

/// Which instances a list shows; newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub process: Option<Arc<str>>,
    pub status: Option<InstanceStatus>,
    pub key: Option<Arc<str>>,
    pub initiator: Option<Arc<str>>,
    pub parent: Option<InstanceId>,
    /// All of these must hold.
    pub attributes: Vec<(Arc<str>, Arc<str>)>,
    /// Only those with open incidents.
    pub with_incidents: bool,
    /// Only those that go by this release.
    pub release: Option<Digest>,
    /// Only those that have not ended.
    pub live: bool,
}

/// Where a page of instances ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub started_at: Timestamp,
    pub instance: InstanceId,
}

/// Business data of an instance, replacing what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    pub instance: InstanceId,
    pub process: Arc<str>,
    pub values: Vec<(Arc<str>, Arc<str>)>,
}

/// Writes instances, each at most once.
pub async fn put(tx: &mut Tx, rows: &[&InstanceRow]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for row in rows {
        params.extend(params![
            &row.instance,
            row.instance.shard().0,
            &row.process,
            &row.release,
            &row.key,
            row.status.word(),
            &row.outcome,
            row.version,
            row.ready,
            row.open_incidents,
            &row.initiator,
            &row.parent,
            row.started_at,
            row.updated_at,
            row.ended_at
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Set(AGAIN), &params).await.map(|_| ())
}

/// Replaces the attributes of instances, each given at most once.
pub async fn put_attributes(tx: &mut Tx, all: &[Attributes]) -> Result<(), StoreError> {
    let instances: Vec<Param<'_>> = all.iter().map(|of| Param::from(&of.instance)).collect();
    bulk::remove_by(tx, &ATTRIBUTE, 1, &instances).await?;
    let mut params = Vec::new();
    for of in all {
        let mut values: Vec<_> = of.values.iter().collect();
        values.sort();
        values.dedup();
        for (name, value) in values {
            params.extend(params![&of.instance, name, value, &of.process]);
        }
    }
    bulk::write(tx, &ATTRIBUTE, Conflict::Refuse, &params).await.map(|_| ())
}

/// How many instances that have not ended go by a release.
pub async fn count_live(reader: &mut impl Read, release: Digest) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM instance WHERE release = $1 AND ended_at IS NULL";
    let row = reader.one(SQL, &params![&release]).await?;
    row.map_or(Ok(0), |row| row.count(0))
}

/// One instance.
pub async fn find(reader: &mut impl Read, instance: InstanceId) -> Result<Option<InstanceRow>, StoreError> {
    let mut select = Select::new(COLUMNS);
    select.and("instance = ").value(&instance);
    select.fetch(reader).await?.first().map(read).transpose()
}

/// A page of instances, newest first.
pub async fn list(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<InstanceRow, Cursor>, StoreError> {
    let mut select = Select::new(COLUMNS);
    if let Some(process) = &filter.process {
        select.and("process = ").value(process);
    }
    if let Some(status) = filter.status {
        // A literal, so that the partial index of running instances is used.
        select.and("status = '").text(status.word()).text("'");
    }
    if let Some(key) = &filter.key {
        select.and("key = ").value(key);
    }
    if let Some(initiator) = &filter.initiator {
        select.and("initiator = ").value(initiator);
    }
    if filter.parent.is_some() {
        select.and("parent = ").value(&filter.parent);
    }
    if filter.with_incidents {
        select.and("open_incidents > 0");
    }
    if let Some(release) = &filter.release {
        select.and("release = ").value(release);
    }
    if filter.live {
        select.and("ended_at IS NULL");
    }
    for (name, value) in &filter.attributes {
        select.and("instance IN (SELECT instance FROM attribute WHERE name = ").value(name);
        select.text(" AND value = ").value(value).text(")");
    }
    if let Some(after) = &after {
        select.and("(started_at, instance) < ").list(params![after.started_at, &after.instance]);
    }
    select.text(" ORDER BY started_at DESC, instance DESC LIMIT ").value(i64::from(limit) + 1);
    let rows = select.fetch(reader).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::cut(rows, limit, |row: &InstanceRow| Cursor { started_at: row.started_at, instance: row.instance }))
}

/// Puts an instance aside whose history cannot be read: nothing can be decided on it, so only its row can say so.
pub async fn set_aside(tx: &mut Tx, instance: InstanceId) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE instance SET status = 'quarantined', ready = $2 WHERE instance = $1 \
         AND status NOT IN ('ended', 'cancelled', 'quarantined')";
    Ok(tx.execute(SQL, &params![&instance, false]).await? == 1)
}

/// Instances of a shard whose next steps are ready to run: what a writer goes on with after a start.
pub async fn ready(
    reader: &mut impl Read,
    shard: ShardId,
    after: Option<InstanceId>,
    limit: u32,
) -> Result<Vec<InstanceId>, StoreError> {
    const SQL: &str =
        "SELECT instance FROM instance WHERE shard = $1 AND ready AND instance > $2 ORDER BY instance LIMIT $3";
    let after = after.unwrap_or(InstanceId::from_bytes([0; 16]));
    reader.all(SQL, &params![shard.0, &after, limit]).await?.iter().map(|row| row.instance(0)).collect()
}

/// The attributes of an instance.
pub async fn attributes(reader: &mut impl Read, instance: InstanceId) -> Result<Vec<(Arc<str>, Arc<str>)>, StoreError> {
    const SQL: &str = "SELECT name, value FROM attribute WHERE instance = $1 ORDER BY name, value";
    let rows = reader.all(SQL, &params![&instance]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.into(), row.text(1)?.into()))).collect()
}

fn read(row: &Row) -> Result<InstanceRow, StoreError> {
    let instance = row.instance(0)?;
    let word = row.text(4)?;
    let Some(status) = InstanceStatus::parse(word) else {
        return Err(StoreError::corrupt("instance", "status", instance, format!("`{word}`")));
    };
    Ok(InstanceRow {
        instance,
        process: row.text(1)?.into(),
        release: row.digest(2)?,
        key: row.opt_text(3)?.map(Into::into),
        status,
        outcome: row.opt_text(5)?.map(Into::into),
        version: row.count(6)?,
        ready: row.bool(7)?,
        open_incidents: row.count32(8)?,
        initiator: row.opt_text(9)?.map(Into::into),
        parent: row.opt_instance(10)?,
        started_at: row.timestamp(11)?,
        updated_at: row.timestamp(12)?,
        ended_at: row.opt_timestamp(13)?,
    })
}
