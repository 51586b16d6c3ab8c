//! Moves a whole database to another one, of either kind: every table, also those of services, with equal heads.
//!
//! The source must not be in use; the target must be new and of the same number of shards. What arrived is checked: the
//! rows are counted, the chains are walked again from the target's own rows. A copy that failed is thrown away.

use engine::history::transition::{leaf, next_head};
use engine::id::Digest;

use crate::bulk::{self, Conflict, Table, Type};
use crate::catalogue::{self, TableInfo};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;
use crate::param::Param;
use crate::row::Row;
use crate::select::{Read, Select};
use crate::tx::Tx;
use crate::{log, shard};

/// How many rows go in one transaction of the target.
const ROWS_MAX: u32 = 1_000;

/// How far a copy has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    pub table: String,
    pub rows: u64,
    pub of: u64,
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub tables: u64,
    pub rows: u64,
    pub transitions: u64,
}

/// Copies everything.
pub async fn copy(
    from: &Database,
    to: &Database,
    progress: &mut (dyn FnMut(CopyProgress) + Send),
) -> Result<Copied, StoreError> {
    if from.shards() != to.shards() {
        return Err(StoreError::Shards { found: to.shards(), wanted: from.shards() });
    }
    let mut source = from.begin().await?;
    if let Some(sql) = dialect::freeze(source.kind()) {
        source.execute(sql, &[]).await?;
    }
    refuse_in_use(&mut source).await?;
    let tables = merged(&mut source, to).await?;
    prepare(to, &tables).await?;
    let mut copied = Copied::default();
    for table in &tables {
        copied.rows += copy_table(&mut source, to, table, progress).await?;
        copied.tables += 1;
    }
    let mut target = to.begin().await?;
    // The copy belongs to nobody yet.
    target.execute("UPDATE shard SET holder = NULL, lease_until = NULL", &[]).await?;
    target.commit().await?;
    for table in &tables {
        check_count(&mut source, to, table).await?;
    }
    copied.transitions = check_chains(&mut source, to).await?;
    source.rollback().await?;
    Ok(copied)
}

/// A living lease means that somebody writes.
async fn refuse_in_use(source: &mut Tx) -> Result<(), StoreError> {
    let now = source.now().await?;
    for row in shard::all(source).await? {
        if let (Some(holder), Some(until)) = (row.holder, row.lease_until)
            && until > now
        {
            return Err(StoreError::ServerRunning { shard: row.shard.0, holder, until });
        }
    }
    Ok(())
}

/// The tables of both, which must be the same; a flag is known as such by PostgreSQL only.
async fn merged(source: &mut Tx, to: &Database) -> Result<Vec<TableInfo>, StoreError> {
    let theirs = catalogue::tables(source).await?;
    let mut target = to.begin().await?;
    let mut ours = catalogue::tables(&mut target).await?;
    target.rollback().await?;
    for table in &theirs {
        let Some(own) = ours.iter_mut().find(|own| own.name == table.name) else {
            return Err(StoreError::Copy(format!("the target has no table {}", table.name)));
        };
        for (name, of) in &table.columns {
            match own.columns.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) if own == of => {}
                Some((_, own)) if matches!((*own, *of), (Type::I64, Type::Bool) | (Type::Bool, Type::I64)) => {
                    *own = Type::Bool
                }
                _ => return Err(StoreError::Copy(format!("{}.{name} differs between the two", table.name))),
            }
        }
        if own.columns.len() != table.columns.len() || own.key != table.key {
            return Err(StoreError::Copy(format!("the table {} differs between the two", table.name)));
        }
        if table.key.is_empty() {
            return Err(StoreError::Copy(format!("the table {} has no primary key", table.name)));
        }
    }
    match ours.iter().find(|own| !theirs.iter().any(|table| table.name == own.name)) {
        Some(own) => Err(StoreError::Copy(format!("the source has no table {}", own.name))),
        None => Ok(ours),
    }
}

/// The target has nothing but what its creation wrote, which goes.
async fn prepare(to: &Database, tables: &[TableInfo]) -> Result<(), StoreError> {
    let mut target = to.begin().await?;
    for table in tables {
        let made = match table.name.as_str() {
            "meta" => 1,
            "shard" => u64::from(to.shards()),
            _ => 0,
        };
        if count(&mut target, &table.name).await? != made {
            return Err(StoreError::Copy(format!("the target is not new: {} has rows", table.name)));
        }
    }
    if shard::all(&mut target).await?.iter().any(|row| row.position > 0) {
        return Err(StoreError::Copy("the target is not new: a shard has moved".into()));
    }
    target.execute("DELETE FROM shard", &[]).await?;
    target.execute("DELETE FROM meta", &[]).await?;
    target.commit().await
}

