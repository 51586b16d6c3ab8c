//! Orders and the pure rules over them.

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::input::Input;
use engine::quantity::{AmountError, Money, Quantity, Ratio};
use engine::time::Timestamp;
use engine::value::Value;
use engine::words;
use store::record;
use store::record::Stored;

words! {
    pub enum Kind { Order = "order", Quotation = "quotation", Contract = "contract" }
}

words! {
    pub enum State {
        Draft = "draft",
        Submitted = "submitted",
        /// It was confirmed and then changed; the change is not confirmed yet.
        ChangePending = "change_pending",
        Confirmed = "confirmed",
        InFulfilment = "in_fulfilment",
        Shipped = "shipped",
        Closed = "closed",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        Expired = "expired",
        Cancelled = "cancelled",
    }
}

impl State {
    /// Whether a review may decide on it.
    #[must_use]
    pub fn is_reviewable(self) -> bool {
        matches!(self, State::Submitted | State::ChangePending)
    }

    /// Whether its value counts as promised to the customer.
    #[must_use]
    pub fn is_exposed(self) -> bool {
        matches!(self, State::Confirmed | State::InFulfilment)
    }

    /// The states in which an order ends without being delivered.
    #[must_use]
    pub fn is_given_up(self) -> bool {
        matches!(self, State::Rejected | State::Withdrawn | State::Expired | State::Cancelled)
    }
}

record! {
    pub struct Order in "sales_order" key (number: String) {
        kind: Stored<Kind>,
        state: Stored<State>,
        customer: String,
        currency: String,
        /// Where it goes, by ISO 3166.
        country: String,
        site: String,
        salesperson: Option<String>,
        ordered: Day,
        /// The last day that any of its lines is wanted.
        requested: Day,
        special_terms: bool,
        new_product: bool,
        private_label: bool,
        /// Of the value, that we pay when late.
        penalty: Ratio,
        /// Of the shelf life, that must remain on delivery.
        shelf_life: Ratio,
        value: Money,
        version: i64,
    }
}

record! {
    pub struct Line in "sales_order_line" key (order_number: String, line: i64) {
        item: String,
        quantity: Quantity,
        unit_price: Money,
        discount: Ratio,
        net: Money,
        requested: Day,
        promised: Option<Day>,
    }
}

record! {
    /// A change as it was applied; the version it made.
    pub struct Change in "order_change" key (order_number: String, version: i64) {
        difference: String,
        reason: Option<String>,
        changed_at: Timestamp,
        changed_by: Option<String>,
    }
}

record! {
    /// What a customer has been promised on confirmed orders.
    pub struct Exposure in "customer_exposure" key (customer: String) {
        open_value: Money,
    }
}

/// What a line comes to.
pub fn net(quantity: Quantity, unit_price: Money, discount: Ratio) -> Result<Money, AmountError> {
    // One product of three exact numbers is rounded once; the price after discount could round before.
    let exact = quantity
        .to_decimal()
        .checked_mul(unit_price.to_decimal())
        .and_then(|gross| gross.checked_mul(Ratio::ONE.minus(discount).ok()?.to_decimal()))
        .ok_or_else(|| AmountError::Range(format!("{quantity} * {unit_price}")))?;
    Money::nearest(exact)
}

/// What an order comes to.
pub fn value(lines: &[Line]) -> Result<Money, AmountError> {
    lines.iter().try_fold(Money::ZERO, |sum, line| sum.plus(line.net))
}

/// How much of an item was ordered before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub lines: i64,
    pub quantity: Quantity,
}

/// The quantity as a multiple of the average line; 1 where nothing was ordered before.
#[must_use]
pub fn quantity_ratio(quantity: Quantity, history: History) -> Ratio {
    if history.lines <= 0 || !history.quantity.is_positive() {
        return Ratio::ONE;
    }
    quantity
        .to_decimal()
        .checked_mul(history.lines.into())
        .and_then(|total| total.checked_div(history.quantity.to_decimal()))
        .and_then(|ratio| Ratio::nearest(ratio).ok())
        .unwrap_or(Ratio::ONE)
}

