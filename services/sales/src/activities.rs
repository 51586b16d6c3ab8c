//! What processes do with orders. Each command takes the order first, then what the customer owes.

use engine::command::ActivityFailure;
use engine::day::Day;
use engine::input::Input;
use engine::quantity::{Money, Ratio};
use engine::value::Value;
use engine::word::Word;
use runtime::activity::{Activities, Call, CallError, Calling};
use store::Tx;
use store::record::Stored;

use crate::model::{Change, Line, Order, State, apply, quantity_ratio};
use crate::repo;

/// Days of history that an order's quantities are compared with.
const HISTORY_DAYS: u32 = 365;

pub fn register(activities: &mut Activities) {
    activities.register("order.review_facts", review_facts);
    activities.register("order.confirm", confirm);
    activities.register("order.unconfirm", unconfirm);
    activities.register("order.reject", reject);
    activities.register("order.apply_change", apply_change);
}

/// `{ order }` → the order as a review needs it, with what its customer has been promised before.
fn review_facts(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let number = Input::new(call.input).text("order")?;
        let order = repo::order(call.tx, number).await?.ok_or_else(|| not_found(number))?;
        if !order.state.0.is_reviewable() {
            return Err(wrong_state(&order, "submitted, change_pending").into());
        }
        let lines = repo::lines(call.tx, number).await?;
        let exposure = repo::exposure(call.tx, &order.customer).await?;
        let mut ratio = Ratio::ZERO;
        let from = Day::from_number(order.ordered.number() - i64::from(HISTORY_DAYS)).unwrap_or(order.ordered);
        for line in &lines {
            let history = repo::history(call.tx, &line.item, from, order.ordered, number).await?;
            ratio = ratio.max(quantity_ratio(line.quantity, history));
        }
        Ok(facts(&order, &lines, exposure, ratio, Day::of(call.now)))
    })
}

fn facts(order: &Order, lines: &[Line], exposure: Money, ratio: Ratio, today: Day) -> Value {
    Value::record([
        ("order", Value::text(order.number.as_str())),
        ("kind", Value::text(order.kind.0.as_str())),
        ("version", Value::Int(order.version)),
        ("customer", Value::text(order.customer.as_str())),
        ("currency", Value::text(order.currency.as_str())),
        ("country", Value::text(order.country.as_str())),
        ("ordered", order.ordered.to_value()),
        ("requested", order.requested.to_value()),
        ("days_to_requested", Value::Int(order.requested.since(today))),
        ("value", order.value.to_value()),
        ("exposure", exposure.to_value()),
        ("special_terms", Value::Bool(order.special_terms)),
        ("new_product", Value::Bool(order.new_product)),
        ("private_label", Value::Bool(order.private_label)),
        ("penalty", order.penalty.to_value()),
        ("shelf_life", order.shelf_life.to_value()),
        ("quantity_ratio", ratio.to_value()),
        ("lines", Value::list(lines.iter().map(line_facts).collect())),
    ])
}

fn line_facts(line: &Line) -> Value {
    Value::record([
        ("line", Value::Int(line.line)),
        ("item", Value::text(line.item.as_str())),
        ("quantity", line.quantity.to_value()),
        ("unit_price", line.unit_price.to_value()),
        ("discount", line.discount.to_value()),
        ("net", line.net.to_value()),
        ("requested", line.requested.to_value()),
    ])
}

