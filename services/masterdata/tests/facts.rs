//! The contract of master data, on both databases: what is missing or does not fit is said, and days decide.

use countersign_masterdata::model::{
    Customer, CustomerStatus, Item, ItemKind, ItemStatus, Price, Registration, Tracking,
};
use engine::command::{ActivityFailure, Actor};
use engine::day::Day;
use engine::id::{InstanceId, RunId};
use engine::quantity::{Money, Quantity};
use engine::time::Timestamp;
use engine::value::Value;
use runtime::activity::{Activities, Call, CallError};
use store::Database;
use store::record::{Stored, put};
use store::testing::on_both;

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

async fn call(database: &Database, name: &str, input: Value) -> Result<Value, ActivityFailure> {
    let mut activities = Activities::default();
    countersign_masterdata::activities::register(&mut activities);
    let activity = activities.lookup(name).expect("a registered activity").clone();
    let mut tx = database.begin().await.expect("a transaction");
    let (now, actor) = (Timestamp::parse("2026-03-02T01:00:00Z").expect("a moment"), Actor::System);
    let (instance, run) = (InstanceId::from_bytes([7; 16]), RunId(1));
    let call = Call { tx: &mut tx, input: &input, now, actor: &actor, instance, run, key: "k" };
    let answer = activity(call).await;
    assert_eq!(tx.take_rows(), vec![], "master data is only read");
    tx.rollback().await.expect("rolled back");
    match answer {
        Ok(output) => Ok(output),
        Err(CallError::Failed(failure)) => Err(failure),
        Err(CallError::Store(error)) => panic!("the store failed: {error:?}"),
    }
}

async fn filled(database: &Database) {
    let mut tx = database.begin().await.expect("a transaction");
    let item = Item {
        code: "PUMP".into(),
        name: "Pump".into(),
        kind: Stored(ItemKind::Finished),
        unit: "EA".into(),
        tracking: Stored(Tracking::Lot),
        cost: Money::from_micros(60_000_000),
        list_price: Money::from_micros(100_000_000),
        lead_days: 21,
        safety_stock: Quantity::ZERO,
        status: Stored(ItemStatus::Active),
        catalogue: true,
        regulated: true,
    };
    put(&mut tx, &item).await.expect("written");
    let free = Item { code: "FREE".into(), list_price: Money::ZERO, regulated: false, ..item };
    put(&mut tx, &free).await.expect("written");
    for (from, price) in [("2026-01-01", 90_000_000), ("2026-06-01", 95_000_000)] {
        let price = Price {
            list: "dealer".into(),
            item: "PUMP".into(),
            valid_from: day(from),
            price: Money::from_micros(price),
        };
        put(&mut tx, &price).await.expect("written");
    }
    let registration = Registration {
        item: "PUMP".into(),
        country: "CN".into(),
        number: "1".into(),
        valid_from: day("2024-01-01"),
        valid_to: day("2026-04-30"),
    };
    put(&mut tx, &registration).await.expect("written");
    let customer = Customer {
        code: "K".into(),
        name: "K".into(),
        country: "CN".into(),
        currency: "CNY".into(),
        price_list: "dealer".into(),
        credit_limit: Money::from_micros(500_000_000),
        credit_days: 30,
        overdue_days: 12,
        status: Stored(CustomerStatus::Hold),
        salesperson: None,
    };
    put(&mut tx, &customer).await.expect("written");
    tx.commit().await.expect("committed");
}

fn lines(item: &str) -> Value {
    let line =
        [("line", Value::Int(1)), ("item", Value::from(item)), ("quantity", Value::Int(2)), ("net", Value::Int(180))];
    Value::list(vec![Value::record(line)])
}

fn priced(item: &str, on: &str) -> Value {
    Value::record([("customer", Value::from("K")), ("day", Value::from(on)), ("lines", lines(item))])
}

fn number(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_decimal).expect("a number").normalize().to_string()
}

#[tokio::test]
async fn the_price_of_the_day_decides_on_the_discount() {
    on_both(|database| async move {
        filled(&database).await;
        for (on, discount) in [("2025-12-31", "0.1"), ("2026-03-02", "0"), ("2026-06-01", "0.052632")] {
            let check = call(&database, "price.check", priced("PUMP", on)).await.expect("priced");
            assert_eq!(number(&check, "discount"), discount, "{on}");
            assert_eq!(number(&check, "margin"), "0.333333");
        }
        let failure = call(&database, "price.check", priced("FREE", "2026-03-02")).await.expect_err("it has no price");
        assert_eq!(failure.code.as_ref(), "VALIDATION");
        let failure = call(&database, "price.check", priced("NONE", "2026-03-02")).await.expect_err("no such item");
        assert_eq!((failure.code.as_ref(), failure.detail.get("item")), ("NOT_FOUND", Some(&Value::from("NONE"))));
    })
    .await;
}

#[tokio::test]
async fn a_registration_must_hold_until_the_day_of_delivery() {
    on_both(|database| async move {
        filled(&database).await;
        for (country, on, licensed) in
            [("CN", "2026-04-30", true), ("CN", "2026-05-01", false), ("DE", "2026-04-01", false)]
        {
            let input = [("country", Value::from(country)), ("day", Value::from(on)), ("lines", lines("PUMP"))];
            let market = call(&database, "item.check_market", Value::record(input)).await.expect("checked");
            assert_eq!(market.get("licensed"), Some(&Value::Bool(licensed)), "{country} {on}");
            assert_eq!(market.get("catalogue"), Some(&Value::Bool(true)));
        }
    })
    .await;
}

#[tokio::test]
async fn credit_is_judged_in_the_currency_of_the_customer() {
    on_both(|database| async move {
        filled(&database).await;
        let input = |currency: &str, value: i64| {
            Value::record([
                ("customer", Value::from("K")),
                ("currency", Value::from(currency)),
                ("exposure", Value::Int(400)),
                ("value", Value::Int(value)),
            ])
        };
        let credit = call(&database, "customer.credit", input("CNY", 100)).await.expect("judged");
        assert_eq!(credit.get("within"), Some(&Value::Bool(true)));
        assert_eq!(credit.get("active"), Some(&Value::Bool(false)), "the customer is on hold");
        let credit = call(&database, "customer.credit", input("CNY", 101)).await.expect("judged");
        assert_eq!((credit.get("within"), number(&credit, "over_by")), (Some(&Value::Bool(false)), "1".to_owned()));
        let failure = call(&database, "customer.credit", input("USD", 1)).await.expect_err("another currency");
        assert_eq!(failure.code.as_ref(), "VALIDATION");
    })
    .await;
}