/// An order's changed form, and the lines that are gone from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub order: Order,
    pub lines: Vec<Line>,
    pub removed: Vec<i64>,
}

/// Applies a difference: header fields, and lines by number, which are changed, added or removed. Pure.
pub fn apply(order: &Order, lines: &[Line], difference: &Input<'_>) -> Result<Changed, ActivityFailure> {
    if difference.value().as_map().is_none_or(|fields| fields.values().all(Value::is_null)) {
        return Err(difference.fault("change", "a record of what changes", "包含变更内容的记录"));
    }
    let mut next = order.clone();
    let requested = difference.optional_day("requested")?;
    if let Some(country) = difference.optional_text("country")? {
        next.country = country.to_owned();
    }
    if let Some(flag) = difference.optional_boolean("special_terms")? {
        next.special_terms = flag;
    }
    if difference.optional_decimal("penalty")?.is_some() {
        next.penalty = difference.ratio("penalty")?;
    }
    if difference.optional_decimal("shelf_life")?.is_some() {
        next.shelf_life = difference.ratio("shelf_life")?;
    }
    let mut kept = lines.to_vec();
    let mut removed = Vec::new();
    for change in difference.optional_list("lines")? {
        let number = change.integer("line")?;
        let place = kept.iter().position(|line| line.line == number);
        if change.optional_boolean("remove")?.unwrap_or(false) {
            let place = place.ok_or_else(|| change.fault("line", "a line of the order", "订单中已有的行号"))?;
            kept.remove(place);
            removed.push(number);
            continue;
        }
        let line = changed_line(&next, place.map(|place| &kept[place]), number, &change)?;
        match place {
            Some(place) => kept[place] = line,
            None => kept.push(line),
        }
    }
    if kept.is_empty() {
        return Err(difference.fault("lines", "a change that leaves at least one line", "至少保留一行的变更"));
    }
    for line in &mut kept {
        line.requested = requested.unwrap_or(line.requested);
        // A promise was made for the order as it was.
        line.promised = None;
    }
    kept.sort_by_key(|line| line.line);
    next.requested = kept.iter().map(|line| line.requested).max().unwrap_or(next.requested);
    next.value = value(&kept)?;
    if next.state.0.is_exposed() {
        next.state = Stored(State::ChangePending);
    }
    Ok(Changed { order: next, lines: kept, removed })
}

