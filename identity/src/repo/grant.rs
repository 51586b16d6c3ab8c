//! Table `role_grant`.

use engine::facts::RoleFact;
use engine::id::UserId;
use engine::time::Timestamp;
use engine::value::Value;
use store::{Reader, Row, StoreError, Tx, params};

use crate::role::{scope_of, scope_text};

pub(crate) const TABLE: &str = "role_grant";

/// One row.
pub(crate) struct Grant {
    pub account: UserId,
    pub role: RoleFact,
    pub granted_at: Timestamp,
}

impl Grant {
    pub(crate) fn key(&self) -> String {
        format!("{} {} {}", self.account, self.role.role, scope_text(&self.role.scope))
    }

    /// The canonical record whose digest the log keeps.
    pub(crate) fn record(&self) -> Value {
        Value::record([
            ("account", Value::text(self.account.clone())),
            ("role", Value::text(self.role.role.clone())),
            ("scope", Value::text(scope_text(&self.role.scope))),
            ("granted_at", Value::Int(self.granted_at.micros())),
        ])
    }
}

fn read(row: &Row) -> Result<Grant, StoreError> {
    let account: UserId = row.text(0)?.into();
    let scope = scope_of(row.text(2)?)
        .ok_or_else(|| StoreError::corrupt(TABLE, "scope", &account, "no JSON object of texts"))?;
    Ok(Grant { role: RoleFact { role: row.text(1)?.into(), scope }, granted_at: row.timestamp(3)?, account })
}

/// Adds a grant; false if it is there already.
pub(crate) async fn insert(tx: &mut Tx, grant: &Grant) -> Result<bool, StoreError> {
    let count = tx
        .execute(
            "INSERT INTO role_grant (account, role, scope, granted_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (account, role, scope) DO NOTHING",
            &params![&grant.account, &grant.role.role, &scope_text(&grant.role.scope), grant.granted_at],
        )
        .await?;
    if count == 1 {
        tx.wrote(TABLE, &grant.key(), Some(&grant.record()));
    }
    Ok(count == 1)
}

/// Removes a grant; false if there was none.
pub(crate) async fn delete(tx: &mut Tx, grant: &Grant) -> Result<bool, StoreError> {
    let count = tx
        .execute(
            "DELETE FROM role_grant WHERE account = $1 AND role = $2 AND scope = $3",
            &params![&grant.account, &grant.role.role, &scope_text(&grant.role.scope)],
        )
        .await?;
    if count == 1 {
        tx.wrote(TABLE, &grant.key(), None);
    }
    Ok(count == 1)
}

pub(crate) async fn all(reader: &mut Reader) -> Result<Vec<Grant>, StoreError> {
    reader
        .fetch("SELECT account, role, scope, granted_at FROM role_grant ORDER BY account, role, scope", &[])
        .await?
        .iter()
        .map(read)
        .collect()
}
