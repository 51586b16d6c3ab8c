//! What is known of items and customers, and the pure rules over it.

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::quantity::{AmountError, Money, Quantity, Ratio};
use engine::value::Value;
use engine::words;
use store::record;
use store::record::Stored;

words! {
    pub enum ItemKind {
        Finished = "finished",
        SemiFinished = "semi_finished",
        Raw = "raw",
        Packaging = "packaging",
        Tool = "tool",
        Service = "service",
    }
}

words! {
    pub enum Tracking { None = "none", Lot = "lot", Serial = "serial" }
}

words! {
    pub enum ItemStatus { Draft = "draft", Active = "active", PhaseOut = "phase_out", Blocked = "blocked" }
}

words! {
    pub enum CustomerStatus { Active = "active", Hold = "hold", Blocked = "blocked" }
}

words! {
    pub enum LocationKind {
        Storage = "storage",
        Receiving = "receiving",
        Quarantine = "quarantine",
        Production = "production",
        Shipping = "shipping",
        Scrap = "scrap",
    }
}

record! {
    pub struct Item in "item" key (code: String) {
        name: String,
        kind: Stored<ItemKind>,
        unit: String,
        tracking: Stored<Tracking>,
        /// Standard cost of one unit.
        cost: Money,
        list_price: Money,
        /// Days to make or buy it.
        lead_days: i64,
        safety_stock: Quantity,
        status: Stored<ItemStatus>,
        /// Whether it is sold as it is listed; other items are made to order.
        catalogue: bool,
        /// Whether a market must have registered it before it is sold there.
        regulated: bool,
    }
}

record! {
    /// The leave of a country to sell an item there.
    pub struct Registration in "item_registration" key (item: String, country: String) {
        number: String,
        valid_from: Day,
        valid_to: Day,
    }
}

record! {
    pub struct Price in "item_price" key (list: String, item: String, valid_from: Day) {
        price: Money,
    }
}

record! {
    pub struct Customer in "customer" key (code: String) {
        name: String,
        country: String,
        currency: String,
        price_list: String,
        credit_limit: Money,
        credit_days: i64,
        /// Days by which the oldest unpaid invoice is late.
        overdue_days: i64,
        status: Stored<CustomerStatus>,
        salesperson: Option<String>,
    }
}

record! {
    pub struct Location in "location" key (code: String) {
        name: String,
        site: String,
        kind: Stored<LocationKind>,
    }
}

impl Item {
    /// Whether an order for it needs no engineering: a listed item that is sold.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.catalogue && self.status.0 == ItemStatus::Active
    }
}

impl Registration {
    #[must_use]
    pub fn covers(&self, day: Day) -> bool {
        self.valid_from <= day && day <= self.valid_to
    }
}

/// One line of an order, as its prices are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    pub line: i64,
    pub item: String,
    pub quantity: Quantity,
    pub net: Money,
    pub list_price: Money,
    pub cost: Money,
    pub lead_days: i64,
}

/// What the prices of an order come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceCheck {
    pub list_value: Money,
    pub net_value: Money,
    pub cost: Money,
    /// What the whole lies under its list value; 0 where it lies above.
    pub discount: Ratio,
    /// The largest discount of a line.
    pub max_discount: Ratio,
    /// Of the net value; -1 where nothing is paid for something that costs.
    pub margin: Ratio,
    /// The smallest margin of a line.
    pub min_margin: Ratio,
}

/// Adds up the lines. Pure.
pub fn check_prices(lines: &[PricedLine]) -> Result<PriceCheck, AmountError> {
    let mut sum = PriceCheck {
        list_value: Money::ZERO,
        net_value: Money::ZERO,
        cost: Money::ZERO,
        discount: Ratio::ZERO,
        max_discount: Ratio::ZERO,
        margin: Ratio::ZERO,
        min_margin: Ratio::ONE,
    };
    for line in lines {
        let list = line.list_price.times(line.quantity)?;
        let cost = line.cost.times(line.quantity)?;
        sum.list_value = sum.list_value.plus(list)?;
        sum.net_value = sum.net_value.plus(line.net)?;
        sum.cost = sum.cost.plus(cost)?;
        sum.max_discount = sum.max_discount.max(discount(list, line.net)?);
        sum.min_margin = sum.min_margin.min(margin(line.net, cost)?);
    }
    sum.discount = discount(sum.list_value, sum.net_value)?;
    sum.margin = margin(sum.net_value, sum.cost)?;
    Ok(sum)
}

/// How far `net` lies under `list`, as a share of the list value.
fn discount(list: Money, net: Money) -> Result<Ratio, AmountError> {
    if net >= list {
        return Ok(Ratio::ZERO);
    }
    Ok(list.minus(net)?.share_of(list).unwrap_or(Ratio::ZERO))
}

