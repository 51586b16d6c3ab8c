//! Rows of services' tables as records: read, written and digested in one form.
//!
//! [`record!`](crate::record!) declares a table's struct; its canonical record (every column by name) is what
//! the transition digests when the row is written and what `doctor` recomputes from the table.

use engine::day::Day;
use engine::id::InstanceId;
use engine::quantity::{Money, Quantity, Ratio};
use engine::row_key;
use engine::time::Timestamp;
use engine::value::Value;
use engine::word::Word;

use crate::error::StoreError;
use crate::param::Param;
use crate::row::Row;
use crate::tx::{Reader, Tx};

/// A type that one column holds.
pub trait Column: Sized {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError>;
    fn param(&self) -> Param<'_>;
    fn to_value(&self) -> Value;
    /// Reads its part of a row's name; only key columns have one.
    fn from_name(_part: &str) -> Option<Self> {
        None
    }
}

impl Column for String {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        row.text(place).map(str::to_owned)
    }

    fn param(&self) -> Param<'_> {
        Param::Text(self)
    }

    fn to_value(&self) -> Value {
        Value::text(self.as_str())
    }

    fn from_name(part: &str) -> Option<Self> {
        Some(part.to_owned())
    }
}

impl Column for Option<String> {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        Ok(row.opt_text(place)?.map(str::to_owned))
    }

    fn param(&self) -> Param<'_> {
        Param::OptText(self.as_deref())
    }

    fn to_value(&self) -> Value {
        self.as_deref().map_or(Value::Null, Value::text)
    }
}

impl Column for i64 {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        row.i64(place)
    }

    fn param(&self) -> Param<'_> {
        Param::I64(*self)
    }

    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_name(part: &str) -> Option<Self> {
        part.parse().ok()
    }
}

impl Column for bool {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        row.bool(place)
    }

    fn param(&self) -> Param<'_> {
        Param::Bool(*self)
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

macro_rules! millionths_column {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
                row.i64(place).map(<$kind>::from_micros)
            }

            fn param(&self) -> Param<'_> {
                Param::I64(self.micros())
            }

            fn to_value(&self) -> Value {
                <$kind>::to_value(*self)
            }
        }
    )*};
}

millionths_column!(Quantity, Money, Ratio);

impl Column for Day {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        let number = row.i64(place)?;
        Day::from_number(number).ok_or_else(|| StoreError::corrupt("the answer", "a day", number, "out of range"))
    }

    fn param(&self) -> Param<'_> {
        Param::I64(self.number())
    }

    fn to_value(&self) -> Value {
        Day::to_value(*self)
    }

    fn from_name(part: &str) -> Option<Self> {
        Day::parse(part)
    }
}

impl Column for Option<Day> {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        if row.opt_i64(place)?.is_none() { Ok(None) } else { Day::read(row, place).map(Some) }
    }

    fn param(&self) -> Param<'_> {
        Param::OptI64(self.map(Day::number))
    }

    fn to_value(&self) -> Value {
        self.map_or(Value::Null, Day::to_value)
    }
}

impl Column for Timestamp {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        row.i64(place).map(Timestamp::from_micros)
    }

    fn param(&self) -> Param<'_> {
        Param::I64(self.micros())
    }

    fn to_value(&self) -> Value {
        Value::text(self.to_string())
    }
}

impl Column for InstanceId {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        row.instance(place)
    }

    fn param(&self) -> Param<'_> {
        Param::Bytes(self.as_bytes())
    }

    fn to_value(&self) -> Value {
        Value::text(self.to_string())
    }
}

/// A word as its column keeps it; the service's `words!` enum beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored<W>(pub W);

impl<W: Word> Column for Stored<W> {
    fn read(row: &Row, place: usize) -> Result<Self, StoreError> {
        let text = row.text(place)?;
        W::parse(text)
            .map(Stored)
            .ok_or_else(|| StoreError::corrupt("the answer", "a word", text, format!("known are {}", W::listed())))
    }

    fn param(&self) -> Param<'_> {
        Param::Text(self.0.as_str())
    }

    fn to_value(&self) -> Value {
        Value::text(self.0.as_str())
    }

    fn from_name(part: &str) -> Option<Self> {
        W::parse(part).map(Stored)
    }
}

/// The statements of a table, written once.
pub struct Statements {
    insert: String,
    upsert: String,
    get: String,
    first_page: String,
    next_page: String,
}

