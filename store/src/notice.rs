//! The tables `notice`, `notice_to` and `notice_read`: what people are told, in whose inboxes it is, and who has read it.
//!
//! As with tasks, whose inbox it is in is asked when it is read: who gets a role later sees what its holders were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::command::DeliveryId;
use engine::event::Candidates;
use engine::facts::RoleFact;
use engine::id::{InstanceId, UserId};
use engine::language::definition::Text;
use engine::project::NoticeRow;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Page, Read, Select};
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "notice",
    columns: &[
        ("instance", Type::Bytes),
        ("version", Type::I64),
        ("seq", Type::I64),
        ("process", Type::Text),
        ("key", Type::Text),
        ("step", Type::Text),
        ("kind", Type::Text),
        ("text_zh", Type::Text),
        ("text_en", Type::Text),
        ("at", Type::I64),
    ],
    key: 3,
};

const TO: Table<'static> = Table {
    name: "notice_to",
    columns: &[
        ("instance", Type::Bytes),
        ("version", Type::I64),
        ("seq", Type::I64),
        ("kind", Type::Text),
        ("name", Type::Text),
        ("scope", Type::Text),
        ("at", Type::I64),
    ],
    key: 6,
};

const ROLE: &str = "role";

/// Rounds of reading for one page: scopes are compared here, not by SQL.
const ROUNDS_MAX: usize = 8;

/// Whose notices.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub person: UserId,
    pub roles: Vec<RoleFact>,
    /// Those whose manager the person is.
    pub manages: Vec<UserId>,
    pub unread: bool,
}

/// A notice as an inbox shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub instance: InstanceId,
    pub notice: DeliveryId,
    pub process: Arc<str>,
    pub key: Option<Arc<str>>,
    pub step: Arc<str>,
    pub kind: Arc<str>,
    pub text: Text,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// Where a page ended; newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub at: Timestamp,
    pub instance: InstanceId,
    pub notice: DeliveryId,
}

