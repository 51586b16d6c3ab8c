//! What one transaction of an import writes. Applying it twice is the same as once.

use std::sync::Arc;

use engine::value::Value;
use engine::word::Word;
use inventory::model::{Lot, Movement};
use inventory::repo as stock;
use masterdata::model::{Customer, Item, Location};
use sales::model::{Line, Order, State};
use sales::repo as orders;
use store::record::{Record, get, put};
use store::{StoreError, Tx};

use crate::import::report::{Reason, Rejected};
use crate::import::target::{Ready, Target};

/// Rows that a chunk may touch: a transaction of the writer stays short.
pub const ROWS_MAX: usize = 500;
/// Lines that an order may have: it is written in one transaction.
pub const ORDER_LINES_MAX: usize = ROWS_MAX - 1;

/// A row with where it came from.
#[derive(Clone, Debug)]
pub struct Entry {
    pub line: u64,
    pub ready: Ready,
    /// Of an order: where its lines came from.
    pub parts: Vec<(Arc<str>, u64)>,
    /// What it names that this import has not loaded: it must be in the database.
    pub needs: Vec<(Target, String)>,
}

/// Some rows of one table.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub table: Target,
    pub file: Arc<str>,
    pub entries: Vec<Entry>,
}

/// What became of a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub loaded: Vec<(&'static str, u64)>,
    pub rejected: Vec<Rejected>,
}

impl Chunk {
    /// What the log says of it: the rows themselves are accounted for by their digests.
    #[must_use]
    pub fn summary(&self) -> Value {
        let line = |entry: Option<&Entry>| entry.map_or(Value::Null, |entry| Value::text(entry.line.to_string()));
        Value::record([
            ("table", Value::text(self.table.as_str())),
            ("file", Value::text(self.file.as_ref())),
            ("first", line(self.entries.first())),
            ("last", line(self.entries.last())),
        ])
    }

    /// Writes the rows. What cannot be loaded is listed; only the database's weather is an error.
    pub async fn apply(&self, tx: &mut Tx) -> Result<Written, StoreError> {
        let mut written = Written::default();
        let (mut rows, mut lines) = (0, 0);
        for entry in &self.entries {
            let refused = match missing(tx, &entry.needs).await? {
                Some(reason) => Some(reason),
                None => write(tx, &entry.ready).await?,
            };
            match refused {
                None => {
                    rows += 1;
                    lines += entry.parts.len() as u64;
                }
                Some(reason) => {
                    written.rejected.push(rejected(&self.file, entry.line, reason.clone()));
                    written
                        .rejected
                        .extend(entry.parts.iter().map(|(file, line)| rejected(file, *line, reason.clone())));
                }
            }
        }
        written.loaded.push((self.table.as_str(), rows));
        if self.table == Target::SalesOrder {
            written.loaded.push((Line::TABLE, lines));
        }
        Ok(written)
    }
}

fn rejected(file: &str, row: u64, reason: Reason) -> Rejected {
    Rejected { file: file.to_owned(), row, reason: reason.en, reason_zh: reason.zh }
}

/// The first thing that the row names and nobody has.
async fn missing(tx: &mut Tx, needs: &[(Target, String)]) -> Result<Option<Reason>, StoreError> {
    for (table, code) in needs {
        let key = (code.clone(),);
        let (there, zh) = match table {
            Target::Item => (get::<Item>(tx, &key).await?.is_some(), "物料"),
            Target::Customer => (get::<Customer>(tx, &key).await?.is_some(), "客户"),
            _ => (get::<Location>(tx, &key).await?.is_some(), "库位"),
        };
        if !there {
            let en = format!("there is no {} `{code}`", table.as_str());
            return Ok(Some(Reason::new(en, format!("没有{zh} `{code}`"))));
        }
    }
    Ok(None)
}

/// Writes one row, or says why not. What is there already as it should be is left alone.
async fn write(tx: &mut Tx, ready: &Ready) -> Result<Option<Reason>, StoreError> {
    match ready {
        Ready::Item(row) => keep(tx, row, &(row.code.clone(),)).await,
        Ready::Customer(row) => keep(tx, row, &(row.code.clone(),)).await,
        Ready::Location(row) => keep(tx, row, &(row.code.clone(),)).await,
        Ready::Registration(row) => keep(tx, row, &(row.item.clone(), row.country.clone())).await,
        Ready::Price(row) => keep(tx, row, &(row.list.clone(), row.item.clone(), row.valid_from)).await,
        Ready::Stock { opening, lot } => open_stock(tx, opening, lot.as_ref()).await,
        Ready::Order { order, lines } => keep_order(tx, order, lines).await,
    }
}

async fn keep<R: Record + PartialEq>(tx: &mut Tx, row: &R, key: &R::Key) -> Result<Option<Reason>, StoreError> {
    if get::<R>(tx, key).await?.as_ref() != Some(row) {
        put(tx, row).await?;
    }
    Ok(None)
}

async fn open_stock(tx: &mut Tx, opening: &Movement, lot: Option<&Lot>) -> Result<Option<Reason>, StoreError> {
    if let Some(lot) = lot
        && stock::keep_lot(tx, lot).await?.as_ref() != Some(lot)
    {
        let why = format!("the lot `{}` is there with other dates", lot.lot);
        return Ok(Some(Reason::new(why, format!("批次 `{}` 已存在，日期不同", lot.lot))));
    }
    match stock::opening(tx, opening).await? {
        None => {
            stock::receive(tx, opening).await?;
            Ok(None)
        }
        Some(booked) if booked == opening.quantity => Ok(None),
        Some(booked) => Ok(Some(Reason::new(
            format!("the opening was booked with {booked}; correct it with a stock count"),
            format!("期初库存已按 {booked} 入账，请用盘点更正"),
        ))),
    }
}

async fn keep_order(tx: &mut Tx, order: &Order, lines: &[Line]) -> Result<Option<Reason>, StoreError> {
    let Some(there) = orders::order(tx, &order.number).await? else {
        return put_order(tx, order, lines).await;
    };
    let old = orders::lines(tx, &order.number).await?;
    // A review changes state, version and promises: the order is still the one of the file.
    let same = Order { state: order.state, version: order.version, ..there.clone() } == *order;
    let unpromised = old.iter().map(|line| Line { promised: None, ..line.clone() });
    if same && unpromised.eq(lines.iter().cloned()) {
        return Ok(None);
    }
    if there.state.0 != State::Submitted || there.version != order.version {
        let state = there.state.0.as_str();
        return Ok(Some(Reason::new(
            format!("the order is {state} here and was changed; change it there by a change of the order"),
            format!("系统中该订单状态为 {state} 且内容已变更，请通过订单变更处理"),
        )));
    }
    for gone in old.iter().filter(|line| !lines.iter().any(|new| new.line == line.line)) {
        orders::remove_line(tx, gone).await?;
    }
    put_order(tx, order, lines).await
}

async fn put_order(tx: &mut Tx, order: &Order, lines: &[Line]) -> Result<Option<Reason>, StoreError> {
    orders::put_order(tx, order).await?;
    for line in lines {
        orders::put_line(tx, line).await?;
    }
    Ok(None)
}
