//! The tables that rows become, and how a row's cells are read for each.

use engine::quantity::{Money, Ratio};
use engine::time::Timestamp;
use inventory::model::{Lot, Movement, OUTSIDE, Reason as StockReason, Status};
use masterdata::model::{
    Customer, CustomerStatus, Item, ItemKind, ItemStatus, Location, LocationKind, Price, Registration, Tracking,
};
use sales::model::{Kind, Line, Order, State, net, value};
use serde::Deserialize;
use store::record::Stored;

use crate::import::cells::Cells;
use crate::import::report::Reason;

/// A table that an import fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Item,
    ItemPrice,
    ItemRegistration,
    Customer,
    Location,
    /// What lies where on the day of the import: the opening of the ledger.
    Stock,
    SalesOrder,
}

/// The fields of an order's line, and whether each must be mapped.
pub const LINE_FIELDS: &[(&str, bool)] = &[
    ("line", true),
    ("item", true),
    ("quantity", true),
    ("unit_price", true),
    ("discount", false),
    ("requested", false),
];

impl Target {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Target::Item => "item",
            Target::ItemPrice => "item_price",
            Target::ItemRegistration => "item_registration",
            Target::Customer => "customer",
            Target::Location => "location",
            Target::Stock => "stock",
            Target::SalesOrder => "sales_order",
        }
    }

    /// Its fields, and whether each must be mapped.
    #[must_use]
    pub fn fields(self) -> &'static [(&'static str, bool)] {
        match self {
            Target::Item => &[
                ("code", true),
                ("name", true),
                ("kind", true),
                ("unit", true),
                ("tracking", false),
                ("cost", true),
                ("list_price", true),
                ("lead_days", true),
                ("safety_stock", false),
                ("status", false),
                ("catalogue", true),
                ("regulated", true),
            ],
            Target::ItemPrice => &[("list", true), ("item", true), ("valid_from", true), ("price", true)],
            Target::ItemRegistration => {
                &[("item", true), ("country", true), ("number", true), ("valid_from", true), ("valid_to", true)]
            }
            Target::Customer => &[
                ("code", true),
                ("name", true),
                ("country", true),
                ("currency", true),
                ("price_list", true),
                ("credit_limit", true),
                ("credit_days", true),
                ("overdue_days", false),
                ("status", false),
                ("salesperson", false),
            ],
            Target::Location => &[("code", true), ("name", true), ("site", true), ("kind", false)],
            Target::Stock => &[
                ("item", true),
                ("location", true),
                ("quantity", true),
                ("lot", false),
                ("status", false),
                ("made", false),
                ("expires", false),
                ("day", true),
            ],
            Target::SalesOrder => &[
                ("number", true),
                ("kind", false),
                ("customer", true),
                ("currency", true),
                ("country", true),
                ("site", true),
                ("salesperson", false),
                ("ordered", true),
                ("requested", true),
                ("special_terms", false),
                ("new_product", false),
                ("private_label", false),
                ("penalty", false),
                ("shelf_life", false),
            ],
        }
    }
}

/// One row, ready to be written, with what it names elsewhere.
#[derive(Clone, Debug)]
pub enum Ready {
    Item(Item),
    Price(Price),
    Registration(Registration),
    Customer(Customer),
    Location(Location),
    Stock { opening: Movement, lot: Option<Lot> },
    Order { order: Order, lines: Vec<Line> },
}