impl Statements {
    #[must_use]
    pub fn of<R: Record>() -> Self {
        let (table, columns, key) = (R::TABLE, R::COLUMNS.join(", "), R::KEY.join(", "));
        let holes = |count: usize| (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let insert =
            format!("INSERT INTO {table} ({columns}) VALUES ({}) ON CONFLICT ({key})", holes(R::COLUMNS.len()));
        let sets = R::COLUMNS[R::KEY.len()..].iter().map(|name| format!("{name} = excluded.{name}"));
        let equal = R::KEY.iter().enumerate().map(|(place, name)| format!("{name} = ${}", place + 1));
        let select = format!("SELECT {columns} FROM {table}");
        Statements {
            upsert: format!("{insert} DO UPDATE SET {}", sets.collect::<Vec<_>>().join(", ")),
            insert: format!("{insert} DO NOTHING"),
            get: format!("{select} WHERE {}", equal.collect::<Vec<_>>().join(" AND ")),
            first_page: format!("{select} ORDER BY {key} LIMIT $1"),
            next_page: format!(
                "{select} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ${}",
                holes(R::KEY.len()),
                R::KEY.len() + 1
            ),
        }
    }
}

/// A row of a table. The first columns are its key.
pub trait Record: Sized + Send + Sync + 'static {
    const TABLE: &'static str;
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [&'static str];
    type Key: Send + Sync;

    fn read(row: &Row) -> Result<Self, StoreError>;
    fn params(&self) -> Vec<Param<'_>>;
    fn values(&self) -> Vec<Value>;
    fn key_params(key: &Self::Key) -> Vec<Param<'_>>;
    fn key_from(parts: &[String]) -> Option<Self::Key>;
    fn statements() -> &'static Statements;

    /// The canonical record: every column by its name.
    #[must_use]
    fn record(&self) -> Value {
        Value::record(Self::COLUMNS.iter().copied().zip(self.values()))
    }

    /// The row's name in the transition.
    #[must_use]
    fn name(&self) -> String {
        let parts: Vec<String> = self.values()[..Self::KEY.len()]
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_json().to_string(), str::to_owned))
            .collect();
        match parts.as_slice() {
            [single] => single.clone(),
            several => row_key::join(&several.iter().map(String::as_str).collect::<Vec<_>>()),
        }
    }

    /// Tells the transition what the row holds now.
    fn note(&self, tx: &mut Tx) {
        tx.wrote(Self::TABLE, &self.name(), Some(&self.record()));
    }
}

/// Adds the row; false if one with its key is there already.
pub async fn insert<R: Record>(tx: &mut Tx, row: &R) -> Result<bool, StoreError> {
    let added = tx.execute(&R::statements().insert, &row.params()).await? == 1;
    if added {
        row.note(tx);
    }
    Ok(added)
}

/// Adds the row, or replaces the one with its key.
pub async fn put<R: Record>(tx: &mut Tx, row: &R) -> Result<(), StoreError> {
    let changed = tx.execute(&R::statements().upsert, &row.params()).await?;
    if changed != 1 {
        return Err(StoreError::corrupt(R::TABLE, "key", row.name(), format!("an upsert changed {changed} rows")));
    }
    row.note(tx);
    Ok(())
}

pub async fn get<R: Record>(tx: &mut Tx, key: &R::Key) -> Result<Option<R>, StoreError> {
    tx.fetch_optional(&R::statements().get, &R::key_params(key)).await?.as_ref().map(R::read).transpose()
}

/// The rows after `after` (a row's name) in key order, at most `limit`, each with its name.
pub async fn page<R: Record>(
    reader: &mut Reader,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Value)>, StoreError> {
    let limit = Param::I64(i64::from(limit));
    let rows = match after {
        None => reader.fetch(&R::statements().first_page, &[limit]).await?,
        Some(name) => {
            let key = key_of::<R>(name)?;
            let mut params = R::key_params(&key);
            params.push(limit);
            reader.fetch(&R::statements().next_page, &params).await?
        }
    };
    rows.iter().map(|row| R::read(row).map(|record| (record.name(), record.record()))).collect()
}

fn key_of<R: Record>(name: &str) -> Result<R::Key, StoreError> {
    let parts = if R::KEY.len() == 1 { Some(vec![name.to_owned()]) } else { serde_json::from_str(name).ok() };
    parts
        .filter(|parts: &Vec<String>| parts.len() == R::KEY.len())
        .and_then(|parts| R::key_from(&parts))
        .ok_or_else(|| StoreError::corrupt(R::TABLE, "key", name, "it is no name of a row of this table"))
}

/// Declares the struct of a table: `record! { pub struct Item in "item" key (code: String) { name: String } }`.
#[macro_export]
macro_rules! record {
    (
        $(#[$doc:meta])*
        pub struct $name:ident in $table:literal key ($($key:ident: $key_type:ty),+ $(,)?) {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $(pub $key: $key_type,)+
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::record::Record for $name {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($key),)+ $(stringify!($field),)*];
            type Key = ($($key_type,)+);

            fn read(row: &$crate::Row) -> ::std::result::Result<Self, $crate::StoreError> {
                let mut next = 0;
                let mut place = || {
                    next += 1;
                    next - 1
                };
                Ok($name {
                    $($key: $crate::record::Column::read(row, place())?,)+
                    $($field: $crate::record::Column::read(row, place())?,)*
                })
            }

            fn params(&self) -> ::std::vec::Vec<$crate::Param<'_>> {
                ::std::vec![
                    $($crate::record::Column::param(&self.$key),)+
                    $($crate::record::Column::param(&self.$field),)*
                ]
            }

            fn values(&self) -> ::std::vec::Vec<::engine::value::Value> {
                ::std::vec![
                    $($crate::record::Column::to_value(&self.$key),)+
                    $($crate::record::Column::to_value(&self.$field),)*
                ]
            }

            fn key_params(key: &Self::Key) -> ::std::vec::Vec<$crate::Param<'_>> {
                let ($($key,)+) = key;
                ::std::vec![$($crate::record::Column::param($key)),+]
            }

            fn key_from(parts: &[::std::string::String]) -> ::std::option::Option<Self::Key> {
                let mut parts = parts.iter();
                ::std::option::Option::Some((
                    $(<$key_type as $crate::record::Column>::from_name(parts.next()?)?,)+
                ))
            }

            fn statements() -> &'static $crate::record::Statements {
                static STATEMENTS: ::std::sync::LazyLock<$crate::record::Statements> =
                    ::std::sync::LazyLock::new($crate::record::Statements::of::<$name>);
                &STATEMENTS
            }
        }
    };
}
