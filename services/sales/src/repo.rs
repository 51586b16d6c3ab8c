//! The SQL of sales. Guards are conditional updates whose row count is checked.

use engine::day::Day;
use engine::quantity::{Money, Quantity};
use engine::value::Value;
use store::record::{self, Record, insert, put};
use store::{Reader, StoreError, Tx, params};

use crate::model::{Change, Exposure, History, Line, Order};

pub async fn order(tx: &mut Tx, number: &str) -> Result<Option<Order>, StoreError> {
    record::get::<Order>(tx, &(number.to_owned(),)).await
}

pub async fn lines(tx: &mut Tx, number: &str) -> Result<Vec<Line>, StoreError> {
    let rows = tx
        .fetch(
            "SELECT order_number, line, item, quantity, unit_price, discount, net, requested, promised
             FROM sales_order_line WHERE order_number = $1 ORDER BY line",
            &params![number],
        )
        .await?;
    rows.iter().map(Line::read).collect()
}

/// Takes the order for a change of its state: its version rises, and nobody else changes it in this transaction.
pub async fn take(tx: &mut Tx, number: &str, version: Option<i64>) -> Result<Option<Order>, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE sales_order SET version = version + 1 WHERE number = $1 AND version = COALESCE($2, version)
             RETURNING number, kind, state, customer, currency, country, site, salesperson, ordered, requested,
                       special_terms, new_product, private_label, penalty, shelf_life, value, version",
            &params![number, version],
        )
        .await?;
    row.as_ref().map(Order::read).transpose()
}

pub async fn put_order(tx: &mut Tx, order: &Order) -> Result<(), StoreError> {
    put(tx, order).await
}

pub async fn put_line(tx: &mut Tx, line: &Line) -> Result<(), StoreError> {
    put(tx, line).await
}

pub async fn remove_line(tx: &mut Tx, line: &Line) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM sales_order_line WHERE order_number = $1 AND line = $2",
        &params![&line.order_number, line.line],
    )
    .await?;
    tx.wrote(Line::TABLE, &line.name(), None);
    Ok(())
}

/// False if a change made this version already.
pub async fn add_change(tx: &mut Tx, change: &Change) -> Result<bool, StoreError> {
    insert(tx, change).await
}

pub async fn exposure(tx: &mut Tx, customer: &str) -> Result<Money, StoreError> {
    let found = record::get::<Exposure>(tx, &(customer.to_owned(),)).await?;
    Ok(found.map_or(Money::ZERO, |row| row.open_value))
}

/// Adds to what the customer has been promised, if that stays within the ceiling.
pub async fn expose(tx: &mut Tx, customer: &str, value: Money, ceiling: Money) -> Result<bool, StoreError> {
    tx.execute(
        "INSERT INTO customer_exposure (customer, open_value) VALUES ($1, 0) ON CONFLICT (customer) DO NOTHING",
        &params![customer],
    )
    .await?;
    let row = tx
        .fetch_optional(
            "UPDATE customer_exposure SET open_value = open_value + $2
             WHERE customer = $1 AND open_value + $2 <= $3 RETURNING customer, open_value",
            &params![customer, value.micros(), ceiling.micros()],
        )
        .await?;
    note_exposure(tx, row.as_ref())
}

/// Takes back what an order had added; false if less than that is there.
pub async fn unexpose(tx: &mut Tx, customer: &str, value: Money) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE customer_exposure SET open_value = open_value - $2
             WHERE customer = $1 AND open_value >= $2 RETURNING customer, open_value",
            &params![customer, value.micros()],
        )
        .await?;
    note_exposure(tx, row.as_ref())
}

fn note_exposure(tx: &mut Tx, row: Option<&store::Row>) -> Result<bool, StoreError> {
    let Some(row) = row else { return Ok(false) };
    Exposure::read(row)?.note(tx);
    Ok(true)
}

/// How much of an item was promised in orders of the days from `from` to before `until`, beside order `besides`.
pub async fn history(tx: &mut Tx, item: &str, from: Day, until: Day, besides: &str) -> Result<History, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(line.quantity), 0) AS BIGINT)
             FROM sales_order_line AS line JOIN sales_order AS whole ON whole.number = line.order_number
             WHERE line.item = $1 AND whole.ordered >= $2 AND whole.ordered < $3 AND whole.number <> $4
               AND whole.state IN ('confirmed', 'in_fulfilment', 'shipped', 'closed')",
            &params![item, from.number(), until.number(), besides],
        )
        .await?;
    let Some(row) = row else { return Ok(History::default()) };
    Ok(History { lines: row.i64(0)?, quantity: Quantity::from_micros(row.i64(1)?) })
}

/// Orders that wait for a review, after a number in order: each with the input of the process that reviews it.
pub async fn to_review(
    reader: &mut Reader,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Value)>, StoreError> {
    let rows = reader
        .fetch(
            "SELECT number, kind, site, salesperson FROM sales_order
             WHERE state IN ('submitted', 'change_pending') AND number > $1 ORDER BY number LIMIT $2",
            &params![after.unwrap_or(""), limit],
        )
        .await?;
    let input = |row: &store::Row| {
        let number = row.text(0)?.to_owned();
        let fields = [
            ("order", Value::text(number.as_str())),
            ("kind", Value::text(row.text(1)?)),
            ("site", Value::text(row.text(2)?)),
            // Without a salesperson the desk that took the order answers for it.
            ("salesperson", Value::text(row.opt_text(3)?.unwrap_or(SALES_DESK))),
        ];
        Ok((number, Value::record(fields)))
    };
    rows.iter().map(input).collect()
}

/// Who answers for an order that names no salesperson.
pub const SALES_DESK: &str = "sales_desk";

/// Customers whose exposure is not the sum of their promised orders; none in a sound database.
pub async fn exposure_faults(reader: &mut Reader) -> Result<Vec<String>, StoreError> {
    let rows = reader
        .fetch(
            "SELECT customer FROM (
                 SELECT customer, open_value AS value FROM customer_exposure
                 UNION ALL
                 SELECT customer, -value FROM sales_order WHERE state IN ('confirmed', 'in_fulfilment')
             ) AS both_sides GROUP BY customer HAVING CAST(SUM(value) AS BIGINT) <> 0 ORDER BY customer LIMIT 100",
            &[],
        )
        .await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// The tables whose rows the log must account for.
pub const TABLES: [&str; 4] = [Order::TABLE, Line::TABLE, Change::TABLE, Exposure::TABLE];

/// The canonical records of a table after a row's name, in key order; none of a table that is not ours.
pub async fn rows(
    reader: &mut Reader,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Value)>, StoreError> {
    match table {
        Order::TABLE => record::page::<Order>(reader, after, limit).await,
        Line::TABLE => record::page::<Line>(reader, after, limit).await,
        Change::TABLE => record::page::<Change>(reader, after, limit).await,
        Exposure::TABLE => record::page::<Exposure>(reader, after, limit).await,
        _ => Ok(Vec::new()),
    }
}
