//! One connection of either kind, and the three things done with it.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, SqlStr, Sqlite};

use crate::bulk::Array;
use crate::database::Kind;
use crate::error::StoreError;
use crate::param::Param;
use crate::row::{Inner, Row};

pub(crate) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Binds every parameter to a query of either kind.
macro_rules! bound {
    ($sql:expr, $params:expr) => {{
        let mut query = sqlx::query($sql);
        for param in $params {
            query = match *param {
                Param::I64(value) => query.bind(value),
                Param::OptI64(value) => query.bind(value),
                Param::Bool(value) => query.bind(value),
                Param::Text(value) => query.bind(value),
                Param::OptText(value) => query.bind(value),
                Param::Bytes(value) => query.bind(value),
                Param::OptBytes(value) => query.bind(value),
            };
        }
        query
    }};
}

/// Binds arrays to a PostgreSQL query.
macro_rules! bound_arrays {
    ($sql:expr, $arrays:expr) => {{
        let mut query = sqlx::query($sql);
        for array in $arrays {
            query = match array {
                Array::I64(values) => query.bind(values),
                Array::Bool(values) => query.bind(values),
                Array::Text(values) => query.bind(values),
                Array::Bytes(values) => query.bind(values),
            };
        }
        query
    }};
}

impl Connection {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Connection::Sqlite(_) => Kind::Sqlite,
            Connection::Postgres(_) => Kind::Postgres,
        }
    }

    /// The connection is not given back to its pool but closed, which ends whatever is open on it.
    pub(crate) fn close_on_drop(&mut self) {
        match self {
            Connection::Sqlite(connection) => connection.close_on_drop(),
            Connection::Postgres(connection) => connection.close_on_drop(),
        }
    }

    /// Drops the connection where it stands, without its pool.
    pub(crate) fn abandon(self) {
        match self {
            Connection::Sqlite(connection) => drop(connection.leak()),
            Connection::Postgres(connection) => drop(connection.leak()),
        }
    }

    /// Runs one prepared statement; gives the number of rows changed.
    pub(crate) async fn execute(&mut self, sql: SqlStr, params: &[Param<'_>]) -> Result<u64, StoreError> {
        check(params)?;
        let shown = sql.clone();
        match self {
            Connection::Sqlite(connection) => {
                bound!(sql, params).execute(&mut **connection).await.map(|done| done.rows_affected())
            }
            Connection::Postgres(connection) => {
                bound!(sql, params).execute(&mut **connection).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|source| StoreError::statement(shown.as_str(), source))
    }

    /// Runs one prepared statement and reads all its rows.
    pub(crate) async fn fetch(&mut self, sql: SqlStr, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        check(params)?;
        let shown = sql.clone();
        match self {
            Connection::Sqlite(connection) => bound!(sql, params)
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(|row| Row(Inner::Sqlite(row))).collect()),
            Connection::Postgres(connection) => bound!(sql, params)
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(|row| Row(Inner::Postgres(row))).collect()),
        }
        .map_err(|source| StoreError::statement(shown.as_str(), source))
    }

    /// Runs a PostgreSQL statement whose one parameter is a list of numbers.
    pub(crate) async fn execute_list(&mut self, sql: &'static str, numbers: &[i64]) -> Result<(), StoreError> {
        match self {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(connection) => sqlx::query(sql)
                .bind(numbers)
                .execute(&mut **connection)
                .await
                .map(|_| ())
                .map_err(|source| StoreError::statement(sql, source)),
        }
    }

    /// Runs a PostgreSQL statement whose parameters are arrays.
    pub(crate) async fn execute_arrays(
        &mut self,
        sql: SqlStr,
        arrays: impl Iterator<Item = Array<'_>>,
    ) -> Result<u64, StoreError> {
        let shown = sql.clone();
        match self {
            Connection::Sqlite(_) => Ok(0),
            Connection::Postgres(connection) => bound_arrays!(sql, arrays)
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected())
                .map_err(|source| StoreError::statement(shown.as_str(), source)),
        }
    }

    /// Runs a PostgreSQL statement whose parameters are arrays, and reads all its rows.
    pub(crate) async fn fetch_arrays(
        &mut self,
        sql: SqlStr,
        arrays: impl Iterator<Item = Array<'_>>,
    ) -> Result<Vec<Row>, StoreError> {
        let shown = sql.clone();
        match self {
            Connection::Sqlite(_) => Ok(Vec::new()),
            Connection::Postgres(connection) => bound_arrays!(sql, arrays)
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(|row| Row(Inner::Postgres(row))).collect())
                .map_err(|source| StoreError::statement(shown.as_str(), source)),
        }
    }

    /// Runs statements without parameters, unprepared: BEGIN, COMMIT, savepoints, migrations.
    pub(crate) async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        match self {
            Connection::Sqlite(connection) => sqlx::raw_sql(sql).execute(&mut **connection).await.map(|_| ()),
            Connection::Postgres(connection) => sqlx::raw_sql(sql).execute(&mut **connection).await.map(|_| ()),
        }
    }
}

/// PostgreSQL cannot store U+0000 in a text, so neither may SQLite.
fn check(params: &[Param<'_>]) -> Result<(), StoreError> {
    match params.iter().position(|param| param.as_text().is_some_and(|text| text.as_bytes().contains(&0))) {
        Some(place) => Err(StoreError::NulCharacter { parameter: place + 1 }),
        None => Ok(()),
    }
}
