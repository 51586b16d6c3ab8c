//! What goes between instances and out of the house, on both databases.

use std::sync::{Arc, Mutex};

use countersign_runtime::courier::{Courier, Delivering, Parcel, Undelivered};
use countersign_runtime::{Publish, SubmitError};
use engine::command::{Action, Actor, Command};
use engine::id::{InstanceId, ShardId};
use engine::incident::IncidentCode;
use engine::project::Channel;
use engine::rejection::Rejection;
use engine::value::Value;
use store::testing;

use crate::support::{DAY, Plant, number};
use crate::{PEOPLE, order, process};

fn signal(line: &str) -> Publish {
    Publish {
        message: "signal:stopped".into(),
        id: "s1".into(),
        payload: Value::record([("line", Value::from(line))]),
        ttl_micros: 0,
        to_one: false,
        actor: Actor::Service { id: "plc".into() },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_a_step_is_delivered_across_shards_and_the_sender_hears() {
    let waits = "data: { got: record }\nsteps:\n  - { id: pay, wait: { message: paid, match: { order: =input.order } }, into: got }\n";
    let sends = "data: { said: record }\nsteps:\n  - { id: tell, send: paid, with: { order: =input.order, amount: 7 }, into: said }\n";
    testing::on_both(|database| async move {
        let waits = process("waits", &format!("{PEOPLE}{waits}"));
        let sends = process("sends", &format!("{PEOPLE}{sends}"));
        let plant = Plant::start(&database, &[waits, sends]).await;
        let early = plant.begin("sends", order("o1")).await.instance;
        assert_eq!(plant.ended(early).await, "completed");
        assert_eq!(plant.data(early, "said").await.get("verdict"), Some(&Value::from("buffered")));
        let waiter = plant.begin("waits", order("o1")).await.instance;
        assert_eq!(plant.ended(waiter).await, "completed");
        assert_eq!(plant.data(waiter, "got").await.get("amount"), Some(&Value::Int(7)));
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_a_when_refuses_is_not_consumed() {
    let picky = "steps:\n  - { id: pay, wait: { message: paid, match: { order: =input.order }, when: =message.amount > 100 } }\n";
    let waits = "data: { got: record }\nsteps:\n  - { id: pay, wait: { message: paid, match: { order: =input.order } }, into: got }\n";
    testing::on_both(|database| async move {
        let picky = process("picky", &format!("{PEOPLE}{picky}"));
        let waits = process("waits", &format!("{PEOPLE}{waits}"));
        let plant = Plant::start(&database, &[picky, waits]).await;
        let id = plant.begin("picky", order("o1")).await.instance;
        let waiting = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 1 };
        plant.until("it waits", waiting).await;
        plant.publish("m1", "o1", 5).await;
        let kept = "SELECT COUNT(*) FROM message WHERE verdict = 'buffered' AND pending = 0";
        plant.until("it came back", || async { number(&database, kept).await == 1 }).await;
        let other = plant.begin("waits", order("o1")).await.instance;
        assert_eq!(plant.ended(other).await, "completed");
        assert_eq!(plant.data(other, "got").await.get("amount"), Some(&Value::Int(5)));
        plant.publish("m2", "o1", 500).await;
        assert_eq!(plant.ended(id).await, "completed");
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_one_that_several_wait_for_is_refused_with_the_candidates() {
    let asks = "steps:\n  - { id: pay, wait: { message: paid, match: { order: =input.order } } }\n";
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("asks", &format!("{PEOPLE}{asks}"))]).await;
        let first = plant.begin("asks", order("o1")).await.instance;
        let second = plant.begin("asks", order("o1")).await.instance;
        let waiting = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 2 };
        plant.until("both wait", waiting).await;
        let payload = Value::record([("order", Value::from("o1")), ("amount", Value::Int(1))]);
        let publish = Publish {
            message: "paid".into(),
            id: "m1".into(),
            payload,
            ttl_micros: DAY,
            to_one: true,
            actor: Actor::System,
        };
        let refused = plant.handle.publish(publish.clone()).await;
        let Err(SubmitError::Rejected(Rejection::AmbiguousMessage { mut candidates })) = refused else {
            panic!("it is ambiguous: {refused:?}")
        };
        candidates.sort();
        let mut both = vec![first, second];
        both.sort();
        assert_eq!(candidates, both);
        let cancel = Action::Cancel { reason: "not this one".into(), undo: false };
        plant
            .handle
            .submit(first, Command { actor: Actor::person("admin"), action: cancel }, None)
            .await
            .expect("done");
        let waiting = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 1 };
        plant.until("one waits", waiting).await;
        plant.handle.publish(publish).await.expect("it is clear now");
        assert_eq!(plant.ended(second).await, "completed");
        plant.stop(&database).await;
    })
    .await;
}

const HEARS: &str = "steps:\n  - { id: hear, wait: { signal: stopped, match: { line: =input.order } } }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_nobody_waits_for_is_lost_and_on_record() {
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("hears", &format!("{PEOPLE}{HEARS}"))]).await;
        let lost = plant.handle.publish(signal("L1")).await.expect("it is on record");
        assert_eq!(lost.result.get("verdict"), Some(&Value::from("lost")));
        assert!(lost.position > 0);
        let id = plant.begin("hears", order("L1")).await.instance;
        let waiting = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 1 };
        plant.until("it waits", waiting).await;
        assert_eq!(plant.outcome(id).await, None);
        plant.handle.publish(signal("L2")).await.expect("another line");
        assert_eq!(plant.outcome(id).await, None);
        plant.handle.publish(signal("L1")).await.expect("sent");
        assert_eq!(plant.ended(id).await, "completed");
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_to_many_goes_in_chunks_across_a_restart_and_not_to_who_came_later() {
    const MANY: usize = 450;
    testing::on_both(|database| async move {
        let definition = process("hears", &format!("{PEOPLE}{HEARS}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let mut all = Vec::new();
        for _ in 0..MANY {
            all.push(plant.begin("hears", order("L1")).await.instance);
        }
        let waiting = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == MANY as i64 };
        plant.until("all wait", waiting).await;
        let sent = plant.handle.publish(signal("L1")).await.expect("sent");
        assert_eq!(sent.result.get("more"), Some(&Value::Bool(true)));
        let late = plant.begin("hears", order("L1")).await.instance;
        plant.node.stop().await.expect("stopped in the middle, or not");
        let plant = Plant::start(&database, &[definition]).await;
        let ended = "SELECT COUNT(*) FROM instance WHERE status = 'ended'";
        plant.until("all heard it", || async { number(&database, ended).await >= MANY as i64 }).await;
        plant.until("it is over", || async { number(&database, "SELECT COUNT(*) FROM sweep").await == 0 }).await;
        assert_eq!(plant.outcome(late).await, None, "it was sent before this one waited");
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_milestone_of_a_process_on_another_shard_is_heard_and_one_that_cannot_come_is_an_incident() {
    let works = "steps:\n  - { id: plan, task: { title: { zh: 计划, en: Plan }, to: { role: manager } }, milestone: planned }\n";
    let waits = "steps:\n  - { id: hear, wait: { process: =input.order, milestone: planned } }\n";
    testing::on_both(|database| async move {
        let works = process("works", &format!("{PEOPLE}{works}"));
        let waits = process("waits", &format!("{PEOPLE}{waits}"));
        let plant = Plant::start(&database, &[works, waits]).await;
        let (first, second) =
            (plant.begin("works", order("o1")).await.instance, plant.begin("works", order("o2")).await.instance);
        let mut all = Vec::new();
        // Enough of them that some lie on another shard.
        for _ in 0..8 {
            all.push(plant.begin("waits", order(&first.to_string())).await.instance);
        }
        let works = plant.works(first).await;
        plant.complete(first, works[0], "wang", "done", Value::Null).await.expect("done");
        all.push(plant.begin("waits", order(&first.to_string())).await.instance);
        for id in all {
            assert_eq!(plant.ended(id).await, "completed");
        }
        let missed = plant.begin("waits", order(&second.to_string())).await.instance;
        let cancel = Action::Cancel { reason: "not needed".into(), undo: false };
        plant
            .handle
            .submit(second, Command { actor: Actor::person("admin"), action: cancel }, None)
            .await
            .expect("done");
        let nobody = InstanceId::new(uuid::Uuid::from_u128(77), ShardId(0)).to_string();
        let unknown = plant.begin("waits", order(&nobody)).await.instance;
        for id in [missed, unknown] {
            let stopped = || async { plant.incidents(id).await == [IncidentCode::MilestoneMissed] };
            plant.until("an operator is asked", stopped).await;
        }
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawn_number_is_given_back_when_its_start_is_refused() {
    let steps = "key: =next(\"CAPA\")\nsteps:\n  - { id: hear, wait: { process: =input.order, milestone: planned } }\nevents:\n  late: { after: =input.order, steps: [] }\n";
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("capa", &format!("{PEOPLE}{steps}"))]).await;
        // The event's time cannot be computed, so the start is refused after the number was drawn.
        let start = countersign_runtime::StartRequest::by(Actor::person("li"), "capa", order("no time"));
        assert!(plant.handle.start(start).await.is_err());
        let id = plant.begin("capa", order("2 days")).await.instance;
        let state = plant.handle.state(id).await.expect("it loads").expect("there is one").state;
        assert_eq!(state.key().map(AsRef::as_ref), Some("CAPA-000001"));
        plant.stop(&database).await;
    })
    .await;
}

/// A courier that fails as often as it is told, and keeps what it was given.
#[derive(Default)]
struct Slow {
    given: Arc<Mutex<Vec<Parcel>>>,
    fails: Arc<Mutex<Vec<Undelivered>>>,
}

impl Courier for Slow {
    fn has(&self, channel: &Channel) -> bool {
        matches!(channel, Channel::Webhook { .. })
    }

    fn deliver(&self, parcel: Parcel) -> Delivering {
        self.given.lock().expect("unpoisoned").push(parcel);
        let why = self.fails.lock().expect("unpoisoned").pop();
        Box::pin(async move { why.map_or(Ok(()), Err) })
    }
}

const TELLS: &str = "steps:\n  - { id: tell, notify: { to: { role: manager }, text: { zh: 到, en: There }, webhook: plant } }\n  - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_tried_again_with_the_same_key_and_its_arrival_is_on_record() {
    testing::on_both(|database| async move {
        let courier = Slow::default();
        courier.fails.lock().expect("unpoisoned").push(Undelivered::for_now("unreachable", "no answer"));
        let given = courier.given.clone();
        let definition = process("tells", &format!("{PEOPLE}{TELLS}"));
        let plant = Plant::start_with(&database, &[definition], Arc::new(courier)).await;
        let id = plant.begin("tells", order("o1")).await.instance;
        plant.until("a first attempt", || async { given.lock().expect("unpoisoned").len() == 1 }).await;
        let waits = "SELECT COUNT(*) FROM delivery WHERE status = 'waiting' AND attempts = 1 AND ready_at > 0";
        plant.until("it is put off", || async { number(&database, waits).await == 1 }).await;
        plant
            .until("the second attempt", || async {
                plant.pass(DAY);
                number(&database, "SELECT COUNT(*) FROM delivery WHERE status = 'delivered'").await == 1
            })
            .await;
        let given = given.lock().expect("unpoisoned").clone();
        assert!(given.len() >= 2 && given.iter().all(|parcel| parcel.idempotency_key == given[0].idempotency_key));
        assert_eq!(given[0].people.len(), 2, "whoever has the role now");
        assert!(plant.incidents(id).await.is_empty());
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_is_refused_for_good_is_an_incident_and_a_retry_sends_it() {
    testing::on_both(|database| async move {
        let courier = Slow::default();
        courier.fails.lock().expect("unpoisoned").push(Undelivered::for_good("refused", "404"));
        let definition = process("tells", &format!("{PEOPLE}{TELLS}"));
        let plant = Plant::start_with(&database, &[definition], Arc::new(courier)).await;
        let id = plant.begin("tells", order("o1")).await.instance;
        let asked = || async { plant.incidents(id).await == [IncidentCode::DeliveryFailed] };
        plant.until("an operator is asked", asked).await;
        plant.retry(id).await;
        let arrived = "SELECT COUNT(*) FROM delivery WHERE status = 'delivered'";
        plant.until("it arrived", || async { number(&database, arrived).await == 1 }).await;
        plant.stop(&database).await;
    })
    .await;
}
