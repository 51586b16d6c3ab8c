//! The SQL of stock. Every change is a conditional update whose row count is checked.

use engine::day::Day;
use engine::quantity::Quantity;
use engine::value::Value;
use store::record::{self, Record, insert};
use store::{Reader, Row, StoreError, Tx, params};

use crate::model::{Balance, Candidate, Lot, Movement, Reservation, StockItem};

/// Takes the item's lock: its row is written, so nobody else changes its stock in this transaction.
pub async fn lock(tx: &mut Tx, item: &str) -> Result<Option<StockItem>, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE stock_item SET last_sequence = last_sequence WHERE item = $1
             RETURNING item, unrestricted, reserved, last_sequence",
            &params![item],
        )
        .await?;
    row.as_ref().map(StockItem::read).transpose()
}

/// Changes what of an item is reserved; false if that would be more than there is, or less than nothing.
pub async fn reserve_total(tx: &mut Tx, item: &str, change: Quantity) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE stock_item SET reserved = reserved + $2
             WHERE item = $1 AND reserved + $2 >= 0 AND reserved + $2 <= unrestricted
             RETURNING item, unrestricted, reserved, last_sequence",
            &params![item, change.micros()],
        )
        .await?;
    noted::<StockItem>(tx, row.as_ref())
}

/// Changes what of a balance is reserved, under the same condition.
pub async fn reserve_balance(
    tx: &mut Tx,
    item: &str,
    location: &str,
    lot: &str,
    change: Quantity,
) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE stock_balance SET reserved = reserved + $4
             WHERE item = $1 AND location = $2 AND lot = $3 AND status = 'unrestricted'
               AND reserved + $4 >= 0 AND reserved + $4 <= quantity
             RETURNING item, location, lot, status, quantity, reserved",
            &params![item, location, lot, change.micros()],
        )
        .await?;
    noted::<Balance>(tx, row.as_ref())
}

/// What of an item is free on `day`: unrestricted, not reserved, and not expired before it.
pub async fn candidates(tx: &mut Tx, item: &str, day: Day) -> Result<Vec<Candidate>, StoreError> {
    let rows = tx
        .fetch(
            "SELECT balance.location, balance.lot, balance.quantity - balance.reserved, lot.made, lot.expires
             FROM stock_balance AS balance
             LEFT JOIN stock_lot AS lot ON lot.item = balance.item AND lot.lot = balance.lot
             WHERE balance.item = $1 AND balance.status = 'unrestricted' AND balance.quantity > balance.reserved
               AND (lot.expires IS NULL OR lot.expires >= $2)
             ORDER BY balance.location, balance.lot",
            &params![item, day.number()],
        )
        .await?;
    rows.iter().map(candidate).collect()
}

fn candidate(row: &Row) -> Result<Candidate, StoreError> {
    use store::record::Column;
    Ok(Candidate {
        location: row.text(0)?.to_owned(),
        lot: row.text(1)?.to_owned(),
        free: Quantity::from_micros(row.i64(2)?),
        made: Column::read(row, 3)?,
        expires: Column::read(row, 4)?,
    })
}

/// What of an item is free on `day`, in one number.
pub async fn available(tx: &mut Tx, item: &str, day: Day) -> Result<Quantity, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT CAST(COALESCE(SUM(balance.quantity - balance.reserved), 0) AS BIGINT)
             FROM stock_balance AS balance
             LEFT JOIN stock_lot AS lot ON lot.item = balance.item AND lot.lot = balance.lot
             WHERE balance.item = $1 AND balance.status = 'unrestricted'
               AND (lot.expires IS NULL OR lot.expires >= $2)",
            &params![item, day.number()],
        )
        .await?;
    row.map_or(Ok(Quantity::ZERO), |row| row.i64(0).map(Quantity::from_micros))
}

/// The reservations of a demand that still hold something.
pub async fn active(tx: &mut Tx, demand: &str) -> Result<Vec<Reservation>, StoreError> {
    let rows = tx
        .fetch(
            "SELECT demand, number, line, item, location, lot, quantity, kind, state, instance
             FROM reservation WHERE demand = $1 AND state = 'active' ORDER BY number",
            &params![demand],
        )
        .await?;
    rows.iter().map(Reservation::read).collect()
}

