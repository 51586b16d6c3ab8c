//! The SQL of master data.

use engine::day::Day;
use engine::quantity::Money;
use engine::value::Value;
use store::record::{self, Record};
use store::{Reader, StoreError, Tx, params};

use crate::model::{Customer, Item, Location, Price, Registration};

pub async fn item(tx: &mut Tx, code: &str) -> Result<Option<Item>, StoreError> {
    record::get::<Item>(tx, &(code.to_owned(),)).await
}

pub async fn customer(tx: &mut Tx, code: &str) -> Result<Option<Customer>, StoreError> {
    record::get::<Customer>(tx, &(code.to_owned(),)).await
}

pub async fn registration(tx: &mut Tx, item: &str, country: &str) -> Result<Option<Registration>, StoreError> {
    record::get::<Registration>(tx, &(item.to_owned(), country.to_owned())).await
}

/// The newest price of a list that is valid on `day`.
pub async fn price(tx: &mut Tx, list: &str, item: &str, day: Day) -> Result<Option<Money>, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT price FROM item_price WHERE list = $1 AND item = $2 AND valid_from <= $3
             ORDER BY valid_from DESC LIMIT 1",
            &params![list, item, day.number()],
        )
        .await?;
    row.map(|row| row.i64(0).map(Money::from_micros)).transpose()
}

/// The tables whose rows the log must account for.
pub const TABLES: [&str; 5] = [Item::TABLE, Registration::TABLE, Price::TABLE, Customer::TABLE, Location::TABLE];

/// The canonical records of a table after a row's name, in key order; none of a table that is not ours.
pub async fn rows(
    reader: &mut Reader,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Value)>, StoreError> {
    match table {
        Item::TABLE => record::page::<Item>(reader, after, limit).await,
        Registration::TABLE => record::page::<Registration>(reader, after, limit).await,
        Price::TABLE => record::page::<Price>(reader, after, limit).await,
        Customer::TABLE => record::page::<Customer>(reader, after, limit).await,
        Location::TABLE => record::page::<Location>(reader, after, limit).await,
        _ => Ok(Vec::new()),
    }
}