/// What of `net` is left after `cost`, as a share of it.
fn margin(net: Money, cost: Money) -> Result<Ratio, AmountError> {
    let nothing_paid = if cost.is_positive() { Ratio::from_micros(-1_000_000) } else { Ratio::ZERO };
    Ok(net.minus(cost)?.share_of(net).unwrap_or(nothing_paid))
}

/// What a customer may still be trusted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub limit: Money,
    pub exposure: Money,
    /// The exposure with this order.
    pub after: Money,
    pub within: bool,
    pub over_by: Money,
}

/// Judges one more order of `value` beside an `exposure` of confirmed ones. Pure.
pub fn check_credit(customer: &Customer, exposure: Money, value: Money) -> Result<Credit, AmountError> {
    let after = exposure.plus(value)?;
    let within = after <= customer.credit_limit;
    let over_by = if within { Money::ZERO } else { after.minus(customer.credit_limit)? };
    Ok(Credit { limit: customer.credit_limit, exposure, after, within, over_by })
}

/// The failure of a call that names something we do not have.
#[must_use]
pub fn not_found(what: &str, what_zh: &str, code: &str) -> ActivityFailure {
    ActivityFailure::business("NOT_FOUND", format!("there is no {what} `{code}`; add it to the master data"))
        .with_detail(Value::record([
            (what, Value::text(code)),
            ("en", Value::text(format!("there is no {what} `{code}`; add it to the master data"))),
            ("zh", Value::text(format!("没有{what_zh} `{code}`，请先在主数据中建立"))),
        ]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(quantity: i64, net: i64, list: i64, cost: i64) -> PricedLine {
        PricedLine {
            line: 1,
            item: "A".into(),
            quantity: Quantity::from_micros(quantity),
            net: Money::from_micros(net),
            list_price: Money::from_micros(list),
            cost: Money::from_micros(cost),
            lead_days: 0,
        }
    }

    fn customer(limit: i64) -> Customer {
        Customer {
            code: "C".into(),
            name: "C".into(),
            country: "CN".into(),
            currency: "CNY".into(),
            price_list: "retail".into(),
            credit_limit: Money::from_micros(limit),
            credit_days: 30,
            overdue_days: 0,
            status: Stored(CustomerStatus::Active),
            salesperson: None,
        }
    }

    #[test]
    fn a_tenth_off_is_a_discount_of_a_tenth() {
        let check = check_prices(&[line(2_000_000, 180_000_000, 100_000_000, 60_000_000)]).expect("in range");
        assert_eq!(check.discount, Ratio::from_micros(100_000));
        assert_eq!(check.margin, Ratio::from_micros(333_333));
    }

    #[test]
    fn what_is_given_away_has_the_worst_margin() {
        let check = check_prices(&[line(1_000_000, 0, 100, 60)]).expect("in range");
        assert_eq!(check.margin, Ratio::from_micros(-1_000_000));
        assert_eq!(check.max_discount, Ratio::ONE);
    }

    #[test]
    fn one_bad_line_shows_though_the_whole_is_good() {
        let good = line(1_000_000, 1_000_000_000, 1_000_000_000, 100_000_000);
        let bad = line(1_000_000, 10_000_000, 20_000_000, 9_500_000);
        let check = check_prices(&[good, bad]).expect("in range");
        assert!(check.discount < Ratio::from_micros(50_000));
        assert_eq!(check.max_discount, Ratio::from_micros(500_000));
        assert_eq!(check.min_margin, Ratio::from_micros(50_000));
    }

    proptest! {
        #[test]
        fn credit_is_within_exactly_when_nothing_is_over(limit in 0i64..1_000_000, exposure in 0i64..1_000_000, value in 0i64..1_000_000) {
            let credit = check_credit(&customer(limit), Money::from_micros(exposure), Money::from_micros(value)).expect("in range");
            prop_assert_eq!(credit.within, credit.over_by == Money::ZERO);
            prop_assert_eq!(credit.within, exposure + value <= limit);
        }

        #[test]
        fn a_discount_is_a_share(lines in prop::collection::vec((1i64..1_000_000_000, 0i64..1_000_000_000, 0i64..1_000_000_000, 0i64..1_000_000_000), 1..8)) {
            let lines: Vec<_> = lines.into_iter().map(|(q, n, l, c)| line(q, n, l, c)).collect();
            let check = check_prices(&lines).expect("in range");
            prop_assert!(!check.discount.is_negative() && check.discount <= Ratio::ONE);
            prop_assert!(check.max_discount <= Ratio::ONE);
            prop_assert!(check.margin <= Ratio::ONE);
            prop_assert!(check.max_discount >= check.discount || lines.len() > 1);
        }
    }
}
