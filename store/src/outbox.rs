//! The tables `outbox` and `delivered`: what one stream sends to another, once.
//!
//! A row is written with the transition that sends it, and removed after the receiver's own transition is durable. The
//! receiver notes where it came from in the same transaction, so a second delivery is seen.

use engine::id::{InstanceId, ShardId};
use engine::project::Outgoing;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::log::shard_of;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "outbox",
    columns: &[
        ("shard", Type::I64),
        ("position", Type::I64),
        ("seq", Type::I64),
        ("target", Type::Bytes),
        ("body", Type::Text),
    ],
    key: 3,
};

/// Where something was sent from: unique for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub shard: ShardId,
    pub position: u64,
    /// Its place among what the transition sent, from 0.
    pub seq: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    pub origin: Origin,
    pub outgoing: Outgoing,
}

/// Writes what transitions send.
pub async fn append(tx: &mut Tx, rows: &[(Origin, &Outgoing)]) -> Result<(), StoreError> {
    let texts: Vec<(Option<InstanceId>, String)> =
        rows.iter().map(|(_, outgoing)| (target(outgoing), crate::project::json(outgoing))).collect();
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for ((origin, _), (target, body)) in rows.iter().zip(&texts) {
        params.extend(params![origin.shard.0, origin.position, origin.seq, target, body]);
    }
    bulk::write(tx, &TABLE, Conflict::Keep, &params).await.map(|_| ())
}

/// What a shard has to send after a place, in order.
pub async fn pending(
    reader: &mut impl Read,
    shard: ShardId,
    after: Option<Origin>,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    const SQL: &str = "SELECT shard, position, seq, body FROM outbox \
         WHERE shard = $1 AND (position, seq) > ($2, $3) ORDER BY position, seq LIMIT $4";
    let (position, seq) = after.map_or((0, 0), |after| (after.position, after.seq));
    reader.all(SQL, &params![shard.0, position, seq, limit]).await?.iter().map(read).collect()
}

/// Removes what has arrived.
pub async fn remove(tx: &mut Tx, origins: &[Origin]) -> Result<u64, StoreError> {
    let mut params = Vec::with_capacity(origins.len() * 3);
    for origin in origins {
        params.extend(params![origin.shard.0, origin.position, origin.seq]);
    }
    bulk::remove(tx, &TABLE, &params).await
}

/// Notes a delivery with the receiver's transition. `false`: it was delivered before.
pub async fn mark_delivered(tx: &mut Tx, origin: Origin) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO delivered (origin, position, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(SQL, &params![origin.shard.0, origin.position, origin.seq]).await? == 1)
}

/// Whether something was delivered.
pub async fn was_delivered(reader: &mut impl Read, origin: Origin) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT seq FROM delivered WHERE origin = $1 AND position = $2 AND seq = $3";
    Ok(reader.one(SQL, &params![origin.shard.0, origin.position, origin.seq]).await?.is_some())
}

fn target(outgoing: &Outgoing) -> Option<InstanceId> {
    match outgoing {
        Outgoing::Command { to, .. } => Some(*to),
        Outgoing::Subscribe { .. }
        | Outgoing::Unsubscribe { .. }
        | Outgoing::GiveBack { .. }
        | Outgoing::Decline { .. }
        | Outgoing::Publish { .. }
        | Outgoing::Signal { .. } => None,
    }
}

fn read(row: &Row) -> Result<OutboxRow, StoreError> {
    let origin = Origin { shard: shard_of(row, 0)?, position: row.count(1)?, seq: row.count32(2)? };
    Ok(OutboxRow { origin, outgoing: row.json(3)? })
}
