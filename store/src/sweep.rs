//! The table `sweep`: messages and signals on their way to many, chunk by chunk, and how far each has come.

use std::sync::Arc;

use engine::id::{InstanceId, ShardId, SubscriptionId};
use engine::value::Value;

use crate::error::StoreError;
use crate::log::shard_of;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// The owner, and the transition that began it: who began to wait later is not meant.
    pub shard: ShardId,
    pub position: u64,
    pub message: Arc<str>,
    pub id: Arc<str>,
    pub payload: Value,
    /// The list of fields that it stands in, and the last waiter there who has it.
    pub fields: Arc<str>,
    pub after: (InstanceId, SubscriptionId),
    pub sent: u64,
}

/// Begins one.
pub async fn begin(tx: &mut Tx, row: &SweepRow) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sweep (shard, position, message, id, payload, fields, after_instance, \
         after_subscription, sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let payload = crate::project::json(&row.payload);
    let params = params![
        row.shard.0,
        row.position,
        &row.message,
        &row.id,
        &payload,
        &row.fields,
        &row.after.0,
        row.after.1.0,
        row.sent
    ];
    tx.execute(SQL, &params).await.map(drop)
}

/// Moves one on. `false`: it is over, or somebody else has moved it.
pub async fn advance(tx: &mut Tx, row: &SweepRow, before: u64) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sweep SET fields = $1, after_instance = $2, after_subscription = $3, sent = $4 \
         WHERE shard = $5 AND position = $6 AND sent = $7";
    let params = params![&row.fields, &row.after.0, row.after.1.0, row.sent, row.shard.0, row.position, before];
    Ok(tx.execute(SQL, &params).await? == 1)
}

/// Ends one.
pub async fn end(tx: &mut Tx, shard: ShardId, position: u64) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM sweep WHERE shard = $1 AND position = $2";
    Ok(tx.execute(SQL, &params![shard.0, position]).await? == 1)
}

pub async fn find(reader: &mut impl Read, shard: ShardId, position: u64) -> Result<Option<SweepRow>, StoreError> {
    const SQL: &str = "SELECT shard, position, message, id, payload, fields, after_instance, after_subscription, sent \
         FROM sweep WHERE shard = $1 AND position = $2";
    reader.one(SQL, &params![shard.0, position]).await?.as_ref().map(read).transpose()
}

/// What a shard has under way, oldest first.
pub async fn of_shard(reader: &mut impl Read, shard: ShardId, limit: u32) -> Result<Vec<u64>, StoreError> {
    const SQL: &str = "SELECT position FROM sweep WHERE shard = $1 ORDER BY position LIMIT $2";
    reader.all(SQL, &params![shard.0, limit]).await?.iter().map(|row| row.count(0)).collect()
}

fn read(row: &Row) -> Result<SweepRow, StoreError> {
    Ok(SweepRow {
        shard: shard_of(row, 0)?,
        position: row.count(1)?,
        message: row.text(2)?.into(),
        id: row.text(3)?.into(),
        payload: row.json(4)?,
        fields: row.text(5)?.into(),
        after: (row.instance(6)?, SubscriptionId(row.count(7)?)),
        sent: row.count(8)?,
    })
}