impl Ready {
    /// Rows that writing it touches, for the size of a chunk.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Ready::Stock { .. } => 4,
            Ready::Order { lines, .. } => 1 + lines.len(),
            _ => 1,
        }
    }

    /// What must be there before it, as (table, code).
    #[must_use]
    pub fn needs(&self) -> Vec<(Target, &str)> {
        match self {
            Ready::Item(_) | Ready::Customer(_) | Ready::Location(_) => Vec::new(),
            Ready::Price(price) => vec![(Target::Item, &price.item)],
            Ready::Registration(registration) => vec![(Target::Item, &registration.item)],
            Ready::Stock { opening, .. } => {
                vec![(Target::Item, &opening.item), (Target::Location, &opening.to_location)]
            }
            Ready::Order { order, lines } => {
                let items = lines.iter().map(|line| (Target::Item, line.item.as_str()));
                std::iter::once((Target::Customer, order.customer.as_str())).chain(items).collect()
            }
        }
    }

    /// Its own name, which no other row of its table may have.
    #[must_use]
    pub fn key(&self) -> String {
        use engine::row_key::join;
        match self {
            Ready::Item(item) => item.code.clone(),
            Ready::Price(price) => join(&[&price.list, &price.item, &price.valid_from.to_string()]),
            Ready::Registration(one) => join(&[&one.item, &one.country]),
            Ready::Customer(customer) => customer.code.clone(),
            Ready::Location(location) => location.code.clone(),
            Ready::Stock { opening, .. } => {
                join(&[&opening.item, &opening.to_location, &opening.lot, &opening.to_status.0.to_string()])
            }
            Ready::Order { order, .. } => order.number.clone(),
        }
    }
}

/// Reads a row of any table but orders. `document` names the import in the ledger.
pub fn read(target: Target, cells: &Cells, document: &str, now: Timestamp) -> Result<Option<Ready>, Reason> {
    Ok(Some(match target {
        Target::Item => Ready::Item(item(cells)?),
        Target::ItemPrice => Ready::Price(Price {
            list: cells.text("list")?,
            item: cells.text("item")?,
            valid_from: cells.day("valid_from")?,
            price: cells.money("price")?,
        }),
        Target::ItemRegistration => Ready::Registration(registration(cells)?),
        Target::Customer => Ready::Customer(customer(cells)?),
        Target::Location => Ready::Location(Location {
            code: cells.text("code")?,
            name: cells.text("name")?,
            site: cells.text("site")?,
            kind: Stored(or(cells, "kind", LocationKind::Storage, Cells::word)?),
        }),
        Target::Stock => return stock(cells, document, now),
        Target::SalesOrder => return Ok(None),
    }))
}

/// The field if it is mapped and not empty, else what it means to say nothing.
fn or<T>(cells: &Cells, name: &str, usual: T, read: fn(&Cells, &str) -> Result<T, Reason>) -> Result<T, Reason> {
    if cells.optional(name).is_none() { Ok(usual) } else { read(cells, name) }
}

fn item(cells: &Cells) -> Result<Item, Reason> {
    Ok(Item {
        code: cells.text("code")?,
        name: cells.text("name")?,
        kind: Stored(cells.word::<ItemKind>("kind")?),
        unit: cells.text("unit")?,
        tracking: Stored(or(cells, "tracking", Tracking::None, Cells::word)?),
        cost: cells.money("cost")?,
        list_price: cells.money("list_price")?,
        lead_days: cells.integer("lead_days")?,
        safety_stock: or(cells, "safety_stock", engine::quantity::Quantity::ZERO, Cells::quantity)?,
        status: Stored(or(cells, "status", ItemStatus::Active, Cells::word)?),
        catalogue: cells.boolean("catalogue")?,
        regulated: cells.boolean("regulated")?,
    })
}

fn registration(cells: &Cells) -> Result<Registration, Reason> {
    let (valid_from, valid_to) = (cells.day("valid_from")?, cells.day("valid_to")?);
    if valid_to < valid_from {
        return Err(Reason::new("the registration ends before it begins", "注册有效期的结束早于开始"));
    }
    let (item, country) = (cells.text("item")?, cells.text("country")?);
    Ok(Registration { item, country, number: cells.text("number")?, valid_from, valid_to })
}

fn customer(cells: &Cells) -> Result<Customer, Reason> {
    Ok(Customer {
        code: cells.text("code")?,
        name: cells.text("name")?,
        country: cells.text("country")?,
        currency: cells.text("currency")?,
        price_list: cells.text("price_list")?,
        credit_limit: cells.money("credit_limit")?,
        credit_days: cells.integer("credit_days")?,
        overdue_days: or(cells, "overdue_days", 0, Cells::integer)?,
        status: Stored(or(cells, "status", CustomerStatus::Active, Cells::word)?),
        salesperson: cells.optional("salesperson").map(str::to_owned),
    })
}

