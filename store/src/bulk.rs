//! Many rows in one statement: what a batch of the writer is made of.
//!
//! SQLite gets a multi-row `VALUES` of anonymous parameters: measured against `json_each`, it needs a quarter less time,
//! and blobs travel as they are. Statements of up to [`EXACT_MAX`] rows are prepared for each length, longer lists go in
//! blocks, so that a batch is few statements, and the cache of prepared ones stays small. PostgreSQL gets `UNNEST` of one
//! array a column from [`UNNEST_MIN`] rows on, and the same `VALUES` below.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::database::Kind;
use crate::error::StoreError;
use crate::param::Param;
use crate::row::Row;
use crate::tx::Tx;

/// Lists up to here have a statement of their own length.
const EXACT_MAX: usize = 64;
/// The length of a block of a longer list.
const BLOCK: usize = 256;
/// From here on PostgreSQL gets arrays.
const UNNEST_MIN: usize = 10;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    I64,
    Bool,
    Text,
    Bytes,
}

/// A table that is written in bulk.
#[derive(Debug)]
pub struct Table<'t> {
    pub name: &'t str,
    pub columns: &'t [(&'t str, Type)],
    /// The columns of its primary key, which come first among its columns.
    pub key: usize,
}

/// What to do when the key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// An error.
    Refuse,
    /// The stored row stays.
    Keep,
    /// The new row takes its place.
    Replace,
    /// As this SET clause says.
    Set(&'static str),
}

/// Writes rows, given one after another, each with all the columns of the table. Gives the number of rows changed.
/// A key may come only once: PostgreSQL refuses to touch a row twice in one statement.
pub async fn write(tx: &mut Tx, table: &Table<'_>, conflict: Conflict, rows: &[Param<'_>]) -> Result<u64, StoreError> {
    let mut changed = 0;
    for block in blocks(tx.kind(), rows, table.columns.len()) {
        let source = Source::of(tx.kind(), table, table.columns, block)?;
        let mut sql = format!("INSERT INTO {} (", table.name);
        push_names(&mut sql, table.columns.iter().map(|(name, _)| *name));
        sql.push_str(") ");
        source.push(&mut sql);
        push_conflict(&mut sql, table, conflict);
        changed += source.execute(tx, sql).await?;
    }
    Ok(changed)
}

/// Removes the rows with these keys, given one after another.
pub async fn remove(tx: &mut Tx, table: &Table<'_>, keys: &[Param<'_>]) -> Result<u64, StoreError> {
    remove_by(tx, table, table.key, keys).await
}

/// Removes the rows whose first `width` columns are these, given one after another.
pub async fn remove_by(tx: &mut Tx, table: &Table<'_>, width: usize, keys: &[Param<'_>]) -> Result<u64, StoreError> {
    let mut changed = 0;
    let columns = &table.columns[..width];
    for block in blocks(tx.kind(), keys, width) {
        let source = Source::of(tx.kind(), table, columns, block)?;
        let mut sql = format!("DELETE FROM {} WHERE ", table.name);
        source.push_in(&mut sql, columns);
        changed += source.execute(tx, sql).await?;
    }
    Ok(changed)
}

/// Reads the columns `wanted` of the rows with these keys, in no order.
pub async fn read(
    tx: &mut Tx,
    table: &Table<'_>,
    wanted: &'static str,
    keys: &[Param<'_>],
) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::new();
    let columns = &table.columns[..table.key];
    for block in blocks(tx.kind(), keys, table.key) {
        let source = Source::of(tx.kind(), table, columns, block)?;
        let mut sql = format!("SELECT {wanted} FROM {} WHERE ", table.name);
        source.push_in(&mut sql, columns);
        found.extend(source.fetch(tx, sql).await?);
    }
    Ok(found)
}

/// Cuts a list of rows into what one statement takes.
fn blocks<'r, 'p>(kind: Kind, rows: &'r [Param<'p>], width: usize) -> impl Iterator<Item = &'r [Param<'p>]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let left = rest.len() / width;
        let taken = match kind {
            _ if left <= EXACT_MAX => left,
            Kind::Sqlite if left < BLOCK => EXACT_MAX,
            Kind::Sqlite => BLOCK,
            Kind::Postgres => left.min(4 * BLOCK),
        };
        let (block, after) = rest.split_at(taken.max(1) * width);
        rest = after;
        Some(block)
    })
}

