//! The table `shard`: where each chain ends, and who may write it now.
//!
//! A lease is a holder, an end and an epoch that grows with each new holder. Time is the caller's `now`, which should be the
//! database's clock ([`crate::Database::now`]); what excludes a second writer for certain is the epoch in [`advance`].

use engine::history::transition::SEMANTICS;
use engine::id::{Digest, ShardId};
use engine::time::Timestamp;

use crate::database::Database;
use crate::error::StoreError;
use crate::log::{number, shard_of};
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

/// The right to write a shard, until it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub shard: ShardId,
    pub epoch: u64,
    pub position: u64,
    pub head: Digest,
    pub until: Timestamp,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardRow {
    pub shard: ShardId,
    pub epoch: u64,
    pub holder: Option<String>,
    pub lease_until: Option<Timestamp>,
    pub position: u64,
    pub head: Digest,
    pub semantics: u32,
}

impl ShardRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(ShardRow {
            shard: shard_of(row, 0)?,
            epoch: row.count(1)?,
            holder: row.opt_text(2)?.map(str::to_owned),
            lease_until: row.opt_timestamp(3)?,
            position: row.count(4)?,
            head: row.digest(5)?,
            semantics: row.count32(6)?,
        })
    }
}

const ONE: &str = "SELECT id, epoch, holder, lease_until, position, head, semantics FROM shard WHERE id = $1";

/// Every shard, by number.
pub async fn all(reader: &mut impl Read) -> Result<Vec<ShardRow>, StoreError> {
    const SQL: &str = "SELECT id, epoch, holder, lease_until, position, head, semantics FROM shard ORDER BY id";
    reader.all(SQL, &[]).await?.iter().map(ShardRow::read).collect()
}

/// One shard, as it is committed: what to read when nobody knows whether a COMMIT arrived.
pub async fn get(reader: &mut impl Read, shard: ShardId) -> Result<ShardRow, StoreError> {
    let row = reader.one(ONE, &params![shard.0]).await?;
    ShardRow::read(&row.ok_or_else(|| missing(shard))?)
}

/// Moves the end of a chain, as the last statement of a batch. `false`: somebody else has the shard now, or it has moved;
/// the batch must be rolled back.
pub async fn advance(
    tx: &mut Tx,
    shard: ShardId,
    epoch: u64,
    from_position: u64,
    to_position: u64,
    head: Digest,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE shard SET position = $1, head = $2, semantics = $3 WHERE id = $4 AND epoch = $5 AND position = $6";
    let params = params![number(to_position), &head, SEMANTICS, shard.0, number(epoch), number(from_position)];
    Ok(tx.execute(SQL, &params).await? == 1)
}

/// Takes a shard that nobody holds, or whose lease has ended. A living lease of another holder is an error that names it.
/// The same holder gets a new epoch too: its former self may still be writing.
pub async fn lease(
    db: &Database,
    shard: ShardId,
    holder: &str,
    now: Timestamp,
    ttl_micros: i64,
) -> Result<Lease, StoreError> {
    const SQL: &str = "UPDATE shard SET epoch = epoch + 1, holder = $1, lease_until = $2 \
         WHERE id = $3 AND (holder IS NULL OR holder = $1 OR lease_until <= $4) AND semantics <= $5 \
         RETURNING epoch, position, head";
    let until = now.plus_micros(ttl_micros);
    let mut tx = db.begin().await?;
    let Some(row) = tx.fetch_optional(SQL, &params![holder, until, shard.0, now, SEMANTICS]).await? else {
        let row = tx.fetch_optional(ONE, &params![shard.0]).await?;
        let found = ShardRow::read(&row.ok_or_else(|| missing(shard))?)?;
        tx.rollback().await?;
        return Err(refusal(found));
    };
    let lease = Lease { shard, epoch: row.count(0)?, position: row.count(1)?, head: row.digest(2)?, until };
    tx.commit().await?;
    Ok(lease)
}

/// Makes a lease last longer. `false`: it is somebody else's now.
pub async fn renew(db: &Database, shard: ShardId, epoch: u64, until: Timestamp) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let renewed = extend(&mut tx, shard, epoch, until).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// [`renew`] within a batch.
pub async fn extend(tx: &mut Tx, shard: ShardId, epoch: u64, until: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE shard SET lease_until = $1 WHERE id = $2 AND epoch = $3 AND holder IS NOT NULL";
    Ok(tx.execute(SQL, &params![until, shard.0, number(epoch)]).await? == 1)
}

/// Gives a shard back. Nothing happens when it is somebody else's already.
pub async fn release(db: &Database, shard: ShardId, epoch: u64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE shard SET holder = NULL, lease_until = NULL WHERE id = $1 AND epoch = $2";
    let mut tx = db.begin().await?;
    tx.execute(SQL, &params![shard.0, number(epoch)]).await?;
    tx.commit().await
}

fn refusal(found: ShardRow) -> StoreError {
    if found.semantics > SEMANTICS {
        return StoreError::Semantics {
            shard: found.shard.0,
            found: i64::from(found.semantics),
            known: i64::from(SEMANTICS),
        };
    }
    StoreError::ServerRunning {
        shard: found.shard.0,
        holder: found.holder.unwrap_or_default(),
        until: found.lease_until.unwrap_or(Timestamp::EPOCH),
    }
}

fn missing(shard: ShardId) -> StoreError {
    StoreError::corrupt("shard", "id", shard.0, "there is no such shard")
}
