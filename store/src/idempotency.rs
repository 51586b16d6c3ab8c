//! The table `idempotency`: answers already given, for seven days. A key belongs to its actor.

use std::sync::Arc;

use engine::id::Digest;
use engine::time::Timestamp;

use crate::bulk::{self, Conflict, Table, Type};
use crate::error::StoreError;
use crate::param::Param;
use crate::params;
use crate::row::Row;
use crate::select::Read;
use crate::tx::Tx;

const TABLE: Table<'static> = Table {
    name: "idempotency",
    columns: &[
        ("actor", Type::Text),
        ("key", Type::Text),
        ("request_hash", Type::Bytes),
        ("status", Type::I64),
        ("body", Type::Bytes),
        ("at", Type::I64),
    ],
    key: 2,
};

/// How long an answer is kept, in microseconds.
pub const KEPT_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub actor: Arc<str>,
    pub key: Arc<str>,
    /// Of what was asked: the same key with another question is the caller's mistake.
    pub request_hash: Digest,
    pub status: u16,
    pub body: Vec<u8>,
    pub at: Timestamp,
}

/// Stores answers. A key that is there already is an error: the command must not take effect twice.
pub async fn put(tx: &mut Tx, answers: &[Answer]) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(answers.len() * TABLE.columns.len());
    for answer in answers {
        params.extend(params![
            &answer.actor,
            &answer.key,
            &answer.request_hash,
            answer.status,
            &answer.body,
            answer.at
        ]);
    }
    bulk::write(tx, &TABLE, Conflict::Refuse, &params).await.map(|_| ())
}

const WANTED: &str = "actor, key, request_hash, status, body, at";

/// The answer given to an actor's key.
pub async fn find(reader: &mut impl Read, actor: &str, key: &str) -> Result<Option<Answer>, StoreError> {
    const SQL: &str =
        "SELECT actor, key, request_hash, status, body, at FROM idempotency WHERE actor = $1 AND key = $2";
    reader.one(SQL, &params![actor, key]).await?.as_ref().map(read).transpose()
}

/// The answers given to many keys, in no order: one question for a batch.
pub async fn find_many(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<Answer>, StoreError> {
    let params: Vec<Param<'_>> = keys.iter().flat_map(|(actor, key)| params![*actor, *key]).collect();
    bulk::read(tx, &TABLE, WANTED, &params).await?.iter().map(read).collect()
}

/// Forgets answers given before a moment, up to `limit`; gives how many.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM idempotency WHERE (actor, key) IN \
         (SELECT actor, key FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2)";
    tx.execute(SQL, &params![before, limit]).await
}

fn read(row: &Row) -> Result<Answer, StoreError> {
    let key: Arc<str> = row.text(1)?.into();
    let status =
        u16::try_from(row.i64(3)?).map_err(|error| StoreError::corrupt("idempotency", "status", &key, error))?;
    Ok(Answer {
        actor: row.text(0)?.into(),
        key,
        request_hash: row.digest(2)?,
        status,
        body: row.bytes(4)?,
        at: row.timestamp(5)?,
    })
}
