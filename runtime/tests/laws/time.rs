//! Timers and schedules on a clock that stands still until a test moves it.

use engine::value::Value;
use store::testing;

use crate::support::{DAY, NOON, Plant, SECOND, number};
use crate::{PEOPLE, order, process};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_fires_at_its_moment_and_one_that_was_due_while_down_fires_once() {
    let steps = "data: { count: { type: integer, initial: 0 } }\nsteps:\n  - id: rounds\n    repeat: { until: =count >= 2, at_most: 9 }\n    \
        steps:\n      - { id: pause, wait: 2 days }\n      - { id: add, set: { count: =count + 1 } }\n  - { id: over, end: over }\n";
    testing::on_both(|database| async move {
        let definition = process("pausing", &format!("{PEOPLE}{steps}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let id = plant.begin("pausing", order("o1")).await.instance;
        plant.pass(2 * DAY);
        plant.until("the first pause is over", || async { plant.data(id, "count").await == Value::Int(1) }).await;
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        clock.advance_to(clock.now().plus_micros(30 * DAY));
        let plant = Plant::start_at(&database, &[definition], clock).await;
        assert_eq!(plant.ended(id).await, "over");
        assert_eq!(plant.data(id, "count").await, Value::Int(2));
        assert_eq!(number(&database, "SELECT COUNT(*) FROM timer").await, 0);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_timers_of_one_moment_all_fire() {
    let steps = "steps:\n  - { id: pause, wait: 2 days }\n  - { id: over, end: over }\n";
    testing::on_both(|database| async move {
        let plant = Plant::start(&database, &[process("pausing", &format!("{PEOPLE}{steps}"))]).await;
        let mut all = Vec::new();
        for _ in 0..30 {
            all.push(plant.begin("pausing", order("o1")).await.instance);
        }
        plant.pass(2 * DAY);
        for id in all {
            assert_eq!(plant.ended(id).await, "over");
        }
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_starts_once_at_its_moment_also_when_it_is_asked_again_after_a_restart() {
    let steps = "start: [ { schedule: \"0 14 * * *\", zone: UTC, gap: next, overlap: first, with: { order: daily } } ]\nsteps:\n  \
        - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n";
    testing::on_both(|database| async move {
        let definition = process("daily", steps);
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        plant.pass(31 * SECOND);
        let armed = || async { number(&database, "SELECT COUNT(*) FROM schedule_state").await == 1 };
        plant.until("the schedule is armed", armed).await;
        let noon = engine::time::Timestamp::parse(NOON).expect("a moment");
        plant.clock.advance_to(noon.plus_micros(2 * 3_600 * SECOND + 1));
        let once = || async { number(&database, "SELECT COUNT(*) FROM instance").await == 1 };
        plant.until("it started", once).await;
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        // A crash between the start and the note that it happened: the moment is asked for again.
        let mut tx = database.begin().await.expect("a transaction");
        let due = noon.plus_micros(2 * 3_600 * SECOND);
        tx.execute("UPDATE schedule_state SET next_due = $1", &store::params![due]).await.expect("set back");
        tx.commit().await.expect("committed");
        let plant = Plant::start_at(&database, &[definition], clock).await;
        let moved = || async { number(&database, "SELECT next_due FROM schedule_state").await > due.micros() };
        plant.pass(31 * SECOND);
        plant.until("the schedule moved on", moved).await;
        assert_eq!(number(&database, "SELECT COUNT(*) FROM instance").await, 1);
        plant.stop(&database).await;
    })
    .await;
}
