//! The table `snapshot`: folded states, so that a long history need not be folded from its beginning. Derived.

use engine::id::InstanceId;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::params;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "snapshot",
    columns: &[("instance", Type::Bytes), ("version", Type::I64), ("position", Type::I64), ("state", Type::Bytes)],
    key: 1,
};

/// A state after the transition `version` of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub instance: InstanceId,
    pub version: u64,
    pub position: u64,
    pub state: Vec<u8>,
}

/// Stores states, in the place of the earlier ones.
pub async fn put(tx: &mut Tx, snapshots: &[Snapshot]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(snapshots.len() * TABLE.columns.len());
    for snapshot in snapshots {
        params.extend(params![&snapshot.instance, snapshot.version, snapshot.position, &snapshot.state]);
    }
    bulk::write(tx, &TABLE, Conflict::Replace, &params).await.map(|_| ())
}

/// The newest state of a stream, if one was stored.
pub async fn find(reader: &mut impl Read, instance: InstanceId) -> Result<Option<Snapshot>, StoreError> {
    const SQL: &str = "SELECT version, position, state FROM snapshot WHERE instance = $1";
    let Some(row) = reader.one(SQL, &params![&instance]).await? else { return Ok(None) };
    Ok(Some(Snapshot { instance, version: row.count(0)?, position: row.count(1)?, state: row.bytes(2)? }))
}

/// Forgets every state: they are made again from the log.
pub async fn clear(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM snapshot", &[]).await
}
