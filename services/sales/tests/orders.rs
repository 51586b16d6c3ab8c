//! The contract of orders, on both databases: what a customer owes is what was confirmed, a version is confirmed
//! once, and a refused command leaves nothing behind.

use countersign_sales::model::{Kind, Line, Order, State, net, value};
use countersign_sales::repo;
use engine::command::{ActivityFailure, Actor};
use engine::day::Day;
use engine::id::{InstanceId, RunId};
use engine::quantity::{Money, Quantity, Ratio};
use engine::time::Timestamp;
use engine::value::Value;
use runtime::activity::{Activities, Call, CallError};
use store::record::Stored;
use store::testing::on_both;
use store::{Database, Tx};

async fn call(tx: &mut Tx, name: &str, input: &Value) -> Result<Value, ActivityFailure> {
    let mut activities = Activities::default();
    countersign_sales::activities::register(&mut activities);
    let activity = activities.lookup(name).expect("a registered activity").clone();
    tx.savepoint().await.expect("a savepoint");
    let (now, actor) = (Timestamp::parse("2026-03-02T01:00:00Z").expect("a moment"), Actor::person("zhao"));
    let (instance, run) = (InstanceId::from_bytes([7; 16]), RunId(1));
    match activity(Call { tx: &mut *tx, input, now, actor: &actor, instance, run, key: "k" }).await {
        Ok(output) => {
            tx.release_savepoint().await.expect("released");
            Ok(output)
        }
        Err(CallError::Failed(failure)) => {
            tx.rollback_to_savepoint().await.expect("rolled back");
            Err(failure)
        }
        Err(CallError::Store(error)) => panic!("the store failed: {error:?}"),
    }
}

async fn once(database: &Database, name: &str, input: Value) -> Result<Value, ActivityFailure> {
    let mut tx = database.begin().await.expect("a transaction");
    let answer = call(&mut tx, name, &input).await;
    tx.commit().await.expect("committed");
    answer
}

/// An order of one line worth `worth`.
async fn submitted(database: &Database, number: &str, worth: i64) {
    let day = Day::parse("2026-03-20").expect("a day");
    let (quantity, unit_price) = (Quantity::ONE, Money::from_micros(worth * 1_000_000));
    let line = Line {
        order_number: number.to_owned(),
        line: 1,
        item: "A".to_owned(),
        quantity,
        unit_price,
        discount: Ratio::ZERO,
        net: net(quantity, unit_price, Ratio::ZERO).expect("in range"),
        requested: day,
        promised: None,
    };
    let order = Order {
        number: number.to_owned(),
        kind: Stored(Kind::Order),
        state: Stored(State::Submitted),
        customer: "K".to_owned(),
        currency: "CNY".to_owned(),
        country: "CN".to_owned(),
        site: "SZ".to_owned(),
        salesperson: None,
        ordered: Day::parse("2026-03-02").expect("a day"),
        requested: day,
        special_terms: false,
        new_product: false,
        private_label: false,
        penalty: Ratio::ZERO,
        shelf_life: Ratio::ZERO,
        value: value(std::slice::from_ref(&line)).expect("in range"),
        version: 1,
    };
    let mut tx = database.begin().await.expect("a transaction");
    repo::put_order(&mut tx, &order).await.expect("written");
    repo::put_line(&mut tx, &line).await.expect("written");
    tx.commit().await.expect("committed");
}

fn order(number: &str) -> Value {
    Value::record([("order", Value::from(number))])
}

fn confirm(number: &str, version: i64, ceiling: i64) -> Value {
    Value::record([
        ("order", Value::from(number)),
        ("version", Value::Int(version)),
        ("ceiling", Value::Int(ceiling)),
        ("promised", Value::from("2026-03-25")),
    ])
}

async fn exposure(database: &Database) -> Money {
    let mut tx = database.begin().await.expect("a transaction");
    let exposure = repo::exposure(&mut tx, "K").await.expect("readable");
    tx.rollback().await.expect("rolled back");
    exposure
}

async fn sound(database: &Database) {
    let mut reader = database.read().await.expect("a reader");
    assert_eq!(repo::exposure_faults(&mut reader).await.expect("readable"), Vec::<String>::new());
}

fn state(output: &Value) -> &str {
    output.get("state").and_then(Value::as_str).expect("a state")
}

fn version(output: &Value) -> i64 {
    output.get("version").and_then(Value::as_int).expect("a version")
}

