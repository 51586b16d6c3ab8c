//! What operators do to running instances, across restarts: holds, quarantine, sweeps, migration.

use std::sync::Arc;

use countersign_runtime::{Clock, SubmitError};
use engine::command::{Action, Actor, Command};
use engine::id::InstanceId;
use engine::language::definition::{ActivityMode, Definition, Retry};
use engine::operate::Operation;
use engine::project::InstanceStatus;
use engine::value::Value;
use store::{Database, testing};

use crate::support::{DAY, NOON, Plant, number, stock, tables};
use crate::{PEOPLE, order, process};

impl Plant {
    async fn operate(&self, id: InstanceId, who: &str, what: Operation) -> Result<(), SubmitError> {
        let action = Action::Operate { what, reason: "so".into() };
        self.handle.submit(id, Command { actor: Actor::person(who), action }, None).await.map(drop)
    }
}

async fn status(database: &Database, id: InstanceId) -> InstanceStatus {
    let mut reader = database.read().await.expect("a reader");
    store::instance::find(&mut reader, id).await.expect("read").expect("a row").status
}

const HELD: &str = "steps:\n  - id: both\n    parallel:\n      slow: [ { id: pause, wait: 2 days } ]\n      \
     far: [ { id: far, call: test.remote, with: { value: 1 } } ]\n      heard: [ { id: hear, wait: { message: paid, match: { order: =input.order } } } ]\n  - { id: over, end: over }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timers_jobs_and_messages_of_a_suspended_instance_rest_across_a_restart() {
    testing::on_both(|database| async move {
        let definition = process("held", &format!("{PEOPLE}{HELD}"));
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let id = plant.begin("held", order("o1")).await.instance;
        plant.operate(id, "admin", Operation::Suspend).await.expect("suspended");
        let clock: Clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        clock.advance_to(clock.now().plus_micros(5 * DAY));
        let plant = Plant::start_at(&database, &[definition], clock).await;
        assert_eq!(plant.publish("m1", "o1", 3).await.result.get("verdict"), Some(&Value::from("delivered")));
        let given_back = || async { number(&database, "SELECT COUNT(*) FROM message_match").await > 0 };
        plant.until("the message is given back", given_back).await;
        let names = ["test.remote".into()];
        let mut tx = database.begin().await.expect("a transaction");
        let now = plant.clock.now();
        let leased = store::job::lease(&mut tx, ActivityMode::Remote, &names, "w", now, 5).await.expect("asked");
        tx.rollback().await.expect("nothing");
        assert!(leased.is_empty(), "nobody begins its work");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM timer").await, 1);
        assert_eq!(status(&database, id).await, InstanceStatus::Suspended);

        plant.operate(id, "admin", Operation::Resume { timers: None }).await.expect("resumed");
        let rest = || async { number(&database, "SELECT COUNT(*) FROM timer").await == 0 };
        plant.until("the timer fires", rest).await;
        let heard = || async { number(&database, "SELECT COUNT(*) FROM subscription").await == 0 };
        plant.until("the message arrives", heard).await;
        let mut tx = database.begin().await.expect("a transaction");
        let leased = store::job::lease(&mut tx, ActivityMode::Remote, &names, "w", now, 5).await.expect("asked");
        tx.commit().await.expect("leased");
        assert_eq!(leased.len(), 1);
        let job = &leased[0].job;
        let result = engine::command::JobResult::Succeeded { output: Value::record([("value", Value::Int(1))]) };
        let action = Action::FinishJob { run: job.run, attempt: job.attempt, result };
        plant.handle.submit(id, Command { actor: Actor::System, action }, None).await.expect("taken");
        assert_eq!(plant.ended(id).await, "over");
        plant.stop(&database).await;
    })
    .await;
}

const POISON: &str = "steps:\n  - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n  - { id: call, call: test.flaky, with: { item: bolt } }\n";