fn changed_line(order: &Order, old: Option<&Line>, number: i64, change: &Input<'_>) -> Result<Line, ActivityFailure> {
    let item = match (old, change.optional_text("item")?) {
        (_, Some(item)) => item.to_owned(),
        (Some(old), None) => old.item.clone(),
        (None, None) => return Err(change.fault("item", "the item of the new line", "新增行的物料")),
    };
    if number < 1 {
        return Err(change.fault("line", "a number from 1", "从 1 开始的行号"));
    }
    let quantity = match (old, change.optional_decimal("quantity")?) {
        (Some(old), None) => old.quantity,
        _ => change.quantity("quantity")?,
    };
    let unit_price = match (old, change.optional_decimal("unit_price")?) {
        (Some(old), None) => old.unit_price,
        _ => change.money("unit_price")?,
    };
    if unit_price.is_negative() {
        return Err(change.fault("unit_price", "a price of zero or more", "不小于零的价格"));
    }
    let discount = match (old, change.optional_decimal("discount")?) {
        (Some(old), None) => old.discount,
        (None, None) => Ratio::ZERO,
        _ => change.ratio("discount")?,
    };
    let requested = change.optional_day("requested")?.or(old.map(|old| old.requested)).unwrap_or(order.requested);
    Ok(Line {
        order_number: order.number.clone(),
        line: number,
        item,
        quantity,
        unit_price,
        discount,
        net: net(quantity, unit_price, discount)?,
        requested,
        promised: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order() -> Order {
        Order {
            number: "SO-1".into(),
            kind: Stored(Kind::Order),
            state: Stored(State::Confirmed),
            customer: "C".into(),
            currency: "CNY".into(),
            country: "CN".into(),
            site: "SZ".into(),
            salesperson: None,
            ordered: Day::parse("2026-03-02").expect("a day"),
            requested: Day::parse("2026-03-20").expect("a day"),
            special_terms: false,
            new_product: false,
            private_label: false,
            penalty: Ratio::ZERO,
            shelf_life: Ratio::ZERO,
            value: Money::from_micros(20_000_000),
            version: 1,
        }
    }

    fn line(number: i64) -> Line {
        Line {
            order_number: "SO-1".into(),
            line: number,
            item: format!("ITEM-{number}"),
            quantity: Quantity::from_micros(2_000_000),
            unit_price: Money::from_micros(5_000_000),
            discount: Ratio::ZERO,
            net: Money::from_micros(10_000_000),
            requested: Day::parse("2026-03-20").expect("a day"),
            promised: Day::parse("2026-03-21"),
        }
    }

    fn change(fields: Value) -> Result<Changed, ActivityFailure> {
        apply(&order(), &[line(1), line(2)], &Input::new(&fields))
    }

    #[test]
    fn a_changed_order_loses_its_promise_and_its_confirmation() {
        let changed = change(Value::record([("requested", Value::from("2026-04-01"))])).expect("applies");
        assert_eq!(changed.order.state.0, State::ChangePending);
        assert!(changed.lines.iter().all(|line| line.promised.is_none()));
        assert_eq!(changed.order.requested.to_string(), "2026-04-01");
    }

    #[test]
    fn lines_are_changed_added_and_removed_by_number() {
        let lines = Value::list(vec![
            Value::record([("line", Value::Int(1)), ("quantity", Value::Int(4))]),
            Value::record([("line", Value::Int(2)), ("remove", Value::Bool(true))]),
            Value::record([
                ("line", Value::Int(3)),
                ("item", Value::from("NEW")),
                ("quantity", Value::Int(1)),
                ("unit_price", Value::Int(7)),
            ]),
        ]);
        let changed = change(Value::record([("lines", lines)])).expect("applies");
        assert_eq!(changed.removed, [2]);
        assert_eq!(changed.lines.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(changed.order.value, Money::from_micros(27_000_000));
    }

    #[test]
    fn an_empty_change_and_an_empty_order_are_refused() {
        assert!(change(Value::record([("country", Value::Null)])).is_err());
        let remove = |number: i64| Value::record([("line", Value::Int(number)), ("remove", Value::Bool(true))]);
        let all = Value::record([("lines", Value::list(vec![remove(1), remove(2)]))]);
        assert_eq!(change(all).expect_err("no line is left").code.as_ref(), "VALIDATION");
    }

    #[test]
    fn nothing_ordered_before_is_no_unusual_quantity() {
        assert_eq!(quantity_ratio(Quantity::from_micros(9), History::default()), Ratio::ONE);
        let history = History { lines: 4, quantity: Quantity::from_micros(8_000_000) };
        assert_eq!(quantity_ratio(Quantity::from_micros(6_000_000), history), Ratio::from_micros(3_000_000));
    }

    proptest! {
        #[test]
        fn the_value_is_the_sum_of_the_lines(nets in prop::collection::vec(0i64..1_000_000_000, 1..20)) {
            let lines: Vec<Line> = nets.iter().map(|net| Line { net: Money::from_micros(*net), ..line(1) }).collect();
            prop_assert_eq!(value(&lines).expect("in range").micros(), nets.iter().sum::<i64>());
        }

        #[test]
        fn a_discount_never_raises_what_is_paid(quantity in 1i64..1_000_000_000, price in 0i64..1_000_000_000, discount in 0i64..=1_000_000) {
            let (quantity, price) = (Quantity::from_micros(quantity), Money::from_micros(price));
            let full = net(quantity, price, Ratio::ZERO).expect("in range");
            let less = net(quantity, price, Ratio::from_micros(discount)).expect("in range");
            prop_assert!(!less.is_negative() && less <= full);
        }
    }
}
