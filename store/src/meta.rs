//! The table `meta`: one row that says what this database is.

use crate::database::{OpenOptions, SHARDS_USUAL};
use crate::error::StoreError;
use crate::params;
use crate::tx::Tx;

/// The version of the tables' meaning.
pub const FORMAT: i64 = 1;

/// Reads the number of shards; writes the row and the shards' rows when the database is new.
pub(crate) async fn open(tx: &mut Tx, options: &OpenOptions) -> Result<u16, StoreError> {
    let Some(row) = tx.fetch_optional("SELECT format, shards FROM meta", &[]).await? else {
        return create(tx, options).await;
    };
    let format = row.i64(0)?;
    if format > FORMAT {
        return Err(StoreError::Format { found: format, known: FORMAT });
    }
    let found = u16::try_from(row.i64(1)?).map_err(|error| StoreError::corrupt("meta", "shards", "1", error))?;
    match options.shards {
        Some(wanted) if wanted != found => Err(StoreError::Shards { found, wanted }),
        _ => Ok(found),
    }
}

async fn create(tx: &mut Tx, options: &OpenOptions) -> Result<u16, StoreError> {
    if !options.create {
        return Err(StoreError::NotCreated);
    }
    let shards = options.shards.unwrap_or(SHARDS_USUAL).max(1);
    let now = tx.now().await?;
    tx.execute("INSERT INTO meta (id, format, shards, created) VALUES (1, $1, $2, $3)", &params![FORMAT, shards, now])
        .await?;
    for shard in 0..shards {
        tx.execute(
            "INSERT INTO shard (id, epoch, position, head, semantics) VALUES ($1, 0, 0, $2, 0)",
            &params![shard, &engine::id::Digest::ZERO],
        )
        .await?;
    }
    Ok(shards)
}