/// The process, with a pause between attempts that no checker takes: reckoning with it overflows, which is a bug.
fn poisoned() -> Arc<Definition> {
    let mut definition = process("poison", &format!("{PEOPLE}{POISON}"));
    let own = Arc::get_mut(&mut definition).expect("nobody else has it");
    let call = own.steps.get_mut("call").and_then(Arc::get_mut).expect("a step");
    call.retry = Some(Retry { attempts: 3, wait_micros: i64::MAX, factor: 1, max_micros: i64::MAX });
    definition
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bug_met_while_deciding_sets_its_instance_aside_for_good_and_nobody_else() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 10).await;
        let plant = Plant::start(&database, &[poisoned()]).await;
        // The pause is drawn from the run's name: hardly any draw is so small that nothing overflows.
        let mut aside = None;
        for _ in 0..10 {
            let id = plant.begin("poison", order("o1")).await.instance;
            let works = plant.works(id).await;
            if let Err(error) = plant.complete(id, works[0], "wang", "done", Value::Null).await {
                assert_eq!(error.code(), "quarantined");
                aside = Some((id, works[0]));
                break;
            }
        }
        let (id, work) = aside.expect("a bug was met");
        assert_eq!(number(&database, "SELECT quantity FROM test_stock").await, 10, "its writes are undone");
        assert_eq!(status(&database, id).await, InstanceStatus::Quarantined);
        let other = plant.begin("poison", order("o2")).await.instance;
        assert_eq!(status(&database, other).await, InstanceStatus::Running);
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");

        let mended = process("poison", &format!("{PEOPLE}{POISON}"));
        let plant = Plant::start_at(&database, &[mended], clock).await;
        let refused = plant.complete(id, work, "wang", "done", Value::Null).await.expect_err("it is aside still");
        assert_eq!(refused.code(), "quarantined");
        let committed = plant.handle.state(id).await.expect("it loads").expect("there is one");
        let view = committed.state.to_view();
        assert_eq!(view["hold"]["command"]["action"]["type"], "complete", "the command is kept");
        plant.operate(id, "admin", Operation::Resume { timers: None }).await.expect("released");
        plant.complete(id, work, "wang", "done", Value::Null).await.expect("it goes on");
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_what_is_large_goes_on_after_a_restart_and_leaves_nothing_open() {
    let steps = "input: { items: { list: { id: string } } }\nsteps:\n  - id: all\n    each: { of: =input.items, as: item, key: =item.id, at_once: 2000 }\n    \
         steps: [ { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } } ]\n";
    testing::on_both(move |database| async move {
        let text = format!("process: large\ntitle: {{ zh: 测试, en: Test }}\nowner: boss\n{PEOPLE}{steps}");
        let definition = crate::support::define(&text);
        let plant = Plant::start(&database, std::slice::from_ref(&definition)).await;
        let item = |number: i64| Value::record([("id", Value::from(format!("i{number}")))]);
        let input = Value::record([("items", Value::list((0..1_500).map(item).collect()))]);
        let id = plant.begin("large", input).await.instance;
        let open = || async { number(&database, "SELECT COUNT(*) FROM task WHERE status = 'open'").await == 1_500 };
        plant.until("all items are open", open).await;
        let action = Action::Cancel { reason: "enough".into() };
        plant.handle.submit(id, Command { actor: Actor::person("admin"), action }, None).await.expect("cancelling");
        let clock = plant.clock.clone();
        plant.node.stop().await.expect("stopped");
        let plant = Plant::start_at(&database, &[definition], clock).await;
        let ended = || async { status(&database, id).await == InstanceStatus::Cancelled };
        plant.until("it is cancelled", ended).await;
        assert_eq!(number(&database, "SELECT COUNT(*) FROM task WHERE status = 'open'").await, 0);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migrated_instance_goes_on_by_its_new_release_and_its_record_replays_across_it() {
    let steps = |ids: &[&str]| {
        let line = |id: &&str| {
            format!("  - {{ id: {id}, task: {{ title: {{ zh: 看, en: Look }}, to: {{ role: manager }} }} }}\n")
        };
        format!("{PEOPLE}steps:\n{}", ids.iter().map(line).collect::<String>())
    };
    testing::on_both(move |database| async move {
        let old = process("moving", &steps(&["one", "two"]));
        let new = process("moving", &steps(&["one", "between", "two"]));
        let plant = Plant::start(&database, &[old]).await;
        let id = plant.begin("moving", order("o1")).await.instance;
        let unknown = Operation::Migrate { release: new.release, plan: Box::default() };
        assert_eq!(plant.operate(id, "admin", unknown.clone()).await.expect_err("unknown").code(), "not_legal");
        plant.handle.releases().insert(new, engine::time::Timestamp::parse(NOON).expect("a moment"));
        let work = plant.works(id).await[0];
        plant.operate(id, "admin", unknown).await.expect("migrated");
        plant.complete(id, work, "wang", "done", Value::Null).await.expect("its fence is the same");
        let committed = plant.handle.state(id).await.expect("it loads").expect("there is one");
        let open: Vec<String> = committed.state.open_steps().map(|(step, _, _)| step.to_string()).collect();
        assert_eq!(open, ["between"]);
        plant.stop(&database).await;
    })
    .await;
}
