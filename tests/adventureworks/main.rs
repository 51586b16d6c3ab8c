//! The main job on a real manufacturer's export, through the live runtime, on both databases.
//!
//! A thousand orders are imported and reviewed by the shipped process. One at a time, by number, each on the day it was
//! ordered: both databases come to the same. Many at once: every review ends or waits for somebody, and the sums that
//! do not depend on the order of the orders agree with an independent count over the files. People then play some of
//! the waiting reviews to their ends, the record is examined and replayed, and the database moves to the other kind and
//! back. Without the export beside the repository the tests say so and do nothing.

mod export;
mod people;
mod plant;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use countersign::examine::examine;
use engine::project::InstanceStatus;
use runtime::verify;
use rust_decimal::Decimal;
use store::testing::{on_both, postgres, sqlite, usual_options};
use store::{Database, OpenOptions};

use export::Export;
use plant::Standing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_at_a_time_both_databases_come_to_the_same() {
    let Some(export) = Export::found() else { return };
    let (export, came_to) = (Arc::new(export), Arc::new(Mutex::new(Vec::new())));
    on_both(|database| {
        let (export, came_to) = (export.clone(), came_to.clone());
        async move {
            let running = plant::open(database.clone(), &export, export.orders[0].day).await;
            let mut all = BTreeMap::new();
            for order in &export.orders {
                running.clock.advance_to(plant::morning(order.day));
                let standing = running.review(order).await;
                assert!(standing.is_awaited(), "{} neither ended nor waits: {standing:?}", order.number);
                all.insert(order.number.clone(), standing);
            }
            running.settle().await;
            in_order(&running.stop().await, all.len()).await;
            came_to.lock().expect("unpoisoned").push(all);
        }
    })
    .await;
    let came_to = came_to.lock().expect("unpoisoned");
    let first = &came_to[0];
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    first.values().for_each(|standing| *kinds.entry(standing.told()).or_default() += 1);
    kinds.iter().for_each(|(kind, count)| println!("{count:5}  {kind}"));
    assert!(kinds.len() >= 3, "the orders are of more than one kind: {kinds:?}");
    for other in &came_to[1..] {
        let differ: Vec<_> =
            first.iter().filter(|(number, standing)| other[*number].told() != standing.told()).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_nothing_is_lost_and_nothing_is_promised_twice() {
    let Some(export) = Export::found() else { return };
    let export = Arc::new(export);
    on_both(|database| {
        let export = export.clone();
        async move {
            let last = export.orders.iter().map(|order| order.day).max().expect("orders");
            let running = plant::open(database.clone(), &export, last).await;
            let began = tokio::time::Instant::now();
            let all = running.review_many(&export.orders, 64).await;
            println!("{:?}: {} reviews in {:?}", database.kind(), all.len(), began.elapsed());
            assert_eq!(all.len(), export.orders.len());
            for (number, standing) in &all {
                assert!(standing.is_awaited(), "{number} neither ended nor waits: {standing:?}");
            }
            stock_agrees(&database, &export, &all).await;
            let waiting: Vec<&Standing> = all.values().filter(|one| one.status == InstanceStatus::Running).collect();
            let sample: Vec<_> =
                waiting.iter().step_by(waiting.len().div_ceil(24).max(1)).map(|one| one.instance).collect();
            assert!(sample.len() > 10, "only {} reviews wait for somebody", waiting.len());
            let outcomes = people::play(&running, &sample).await;
            println!("played to their ends: {outcomes:?}");
            let after = running.standings(&all).await;
            stock_agrees(&database, &export, &after).await;
            in_order(&running.stop().await, all.len()).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_moves_to_the_other_kind_and_back_with_equal_heads() {
    let Some(export) = Export::found() else { return };
    let fresh = sqlite(usual_options()).await;
    let last = export.orders.iter().map(|order| order.day).max().expect("orders");
    let running = plant::open(fresh.database.clone(), &export, last).await;
    let reviewed = running.review_many(&export.orders[..120], 32).await;
    let origin = running.stop().await;
    let options = || OpenOptions { shards: Some(origin.shards()), ..usual_options() };
    let Some(other) = postgres(options()).await else { return };
    store::copy::copy(&origin, &other.database, &mut |_| {}).await.expect("copied");
    let back = sqlite(options()).await;
    store::copy::copy(&other.database, &back.database, &mut |_| {}).await.expect("copied back");
    let heads = |database: Database| async move {
        let rows = store::shard::all(&mut database.read().await.expect("a reader")).await.expect("readable");
        rows.into_iter().map(|row| (row.shard, row.position, row.head)).collect::<Vec<_>>()
    };
    let first = heads(origin.clone()).await;
    assert!(first.iter().any(|(_, position, _)| *position > 0));
    for moved in [&other.database, &back.database] {
        assert_eq!(heads(moved.clone()).await, first);
        in_order(moved, reviewed.len()).await;
    }
    // What moved goes on: the next order is reviewed where it is now.
    let running = plant::on(back.database.clone(), plant::morning(last)).await;
    assert!(running.review(&export.orders[200]).await.is_awaited());
    in_order(&running.stop().await, reviewed.len() + 1).await;
}

/// Nothing is found, and folding and deciding again give the record byte for byte.
async fn in_order(database: &Database, instances: usize) {
    let releases = runtime::releases::Releases::open(database.clone()).await.expect("releases");
    let examination = examine(database, &releases, &mut |_| {}).await.expect("examined");
    let findings: Vec<String> = examination.findings.iter().take(10).map(|found| format!("{found:?}")).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", examination.findings.len(), findings.join("\n"));
    assert_eq!(examination.instances, instances as u64);
    let report = verify::all(database, &releases, &mut |_| {}).await.expect("replayed");
    assert_eq!((report.instances, report.mismatches.len()), (instances as u64, 0));
}

/// What is reserved and what is left is what the files say was there, and what is reserved is what the accepted orders
/// want, for each item.
async fn stock_agrees(database: &Database, export: &Export, reviewed: &BTreeMap<String, Standing>) {
    let items = plant::rows(database, "stock_item").await;
    let reservations = plant::rows(database, "reservation").await;
    let number = |row: &engine::value::Value, field: &str| {
        row.get(field).and_then(engine::value::Value::as_decimal).expect("a number")
    };
    let text = |row: &engine::value::Value, field: &str| {
        row.get(field).and_then(engine::value::Value::as_str).expect("a text").to_owned()
    };
    let mut reserved: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut held: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    for row in &reservations {
        if text(row, "state") == "active" {
            *held.entry((text(row, "demand"), text(row, "item"))).or_default() += number(row, "quantity");
            if text(row, "kind") == "hard" {
                *reserved.entry(text(row, "item")).or_default() += number(row, "quantity");
            }
        }
    }
    for row in &items {
        let (item, on_hand) = (text(row, "item"), number(row, "unrestricted"));
        let promised = reserved.remove(&item).unwrap_or_default();
        let left = on_hand - number(row, "reserved");
        assert!(left >= Decimal::ZERO, "{item} is promised beyond what there is");
        assert_eq!(promised + left, export.opening[&item], "{item}");
    }
    assert!(reserved.is_empty(), "reserved without stock: {reserved:?}");
    for order in &export.orders {
        let Some(standing) = reviewed.get(&order.number) else { continue };
        for (item, wanted) in &order.wanted {
            let holds = held.remove(&(order.number.clone(), item.clone())).unwrap_or_default();
            let expected = if standing.outcome.as_deref() == Some("accepted") { *wanted } else { Decimal::ZERO };
            assert_eq!(holds, expected, "{} of {item}: {standing:?}", order.number);
        }
    }
    assert!(held.is_empty(), "reserved for no order: {held:?}");
}