pub(crate) async fn put(tx: &mut Tx, rows: &[&NoticeRow]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for row in rows {
        params.extend(params![
            &row.instance,
            row.notice.version,
            row.notice.seq,
            &row.process,
            row.key.as_deref(),
            &row.step,
            row.kind.word(),
            &row.text.zh,
            &row.text.en,
            row.at
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Keep, &params).await?;
    let entries: Vec<(&NoticeRow, BTreeSet<Entry<'_>>)> = rows.iter().map(|row| (*row, entries(&row.to))).collect();
    let mut params = Vec::new();
    for (row, entries) in &entries {
        for (kind, name, scope) in entries {
            let notice = row.notice;
            params.extend(params![&row.instance, notice.version, notice.seq, *kind, *name, scope, row.at]);
        }
    }
    bulk::write(tx, &TO, Conflict::Keep, &params).await.map(|_| ())
}

/// Kind, name and scope.
type Entry<'a> = (&'static str, &'a str, String);

fn entries(to: &[Candidates]) -> BTreeSet<Entry<'_>> {
    to.iter().map(entry).collect()
}

fn entry(candidate: &Candidates) -> Entry<'_> {
    match candidate {
        Candidates::Role { role, scope } if scope.is_empty() => (ROLE, role, String::new()),
        Candidates::Role { role, scope } => (ROLE, role, crate::project::json(scope)),
        Candidates::User { id } => ("user", id, String::new()),
        Candidates::ManagerOf { id } => ("manager_of", id, String::new()),
    }
}

/// A page of somebody's notices, newest first. A page may be shorter than asked for and still have a next.
pub async fn list(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Page<Listed, Cursor>, StoreError> {
    // Room for a notice that is found by every branch.
    let length = limit as usize + filter.roles.len() + filter.manages.len() + 2;
    let mut found: BTreeMap<std::cmp::Reverse<Cursor>, Listed> = BTreeMap::new();
    let mut after = after;
    for _ in 0..ROUNDS_MAX {
        let rows = read_branches(reader, filter, after, length).await?;
        let full = rows.len() >= length;
        let last = rows.last().map(place).transpose()?;
        let mut seen = after;
        for row in &rows {
            let place = place(row)?;
            // The last notice of a full answer may have more entries than were read.
            if full && Some(place) == last && seen != after {
                break;
            }
            seen = Some(place);
            if is_for(filter, row)? {
                found.entry(std::cmp::Reverse(place)).or_insert(listed(row)?);
            }
        }
        after = seen;
        if found.len() > limit as usize {
            return Ok(Page::cut(found.into_values().collect(), limit, cursor));
        }
        if !full {
            return Ok(Page { rows: found.into_values().collect(), next: None });
        }
    }
    Ok(Page { rows: found.into_values().collect(), next: after })
}

fn cursor(listed: &Listed) -> Cursor {
    Cursor { at: listed.at, instance: listed.instance, notice: listed.notice }
}

async fn read_branches(
    reader: &mut impl Read,
    filter: &Filter,
    after: Option<Cursor>,
    length: usize,
) -> Result<Vec<Row>, StoreError> {
    const ORDER: &str = " ORDER BY at DESC, instance DESC, version DESC, seq DESC";
    let mut branches: BTreeSet<(&str, &str)> = BTreeSet::from([("user", filter.person.as_ref())]);
    branches.extend(filter.roles.iter().map(|role| (ROLE, role.role.as_ref())));
    branches.extend(filter.manages.iter().map(|id| ("manager_of", id.as_ref())));
    let limit = i64::try_from(length).unwrap_or(i64::MAX);
    let mut select = Select::new(
        "SELECT n.instance, n.version, n.seq, n.process, n.key, n.step, n.kind, n.text_zh, n.text_en, n.at, r.at, \
         e.kind, e.name, e.scope FROM (SELECT * FROM (",
    );
    for (number, (kind, name)) in branches.iter().enumerate() {
        select.text(if number == 0 { "" } else { " UNION ALL " });
        select.text("SELECT * FROM (SELECT instance, version, seq, kind, name, scope, at FROM notice_to");
        select.branch().and("kind = ").value(*kind).and("name = ").value(*name);
        if let Some(after) = &after {
            select.and("(at, instance, version, seq) < ");
            select.list(params![after.at, &after.instance, after.notice.version, after.notice.seq]);
        }
        if filter.unread {
            select.and(
                "NOT EXISTS (SELECT 1 FROM notice_read AS seen WHERE seen.instance = notice_to.instance \
                 AND seen.version = notice_to.version AND seen.seq = notice_to.seq AND seen.person = ",
            );
            select.value(&filter.person).text(")");
        }
        select.text(ORDER).text(" LIMIT ").value(limit).text(&format!(") AS branch_{number}"));
    }
    select.text(") AS merged").text(ORDER).text(" LIMIT ").value(limit);
    select.text(
        ") AS e JOIN notice AS n ON n.instance = e.instance AND n.version = e.version AND n.seq = e.seq \
         LEFT JOIN notice_read AS r ON r.instance = e.instance AND r.version = e.version AND r.seq = e.seq \
         AND r.person = ",
    );
    select.value(&filter.person);
    select.text(" ORDER BY e.at DESC, e.instance DESC, e.version DESC, e.seq DESC");
    select.fetch(reader).await
}

/// Whether an entry is the person's in truth: a role counts only within the scope it was granted for.
fn is_for(filter: &Filter, row: &Row) -> Result<bool, StoreError> {
    if row.text(11)? != ROLE {
        return Ok(true);
    }
    let scope: BTreeMap<Arc<str>, Arc<str>> = if row.text(13)?.is_empty() { BTreeMap::new() } else { row.json(13)? };
    let role = row.text(12)?;
    Ok(filter.roles.iter().any(|grant| grant.covers(role, &scope)))
}

fn place(row: &Row) -> Result<Cursor, StoreError> {
    Ok(Cursor {
        at: row.timestamp(9)?,
        instance: row.instance(0)?,
        notice: DeliveryId { version: row.count(1)?, seq: row.count32(2)? },
    })
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        instance: row.instance(0)?,
        notice: DeliveryId { version: row.count(1)?, seq: row.count32(2)? },
        process: row.text(3)?.into(),
        key: row.opt_text(4)?.map(Arc::from),
        step: row.text(5)?.into(),
        kind: row.text(6)?.into(),
        text: Text { zh: row.text(7)?.into(), en: row.text(8)?.into() },
        at: row.timestamp(9)?,
        read_at: row.opt_timestamp(10)?,
    })
}

/// Whether one is in somebody's inbox.
pub async fn is_to(
    reader: &mut impl Read,
    filter: &Filter,
    instance: InstanceId,
    notice: DeliveryId,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT kind, name, scope FROM notice_to WHERE instance = $1 AND version = $2 AND seq = $3";
    for row in reader.all(SQL, &params![&instance, notice.version, notice.seq]).await? {
        let (kind, name) = (row.text(0)?, row.text(1)?);
        let scope: BTreeMap<Arc<str>, Arc<str>> = if row.text(2)?.is_empty() { BTreeMap::new() } else { row.json(2)? };
        let mine = match kind {
            ROLE => filter.roles.iter().any(|grant| grant.covers(name, &scope)),
            "user" => name == filter.person.as_ref(),
            _ => filter.manages.iter().any(|id| id.as_ref() == name),
        };
        if mine {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes that somebody has read one. `false`: they had before.
pub async fn mark_read(
    tx: &mut Tx,
    person: &str,
    instance: InstanceId,
    notice: DeliveryId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO notice_read (person, instance, version, seq, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING";
    Ok(tx.execute(SQL, &params![person, &instance, notice.version, notice.seq, at]).await? == 1)
}
