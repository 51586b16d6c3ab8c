//! Messages: kept until somebody takes them, once each, in their order.

use engine::value::Value;
use store::testing;

use crate::support::{DAY, Plant, number};
use crate::{PEOPLE, order, process};

const WAITING: &str = "data: { got: record, count: { type: integer, initial: 0 } }\nsteps:\n  \
    - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n  \
    - { id: pay, wait: { message: paid, match: { order: =input.order } }, into: got }\n  - { id: over, end: over }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_before_its_wait_is_kept_and_a_sender_s_id_counts_once() {
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("waiting", &format!("{PEOPLE}{WAITING}"))]).await;
        let id = plant.begin("waiting", order("o1")).await.instance;
        plant.publish("m0", "other", 9).await;
        assert!(!plant.publish("m1", "o1", 1).await.replayed);
        assert!(plant.publish("m1", "o1", 1).await.replayed, "the sender's id was seen");
        plant.publish("m2", "o1", 2).await;
        let works = plant.works(id).await;
        plant.complete(id, works[0], "wang", "done", Value::Null).await.expect("done");
        assert_eq!(plant.ended(id).await, "over");
        assert_eq!(plant.data(id, "got").await.get("amount"), Some(&Value::Int(1)), "first in, first out");
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_time_is_over_is_not_taken_and_one_that_comes_later_is() {
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("waiting", &format!("{PEOPLE}{WAITING}"))]).await;
        let id = plant.begin("waiting", order("o1")).await.instance;
        plant.publish("m1", "o1", 1).await;
        plant.pass(8 * DAY);
        let works = plant.works(id).await;
        plant.complete(id, works[0], "wang", "done", Value::Null).await.expect("done");
        plant.publish("m2", "o1", 2).await;
        assert_eq!(plant.ended(id).await, "over");
        assert_eq!(plant.data(id, "got").await.get("amount"), Some(&Value::Int(2)));
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_quick_messages_to_a_loop_are_both_taken_across_a_restart() {
    let steps = "data: { last: record, count: { type: integer, initial: 0 } }\nsteps:\n  - id: rounds\n    repeat: { until: =count >= 3, at_most: 9 }\n    \
        steps:\n      - { id: pay, wait: { message: paid, match: { order: =input.order } }, into: last }\n      - { id: add, set: { count: =count + 1 } }\n";
    testing::on_both(|database| async move {
        let definition = process("looping", &format!("{PEOPLE}{steps}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let id = plant.begin("looping", order("o1")).await.instance;
        plant.publish("m1", "o1", 1).await;
        plant.publish("m2", "o1", 2).await;
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start(&database, &[definition]).await;
        plant.publish("m3", "o1", 3).await;
        assert_eq!(plant.ended(id).await, "completed");
        assert_eq!(plant.data(id, "last").await.get("amount"), Some(&Value::Int(3)));
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_starts_an_instance_or_is_an_event_of_the_one_with_its_key() {
    let steps = "key: =input.order\nstart: [ { message: paid, else: event } ]\ndata: { count: { type: integer, initial: 0 } }\nsteps:\n  \
        - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n\
        events:\n  again: { message: paid, match: { order: =input.order }, steps: [ { id: add, set: { count: =count + message.amount } } ] }\n";
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("order", steps)]).await;
        // The second is published before the first's instance can have subscribed.
        let (first, second) = tokio::join!(plant.publish("m1", "o1", 1), plant.publish("m2", "o1", 2));
        let to = |receipt: &countersign_runtime::Receipt| {
            let list = receipt.result.get("to").and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
            list.iter().filter_map(|id| id.as_str()?.parse::<engine::id::InstanceId>().ok()).collect::<Vec<_>>()
        };
        let started: Vec<_> = to(&first).into_iter().chain(to(&second)).collect();
        plant.publish("m3", "o1", 30).await;
        plant
            .until("both later messages are events", || async {
                let mut counts = Vec::new();
                for id in &started {
                    if let Ok(Some(found)) = plant.handle.state(*id).await {
                        counts.push(found.state.data().get("count").cloned());
                    }
                }
                counts.contains(&Some(Value::Int(32))) || counts.contains(&Some(Value::Int(31)))
            })
            .await;
        assert_eq!(number(&database, "SELECT COUNT(*) FROM instance").await, 1);
        plant.stop(&database).await;
    })
    .await;
}