async fn copy_table(
    source: &mut Tx,
    to: &Database,
    table: &TableInfo,
    progress: &mut (dyn FnMut(CopyProgress) + Send),
) -> Result<u64, StoreError> {
    let of = count(source, &table.name).await?;
    let mut rows = 0;
    let mut after: Option<Vec<Cell>> = None;
    progress(CopyProgress { table: table.name.clone(), rows, of });
    loop {
        let cells = read(source, table, after.as_deref()).await?;
        let Some(last) = cells.last() else { return Ok(rows) };
        after = Some(key_of(table, last));
        rows += cells.len() as u64;
        let columns: Vec<(&str, Type)> = table.columns.iter().map(|(name, of)| (name.as_str(), *of)).collect();
        let target = Table { name: &table.name, columns: &columns, key: 0 };
        let params: Vec<Param<'_>> = cells.iter().flatten().map(Cell::param).collect();
        let mut tx = to.begin().await?;
        bulk::write(&mut tx, &target, Conflict::Refuse, &params).await?;
        tx.commit().await?;
        progress(CopyProgress { table: table.name.clone(), rows, of });
    }
}

/// One stored value on its way.
#[derive(Clone)]
enum Cell {
    I64(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Cell {
    fn read(row: &Row, place: usize, of: Type) -> Result<Cell, StoreError> {
        Ok(match of {
            Type::I64 => Cell::I64(row.opt_i64(place)?),
            Type::Bool => Cell::Bool(row.bool(place)?),
            Type::Text => Cell::Text(row.opt_text(place)?.map(str::to_owned)),
            Type::Bytes => Cell::Bytes(row.opt_bytes(place)?),
        })
    }

    fn param(&self) -> Param<'_> {
        match self {
            Cell::I64(value) => Param::OptI64(*value),
            Cell::Bool(value) => Param::Bool(*value),
            Cell::Text(value) => Param::OptText(value.as_deref()),
            Cell::Bytes(value) => Param::OptBytes(value.as_deref()),
        }
    }
}

/// The next rows of a table, in the order of its key.
async fn read(source: &mut Tx, table: &TableInfo, after: Option<&[Cell]>) -> Result<Vec<Vec<Cell>>, StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let key = table.key.join(", ");
    let mut select = Select::new(&format!("SELECT {} FROM {}", names.join(", "), table.name));
    if let Some(after) = after {
        select.and(&format!("({key}) > ")).list(after.iter().map(Cell::param));
    }
    select.text(&format!(" ORDER BY {key} LIMIT ")).value(ROWS_MAX);
    let rows = select.fetch(source).await?;
    let cells = |row: &Row| {
        table.columns.iter().enumerate().map(|(place, (_, of))| Cell::read(row, place, *of)).collect::<Result<_, _>>()
    };
    rows.iter().map(cells).collect()
}

fn key_of(table: &TableInfo, row: &[Cell]) -> Vec<Cell> {
    let place = |name: &String| table.columns.iter().position(|(column, _)| column == name);
    table.key.iter().filter_map(|name| row.get(place(name)?).cloned()).collect()
}

async fn count(reader: &mut impl Read, table: &str) -> Result<u64, StoreError> {
    let rows = Select::new(&format!("SELECT COUNT(*) FROM {table}")).fetch(reader).await?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

async fn check_count(source: &mut Tx, to: &Database, table: &TableInfo) -> Result<(), StoreError> {
    let (before, after) = (count(source, &table.name).await?, count(&mut to.read().await?, &table.name).await?);
    if before == after {
        return Ok(());
    }
    Err(StoreError::Copy(format!("{} has {before} rows, and {after} arrived", table.name)))
}

/// Walks each chain over the target's rows and compares its end with both databases' heads.
async fn check_chains(source: &mut Tx, to: &Database) -> Result<u64, StoreError> {
    let before = shard::all(source).await?;
    let mut reader = to.read().await?;
    let after = shard::all(&mut reader).await?;
    let mut walked = 0;
    for (before, after) in before.iter().zip(&after) {
        let (mut head, mut position) = (Digest::ZERO, 0);
        loop {
            let rows = log::of_shard(&mut reader, after.shard, position, ROWS_MAX).await?;
            let Some(last) = rows.last() else { break };
            position = last.position;
            walked += rows.len() as u64;
            for row in &rows {
                if leaf(&row.body) != row.leaf {
                    return Err(StoreError::Copy(format!(
                        "transition {}/{} is not what was hashed",
                        row.shard.0, row.position
                    )));
                }
                head = next_head(head, row.leaf);
            }
        }
        if (before.position, before.head) != (after.position, after.head)
            || (position, head) != (after.position, after.head)
        {
            return Err(StoreError::Copy(format!("the heads of shard {} differ", after.shard.0)));
        }
    }
    Ok(walked)
}