/// The rows of one statement, as the database takes them best.
enum Source<'r, 'p> {
    Values { kind: Kind, width: usize, rows: &'r [Param<'p>] },
    Arrays(Vec<(Type, Array<'p>)>),
}

/// One column of many rows.
pub(crate) enum Array<'p> {
    I64(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Text(Vec<Option<&'p str>>),
    Bytes(Vec<Option<&'p [u8]>>),
}

impl<'r, 'p> Source<'r, 'p> {
    fn of(kind: Kind, table: &Table<'_>, columns: &[(&str, Type)], rows: &'r [Param<'p>]) -> Result<Self, StoreError> {
        for (place, param) in rows.iter().enumerate() {
            let (column, wanted) = columns[place % columns.len()];
            if type_of(*param) != wanted {
                return Err(StoreError::BulkType {
                    table: table.name.into(),
                    column: column.into(),
                    parameter: place + 1,
                });
            }
            if param.as_text().is_some_and(|text| text.as_bytes().contains(&0)) {
                return Err(StoreError::NulCharacter { parameter: place + 1 });
            }
        }
        if kind == Kind::Sqlite || rows.len() / columns.len() < UNNEST_MIN {
            return Ok(Source::Values { kind, width: columns.len(), rows });
        }
        Ok(Source::Arrays(
            columns
                .iter()
                .enumerate()
                .map(|(place, (_, kind))| {
                    let column = rows.iter().skip(place).step_by(columns.len());
                    let array = match kind {
                        Type::I64 => Array::I64(column.map(|param| param.as_i64()).collect()),
                        Type::Bool => Array::Bool(column.map(|param| param.as_bool()).collect()),
                        Type::Text => Array::Text(column.map(|param| param.as_text()).collect()),
                        Type::Bytes => Array::Bytes(column.map(|param| param.as_bytes()).collect()),
                    };
                    (*kind, array)
                })
                .collect(),
        ))
    }

    /// The rows as a table expression.
    fn push(&self, sql: &mut String) {
        match self {
            Source::Values { kind, width, rows } => {
                sql.push_str("VALUES ");
                for place in 0..rows.len() {
                    sql.push_str(match (place % width, place) {
                        (0, 0) => "(",
                        (0, _) => "),(",
                        _ => ",",
                    });
                    match kind {
                        // Anonymous parameters spare SQLite the search by name.
                        Kind::Sqlite => sql.push('?'),
                        Kind::Postgres => write!(sql, "${}", place + 1).expect("writing to a text cannot fail"),
                    }
                }
                sql.push(')');
            }
            Source::Arrays(columns) => {
                sql.push_str("SELECT * FROM UNNEST(");
                for (place, (kind, _)) in columns.iter().enumerate() {
                    let name = match kind {
                        Type::I64 => "bigint",
                        Type::Bool => "boolean",
                        Type::Text => "text",
                        Type::Bytes => "bytea",
                    };
                    let comma = if place == 0 { "" } else { "," };
                    write!(sql, "{comma}${}::{name}[]", place + 1).expect("writing to a text cannot fail");
                }
                sql.push(')');
            }
        }
    }

    /// That the columns are among the rows. SQLite uses an index for a SELECT over a list, and scans the table for the
    /// bare list.
    fn push_in(&self, sql: &mut String, columns: &[(&str, Type)]) {
        sql.push('(');
        push_names(sql, columns.iter().map(|(name, _)| *name));
        sql.push_str(") IN (");
        match self {
            Source::Values { width, .. } => {
                sql.push_str("SELECT ");
                for column in 1..=*width {
                    let comma = if column == 1 { "" } else { ", " };
                    write!(sql, "{comma}column{column}").expect("writing to a text cannot fail");
                }
                sql.push_str(" FROM (");
                self.push(sql);
                sql.push_str(") AS listed");
            }
            Source::Arrays(_) => self.push(sql),
        }
        sql.push(')');
    }

    async fn execute(self, tx: &mut Tx, sql: String) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match self {
            Source::Values { rows, .. } => tx.execute_built(sql, rows).await,
            Source::Arrays(columns) => {
                let answer = tx.ready().await?.execute_arrays(sql, columns.into_iter().map(|(_, array)| array)).await;
                tx.note(answer)
            }
        }
    }

    async fn fetch(self, tx: &mut Tx, sql: String) -> Result<Vec<Row>, StoreError> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match self {
            Source::Values { rows, .. } => tx.fetch_built(sql, rows).await,
            Source::Arrays(columns) => {
                let answer = tx.ready().await?.fetch_arrays(sql, columns.into_iter().map(|(_, array)| array)).await;
                tx.note(answer)
            }
        }
    }
}

fn type_of(param: Param<'_>) -> Type {
    match param {
        Param::I64(_) | Param::OptI64(_) => Type::I64,
        Param::Bool(_) => Type::Bool,
        Param::Text(_) | Param::OptText(_) => Type::Text,
        Param::Bytes(_) | Param::OptBytes(_) => Type::Bytes,
    }
}

fn push_names<'n>(sql: &mut String, names: impl Iterator<Item = &'n str>) {
    for (place, name) in names.enumerate() {
        if place > 0 {
            sql.push_str(", ");
        }
        sql.push_str(name);
    }
}

fn push_conflict(sql: &mut String, table: &Table<'_>, conflict: Conflict) {
    if conflict == Conflict::Refuse {
        return;
    }
    sql.push_str(" ON CONFLICT (");
    push_names(sql, table.columns[..table.key].iter().map(|(name, _)| *name));
    let rest = &table.columns[table.key..];
    match conflict {
        Conflict::Replace if !rest.is_empty() => {
            sql.push_str(") DO UPDATE SET ");
            for (place, (name, _)) in rest.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                write!(sql, "{comma}{name} = excluded.{name}").expect("writing to a text cannot fail");
            }
        }
        Conflict::Set(clause) => {
            sql.push_str(") DO UPDATE SET ");
            sql.push_str(clause);
        }
        _ => sql.push_str(") DO NOTHING"),
    }
}
