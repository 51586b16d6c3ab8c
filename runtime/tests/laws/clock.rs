//! A clock that somebody sets: what stops, what goes on, and who lets it go on.

use countersign_runtime::SubmitError;
use engine::command::{Action, Actor, Assertion, Command, Complete, SigningMethod, WorkId};
use engine::id::{Digest, InstanceId};
use engine::value::Value;
use store::testing;

use crate::support::{DAY, Plant, SECOND, number};
use crate::{PEOPLE, order, process};

/// A pause of two days and, beside it, two tasks one after another.
const STEPS: &str = "steps:\n  - id: both\n    parallel:\n      left: [ { id: pause, wait: 2 days } ]\n      \
    right: [ { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }, \
    { id: again, task: { title: { zh: 看, en: Look }, to: { role: manager } } } ]\n  - { id: over, end: over }\n";

fn signed(work: WorkId, plant: &Plant) -> Action {
    let signature = Assertion {
        signer: "wang".into(),
        printed_name: "Wang".into(),
        method: SigningMethod::Password,
        authenticated_at: plant.clock.now(),
        record: Digest::ZERO,
        locale: "en".into(),
    };
    let outcome = Some("done".into());
    Action::Complete(Complete {
        work,
        outcome,
        answer: Value::Null,
        comment: None,
        back_to: None,
        signature: Some(signature),
    })
}

async fn work(plant: &Plant, id: InstanceId) -> WorkId {
    plant.works(id).await[0]
}

async fn doubted(plant: &Plant) {
    plant
        .until("the doubt is on record", || async {
            plant.handle.clock_doubt().is_some_and(|doubt| doubt.id.is_some())
        })
        .await;
}

fn code<T: std::fmt::Debug>(refused: Result<T, SubmitError>) -> String {
    refused.expect_err("it is refused").code().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_set_stops_timers_and_signing_until_somebody_acknowledges_it() {
    testing::on_both(|database| async move {
        let definition = process("pausing", &format!("{PEOPLE}{STEPS}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let id = plant.begin("pausing", order("o1")).await.instance;
        let before = plant.handle.now();
        plant.clock.step(3 * DAY);
        plant.handle.look_at_clock().await.expect("the time");
        doubted(&plant).await;
        assert_eq!(plant.handle.now(), before, "nothing is dated by a clock that was set");
        let open = work(&plant, id).await;
        let command = Command { actor: Actor::person("wang"), action: signed(open, &plant) };
        assert_eq!(code(plant.handle.submit(id, command, None).await), "clock_in_doubt");
        plant.complete(id, open, "wang", "done", Value::Null).await.expect("what nobody signs goes on");
        // The moment of the timer comes by the time that has really passed; it waits all the same.
        plant.pass(2 * DAY);
        plant.complete(id, work(&plant, id).await, "wang", "done", Value::Null).await.expect("and on");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM timer").await, 1);

        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start_at(&database, &[definition], clock).await;
        assert!(plant.handle.clock_doubt().is_some(), "a restart does not settle it");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM timer").await, 1);
        let admin = || Actor::person("admin");
        assert_eq!(code(plant.handle.acknowledge_clock(admin(), " ").await), "reason_required");
        plant.handle.acknowledge_clock(admin(), "the time server was wrong").await.expect("acknowledged");
        assert_eq!(code(plant.handle.acknowledge_clock(admin(), "again").await), "gone");
        assert_eq!(plant.ended(id).await, "over");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM clock_alarm WHERE acknowledged_by = 'admin'").await, 1);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_back_of_a_second_is_clamped_and_one_of_more_is_a_doubt() {
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("pausing", &format!("{PEOPLE}{STEPS}"))]).await;
        plant.begin("pausing", order("o1")).await;
        plant.clock.step(-SECOND);
        plant.handle.look_at_clock().await.expect("the time");
        assert_eq!(plant.handle.clock_doubt(), None);
        plant.begin("pausing", order("o2")).await;
        let back = "SELECT COUNT(*) FROM transition AS later, transition AS earlier \
                    WHERE later.shard = earlier.shard AND later.position > earlier.position AND later.at < earlier.at";
        assert_eq!(number(&database, back).await, 0, "recorded time never goes back");
        plant.clock.step(-SECOND - 1);
        plant.handle.look_at_clock().await.expect("the time");
        doubted(&plant).await;
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_behind_its_own_record_is_in_doubt_and_an_acknowledged_one_is_not_asked_again() {
    testing::on_both(|database| async move {
        let definition = process("pausing", &format!("{PEOPLE}{STEPS}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let id = plant.begin("pausing", order("o1")).await.instance;
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        clock.step(-3_600 * SECOND);
        let plant = Plant::start_at(&database, std::slice::from_ref(&definition), clock).await;
        doubted(&plant).await;
        plant.handle.acknowledge_clock(Actor::person("admin"), "it ran ahead before").await.expect("acknowledged");
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start_at(&database, &[definition], clock).await;
        assert_eq!(plant.handle.clock_doubt(), None, "it was looked at");
        // Two days after the moment that is on record, not two days after the clock that was set back.
        plant.pass(2 * DAY + 3_600 * SECOND);
        plant.until("the pause is over", || async { number(&database, "SELECT COUNT(*) FROM timer").await == 0 }).await;
        assert_eq!(plant.works(id).await.len(), 1);
        plant.stop(&database).await;
    })
    .await;
}