/// `{ order, version, ceiling, promised?, promises? }`: promises every line a day, within the ceiling of credit.
fn confirm(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let number = input.text("order")?;
        let (version, ceiling) = (input.integer("version")?, input.money("ceiling")?);
        let promised = input.optional_day("promised")?;
        let mut order = take(call.tx, number, Some(version), State::is_reviewable, "submitted, change_pending").await?;
        let mut lines = repo::lines(call.tx, number).await?;
        for promise in input.optional_list("promises")? {
            let (wanted, day) = (promise.integer("line")?, promise.day("promised")?);
            let line = lines.iter_mut().find(|line| line.line == wanted);
            line.ok_or_else(|| promise.fault("line", "a line of the order", "订单中已有的行号"))?.promised = Some(day);
        }
        for line in &mut lines {
            line.promised = line.promised.or(promised).or(Some(line.requested));
            repo::put_line(call.tx, line).await?;
        }
        order.state = Stored(State::Confirmed);
        repo::put_order(call.tx, &order).await?;
        if !repo::expose(call.tx, &order.customer, order.value, ceiling).await? {
            let exposure = repo::exposure(call.tx, &order.customer).await?;
            return Err(over_ceiling(&order, exposure, ceiling).into());
        }
        Ok(outcome(&order))
    })
}

/// `{ order }`: takes the promise back; the order is submitted again.
fn unconfirm(call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let number = Input::new(call.input).text("order")?;
        let confirmed = |state: State| state == State::Confirmed;
        let mut order = take(call.tx, number, None, confirmed, "confirmed").await?;
        order.state = Stored(State::Submitted);
        repo::put_order(call.tx, &order).await?;
        for mut line in repo::lines(call.tx, number).await? {
            line.promised = None;
            repo::put_line(call.tx, &line).await?;
        }
        unexpose(call.tx, &order).await?;
        Ok(outcome(&order))
    })
}

/// `{ order, state, reason? }`: gives the order up as rejected, withdrawn, expired or cancelled.
fn reject(mut call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let number = input.text("order")?;
        let wanted = State::parse(input.text("state")?).filter(|state| state.is_given_up()).ok_or_else(|| {
            input.fault(
                "state",
                "rejected, withdrawn, expired or cancelled",
                " rejected、withdrawn、expired 或 cancelled",
            )
        })?;
        let open = |state: State| state.is_reviewable() || matches!(state, State::Draft | State::Confirmed);
        let mut order = take(call.tx, number, None, open, "draft, submitted, change_pending, confirmed").await?;
        let exposed = order.state.0.is_exposed();
        order.state = Stored(wanted);
        repo::put_order(call.tx, &order).await?;
        if exposed {
            unexpose(call.tx, &order).await?;
        }
        let reason = input.optional_text("reason")?.map(str::to_owned);
        let difference = Value::record([("state", Value::text(wanted.as_str()))]);
        record_change(&mut call, &order, &difference, reason).await?;
        Ok(outcome(&order))
    })
}