#[tokio::test]
async fn what_is_confirmed_is_owed_until_it_is_taken_back() {
    on_both(|database| async move {
        submitted(&database, "SO-1", 70).await;
        let confirmed = once(&database, "order.confirm", confirm("SO-1", 1, 100)).await.expect("within the ceiling");
        assert_eq!(state(&confirmed), "confirmed");
        assert_eq!(exposure(&database).await, Money::from_micros(70_000_000));
        let failure = once(&database, "order.review_facts", order("SO-1")).await.expect_err("it is confirmed");
        assert_eq!(failure.code.as_ref(), "STATE");
        let back = once(&database, "order.unconfirm", order("SO-1")).await.expect("it was confirmed");
        assert_eq!(state(&back), "submitted");
        assert_eq!(exposure(&database).await, Money::ZERO);
        once(&database, "order.confirm", confirm("SO-1", version(&back), 100)).await.expect("confirmed again");
        let gone = Value::record([("order", Value::from("SO-1")), ("state", Value::from("cancelled"))]);
        assert_eq!(state(&once(&database, "order.reject", gone).await.expect("given up")), "cancelled");
        assert_eq!(exposure(&database).await, Money::ZERO);
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn only_open_orders_wait_for_a_review() {
    on_both(|database| async move {
        for number in ["SO-1", "SO-2", "SO-3"] {
            submitted(&database, number, 10).await;
        }
        once(&database, "order.confirm", confirm("SO-2", 1, 100)).await.expect("within the ceiling");
        let mut reader = database.read().await.expect("a reader");
        let open = repo::to_review(&mut reader, None, 10).await.expect("readable");
        assert_eq!(open.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>(), ["SO-1", "SO-3"]);
        assert_eq!(open[0].1.get("salesperson"), Some(&Value::from("sales_desk")));
        let rest = repo::to_review(&mut reader, Some("SO-1"), 10).await.expect("readable");
        assert_eq!(rest.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_confirmation_leaves_the_order_as_it_was() {
    on_both(|database| async move {
        submitted(&database, "SO-1", 70).await;
        let failure = once(&database, "order.confirm", confirm("SO-1", 1, 69)).await.expect_err("over the ceiling");
        assert_eq!(failure.code.as_ref(), "CREDIT");
        let failure = once(&database, "order.confirm", confirm("SO-1", 7, 100)).await.expect_err("another version");
        assert_eq!(failure.code.as_ref(), "CONFLICT");
        let facts = once(&database, "order.review_facts", order("SO-1")).await.expect("still submitted");
        assert_eq!(version(&facts), 1);
        assert_eq!(
            once(&database, "order.confirm", confirm("X", 1, 1)).await.expect_err("no X").code.as_ref(),
            "NOT_FOUND"
        );
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_a_confirmed_order_must_be_confirmed_again() {
    on_both(|database| async move {
        submitted(&database, "SO-1", 70).await;
        once(&database, "order.confirm", confirm("SO-1", 1, 100)).await.expect("within the ceiling");
        let line = Value::record([("line", Value::Int(1)), ("quantity", Value::Int(2))]);
        let change = Value::record([("lines", Value::list(vec![line]))]);
        let input = Value::record([("order", Value::from("SO-1")), ("change", change)]);
        let changed = once(&database, "order.apply_change", input).await.expect("applied");
        assert_eq!((state(&changed), exposure(&database).await), ("change_pending", Money::ZERO));
        let version = version(&changed);
        let failure = once(&database, "order.confirm", confirm("SO-1", version, 100)).await.expect_err("140 now");
        assert_eq!(failure.code.as_ref(), "CREDIT");
        once(&database, "order.confirm", confirm("SO-1", version, 140)).await.expect("within the ceiling");
        assert_eq!(exposure(&database).await, Money::from_micros(140_000_000));
        let empty = Value::record([("order", Value::from("SO-1")), ("change", Value::Null)]);
        let failure = once(&database, "order.apply_change", empty).await.expect_err("nothing changes");
        assert_eq!(failure.code.as_ref(), "VALIDATION");
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn concurrent_confirmations_never_pass_the_ceiling() {
    on_both(|database| async move {
        for number in 0..16 {
            submitted(&database, &format!("SO-{number}"), 10).await;
        }
        let runs = (0..32).map(|number| {
            let database = database.clone();
            // Each order twice: the second finds another version, whoever comes first.
            tokio::spawn(async move {
                once(&database, "order.confirm", confirm(&format!("SO-{}", number % 16), 1, 95)).await.is_ok()
            })
        });
        let mut accepted = 0;
        for run in runs.collect::<Vec<_>>() {
            accepted += i64::from(run.await.expect("no deadlock, no panic"));
        }
        assert_eq!(accepted, 9);
        assert_eq!(exposure(&database).await, Money::from_micros(90_000_000));
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn an_unusual_quantity_is_seen_against_what_was_confirmed_before() {
    on_both(|database| async move {
        for number in ["SO-1", "SO-2"] {
            submitted(&database, number, 10).await;
        }
        let facts = once(&database, "order.review_facts", order("SO-2")).await.expect("facts");
        assert_eq!(facts.get("quantity_ratio").and_then(Value::as_int), Some(1));
        let mut tx = database.begin().await.expect("a transaction");
        let mut earlier = repo::order(&mut tx, "SO-1").await.expect("readable").expect("there");
        earlier.ordered = Day::parse("2026-01-02").expect("a day");
        earlier.state = Stored(State::Shipped);
        repo::put_order(&mut tx, &earlier).await.expect("written");
        let mut line = repo::lines(&mut tx, "SO-2").await.expect("readable").remove(0);
        line.quantity = Quantity::from_micros(4_000_000);
        repo::put_line(&mut tx, &line).await.expect("written");
        tx.commit().await.expect("committed");
        let facts = once(&database, "order.review_facts", order("SO-2")).await.expect("facts");
        assert_eq!(facts.get("quantity_ratio").and_then(Value::as_int), Some(4));
    })
    .await;
}
