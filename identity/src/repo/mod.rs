//! The SQL of accounts: one file a table, one function a statement.

pub(crate) mod account;
pub(crate) mod grant;
pub(crate) mod substitution;
pub(crate) mod token;

use engine::value::Value;
use store::{Reader, StoreError};

/// Every row of the identity tables in its canonical form, as `(table, key, record)`: what `doctor` compares with the log.
pub async fn records(reader: &mut Reader) -> Result<Vec<(&'static str, String, Value)>, StoreError> {
    let mut all = Vec::new();
    for stored in account::all(reader).await? {
        all.push((account::TABLE, stored.account.id.to_string(), stored.record()));
    }
    for grant in grant::all(reader).await? {
        all.push((grant::TABLE, grant.key(), grant.record()));
    }
    for token in token::all(reader).await? {
        all.push((token::TABLE, token.id.clone(), token.record()));
    }
    for period in substitution::all(reader).await? {
        all.push((substitution::TABLE, period.id.clone(), period.record()));
    }
    Ok(all)
}