/// The last number that a reservation of this demand has.
pub async fn last_number(tx: &mut Tx, demand: &str) -> Result<i64, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM reservation WHERE demand = $1",
            &params![demand],
        )
        .await?;
    row.map_or(Ok(0), |row| row.i64(0))
}

/// False if the number is taken.
pub async fn add_reservation(tx: &mut Tx, reservation: &Reservation) -> Result<bool, StoreError> {
    insert(tx, reservation).await
}

/// Ends an active reservation; false if it was not active any more.
pub async fn release(tx: &mut Tx, demand: &str, number: i64) -> Result<bool, StoreError> {
    let row = tx
        .fetch_optional(
            "UPDATE reservation SET state = 'released' WHERE demand = $1 AND number = $2 AND state = 'active'
             RETURNING demand, number, line, item, location, lot, quantity, kind, state, instance",
            &params![demand, number],
        )
        .await?;
    noted::<Reservation>(tx, row.as_ref())
}

/// Books stock that arrives: the item's totals, the balance and the ledger. The number of the ledger's row.
pub async fn receive(tx: &mut Tx, movement: &Movement) -> Result<i64, StoreError> {
    let added = |status: crate::model::Status| {
        if status == crate::model::Status::Unrestricted { movement.quantity.micros() } else { 0 }
    };
    let row = tx
        .fetch_optional(
            "INSERT INTO stock_item (item, unrestricted, reserved, last_sequence) VALUES ($1, $2, 0, 1)
             ON CONFLICT (item) DO UPDATE SET unrestricted = stock_item.unrestricted + excluded.unrestricted,
                                              last_sequence = stock_item.last_sequence + 1
             RETURNING item, unrestricted, reserved, last_sequence",
            &params![&movement.item, added(movement.to_status.0)],
        )
        .await?
        .ok_or_else(|| StoreError::corrupt(StockItem::TABLE, "item", &movement.item, "an upsert gave no row"))?;
    let totals = StockItem::read(&row)?;
    totals.note(tx);
    let row = tx
        .fetch_optional(
            "INSERT INTO stock_balance (item, location, lot, status, quantity, reserved) VALUES ($1, $2, $3, $4, $5, 0)
             ON CONFLICT (item, location, lot, status)
             DO UPDATE SET quantity = stock_balance.quantity + excluded.quantity
             RETURNING item, location, lot, status, quantity, reserved",
            &params![
                &movement.item,
                &movement.to_location,
                &movement.lot,
                engine::word::Word::as_str(movement.to_status.0),
                movement.quantity.micros()
            ],
        )
        .await?;
    noted::<Balance>(tx, row.as_ref())?;
    let numbered = Movement { sequence: totals.last_sequence, ..movement.clone() };
    if !insert(tx, &numbered).await? {
        let why = format!("the number {} is taken", numbered.sequence);
        return Err(StoreError::corrupt(Movement::TABLE, "sequence", &movement.item, why));
    }
    Ok(totals.last_sequence)
}

/// Adds a lot, or leaves the one that is there; the lot as it is now.
pub async fn keep_lot(tx: &mut Tx, lot: &Lot) -> Result<Option<Lot>, StoreError> {
    insert(tx, lot).await?;
    record::get::<Lot>(tx, &(lot.item.clone(), lot.lot.clone())).await
}

/// What an earlier booking of the same document put on the same balance; none if there was none.
pub async fn opening(tx: &mut Tx, movement: &Movement) -> Result<Option<Quantity>, StoreError> {
    let row = tx
        .fetch_optional(
            "SELECT CAST(SUM(quantity) AS BIGINT) FROM stock_ledger
             WHERE item = $1 AND to_location = $2 AND lot = $3 AND to_status = $4 AND document = $5",
            &params![
                &movement.item,
                &movement.to_location,
                &movement.lot,
                engine::word::Word::as_str(movement.to_status.0),
                &movement.document
            ],
        )
        .await?;
    row.map_or(Ok(None), |row| Ok(row.opt_i64(0)?.map(Quantity::from_micros)))
}

