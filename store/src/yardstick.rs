//! What the database itself takes: bare inserts of the engine's own rows, for the bench to measure the engine by.
//!
//! The tables have the columns of the log, of instances and of tasks, one unique index each, no trigger and no other
//! index; the rows are copies of stored ones under fresh keys, so their number and sizes are the engine's.

use crate::bulk::{self, Conflict, Table, Type};
use crate::database::Database;
use crate::error::StoreError;
use crate::param::Param;
use crate::row::Row;
use crate::{instance, log, task};

/// Rows copied of each table.
const SAMPLES: usize = 1_000;

/// One value of a sampled row.
enum Cell {
    I64(Option<i64>),
    Bool(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// One bare table with sampled rows.
struct Bare {
    name: &'static str,
    of: &'static Table<'static>,
    /// The column of the instance's id, which gets a fresh value in every row.
    id: usize,
    rows: Vec<Vec<Cell>>,
}

/// How many rows of each table a transaction writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    pub transitions: usize,
    pub instances: usize,
    pub tasks: usize,
}

impl Shares {
    #[must_use]
    pub fn rows(self) -> usize {
        self.transitions + self.instances + self.tasks
    }
}

/// Bare tables in a database that the engine has written to.
pub struct Yardstick {
    tables: [Bare; 3],
    next: u64,
}

const SETUP: [&str; 9] = [
    "DROP TABLE IF EXISTS bare_transition",
    "DROP TABLE IF EXISTS bare_instance",
    "DROP TABLE IF EXISTS bare_task",
    "CREATE TABLE bare_transition AS SELECT * FROM transition WHERE FALSE",
    "CREATE TABLE bare_instance AS SELECT * FROM instance WHERE FALSE",
    "CREATE TABLE bare_task AS SELECT * FROM task WHERE FALSE",
    "CREATE UNIQUE INDEX bare_transition_key ON bare_transition (shard, position)",
    "CREATE UNIQUE INDEX bare_instance_key ON bare_instance (instance)",
    "CREATE UNIQUE INDEX bare_task_key ON bare_task (instance, run, seat)",
];

impl Yardstick {
    /// Makes the tables anew and samples the engine's rows.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let mut tx = database.begin().await?;
        for sql in SETUP {
            tx.execute(sql, &[]).await?;
        }
        let mut tables = [
            Bare { name: "bare_transition", of: &log::TABLE, id: 2, rows: Vec::new() },
            Bare { name: "bare_instance", of: &instance::TABLE, id: 0, rows: Vec::new() },
            Bare { name: "bare_task", of: &task::TABLE, id: 0, rows: Vec::new() },
        ];
        for bare in &mut tables {
            let columns: Vec<&str> = bare.of.columns.iter().map(|(name, _)| *name).collect();
            // The last ones by key are the newest: ids begin with the time.
            let key = columns[..bare.of.key].iter().map(|name| format!("{name} DESC")).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT {} FROM {} ORDER BY {key} LIMIT {SAMPLES}", columns.join(", "), bare.of.name);
            let rows = tx.fetch_built(sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql)), &[]).await?;
            bare.rows = rows.iter().map(|row| cells(row, bare.of)).collect::<Result<_, _>>()?;
        }
        tx.commit().await?;
        Ok(Yardstick { tables, next: 0 })
    }

    /// One durable transaction of bare inserts; gives the rows written.
    pub async fn commit(&mut self, database: &Database, shares: Shares) -> Result<u64, StoreError> {
        let mut tx = database.begin().await?;
        let mut written = 0;
        for (bare, wanted) in self.tables.iter().zip([shares.transitions, shares.instances, shares.tasks]) {
            if wanted == 0 || bare.rows.is_empty() {
                continue;
            }
            let first = self.next;
            self.next += wanted as u64;
            let ids: Vec<[u8; 16]> =
                (first..self.next).map(|number| (u128::from(number) << 64).to_be_bytes()).collect();
            let mut params = Vec::with_capacity(wanted * bare.of.columns.len());
            for (number, id) in (first..).zip(&ids) {
                let sample = &bare.rows[usize::try_from(number).unwrap_or(0) % bare.rows.len()];
                params.extend(sample.iter().enumerate().map(|(column, cell)| match cell {
                    _ if column == bare.id => Param::Bytes(id),
                    // The place in the shard's log.
                    Cell::I64(_) if bare.id == 2 && column == 1 => Param::I64(log::number(number)),
                    Cell::I64(value) => Param::OptI64(*value),
                    Cell::Bool(value) => Param::Bool(*value),
                    Cell::Text(value) => Param::OptText(value.as_deref()),
                    Cell::Bytes(value) => Param::OptBytes(value.as_deref()),
                }));
            }
            let table = Table { name: bare.name, columns: bare.of.columns, key: bare.of.key };
            written += bulk::write(&mut tx, &table, Conflict::Refuse, &params).await?;
        }
        tx.commit().await?;
        Ok(written)
    }
}

fn cells(row: &Row, table: &Table<'_>) -> Result<Vec<Cell>, StoreError> {
    let cell = |(place, (_, kind)): (usize, &(&str, Type))| {
        Ok(match kind {
            Type::I64 => Cell::I64(row.opt_i64(place)?),
            Type::Bool => Cell::Bool(row.bool(place)?),
            Type::Text => Cell::Text(row.opt_text(place)?.map(str::to_owned)),
            Type::Bytes => Cell::Bytes(row.opt_bytes(place)?),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}
