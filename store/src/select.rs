//! What can be read from: a transaction or a reader; and a SELECT put together from the filters that a caller gave.

use std::fmt::Write as _;
use std::future::Future;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::error::StoreError;
use crate::param::Param;
use crate::row::Row;
use crate::tx::{Reader, Tx};

/// Something that answers a SELECT: a [`Reader`] sees what is committed, a [`Tx`] its own writes as well.
pub trait Read: Send {
    #[doc(hidden)]
    fn fetch_sql(
        &mut self,
        sql: SqlStr,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Runs a statement and reads all its rows.
    fn all(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        self.fetch_sql(sql.into_sql_str(), params)
    }

    /// Runs a statement that gives at most one row.
    fn one(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send {
        async move { Ok(self.all(sql, params).await?.into_iter().next()) }
    }
}

impl Read for Tx {
    fn fetch_sql(
        &mut self,
        sql: SqlStr,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        self.fetch_built(sql, params)
    }
}

impl Read for Reader {
    fn fetch_sql(
        &mut self,
        sql: SqlStr,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        self.fetch_built(sql, params)
    }
}

/// A statement under construction. Only texts of this crate go into it; values are bound.
pub(crate) struct Select<'p> {
    sql: String,
    params: Vec<Param<'p>>,
    conditions: u32,
}

impl<'p> Select<'p> {
    pub(crate) fn new(start: &str) -> Self {
        Select { sql: start.to_owned(), params: Vec::new(), conditions: 0 }
    }

    /// Adds text as it is.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Adds the place of a value.
    pub(crate) fn value(&mut self, value: impl Into<Param<'p>>) -> &mut Self {
        self.params.push(value.into());
        write!(self.sql, "${}", self.params.len()).expect("writing to a text cannot fail");
        self
    }

    /// Begins one more condition, with WHERE or AND.
    pub(crate) fn and(&mut self, condition: &str) -> &mut Self {
        self.sql.push_str(if self.conditions == 0 { " WHERE " } else { " AND " });
        self.conditions += 1;
        self.text(condition)
    }

    /// `(a, b) IN`-like lists: the values in parentheses.
    pub(crate) fn list(&mut self, values: impl IntoIterator<Item = Param<'p>>) -> &mut Self {
        self.text("(");
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.text(", ");
            }
            self.value(value);
        }
        self.text(")")
    }

    /// The conditions begin anew: for the next branch of a UNION.
    pub(crate) fn branch(&mut self) -> &mut Self {
        self.conditions = 0;
        self
    }

    pub(crate) async fn fetch(self, reader: &mut impl Read) -> Result<Vec<Row>, StoreError> {
        reader.fetch_sql(AssertSqlSafe(self.sql).into_sql_str(), &self.params).await
    }
}

/// Rows of a list and where it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    pub rows: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Cuts a page out of rows that were read with a limit of one more than wanted.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Page { rows, next }
    }
}
