//! Table `account`.

use std::sync::Arc;

use engine::id::UserId;
use engine::time::Timestamp;
use engine::value::Value;
use store::{Reader, Row, StoreError, Tx, params};

use crate::account::{Account, Kind};

pub(crate) const TABLE: &str = "account";

/// One row.
pub(crate) struct Stored {
    pub account: Account,
    pub password_hash: Option<String>,
    pub password_set_at: Option<Timestamp>,
}

impl Stored {
    /// The canonical record whose digest the log keeps.
    pub(crate) fn record(&self) -> Value {
        let account = &self.account;
        let moment = |at: Option<Timestamp>| at.map_or(Value::Null, |at| Value::Int(at.micros()));
        Value::record([
            ("id", Value::text(account.id.clone())),
            ("kind", Value::text(account.kind.word())),
            ("printed_name", Value::text(account.printed_name.clone())),
            ("active", Value::Bool(account.active)),
            ("manager", account.manager.clone().map_or(Value::Null, Value::Text)),
            ("password_hash", self.password_hash.as_deref().map_or(Value::Null, Value::text)),
            ("password_set_at", moment(self.password_set_at)),
            ("created_at", moment(Some(account.created_at))),
            ("deactivated_at", moment(account.deactivated_at)),
            ("revision", Value::Int(account.revision)),
        ])
    }
}

fn read(row: &Row) -> Result<Stored, StoreError> {
    let id: UserId = row.text(0)?.into();
    let kind = Kind::lookup(row.text(1)?)
        .ok_or_else(|| StoreError::corrupt(TABLE, "kind", &id, "neither person nor service"))?;
    let password_hash = row.opt_text(5)?.map(str::to_owned);
    Ok(Stored {
        account: Account {
            kind,
            printed_name: row.text(2)?.into(),
            active: row.bool(3)?,
            manager: row.opt_text(4)?.map(UserId::from),
            has_password: password_hash.is_some(),
            created_at: row.timestamp(7)?,
            deactivated_at: row.opt_timestamp(8)?,
            revision: row.i64(9)?,
            id,
        },
        password_hash,
        password_set_at: row.opt_timestamp(6)?,
    })
}

/// Adds an account; false if the name was given before.
pub(crate) async fn insert(tx: &mut Tx, account: &Account) -> Result<bool, StoreError> {
    let count = tx
        .execute(
            "INSERT INTO account (id, kind, printed_name, active, manager, created_at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            &params![
                &account.id,
                account.kind.word(),
                &account.printed_name,
                account.active,
                &account.manager,
                account.created_at,
                account.revision
            ],
        )
        .await?;
    Ok(count == 1)
}

/// Writes the parts that may change; false if there is no such account.
pub(crate) async fn update(tx: &mut Tx, stored: &Stored) -> Result<bool, StoreError> {
    let account = &stored.account;
    let count = tx
        .execute(
            "UPDATE account SET printed_name = $2, active = $3, manager = $4, password_hash = $5,
                    password_set_at = $6, deactivated_at = $7, revision = revision + 1
              WHERE id = $1",
            &params![
                &account.id,
                &account.printed_name,
                account.active,
                &account.manager,
                &stored.password_hash,
                stored.password_set_at,
                account.deactivated_at
            ],
        )
        .await?;
    Ok(count == 1)
}

pub(crate) async fn lookup(tx: &mut Tx, id: &str) -> Result<Option<Stored>, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT id, kind, printed_name, active, manager, password_hash, password_set_at, created_at, deactivated_at, revision
               FROM account WHERE id = $1",
            &params![id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The stored hash of an active person's password.
pub(crate) async fn password_hash(reader: &mut Reader, id: &str) -> Result<Option<String>, StoreError> {
    let row = reader.fetch_optional("SELECT password_hash FROM account WHERE id = $1 AND active", &params![id]).await?;
    row.map_or(Ok(None), |row| Ok(row.opt_text(0)?.map(str::to_owned)))
}

pub(crate) async fn all(reader: &mut Reader) -> Result<Vec<Stored>, StoreError> {
    reader
        .fetch(
            "SELECT id, kind, printed_name, active, manager, password_hash, password_set_at, created_at, deactivated_at, revision
               FROM account ORDER BY id",
            &[],
        )
        .await?
        .iter()
        .map(read)
        .collect()
}

/// How many active accounts other than this one hold the role everywhere.
pub(crate) async fn count_other_holders(tx: &mut Tx, role: &str, than: &str) -> Result<i64, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT COUNT(*) FROM role_grant g JOIN account a ON a.id = g.account
              WHERE g.role = $1 AND g.scope = '{}' AND a.active AND a.id <> $2",
            &params![role, than],
        )
        .await?;
    row.map_or(Ok(0), |row| row.i64(0))
}

/// Notes the row as it now is, so that the transition carries its digest.
pub(crate) async fn wrote(tx: &mut Tx, id: &Arc<str>) -> Result<Option<Account>, StoreError> {
    let stored = lookup(tx, id).await?;
    let record = stored.as_ref().map(Stored::record);
    tx.wrote(TABLE, id, record.as_ref());
    Ok(stored.map(|stored| stored.account))
}

/// Whether an account holds the role everywhere.
pub(crate) async fn holds_everywhere(tx: &mut Tx, role: &str, id: &str) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT 1 AS held FROM role_grant WHERE account = $2 AND role = $1 AND scope = '{}'",
            &params![role, id],
        )
        .await?;
    Ok(row.is_some())
}