/// `{ order, change, version?, reason? }`: applies a difference; a confirmed order is to be confirmed again.
fn apply_change(mut call: Call<'_>) -> Calling<'_> {
    Box::pin(async move {
        let input = Input::new(call.input);
        let number = input.text("order")?;
        let (version, difference) = (input.optional_integer("version")?, input.record("change")?);
        let open = |state: State| state.is_reviewable() || state == State::Confirmed;
        let order = take(call.tx, number, version, open, "submitted, change_pending, confirmed").await?;
        let lines = repo::lines(call.tx, number).await?;
        let changed = apply(&order, &lines, &difference)?;
        for line in lines.iter().filter(|line| changed.removed.contains(&line.line)) {
            repo::remove_line(call.tx, line).await?;
        }
        for line in &changed.lines {
            repo::put_line(call.tx, line).await?;
        }
        repo::put_order(call.tx, &changed.order).await?;
        if order.state.0.is_exposed() {
            unexpose(call.tx, &order).await?;
        }
        let reason = input.optional_text("reason")?.map(str::to_owned);
        record_change(&mut call, &changed.order, difference.value(), reason).await?;
        Ok(outcome(&changed.order))
    })
}

/// Takes an order that is in one of some states, or says why not.
async fn take(
    tx: &mut Tx,
    number: &str,
    version: Option<i64>,
    allowed: impl Fn(State) -> bool,
    wanted: &str,
) -> Result<Order, CallError> {
    if let Some(order) = repo::take(tx, number, version).await? {
        // The version has risen; a refusal undoes it with the activity's savepoint.
        return if allowed(order.state.0) { Ok(order) } else { Err(wrong_state(&order, wanted).into()) };
    }
    let order = repo::order(tx, number).await?.ok_or_else(|| not_found(number))?;
    if !allowed(order.state.0) {
        return Err(wrong_state(&order, wanted).into());
    }
    Err(conflict(&order, version).into())
}

async fn unexpose(tx: &mut Tx, order: &Order) -> Result<(), CallError> {
    if repo::unexpose(tx, &order.customer, order.value).await? {
        return Ok(());
    }
    let why = format!("it is less than the value of order {}", order.number);
    Err(store::StoreError::corrupt("customer_exposure", "open_value", &order.customer, why).into())
}

async fn record_change(
    call: &mut Call<'_>,
    order: &Order,
    difference: &Value,
    reason: Option<String>,
) -> Result<(), CallError> {
    let difference = serde_json::to_string(difference)
        .map_err(|error| store::StoreError::corrupt("order_change", "difference", &order.number, error))?;
    let change = Change {
        order_number: order.number.clone(),
        version: order.version,
        difference,
        reason,
        changed_at: call.now,
        changed_by: call.actor.id().map(ToString::to_string),
    };
    if repo::add_change(call.tx, &change).await? { Ok(()) } else { Err(conflict(order, None).into()) }
}

fn outcome(order: &Order) -> Value {
    Value::record([
        ("order", Value::text(order.number.as_str())),
        ("state", Value::text(order.state.0.as_str())),
        ("version", Value::Int(order.version)),
        ("value", order.value.to_value()),
    ])
}

fn failure(code: &str, en: String, zh: String, facts: Vec<(&'static str, Value)>) -> ActivityFailure {
    let detail = facts.into_iter().chain([("zh", Value::text(zh)), ("en", Value::text(en.as_str()))]);
    ActivityFailure::business(code, en).with_detail(Value::record(detail))
}

fn not_found(number: &str) -> ActivityFailure {
    let (en, zh) = (format!("there is no order `{number}`"), format!("没有订单 `{number}`"));
    failure("NOT_FOUND", en, zh, vec![("order", Value::text(number))])
}

fn wrong_state(order: &Order, wanted: &str) -> ActivityFailure {
    let (number, state) = (&order.number, order.state.0);
    let en = format!("order `{number}` is {state}; this needs it to be one of: {wanted}");
    let zh = format!("订单 `{number}` 当前状态为 {state}，此操作要求状态为：{wanted}");
    failure("STATE", en, zh, vec![("order", Value::text(number.as_str())), ("state", Value::text(state.as_str()))])
}

fn conflict(order: &Order, version: Option<i64>) -> ActivityFailure {
    let (number, found) = (&order.number, order.version);
    let seen = version.map_or_else(|| "another version".to_owned(), |version| format!("version {version}"));
    let en = format!("order `{number}` is at version {found}, but {seen} was reviewed; review it again");
    let zh = format!("订单 `{number}` 已是第 {found} 版，与评审的版本不一致，请重新评审");
    failure("CONFLICT", en, zh, vec![("order", Value::text(number.as_str())), ("version", Value::Int(found))])
}

fn over_ceiling(order: &Order, exposure: Money, ceiling: Money) -> ActivityFailure {
    let (customer, value) = (&order.customer, order.value);
    let en = format!("customer `{customer}` owes {exposure}; {value} more would pass the accepted {ceiling}");
    let zh = format!("客户 `{customer}` 已占用信用 {exposure}，再加 {value} 将超过已批准的上限 {ceiling}");
    let facts = vec![
        ("customer", Value::text(customer.as_str())),
        ("exposure", exposure.to_value()),
        ("value", value.to_value()),
        ("ceiling", ceiling.to_value()),
    ];
    failure("CREDIT", en, zh, facts)
}
