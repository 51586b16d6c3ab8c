//! What tables a database has, asked of the database: `copy` and `doctor` need every table, those of services too.

use std::collections::{BTreeMap, BTreeSet};

use crate::bulk::Type;
use crate::dialect;
use crate::error::StoreError;
use crate::tx::Tx;

/// One table as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    pub name: String,
    pub columns: Vec<(String, Type)>,
    /// The columns of its primary key, in the key's order.
    pub key: Vec<String>,
}

/// Every table but the list of migrations; one comes after those it refers to.
pub async fn tables(tx: &mut Tx) -> Result<Vec<TableInfo>, StoreError> {
    let kind = tx.kind();
    let mut tables: BTreeMap<String, TableInfo> = BTreeMap::new();
    let mut keys: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for row in tx.fetch(dialect::catalogue(kind), &[]).await? {
        let (name, column) = (row.text(0)?, row.text(1)?);
        if name == "schema_migration" {
            continue;
        }
        let of = match row.text(2)? {
            "bigint" | "integer" => Type::I64,
            "boolean" => Type::Bool,
            "text" => Type::Text,
            "bytea" | "blob" => Type::Bytes,
            other => return Err(StoreError::Copy(format!("{name}.{column} has the type {other}"))),
        };
        plain(name)?;
        plain(column)?;
        let place = row.i64(3)?;
        if place > 0 {
            keys.entry(name.to_owned()).or_default().push((place, column.to_owned()));
        }
        let table = tables.entry(name.to_owned());
        let empty = || TableInfo { name: name.to_owned(), columns: Vec::new(), key: Vec::new() };
        table.or_insert_with(empty).columns.push((column.to_owned(), of));
    }
    for (name, mut key) in keys {
        key.sort();
        if let Some(table) = tables.get_mut(&name) {
            table.key = key.into_iter().map(|(_, column)| column).collect();
        }
    }
    let mut refers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in tx.fetch(dialect::references(kind), &[]).await? {
        refers.entry(row.text(0)?.to_owned()).or_default().insert(row.text(1)?.to_owned());
    }
    Ok(ordered(tables, &refers))
}

/// Names go into statements as they are, so they must be plain.
fn plain(name: &str) -> Result<(), StoreError> {
    let good = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if good && !name.is_empty() { Ok(()) } else { Err(StoreError::Copy(format!("`{name}` is no plain name"))) }
}

/// Tables that refer to nothing that is left come first; a circle is left as it is.
fn ordered(mut tables: BTreeMap<String, TableInfo>, refers: &BTreeMap<String, BTreeSet<String>>) -> Vec<TableInfo> {
    let mut order = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let free = |name: &String| {
            refers.get(name).is_none_or(|to| to.iter().all(|other| other == name || !tables.contains_key(other)))
        };
        let mut next: Vec<String> = tables.keys().filter(|name| free(name)).cloned().collect();
        if next.is_empty() {
            next = tables.keys().cloned().collect();
        }
        order.extend(next.iter().filter_map(|name| tables.remove(name)));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let table = |name: &str| TableInfo { name: name.to_owned(), columns: Vec::new(), key: Vec::new() };
        let tables = ["a", "b", "c"].map(|name| (name.to_owned(), table(name)));
        let refers = BTreeMap::from([
            ("a".to_owned(), BTreeSet::from(["b".to_owned(), "a".to_owned()])),
            ("b".to_owned(), BTreeSet::from(["c".to_owned()])),
        ]);
        let order: Vec<_> = ordered(tables.into(), &refers).into_iter().map(|table| table.name).collect();
        assert_eq!(order, ["c", "b", "a"]);
    }
}
