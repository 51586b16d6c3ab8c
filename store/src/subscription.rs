//! The table `subscription`: who waits for which message, kept by the shard that owns the message. Derived.
//!
//! A subscription names the fields it compares (`fields`, in order) and a hash of their values. A message is looked up
//! once for each list of fields that somebody waits by.

use std::sync::Arc;

use engine::id::{Digest, InstanceId, ShardId, SubscriptionId};

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::log::shard_of;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "subscription",
    columns: &[
        ("instance", Type::Bytes),
        ("subscription", Type::I64),
        ("shard", Type::I64),
        ("message", Type::Text),
        ("fields", Type::Text),
        ("match_hash", Type::Bytes),
        ("since", Type::I64),
    ],
    key: 2,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The shard that owns the message.
    pub shard: ShardId,
    pub message: Arc<str>,
    pub fields: Arc<str>,
    pub match_hash: Digest,
    pub instance: InstanceId,
    pub subscription: SubscriptionId,
    /// The owner's position after which it began to wait.
    pub since: u64,
}

/// Writes subscriptions, each given at most once.
pub async fn put(tx: &mut Tx, rows: &[SubscriptionRow]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(rows.len() * TABLE.columns.len());
    for row in rows {
        params.extend(params![
            &row.instance,
            row.subscription.0,
            row.shard.0,
            &row.message,
            &row.fields,
            &row.match_hash,
            row.since
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Replace, &params).await.map(|_| ())
}

/// Removes subscriptions.
pub async fn remove(tx: &mut Tx, which: &[(InstanceId, SubscriptionId)]) -> Result<u64, StoreError> {
    let mut params = Vec::with_capacity(which.len() * 2);
    for (instance, subscription) in which {
        params.extend(params![instance, subscription.0]);
    }
    bulk::remove(tx, &TABLE, &params).await
}

/// By which lists of fields a message is waited for.
pub async fn fields_of(reader: &mut impl Read, shard: ShardId, message: &str) -> Result<Vec<Arc<str>>, StoreError> {
    const SQL: &str = "SELECT DISTINCT fields FROM subscription WHERE shard = $1 AND message = $2 ORDER BY fields";
    reader.all(SQL, &params![shard.0, message]).await?.iter().map(|row| Ok(row.text(0)?.into())).collect()
}

/// Who waits for a message with these values, in the order of their ids.
pub async fn matching(
    reader: &mut impl Read,
    shard: ShardId,
    message: &str,
    fields: &str,
    match_hash: Digest,
    limit: u32,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    const SQL: &str = "SELECT shard, message, fields, match_hash, instance, subscription, since FROM subscription \
         WHERE shard = $1 AND message = $2 AND fields = $3 AND match_hash = $4 ORDER BY instance, subscription LIMIT $5";
    reader.all(SQL, &params![shard.0, message, fields, &match_hash, limit]).await?.iter().map(read).collect()
}

/// Who began to wait for a message with these values no later than a position, after a place in the order of their ids.
pub async fn matching_after(
    reader: &mut impl Read,
    wanted: &Wanted<'_>,
    after: (InstanceId, SubscriptionId),
    limit: u32,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    const SQL: &str = "SELECT shard, message, fields, match_hash, instance, subscription, since FROM subscription \
         WHERE shard = $1 AND message = $2 AND fields = $3 AND match_hash = $4 AND since <= $5 \
         AND (instance, subscription) > ($6, $7) ORDER BY instance, subscription LIMIT $8";
    let params = params![
        wanted.shard.0,
        wanted.message,
        wanted.fields,
        &wanted.match_hash,
        wanted.until,
        &after.0,
        after.1.0,
        limit
    ];
    reader.all(SQL, &params).await?.iter().map(read).collect()
}

/// A message, by the fields and values that a list of waiters compares.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub shard: ShardId,
    pub message: &'a str,
    pub fields: &'a str,
    pub match_hash: Digest,
    pub until: u64,
}

/// Whether an instance of this process waits for a message with these values.
pub async fn has_process(reader: &mut impl Read, wanted: &Wanted<'_>, process: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT s.subscription FROM subscription s JOIN instance i ON i.instance = s.instance \
         WHERE s.shard = $1 AND s.message = $2 AND s.fields = $3 AND s.match_hash = $4 AND i.process = $5 LIMIT 1";
    let params = params![wanted.shard.0, wanted.message, wanted.fields, &wanted.match_hash, process];
    Ok(reader.one(SQL, &params).await?.is_some())
}

fn read(row: &Row) -> Result<SubscriptionRow, StoreError> {
    Ok(SubscriptionRow {
        shard: shard_of(row, 0)?,
        message: row.text(1)?.into(),
        fields: row.text(2)?.into(),
        match_hash: row.digest(3)?,
        instance: row.instance(4)?,
        subscription: SubscriptionId(row.count(5)?),
        since: row.count(6)?,
    })
}
