//! Migrations: numbered, append-only, the same numbers for both databases, carried in the binary.

use engine::id::Digest;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::database::Kind;
use crate::dialect;
use crate::error::StoreError;
use crate::params;
use crate::tx::Tx;

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Runs what has not run yet, all in the caller's transaction.
pub(crate) async fn run(tx: &mut Tx, migrate: bool, create: bool) -> Result<(), StoreError> {
    let kind = tx.kind();
    if let Some(sql) = dialect::migration_lock(kind) {
        tx.fetch(sql, &[]).await?;
    }
    if tx.fetch_optional(dialect::table_exists(kind), &params!["schema_migration"]).await?.is_none() {
        if !create {
            return Err(StoreError::NotCreated);
        }
        tx.execute(dialect::migration_table(kind), &[]).await?;
    }
    let known = match kind {
        Kind::Sqlite => SQLITE,
        Kind::Postgres => POSTGRES,
    };
    let mut ran = Vec::new();
    for row in tx.fetch("SELECT name, digest FROM schema_migration ORDER BY name", &[]).await? {
        ran.push((row.text(0)?.to_owned(), row.digest(1)?));
    }
    if let Some((name, _)) = ran.iter().find(|(name, _)| !known.iter().any(|(known, _)| known == name)) {
        return Err(StoreError::MigrationUnknown { name: name.clone() });
    }
    for (name, sql) in known {
        let digest = Digest::of(sql.as_bytes());
        match ran.iter().find(|(ran, _)| ran == name) {
            Some((_, before)) if *before == digest => {}
            Some(_) => return Err(StoreError::MigrationChanged { name: (*name).to_owned() }),
            None if migrate => {
                tx.run(AssertSqlSafe(*sql).into_sql_str())
                    .await
                    .map_err(|source| StoreError::Migrate { name: (*name).to_owned(), source })?;
                let now = tx.now().await?;
                tx.execute(
                    "INSERT INTO schema_migration (name, digest, at) VALUES ($1, $2, $3)",
                    &params![*name, &digest, now],
                )
                .await?;
            }
            None => return Err(StoreError::NotMigrated { name: (*name).to_owned() }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |list: &[(&'static str, &str)]| list.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(SQLITE), names(POSTGRES));
    }

    #[test]
    fn a_migrations_number_is_its_own() {
        let mut numbers: Vec<_> = SQLITE.iter().map(|(name, _)| name.get(..4).expect("four digits")).collect();
        let count = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }
}
