//! The table `delivery`: mails and webhooks, which leave the house as leased jobs with a fence.

use std::sync::Arc;

use engine::command::{DeliveryId, DeliveryResult};
use engine::id::InstanceId;
use engine::language::definition::Text;
use engine::project::DeliveryRow;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::row::Row;
use crate::select::{Read, Select};
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "delivery",
    columns: &[
        ("instance", Type::Bytes),
        ("version", Type::I64),
        ("seq", Type::I64),
        ("process", Type::Text),
        ("key", Type::Text),
        ("step", Type::Text),
        ("channel", Type::Text),
        ("recipients", Type::Text),
        ("text_zh", Type::Text),
        ("text_en", Type::Text),
        ("at", Type::I64),
        ("optional", Type::I64),
        ("status", Type::Text),
        ("attempts", Type::I64),
        ("ready_at", Type::I64),
        ("fence", Type::I64),
    ],
    key: 3,
};

const WAITING: &str = "waiting";

/// A delivery that was given to one sender.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    pub row: DeliveryRow,
    /// Counting this one.
    pub attempt: u32,
    pub fence: u64,
}

pub(crate) async fn put(tx: &mut Tx, rows: &[&DeliveryRow]) -> Result<(), StoreError> {
    let texts: Vec<(String, String)> =
        rows.iter().map(|row| (crate::project::json(&row.channel), crate::project::json(&row.to))).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for (row, (channel, to)) in rows.iter().zip(&texts) {
        params.extend(params![
            &row.instance,
            row.delivery.version,
            row.delivery.seq,
            &row.process,
            row.key.as_deref(),
            &row.step,
            channel,
            to,
            &row.text.zh,
            &row.text.en,
            row.at,
            i64::from(row.optional),
            WAITING,
            0i64,
            row.at,
            0i64
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Keep, &params).await.map(|_| ())
}

/// Notes what became of deliveries; those without a result are tried anew.
pub(crate) async fn finish(
    tx: &mut Tx,
    rows: &[(InstanceId, DeliveryId, Option<&DeliveryResult>)],
) -> Result<(), StoreError> {
    const DONE: &str = "UPDATE delivery SET status = $1 WHERE instance = $2 AND version = $3 AND seq = $4";
    const ANEW: &str = "UPDATE delivery SET status = 'waiting', attempts = 0, ready_at = 0, fence = fence + 1 \
         WHERE instance = $1 AND version = $2 AND seq = $3";
    for (instance, delivery, result) in rows {
        let status = match result {
            Some(DeliveryResult::Delivered { .. }) => "delivered",
            Some(DeliveryResult::Failed { .. }) => "failed",
            None => {
                tx.execute(ANEW, &params![instance, delivery.version, delivery.seq]).await?;
                continue;
            }
        };
        tx.execute(DONE, &params![status, instance, delivery.version, delivery.seq]).await?;
    }
    Ok(())
}

/// Gives what is due to one sender, until a moment; earliest first.
pub async fn lease(tx: &mut Tx, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Leased>, StoreError> {
    let mut select = Select::new("WITH picked AS MATERIALIZED (SELECT instance, version, seq FROM delivery");
    select.and("status = 'waiting'").and("ready_at <= ").value(now);
    select.text(" ORDER BY ready_at, instance, version, seq LIMIT ").value(limit);
    select.text(crate::dialect::skip_locked(tx.kind()));
    select.text(") UPDATE delivery SET fence = fence + 1, attempts = attempts + 1, ready_at = ").value(until);
    select.text(" WHERE (instance, version, seq) IN (SELECT instance, version, seq FROM picked) RETURNING ");
    select.text(COLUMNS);
    select.fetch(tx).await?.iter().map(read).collect()
}

/// Gives one back, to be tried again from a moment on. `false`: the fence is stale.
pub async fn release(tx: &mut Tx, leased: &Leased, ready_at: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE delivery SET ready_at = $1 \
         WHERE instance = $2 AND version = $3 AND seq = $4 AND fence = $5 AND status = 'waiting'";
    let id = leased.row.delivery;
    let params = params![ready_at, &leased.row.instance, id.version, id.seq, leased.fence];
    Ok(tx.execute(SQL, &params).await? == 1)
}

/// The house has no such channel, and the inbox has it as well.
pub async fn skip(tx: &mut Tx, leased: &Leased) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE delivery SET status = 'skipped' \
         WHERE instance = $1 AND version = $2 AND seq = $3 AND fence = $4 AND status = 'waiting'";
    let id = leased.row.delivery;
    Ok(tx.execute(SQL, &params![&leased.row.instance, id.version, id.seq, leased.fence]).await? == 1)
}

/// When the next is due.
pub async fn next_ready(reader: &mut impl Read) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT ready_at FROM delivery WHERE status = 'waiting' ORDER BY ready_at LIMIT 1";
    reader.one(SQL, &[]).await?.map(|row| row.timestamp(0)).transpose()
}

/// What became of one: `waiting`, `delivered` or `failed`, and how often it was tried.
pub async fn status(
    reader: &mut impl Read,
    instance: InstanceId,
    delivery: DeliveryId,
) -> Result<Option<(String, u32)>, StoreError> {
    const SQL: &str = "SELECT status, attempts FROM delivery WHERE instance = $1 AND version = $2 AND seq = $3";
    let row = reader.one(SQL, &params![&instance, delivery.version, delivery.seq]).await?;
    row.map(|row| Ok((row.text(0)?.to_owned(), row.count32(1)?))).transpose()
}

const COLUMNS: &str = "instance, version, seq, process, key, step, channel, recipients, text_zh, text_en, at, optional, \
     attempts, fence";

fn read(row: &Row) -> Result<Leased, StoreError> {
    Ok(Leased {
        row: DeliveryRow {
            instance: row.instance(0)?,
            delivery: DeliveryId { version: row.count(1)?, seq: row.count32(2)? },
            process: row.text(3)?.into(),
            key: row.opt_text(4)?.map(Arc::from),
            step: row.text(5)?.into(),
            channel: row.json(6)?,
            to: row.json(7)?,
            text: Text { zh: row.text(8)?.into(), en: row.text(9)?.into() },
            at: row.timestamp(10)?,
            optional: row.i64(11)? != 0,
        },
        attempt: row.count32(12)?,
        fence: row.count(13)?,
    })
}
