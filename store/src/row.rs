//! One row of an answer, read by column number, whichever database gave it.

use engine::id::{Digest, InstanceId};
use engine::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _};

use crate::error::StoreError;

/// One row. Columns are numbered from 0.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident, $opt:ident -> $kind:ty;)*) => {
        $($(#[$doc])*
        pub fn $name(&self, i: usize) -> Result<$kind, StoreError> {
            // SQLite's driver would read a null as 0 or as an empty text.
            self.$opt(i)?.ok_or_else(|| self.refused(i, "it is null"))
        }

        $(#[$doc])*
        pub fn $opt(&self, i: usize) -> Result<Option<$kind>, StoreError> {
            match &self.0 {
                Inner::Sqlite(row) => row.try_get::<Option<$kind>, usize>(i),
                Inner::Postgres(row) => row.try_get::<Option<$kind>, usize>(i),
            }
            .map_err(|source| self.unreadable(i, &source))
        })*
    };
}

impl Row {
    readers! {
        i64, opt_i64 -> i64;
        bool, opt_bool -> bool;
        text, opt_text -> &str;
        /// Without copying them.
        blob, opt_blob -> &[u8];
        bytes, opt_bytes -> Vec<u8>;
    }

    pub fn timestamp(&self, i: usize) -> Result<Timestamp, StoreError> {
        self.i64(i).map(Timestamp::from_micros)
    }

    pub fn opt_timestamp(&self, i: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_i64(i)?.map(Timestamp::from_micros))
    }

    /// A number that counts something, so it is not negative.
    pub fn count(&self, i: usize) -> Result<u64, StoreError> {
        u64::try_from(self.i64(i)?).map_err(|_| self.refused(i, "a negative count"))
    }

    pub fn count32(&self, i: usize) -> Result<u32, StoreError> {
        u32::try_from(self.i64(i)?).map_err(|_| self.refused(i, "out of the range of 32 bits"))
    }

    pub fn instance(&self, i: usize) -> Result<InstanceId, StoreError> {
        self.blob(i)?.try_into().map(InstanceId::from_bytes).map_err(|_| self.refused(i, "an id is 16 bytes"))
    }

    pub fn opt_instance(&self, i: usize) -> Result<Option<InstanceId>, StoreError> {
        if self.opt_blob(i)?.is_none() { Ok(None) } else { self.instance(i).map(Some) }
    }

    pub fn digest(&self, i: usize) -> Result<Digest, StoreError> {
        self.blob(i)?.try_into().map(Digest).map_err(|_| self.refused(i, "a digest is 32 bytes"))
    }

    /// Reads a column that holds JSON of our own.
    pub fn json<T: serde::de::DeserializeOwned>(&self, i: usize) -> Result<T, StoreError> {
        serde_json::from_str(self.text(i)?).map_err(|error| self.refused(i, error))
    }

    /// The number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        match &self.0 {
            Inner::Sqlite(row) => row.len(),
            Inner::Postgres(row) => row.len(),
        }
    }

    fn name(&self, i: usize) -> String {
        match &self.0 {
            Inner::Sqlite(row) => row.columns().get(i).map(|column| column.name().to_owned()),
            Inner::Postgres(row) => row.columns().get(i).map(|column| column.name().to_owned()),
        }
        .unwrap_or_else(|| format!("column {i}"))
    }

    fn unreadable(&self, i: usize, source: &sqlx::Error) -> StoreError {
        self.refused(i, source)
    }

    /// What is in the column is not what we wrote there. The row's first column stands for its key.
    fn refused(&self, i: usize, why: impl std::fmt::Display) -> StoreError {
        let key = if i == 0 { String::new() } else { self.shown(0) };
        StoreError::corrupt("the answer", &self.name(i), key, why)
    }

    /// A column as a person may read it in an error.
    fn shown(&self, i: usize) -> String {
        if let Ok(text) = self.text(i) {
            return text.to_owned();
        }
        if let Ok(number) = self.i64(i) {
            return number.to_string();
        }
        self.blob(i).map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default()
    }
}