/// None where nothing lies there: an empty place is loaded by having no balance.
fn stock(cells: &Cells, document: &str, now: Timestamp) -> Result<Option<Ready>, Reason> {
    let quantity = cells.quantity("quantity")?;
    let (item, location) = (cells.text("item")?, cells.text("location")?);
    let status = Stored(or(cells, "status", Status::Unrestricted, Cells::word)?);
    let lot = cells.optional("lot").unwrap_or_default().to_owned();
    let dates = (cells.optional_day("made")?, cells.optional_day("expires")?);
    let opening = Movement {
        item: item.clone(),
        sequence: 0,
        lot: lot.clone(),
        from_location: OUTSIDE.to_owned(),
        from_status: status,
        to_location: location,
        to_status: status,
        quantity,
        reason: Stored(StockReason::Opening),
        document: document.to_owned(),
        day: cells.day("day")?,
        posted_at: now,
        posted_by: None,
    };
    if !quantity.is_positive() {
        return Ok(None);
    }
    let lot = (!lot.is_empty()).then_some(Lot { item, lot, made: dates.0, expires: dates.1 });
    Ok(Some(Ready::Stock { opening, lot }))
}

/// Reads the head of an order; its value comes with its lines.
pub fn order(cells: &Cells) -> Result<Order, Reason> {
    Ok(Order {
        number: cells.text("number")?,
        kind: Stored(or(cells, "kind", Kind::Order, Cells::word)?),
        state: Stored(State::Submitted),
        customer: cells.text("customer")?,
        currency: cells.text("currency")?,
        country: cells.text("country")?,
        site: cells.text("site")?,
        salesperson: cells.optional("salesperson").map(str::to_owned),
        ordered: cells.day("ordered")?,
        requested: cells.day("requested")?,
        special_terms: or(cells, "special_terms", false, Cells::boolean)?,
        new_product: or(cells, "new_product", false, Cells::boolean)?,
        private_label: or(cells, "private_label", false, Cells::boolean)?,
        penalty: or(cells, "penalty", Ratio::ZERO, Cells::ratio)?,
        shelf_life: or(cells, "shelf_life", Ratio::ZERO, Cells::ratio)?,
        value: Money::ZERO,
        version: 1,
    })
}

/// Reads one line of an order.
pub fn line(cells: &Cells, order: &Order) -> Result<Line, Reason> {
    let (quantity, unit_price) = (cells.quantity("quantity")?, cells.money("unit_price")?);
    if !quantity.is_positive() {
        return Err(Reason::new("the quantity of a line must be above zero", "订单行数量必须大于零"));
    }
    let number = cells.integer("line")?;
    if number < 1 {
        return Err(Reason::new("the number of a line must be 1 or more", "订单行号必须从 1 开始"));
    }
    let discount = or(cells, "discount", Ratio::ZERO, Cells::ratio)?;
    Ok(Line {
        order_number: order.number.clone(),
        line: number,
        item: cells.text("item")?,
        quantity,
        unit_price,
        discount,
        net: net(quantity, unit_price, discount).map_err(too_large)?,
        requested: cells.optional_day("requested")?.unwrap_or(order.requested),
        promised: None,
    })
}

/// The order with its lines: what it comes to, and when the last of it is wanted.
pub fn whole(mut order: Order, mut lines: Vec<Line>) -> Result<Ready, Reason> {
    lines.sort_by_key(|line| line.line);
    if let Some(twice) = lines.windows(2).find(|pair| pair[0].line == pair[1].line) {
        let number = twice[0].line;
        return Err(Reason::new(format!("the line {number} is there twice"), format!("行号 {number} 重复")));
    }
    order.value = value(&lines).map_err(too_large)?;
    order.requested = lines.iter().map(|line| line.requested).max().unwrap_or(order.requested);
    Ok(Ready::Order { order, lines })
}

fn too_large(error: engine::quantity::AmountError) -> Reason {
    Reason::new(error.to_string(), "金额超出可存储范围")
}
