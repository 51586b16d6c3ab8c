//! Table `api_token`.

use engine::id::{Digest, UserId};
use engine::time::Timestamp;
use engine::value::Value;
use store::{Reader, Row, StoreError, Tx, params};

pub(crate) const TABLE: &str = "api_token";

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub id: String,
    pub account: UserId,
    pub digest: Digest,
    pub label: String,
    pub last4: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// The canonical record whose digest the log keeps.
    pub(crate) fn record(&self) -> Value {
        let moment = |at: Option<Timestamp>| at.map_or(Value::Null, |at| Value::Int(at.micros()));
        Value::record([
            ("id", Value::text(self.id.as_str())),
            ("account", Value::text(self.account.clone())),
            ("digest", Value::text(self.digest.to_string())),
            ("label", Value::text(self.label.as_str())),
            ("last4", Value::text(self.last4.as_str())),
            ("created_at", moment(Some(self.created_at))),
            ("expires_at", moment(self.expires_at)),
            ("revoked_at", moment(self.revoked_at)),
        ])
    }
}

fn read(row: &Row) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.text(0)?.into(),
        account: row.text(1)?.into(),
        digest: row.digest(2)?,
        label: row.text(3)?.into(),
        last4: row.text(4)?.into(),
        created_at: row.timestamp(5)?,
        expires_at: row.opt_timestamp(6)?,
        revoked_at: row.opt_timestamp(7)?,
    })
}

/// Adds a token.
pub(crate) async fn insert(tx: &mut Tx, token: &Token) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO api_token (id, account, digest, label, last4, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &params![
            &token.id,
            &token.account,
            &token.digest,
            &token.label,
            &token.last4,
            token.created_at,
            token.expires_at
        ],
    )
    .await?;
    tx.wrote(TABLE, &token.id, Some(&token.record()));
    Ok(())
}

/// Ends a token; none if there is no live one of this name.
pub(crate) async fn revoke(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<Token>, StoreError> {
    let rows = tx
        .fetch(
            "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
             RETURNING id, account, digest, label, last4, created_at, expires_at, revoked_at",
            &params![id, now],
        )
        .await?;
    note(tx, rows).map(|mut tokens| tokens.pop())
}

/// Ends all live tokens of an account.
pub(crate) async fn revoke_all(tx: &mut Tx, account: &str, now: Timestamp) -> Result<(), StoreError> {
    let rows = tx
        .fetch(
            "UPDATE api_token SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL
             RETURNING id, account, digest, label, last4, created_at, expires_at, revoked_at",
            &params![account, now],
        )
        .await?;
    note(tx, rows).map(drop)
}

fn note(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Token>, StoreError> {
    let tokens: Vec<Token> = rows.iter().map(read).collect::<Result<_, _>>()?;
    for token in &tokens {
        tx.wrote(TABLE, &token.id, Some(&token.record()));
    }
    Ok(tokens)
}

pub(crate) async fn all(reader: &mut Reader) -> Result<Vec<Token>, StoreError> {
    reader
        .fetch(
            "SELECT id, account, digest, label, last4, created_at, expires_at, revoked_at FROM api_token ORDER BY id",
            &[],
        )
        .await?
        .iter()
        .map(read)
        .collect()
}
