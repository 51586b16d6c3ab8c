//! The tables `message` and `message_match`: published messages until they expire, kept by the shard that owns them.
//!
//! The sender's id makes a second publishing visible. Those that wait for a subscriber are found, oldest first, under every
//! list of fields that the publisher named.

use std::sync::Arc;

use engine::id::{Digest, ShardId};
use engine::time::Timestamp;
use engine::value::Value;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::log::shard_of;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

const MATCH: Table<'static> = Table {
    name: "message_match",
    columns: &[
        ("shard", Type::I64),
        ("name", Type::Text),
        ("fields", Type::Text),
        ("match_hash", Type::Bytes),
        ("position", Type::I64),
        ("id", Type::Text),
    ],
    key: 6,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The shard that owns it.
    pub shard: ShardId,
    pub name: Arc<str>,
    /// The sender's own id.
    pub id: Arc<str>,
    pub payload: Value,
    /// Of the transition that published it: the order of messages.
    pub position: u64,
    pub published_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Stores a message, to be found under these lists of fields and hashes. `false`: the sender's id was there before.
pub async fn put(tx: &mut Tx, row: &MessageRow, matches: &[(Arc<str>, Digest)]) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO message (shard, name, id, payload, position, published_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let payload = crate::project::json(&row.payload);
    let params = params![row.shard.0, &row.name, &row.id, &payload, row.position, row.published_at, row.expires_at];
    if tx.execute(SQL, &params).await? == 0 {
        return Ok(false);
    }
    offer(tx, row, matches).await?;
    Ok(true)
}

/// Makes a stored message findable again: whoever had taken it gave it back.
pub async fn offer(tx: &mut Tx, row: &MessageRow, matches: &[(Arc<str>, Digest)]) -> Result<(), StoreError> {
    let mut params = Vec::new();
    for (fields, hash) in matches {
        params.extend(params![row.shard.0, &row.name, fields, hash, row.position, &row.id]);
    }
    bulk::write(tx, &MATCH, Conflict::Keep, &params).await.map(|_| ())
}

/// One message, whether expired or not.
pub async fn find(
    reader: &mut impl Read,
    shard: ShardId,
    name: &str,
    id: &str,
) -> Result<Option<MessageRow>, StoreError> {
    const SQL: &str = "SELECT shard, name, id, payload, position, published_at, expires_at FROM message \
         WHERE shard = $1 AND name = $2 AND id = $3";
    reader.one(SQL, &params![shard.0, name, id]).await?.as_ref().map(read).transpose()
}

/// Messages that wait under these fields and values, oldest first; what has expired is not seen, swept or not.
pub async fn waiting(
    reader: &mut impl Read,
    shard: ShardId,
    name: &str,
    fields: &str,
    match_hash: Digest,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<MessageRow>, StoreError> {
    const SQL: &str = "SELECT m.shard, m.name, m.id, m.payload, m.position, m.published_at, m.expires_at \
         FROM message_match f JOIN message m ON m.shard = f.shard AND m.name = f.name AND m.id = f.id \
         WHERE f.shard = $1 AND f.name = $2 AND f.fields = $3 AND f.match_hash = $4 AND m.expires_at > $5 \
         ORDER BY f.position, f.id LIMIT $6";
    reader.all(SQL, &params![shard.0, name, fields, &match_hash, now, limit]).await?.iter().map(read).collect()
}

/// A message is not found by subscribers any more; its id is still known.
pub async fn consume(tx: &mut Tx, shard: ShardId, name: &str, id: &str) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM message_match WHERE shard = $1 AND name = $2 AND id = $3";
    tx.execute(SQL, &params![shard.0, name, id]).await
}

/// Messages whose time passed before anybody took them, oldest first; they are kept for a while.
pub async fn unheard(reader: &mut impl Read, now: Timestamp, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
    const SQL: &str = "SELECT m.shard, m.name, m.id, m.payload, m.position, m.published_at, m.expires_at FROM message m \
         WHERE m.expires_at <= $1 AND EXISTS (SELECT 1 FROM message_match f WHERE f.shard = m.shard AND f.name = m.name \
         AND f.id = m.id) ORDER BY m.expires_at, m.name, m.id LIMIT $2";
    reader.all(SQL, &params![now, limit]).await?.iter().map(read).collect()
}

/// Removes what expired before a moment, up to `limit` messages; gives how many.
pub async fn sweep(tx: &mut Tx, shard: ShardId, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const OLD: &str = "SELECT name, id FROM message WHERE shard = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3";
    const ONE: &str = "DELETE FROM message WHERE shard = $1 AND name = $2 AND id = $3";
    let old = tx.fetch(OLD, &params![shard.0, before, limit]).await?;
    for row in &old {
        let (name, id) = (row.text(0)?, row.text(1)?);
        consume(tx, shard, name, id).await?;
        tx.execute(ONE, &params![shard.0, name, id]).await?;
    }
    Ok(old.len() as u64)
}

fn read(row: &Row) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        shard: shard_of(row, 0)?,
        name: row.text(1)?.into(),
        id: row.text(2)?.into(),
        payload: row.json(3)?,
        position: row.count(4)?,
        published_at: row.timestamp(5)?,
        expires_at: row.timestamp(6)?,
    })
}
