//! The table `business_key`: one running instance for each key of a process, across all shards.
//!
//! A key is claimed before deciding, so that two shards cannot both believe it theirs. Derived, but claimed early.

use engine::id::InstanceId;

use crate::bulk::{self, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "business_key",
    columns: &[("process", Type::Text), ("key", Type::Text), ("instance", Type::Bytes)],
    key: 3,
};

/// How often a key may be freed under a claim before the claim gives up.
const CLAIMS_MAX: usize = 8;

/// Claims a key; gives whose it is now.
pub async fn claim(tx: &mut Tx, process: &str, key: &str, instance: InstanceId) -> Result<InstanceId, StoreError> {
    const SQL: &str = "INSERT INTO business_key (process, key, instance) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    // The INSERT waits for another's claim to commit, so its row is there to read, unless it was freed in between.
    for _ in 0..CLAIMS_MAX {
        if tx.execute(SQL, &params![process, key, &instance]).await? == 1 {
            return Ok(instance);
        }
        if let Some(owner) = owner(tx, process, key).await? {
            return Ok(owner);
        }
    }
    Err(StoreError::KeyContended { process: process.to_owned(), key: key.to_owned() })
}

/// Whose key it is.
pub async fn owner(reader: &mut impl Read, process: &str, key: &str) -> Result<Option<InstanceId>, StoreError> {
    const SQL: &str = "SELECT instance FROM business_key WHERE process = $1 AND key = $2";
    reader.one(SQL, &params![process, key]).await?.map(|row| row.instance(0)).transpose()
}

/// Frees keys; one that is another instance's by now stays.
pub async fn free(tx: &mut Tx, keys: &[(&str, &str, InstanceId)]) -> Result<u64, StoreError> {
    let mut params = Vec::with_capacity(keys.len() * TABLE.columns.len());
    for (process, key, instance) in keys {
        params.extend(params![*process, *key, instance]);
    }
    bulk::remove_by(tx, &TABLE, TABLE.columns.len(), &params).await
}
