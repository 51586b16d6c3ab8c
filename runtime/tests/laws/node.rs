//! The node on both databases: what is acknowledged is there, effects happen exactly once.

use crate::support::{Plant, define, number, stock, tables};
use engine::value::Value;
use store::testing;

const ORDER: &str = r#"
process: order
title: { zh: 订单, en: Order }
owner: sales_head
input: { item: string, quantity: integer }
start:
  - { by: [ sales ] }
data:
  left: optional integer
steps:
  - id: take
    call: test.take
    with: { item: =input.item, quantity: =input.quantity }
    into: { left: left }
    outcomes:
      SHORTAGE: [ { id: none, end: short } ]
  - id: look
    task: { title: { zh: 查看, en: Look }, to: { role: manager } }
    outcomes: { good: next, bad: { end: refused } }
  - id: which
    choose:
      - { when: =(left ?? 0) > 5, steps: [ { id: plenty, end: plenty } ] }
      - otherwise: next
  - { id: done, end: scarce }
"#;

fn order(item: &str, quantity: i64) -> Value {
    Value::record([("item", Value::from(item)), ("quantity", Value::Int(quantity))])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_runs_from_start_to_end_on_both_databases() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 10).await;
        let plant = Plant::start(&database, &[define(ORDER)]).await;
        let receipt = plant.begin("order", order("bolt", 3)).await;
        assert_eq!(receipt.version, 1);
        let works = plant.works(receipt.instance).await;
        let refused = plant.complete(receipt.instance, works[0], "li", "good", Value::Null).await;
        assert_eq!(refused.expect_err("sales is no candidate").code(), "not_candidate");
        plant.complete(receipt.instance, works[0], "wang", "good", Value::Null).await.expect("done");
        assert_eq!(plant.outcome(receipt.instance).await.as_deref(), Some("plenty"));
        assert_eq!(number(&database, "SELECT quantity FROM test_stock").await, 7);
        plant.node.stop().await.expect("stopped");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_that_fails_undoes_its_own_writes_and_nothing_else() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 2).await;
        let plant = Plant::start(&database, &[define(ORDER)]).await;
        let short = plant.begin("order", order("bolt", 3)).await;
        assert_eq!(plant.outcome(short.instance).await.as_deref(), Some("short"));
        assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 0);
        let fits = plant.begin("order", order("bolt", 2)).await;
        assert_eq!(plant.works(fits.instance).await.len(), 1);
        assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 1);
        plant.node.stop().await.expect("stopped");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_never_take_more_than_there_is() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 25).await;
        let plant = Plant::start(&database, &[define(ORDER)]).await;
        let mut running = Vec::new();
        for _ in 0..40 {
            let handle = plant.handle.clone();
            running.push(tokio::spawn(async move {
                let actor = engine::command::Actor::person("li");
                handle.start(countersign_runtime::StartRequest::by(actor, "order", order("bolt", 1))).await
            }));
        }
        let mut short = 0;
        for one in running {
            let receipt = one.await.expect("no panic").expect("started");
            short += usize::from(plant.outcome(receipt.instance).await.as_deref() == Some("short"));
        }
        assert_eq!(short, 15);
        assert_eq!(number(&database, "SELECT quantity FROM test_stock").await, 0);
        assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 25);
        plant.node.stop().await.expect("stopped");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_told_that_a_server_is_running() {
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[]).await;
        let again = store::shard::lease(
            &database,
            engine::id::ShardId(0),
            "another",
            database.now().await.expect("a clock"),
            1_000_000,
        )
        .await;
        assert!(again.expect_err("the node has it").to_string().starts_with("server_running"));
        plant.node.stop().await.expect("stopped");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_where_the_log_ends() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 10).await;
        let definition = define(ORDER);
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let receipt = plant.begin("order", order("bolt", 8)).await;
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start(&database, &[definition]).await;
        let works = plant.works(receipt.instance).await;
        plant.complete(receipt.instance, works[0], "wang", "good", Value::Null).await.expect("done");
        assert_eq!(plant.outcome(receipt.instance).await.as_deref(), Some("scarce"));
        plant.node.stop().await.expect("stopped");
    })
    .await;
}
