//! What processes ask of master data. All of it reads only.

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::input::Input;
use engine::value::Value;
use runtime::activity::{Activities, Call, CallError, Calling};

use crate::model::{CustomerStatus, PricedLine, check_credit, check_prices, not_found};
use crate::repo;

pub fn register(activities: &mut Activities) {
    activities.register("customer.credit", credit);
    activities.register("price.check", prices);
    activities.register("item.check_market", market);
}

/// `{ customer, currency, exposure, value }` → what the customer may still be trusted with.
fn credit(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let (code, currency) = (input.text("customer")?, input.text("currency")?);
        let (exposure, value) = (input.money("exposure")?, input.money("value")?);
        let customer = repo::customer(call.tx, code).await?.ok_or_else(|| not_found("customer", "客户", code))?;
        if customer.currency != currency {
            let wanted = format!("{}, the currency of customer `{code}`", customer.currency);
            let wanted_zh = format!(" {}（客户 `{code}` 的结算币种）", customer.currency);
            return Err(input.fault("currency", &wanted, &wanted_zh).into());
        }
        let credit = check_credit(&customer, exposure, value).map_err(ActivityFailure::from)?;
        Ok(Value::record([
            ("customer", Value::text(code)),
            ("status", Value::text(customer.status.0.to_string())),
            ("active", Value::Bool(customer.status.0 == CustomerStatus::Active)),
            ("limit", credit.limit.to_value()),
            ("exposure", credit.exposure.to_value()),
            ("after", credit.after.to_value()),
            ("within", Value::Bool(credit.within)),
            ("over_by", credit.over_by.to_value()),
            ("overdue_days", Value::Int(customer.overdue_days)),
        ]))
    })
}

/// `{ customer, day, lines }` → list value, discounts, cost and margin, and each line with its cost and lead time.
fn prices(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let code = input.text("customer")?;
        let customer = repo::customer(call.tx, code).await?.ok_or_else(|| not_found("customer", "客户", code))?;
        let on = input.optional_day("day")?.unwrap_or_else(|| Day::of(call.now));
        let mut lines = Vec::new();
        for line in input.list("lines")? {
            let item_code = line.text("item")?;
            let item = repo::item(call.tx, item_code).await?.ok_or_else(|| not_found("item", "物料", item_code))?;
            let listed = repo::price(call.tx, &customer.price_list, item_code, on).await?;
            let list_price = listed.unwrap_or(item.list_price);
            if !list_price.is_positive() {
                let wanted = format!("an item with a price; `{item_code}` has none in `{}`", customer.price_list);
                let wanted_zh = format!("有价格的物料；`{item_code}` 在价格表 `{}` 中无价格", customer.price_list);
                return Err(line.fault("item", &wanted, &wanted_zh).into());
            }
            lines.push(PricedLine {
                line: line.integer("line")?,
                item: item.code,
                quantity: line.quantity("quantity")?,
                net: line.money("net")?,
                list_price,
                cost: item.cost,
                lead_days: item.lead_days,
            });
        }
        let check = check_prices(&lines).map_err(ActivityFailure::from)?;
        Ok(Value::record([
            ("list_value", check.list_value.to_value()),
            ("net_value", check.net_value.to_value()),
            ("cost", check.cost.to_value()),
            ("discount", check.discount.to_value()),
            ("max_discount", check.max_discount.to_value()),
            ("margin", check.margin.to_value()),
            ("min_margin", check.min_margin.to_value()),
            ("lines", Value::list(lines.iter().map(priced).collect())),
        ]))
    })
}

fn priced(line: &PricedLine) -> Value {
    Value::record([
        ("line", Value::Int(line.line)),
        ("item", Value::text(line.item.as_str())),
        ("quantity", line.quantity.to_value()),
        ("net", line.net.to_value()),
        ("list_price", line.list_price.to_value()),
        ("cost", line.cost.to_value()),
        ("lead_days", Value::Int(line.lead_days)),
    ])
}

/// `{ country, day, lines }` → whether all is sold as listed, and may be sold in the country until that day.
fn market(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let (country, on) = (input.text("country")?, input.day("day")?);
        let (mut made_to_order, mut unlicensed) = (Vec::new(), Vec::new());
        for line in input.list("lines")? {
            let code = line.text("item")?;
            let item = repo::item(call.tx, code).await?.ok_or_else(|| not_found("item", "物料", code))?;
            if !item.is_standard() {
                made_to_order.push(Value::text(code));
            }
            if item.regulated {
                let registration = repo::registration(call.tx, code, country).await?;
                // The leave must hold from now until the day of delivery.
                let today = Day::of(call.now).min(on);
                if !registration.is_some_and(|found| found.covers(on) && found.covers(today)) {
                    unlicensed.push(Value::text(code));
                }
            }
        }
        Ok::<_, CallError>(Value::record([
            ("catalogue", Value::Bool(made_to_order.is_empty())),
            ("licensed", Value::Bool(unlicensed.is_empty())),
            ("made_to_order", Value::list(made_to_order)),
            ("unlicensed", Value::list(unlicensed)),
        ]))
    })
}