/// Where the stored sums disagree with the rows that they are made of: `item: what`. Empty in a sound database.
pub async fn faults(reader: &mut Reader) -> Result<Vec<String>, StoreError> {
    const SHOWN_MAX: usize = 100;
    let mut found = Vec::new();
    for (what, sql) in FAULTS {
        for row in reader.fetch(sql, &[]).await? {
            found.push(format!("{}: {what}", row.text(0)?));
        }
    }
    found.truncate(SHOWN_MAX);
    Ok(found)
}

/// Each finds items whose sums are wrong.
const FAULTS: [(&str, &str); 4] = [
    (
        "a balance is not the sum of the ledger",
        "SELECT item FROM (
             SELECT item, to_location AS location, lot, to_status AS status, quantity FROM stock_ledger
             UNION ALL
             SELECT item, from_location, lot, from_status, -quantity FROM stock_ledger
             UNION ALL
             SELECT item, location, lot, status, -quantity FROM stock_balance
         ) AS sides WHERE location <> 'outside'
         GROUP BY item, location, lot, status HAVING CAST(SUM(quantity) AS BIGINT) <> 0 ORDER BY item LIMIT 100",
    ),
    (
        "its unrestricted total is not the sum of its balances",
        "SELECT item FROM (
             SELECT item, unrestricted AS quantity FROM stock_item
             UNION ALL
             SELECT item, -quantity FROM stock_balance WHERE status = 'unrestricted'
         ) AS sides GROUP BY item HAVING CAST(SUM(quantity) AS BIGINT) <> 0 ORDER BY item LIMIT 100",
    ),
    (
        "its reserved total is not the sum of its hard reservations",
        "SELECT item FROM (
             SELECT item, reserved AS quantity FROM stock_item
             UNION ALL
             SELECT item, -quantity FROM reservation WHERE state = 'active' AND kind = 'hard'
         ) AS sides GROUP BY item HAVING CAST(SUM(quantity) AS BIGINT) <> 0 ORDER BY item LIMIT 100",
    ),
    (
        "a balance's reserved part is not the sum of the hard reservations on it",
        "SELECT item FROM (
             SELECT item, location, lot, reserved AS quantity FROM stock_balance WHERE status = 'unrestricted'
             UNION ALL
             SELECT item, location, lot, -quantity FROM reservation WHERE state = 'active' AND kind = 'hard'
         ) AS sides GROUP BY item, location, lot HAVING CAST(SUM(quantity) AS BIGINT) <> 0 ORDER BY item LIMIT 100",
    ),
];

fn noted<R: Record>(tx: &mut Tx, row: Option<&Row>) -> Result<bool, StoreError> {
    let Some(row) = row else { return Ok(false) };
    R::read(row)?.note(tx);
    Ok(true)
}

/// Instances that hold active reservations, after `after` in order: `doctor` looks whether each exists.
pub async fn holders(
    reader: &mut Reader,
    after: Option<engine::id::InstanceId>,
    limit: u32,
) -> Result<Vec<engine::id::InstanceId>, StoreError> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let rows = reader
        .fetch(
            "SELECT DISTINCT instance FROM reservation WHERE state = 'active' AND instance > $1
             ORDER BY instance LIMIT $2",
            &params![&after, limit],
        )
        .await?;
    rows.iter().map(|row| row.instance(0)).collect()
}

/// The tables whose rows the log must account for.
pub const TABLES: [&str; 5] = [StockItem::TABLE, Lot::TABLE, Balance::TABLE, Movement::TABLE, Reservation::TABLE];

/// The canonical records of a table after a row's name, in key order; none of a table that is not ours.
pub async fn rows(
    reader: &mut Reader,
    table: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Value)>, StoreError> {
    match table {
        StockItem::TABLE => record::page::<StockItem>(reader, after, limit).await,
        Lot::TABLE => record::page::<Lot>(reader, after, limit).await,
        Balance::TABLE => record::page::<Balance>(reader, after, limit).await,
        Movement::TABLE => record::page::<Movement>(reader, after, limit).await,
        Reservation::TABLE => record::page::<Reservation>(reader, after, limit).await,
        _ => Ok(Vec::new()),
    }
}
