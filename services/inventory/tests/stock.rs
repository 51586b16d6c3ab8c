//! The contract of stock, on both databases: nothing is sold twice, sums agree with the rows they are made of,
//! and an activity that fails leaves nothing behind.

use countersign_inventory::repo;
use engine::command::{ActivityFailure, Actor};
use engine::id::{InstanceId, RunId};
use engine::time::Timestamp;
use engine::value::Value;
use runtime::activity::{Activities, Call, CallError};
use store::testing::on_both;
use store::{Database, Tx};

const NOW: &str = "2026-03-02T01:00:00Z";

fn activities() -> Activities {
    let mut activities = Activities::default();
    countersign_inventory::activities::register(&mut activities);
    activities
}

/// Calls as the writer does: under a savepoint, which a failure undoes.
async fn call(tx: &mut Tx, name: &str, input: Value) -> Result<Value, ActivityFailure> {
    call_as(tx, name, input, 7).await
}

async fn call_as(tx: &mut Tx, name: &str, input: Value, instance: u8) -> Result<Value, ActivityFailure> {
    let activities = activities();
    let activity = activities.lookup(name).expect("a registered activity");
    let actor = Actor::person("zhao");
    let call = Call {
        tx,
        input: &input,
        now: Timestamp::parse(NOW).expect("a moment"),
        actor: &actor,
        instance: InstanceId::from_bytes([instance; 16]),
        run: RunId(1),
        key: "k",
    };
    call.tx.savepoint().await.expect("a savepoint");
    let Call { tx, input, now, actor, instance, run, key } = call;
    match activity(Call { tx: &mut *tx, input, now, actor, instance, run, key }).await {
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
    let answer = call(&mut tx, name, input).await;
    tx.commit().await.expect("committed");
    answer
}

fn receipt(item: &str, location: &str, quantity: i64) -> Value {
    Value::record([
        ("item", Value::from(item)),
        ("location", Value::from(location)),
        ("quantity", Value::Int(quantity)),
        ("document", Value::from("GR-1")),
    ])
}

fn lot(item: &str, lot: &str, quantity: i64, expires: &str) -> Value {
    let mut value = receipt(item, "W1", quantity);
    value.set(&["lot".into()], Value::from(lot));
    value.set(&["expires".into()], Value::from(expires));
    value
}

fn wanted(demand: &str, lines: &[(&str, i64)]) -> Value {
    let lines = lines.iter().zip(1i64..).map(|((item, quantity), line)| {
        Value::record([("line", Value::Int(line)), ("item", Value::from(*item)), ("quantity", Value::Int(*quantity))])
    });
    Value::record([
        ("demand", Value::from(demand)),
        ("policy", Value::from("HARD")),
        ("lines", Value::list(lines.collect())),
    ])
}

async fn sound(database: &Database) {
    let mut reader = database.read().await.expect("a reader");
    assert_eq!(repo::faults(&mut reader).await.expect("readable"), Vec::<String>::new());
}

async fn reserved(database: &Database, item: &str) -> i64 {
    let mut reader = database.read().await.expect("a reader");
    let rows = repo::rows(&mut reader, "stock_item", None, 100).await.expect("readable");
    let row = rows.into_iter().find(|(name, _)| name == item).expect("the item has stock");
    row.1.get("reserved").and_then(Value::as_int).expect("a number")
}

#[tokio::test]
async fn a_reservation_takes_all_or_nothing() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 10)).await.expect("received");
        once(&database, "stock.receive", receipt("B", "W1", 1)).await.expect("received");
        let short = once(&database, "stock.reserve", wanted("SO-1", &[("A", 4), ("B", 2)])).await;
        let failure = short.expect_err("there is only one B");
        assert_eq!(failure.code.as_ref(), "SHORTAGE");
        assert_eq!(failure.detail.get("item"), Some(&Value::from("B")));
        assert_eq!(failure.detail.get("wanted").and_then(Value::as_int), Some(2));
        assert_eq!(failure.detail.get("available").and_then(Value::as_int), Some(1));
        assert_eq!(reserved(&database, "A").await, 0);
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_activity_leaves_neither_rows_nor_digests() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 1)).await.expect("received");
        let mut tx = database.begin().await.expect("a transaction");
        call(&mut tx, "stock.reserve", wanted("SO-1", &[("A", 1), ("Z", 1)])).await.expect_err("there is no Z");
        assert_eq!(tx.take_rows(), vec![]);
        call(&mut tx, "stock.reserve", wanted("SO-1", &[("A", 1)])).await.expect("there is an A");
        let tables: Vec<_> = tx.take_rows().into_iter().map(|row| row.table.to_string()).collect();
        assert!(tables.contains(&"reservation".to_owned()) && tables.contains(&"stock_balance".to_owned()));
        tx.commit().await.expect("committed");
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn reserving_again_replaces_and_a_shortage_keeps_the_old() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 5)).await.expect("received");
        once(&database, "stock.reserve", wanted("SO-1", &[("A", 4)])).await.expect("reserved");
        once(&database, "stock.reserve", wanted("SO-1", &[("A", 5)])).await.expect("the own four count as free");
        assert_eq!(reserved(&database, "A").await, 5);
        once(&database, "stock.reserve", wanted("SO-1", &[("A", 6)])).await.expect_err("there are five");
        assert_eq!(reserved(&database, "A").await, 5);
        let demand = Value::record([("demand", Value::from("SO-1"))]);
        let output = once(&database, "stock.release_reservation", demand.clone()).await.expect("released");
        assert_eq!(output.get("released"), Some(&Value::Int(1)));
        let output = once(&database, "stock.release_reservation", demand).await.expect("nothing to release");
        assert_eq!(output.get("released"), Some(&Value::Int(0)));
        assert_eq!(reserved(&database, "A").await, 0);
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_gives_back_its_own_leaves_what_another_reserved() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 5)).await.expect("received");
        once(&database, "stock.reserve", wanted("SO-1", &[("A", 4)])).await.expect("reserved");
        let own = Value::record([("demand", Value::from("SO-1")), ("own", Value::Bool(true))]);
        let mut tx = database.begin().await.expect("a transaction");
        let output = call_as(&mut tx, "stock.release_reservation", own.clone(), 8).await.expect("nothing of its own");
        assert_eq!(output.get("released"), Some(&Value::Int(0)));
        let output = call_as(&mut tx, "stock.release_reservation", own, 7).await.expect("its own");
        assert_eq!(output.get("released"), Some(&Value::Int(1)));
        tx.commit().await.expect("committed");
        assert_eq!(reserved(&database, "A").await, 0);
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn a_backorder_takes_what_is_there_and_waits_for_the_rest() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 3)).await.expect("received");
        let mut input = wanted("SO-1", &[("A", 5), ("NEVER", 2)]);
        input.set(&["backorder".into()], Value::Bool(true));
        let output = once(&database, "stock.reserve", input).await.expect("a backorder is no shortage");
        assert_eq!(output.get("complete"), Some(&Value::Bool(false)));
        assert_eq!(output.get("missing").and_then(Value::as_list).map(<[Value]>::len), Some(2));
        assert_eq!(reserved(&database, "A").await, 3);
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn what_expires_first_is_taken_first_and_what_is_expired_never() {
    on_both(|database| async move {
        once(&database, "stock.receive", lot("A", "LATE", 5, "2028-01-01")).await.expect("received");
        once(&database, "stock.receive", lot("A", "SOON", 5, "2026-06-01")).await.expect("received");
        once(&database, "stock.receive", lot("A", "GONE", 5, "2026-03-01")).await.expect("received");
        let output = once(&database, "stock.reserve", wanted("SO-1", &[("A", 6)])).await.expect("ten are good");
        let lots: Vec<_> = output
            .get("reservations")
            .and_then(Value::as_list)
            .expect("a list")
            .iter()
            .map(|one| {
                (
                    one.get("lot").and_then(Value::as_str).expect("a lot").to_owned(),
                    one.get("quantity").and_then(Value::as_int),
                )
            })
            .collect();
        assert_eq!(lots, [("SOON".to_owned(), Some(5)), ("LATE".to_owned(), Some(1))]);
        let failure = once(&database, "stock.reserve", wanted("SO-2", &[("A", 5)])).await.expect_err("four are left");
        assert_eq!(failure.detail.get("available").and_then(Value::as_int), Some(4));
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn concurrent_reservations_never_oversell() {
    on_both(|database| async move {
        const STOCK: i64 = 20;
        for item in ["A", "B", "C"] {
            for location in ["W1", "W2"] {
                once(&database, "stock.receive", receipt(item, location, STOCK / 2)).await.expect("received");
            }
        }
        let orders = (0..24).map(|number: i64| {
            let database = database.clone();
            tokio::spawn(async move {
                // Lines in different orders: the items are locked in one order whatever the lines say.
                let mut lines = vec![("A", 1 + number % 3), ("B", 1 + number % 2), ("C", 1)];
                let turn = usize::try_from(number % 3).expect("small");
                lines.rotate_left(turn);
                once(&database, "stock.reserve", wanted(&format!("SO-{number}"), &lines)).await.is_ok()
            })
        });
        let mut accepted = 0;
        for order in orders.collect::<Vec<_>>() {
            accepted += i64::from(order.await.expect("no deadlock, no panic"));
        }
        assert!(accepted >= 6, "only {accepted} orders found stock");
        for item in ["A", "B", "C"] {
            assert!(reserved(&database, item).await <= STOCK);
        }
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn the_ledger_takes_insert_only() {
    on_both(|database| async move {
        once(&database, "stock.receive", receipt("A", "W1", 1)).await.expect("received");
        for statement in ["UPDATE stock_ledger SET quantity = 2", "DELETE FROM stock_ledger"] {
            let mut tx = database.begin().await.expect("a transaction");
            tx.execute(statement, &[]).await.expect_err("the ledger is history");
            tx.rollback().await.expect("rolled back");
        }
        sound(&database).await;
    })
    .await;
}

#[tokio::test]
async fn pages_give_every_row_once_with_the_digest_that_was_noted() {
    on_both(|database| async move {
        let mut tx = database.begin().await.expect("a transaction");
        for number in 0..7 {
            call(&mut tx, "stock.receive", receipt(&format!("I{number}"), "W'1\"", 1 + number))
                .await
                .expect("received");
        }
        let noted = tx.take_rows();
        tx.commit().await.expect("committed");
        let mut reader = database.read().await.expect("a reader");
        for table in repo::TABLES {
            let (mut after, mut names) = (None::<String>, Vec::new());
            loop {
                let page = repo::rows(&mut reader, table, after.as_deref(), 3).await.expect("readable");
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (name, record) in page {
                    let bytes = serde_json_canonicalizer::to_vec(&record).expect("a record is JSON");
                    let digest = engine::id::Digest::of(&bytes);
                    let found = noted.iter().rev().find(|row| *row.table == *table && *row.key == *name);
                    assert_eq!(found.and_then(|row| row.digest), Some(digest), "{table} {name}");
                    names.push(name);
                }
            }
            let expected = noted.iter().filter(|row| *row.table == *table).map(|row| row.key.to_string());
            let expected: std::collections::BTreeSet<_> = expected.collect();
            assert_eq!(names.len(), expected.len(), "{table}");
        }
    })
    .await;
}
