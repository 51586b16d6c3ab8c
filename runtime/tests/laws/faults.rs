//! What goes wrong around an instance: callers that repeat themselves, locks, stops, lost leases.

use countersign_runtime::{Idempotency, StartRequest, SubmitError};
use engine::command::Actor;
use engine::id::Digest;
use engine::value::Value;
use store::testing;

use crate::support::{Plant, define, number, stock, tables};
use crate::{PEOPLE, order, process};

const LOOK: &str = "steps:\n  - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n  - { id: over, end: over }\n";

fn request(key: &str, body: &str, input: Value) -> StartRequest {
    let idempotency = Idempotency { actor: "li".into(), key: key.into(), request: Digest::of(body.as_bytes()) };
    StartRequest { idempotency: Some(idempotency), ..StartRequest::by(Actor::person("li"), "looking", input) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_gets_its_first_answer_and_another_under_its_key_is_refused() {
    testing::on_both(|database| async move {
        let definition = process("looking", &format!("{PEOPLE}{LOOK}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let (one, two) = tokio::join!(
            plant.handle.start(request("k1", "a", order("o1"))),
            plant.handle.start(request("k1", "a", order("o1")))
        );
        let (one, two) = (one.expect("started"), two.expect("answered"));
        assert_eq!((one.instance, one.position), (two.instance, two.position));
        assert!(one.replayed != two.replayed);
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start(&database, &[definition]).await;
        let again = plant.handle.start(request("k1", "a", order("o1"))).await.expect("answered");
        assert!(again.replayed && again.instance == one.instance);
        let other = plant.handle.start(request("k1", "b", order("o2"))).await;
        assert_eq!(other.expect_err("another request").code(), "idempotency_key_reused");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM instance").await, 1);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_nothing_that_was_acknowledged() {
    testing::on_both(|database| async move {
        let definition = process("looking", &format!("{PEOPLE}{LOOK}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let mut running = Vec::new();
        for _ in 0..60 {
            let handle = plant.handle.clone();
            running.push(tokio::spawn(async move {
                handle.start(StartRequest::by(Actor::person("li"), "looking", order("o1"))).await
            }));
        }
        tokio::task::yield_now().await;
        plant.node.stop().await.expect("stopped");
        let mut acknowledged = Vec::new();
        for one in running {
            match one.await.expect("no panic") {
                Ok(receipt) => acknowledged.push(receipt.instance),
                Err(error) => assert!(matches!(error, SubmitError::Stopped), "{error}"),
            }
        }
        let plant = Plant::start(&database, &[definition]).await;
        for id in acknowledged {
            let works = plant.works(id).await;
            plant.complete(id, works[0], "wang", "done", Value::Null).await.expect("it is there");
        }
        plant.stop(&database).await;
    })
    .await;
}

/// Two kinds of instances take the same two rows in opposite order, as children, so that what is put off by a
/// deadlock also came from an outbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_between_shards_costs_no_command_and_doubles_no_effect() {
    const EACH: i64 = 8;
    let swap = |name: &str, first: &str, second: &str| {
        process(
            name,
            &format!(
                "start: [ {{ process: [ outer_{name} ] }} ]\nsteps:\n  - {{ id: swap, call: test.swap, with: {{ first: {first}, second: {second} }}, retry: {{ attempts: 1 }} }}\n  - {{ id: over, end: good }}\n"
            ),
        )
    };
    let outer = |inner: &str| {
        process(
            &format!("outer_{inner}"),
            &format!(
                "{PEOPLE}steps:\n  - {{ id: below, run: {inner}, with: {{ order: x }}, outcomes: {{ good: next }} }}\n  - {{ id: over, end: over }}\n"
            ),
        )
    };
    let definitions = [swap("ab", "a", "b"), swap("ba", "b", "a"), outer("ab"), outer("ba")];
    let options = store::OpenOptions { shards: Some(2), ..testing::usual_options() };
    testing::on_both_with(options, move |database| {
        let definitions = definitions.clone();
        async move {
            tables(&database).await;
            stock(&database, "a", 1_000).await;
            stock(&database, "b", 1_000).await;
            let plant = Plant::start(&database, &definitions).await;
            let mut running = Vec::new();
            for number in 0..2 * EACH {
                let handle = plant.handle.clone();
                let name = if number % 2 == 0 { "outer_ab" } else { "outer_ba" };
                running.push(tokio::spawn(async move {
                    handle.start(StartRequest::by(Actor::person("li"), name, order("o1"))).await
                }));
            }
            for one in running {
                let receipt = one.await.expect("no panic").expect("started");
                assert_eq!(plant.ended(receipt.instance).await, "over");
            }
            assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 2 * EACH);
            let left = "SELECT CAST(SUM(quantity) AS BIGINT) FROM test_stock";
            assert_eq!(number(&database, left).await, 2_000 - 2 * 2 * EACH);
            assert_eq!(number(&database, "SELECT COUNT(*) FROM outbox").await, 0);
            plant.stop(&database).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_lost_the_lease_writes_nothing_not_even_what_has_no_transition() {
    testing::on_both(|database| async move {
        let steps = "steps:\n  - { id: pay, wait: { message: paid, match: { order: o1 } } }\n";
        let plant = Plant::start(&database, &[process("waiting", &format!("{PEOPLE}{steps}"))]).await;
        plant.begin("waiting", order("o1")).await;
        let subscribed = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 1 };
        plant.until("it waits", subscribed).await;
        let mut tx = database.begin().await.expect("a transaction");
        tx.execute("UPDATE shard SET epoch = epoch + 1, holder = 'another'", &[]).await.expect("taken");
        tx.commit().await.expect("committed");
        let before = number(&database, "SELECT position FROM shard").await;
        let refused = plant.handle.start(StartRequest::by(Actor::person("li"), "waiting", order("o2"))).await;
        assert_eq!(refused.expect_err("the lease is lost").code(), "stopping");
        assert_eq!(plant.handle.readiness(), Err("lease_lost"));
        assert_eq!(number(&database, "SELECT position FROM shard").await, before);
        assert_eq!(number(&database, "SELECT COUNT(*) FROM instance").await, 1);
        let _ = plant.node.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_instance_s_however_many_start_at_once() {
    testing::on_both(|database| async move {
        let definition = define(&format!(
            "process: keyed\ntitle: {{ zh: 测试, en: Test }}\nowner: boss\ninput: {{ order: string }}\nkey: =input.order\n{PEOPLE}{LOOK}"
        ));
        let plant = Plant::start(&database, &[definition]).await;
        let mut running = Vec::new();
        for _ in 0..12 {
            let handle = plant.handle.clone();
            running.push(tokio::spawn(async move {
                handle.start(StartRequest::by(Actor::person("li"), "keyed", order("o1"))).await
            }));
        }
        let mut started = Vec::new();
        for one in running {
            match one.await.expect("no panic") {
                Ok(receipt) => started.push(receipt.instance),
                Err(error) => assert_eq!(error.code(), "duplicate_key"),
            }
        }
        assert_eq!(started.len(), 1);
        let works = plant.works(started[0]).await;
        plant.complete(started[0], works[0], "wang", "done", Value::Null).await.expect("done");
        plant.begin("keyed", order("o1")).await;
        plant.stop(&database).await;
    })
    .await;
}
