//! Activities wherever they run, and child processes.

use engine::command::{Action, Actor, Command, JobResult};
use engine::incident::IncidentCode;
use engine::language::definition::ActivityMode;
use engine::value::Value;
use store::testing;

use crate::support::{Plant, SECOND, number, stock, tables};
use crate::{PEOPLE, order, process};

fn call(activity: &str, with: &str, rest: &str) -> std::sync::Arc<engine::language::definition::Definition> {
    process(
        "calling",
        &format!(
            "{PEOPLE}steps:\n  - id: call\n    call: {activity}\n    with: {with}\n{rest}  - {{ id: over, end: over }}\n"
        ),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_background_job_has_its_effect_once() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 10).await;
        let plant = Plant::start(&database, &[call("test.long", "{ item: bolt, quantity: 3 }", "")]).await;
        let id = plant.begin("calling", order("o1")).await.instance;
        assert_eq!(plant.ended(id).await, "over");
        assert_eq!(number(&database, "SELECT quantity FROM test_stock").await, 7);
        assert_eq!(number(&database, "SELECT COUNT(*) FROM job").await, 0);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_background_job_whose_output_does_not_fit_has_no_effect() {
    testing::on_both(|database| async move {
        tables(&database).await;
        let plant = Plant::start(&database, &[call("test.wrong", "{ item: bolt }", "")]).await;
        let id = plant.begin("calling", order("o1")).await.instance;
        plant.until("an incident", || async { !plant.incidents(id).await.is_empty() }).await;
        assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 0);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_may_pass_is_tried_again_and_spent_retries_are_an_incident_without_effects() {
    testing::on_both(|database| async move {
        tables(&database).await;
        stock(&database, "bolt", 10).await;
        let definition = call("test.flaky", "{ item: bolt }", "    retry: { attempts: 3, wait: 1s, factor: 2 }\n");
        let plant = Plant::start(&database, &[definition]).await;
        let id = plant.begin("calling", order("o1")).await.instance;
        assert!(plant.incidents(id).await.is_empty());
        for attempts in [2u64, 3] {
            plant.pass(5 * SECOND);
            let tried = || async {
                plant.handle.state(id).await.is_ok_and(|found| found.is_some_and(|found| found.version >= attempts))
            };
            plant.until("the next attempt", tried).await;
        }
        assert_eq!(plant.incidents(id).await, [IncidentCode::ActivityFailed]);
        assert_eq!(number(&database, "SELECT quantity FROM test_stock").await, 10, "its writes are undone");
        plant.retry(id).await;
        assert_eq!(plant.incidents(id).await, [IncidentCode::ActivityFailed]);
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_or_a_statement_that_fails_is_an_incident_and_its_writes_are_undone() {
    testing::on_both(|database| async move {
        tables(&database).await;
        let calling = |name: &str| {
            let steps = format!("{PEOPLE}steps:\n  - {{ id: call, call: test.{name}, with: {{ item: bolt }} }}\n");
            process(name, &steps)
        };
        let plant = Plant::start(&database, &[calling("late_panic"), calling("clash")]).await;
        for (name, code) in [("late_panic", IncidentCode::ActivityPanicked), ("clash", IncidentCode::ActivityFailed)] {
            let id = plant.begin(name, order("o1")).await.instance;
            assert_eq!(plant.incidents(id).await, [code], "{name}");
            assert_eq!(number(&database, "SELECT COUNT(*) FROM test_effect").await, 0);
        }
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_job_is_one_worker_s_at_a_time_and_only_its_newest_attempt_counts() {
    testing::on_both(|database| async move {
        let definition = call("test.remote", "{ value: 7 }", "    retry: { attempts: 3, wait: 1s }\n");
        let plant = Plant::start(&database, &[definition]).await;
        let id = plant.begin("calling", order("o1")).await.instance;
        let lease = |worker: &'static str| {
            let (database, now) = (database.clone(), plant.clock.now());
            async move {
                let mut tx = database.begin().await.expect("a transaction");
                let names = ["test.remote".into()];
                let leased =
                    store::job::lease(&mut tx, ActivityMode::Remote, &names, worker, now, 1).await.expect("asked");
                tx.commit().await.expect("committed");
                leased.into_iter().next()
            }
        };
        let first = lease("one").await.expect("a job");
        assert!(lease("two").await.is_none(), "it is in another's hands");
        plant.pass(31 * SECOND);
        let second = lease("two").await.expect("the lease has run out");
        let mut tx = database.begin().await.expect("a transaction");
        let until = plant.clock.now().plus_micros(30 * SECOND);
        assert!(!store::job::heartbeat(&mut tx, id, first.job.run, first.fence, until).await.expect("asked"));
        assert!(store::job::heartbeat(&mut tx, id, second.job.run, second.fence, until).await.expect("asked"));
        tx.commit().await.expect("committed");
        let finish = |attempt: u32, result: JobResult| {
            let action = Action::FinishJob { run: first.job.run, attempt, result };
            let command = Command { actor: Actor::Service { id: "worker".into() }, action };
            plant.handle.submit(id, command, None)
        };
        let failure = engine::command::ActivityFailure {
            transient: true,
            ..engine::command::ActivityFailure::business("x", "again")
        };
        finish(1, JobResult::Failed { failure }).await.expect("taken");
        let output = Value::record([("value", Value::Int(1))]);
        let late = finish(1, JobResult::Succeeded { output: output.clone() }).await;
        assert_eq!(late.expect_err("an old attempt").code(), "gone");
        plant.pass(10 * SECOND);
        assert_eq!(lease("three").await.expect("free again").job.attempt, 2);
        finish(2, JobResult::Succeeded { output }).await.expect("taken");
        assert_eq!(plant.outcome(id).await.as_deref(), Some("over"));
        plant.stop(&database).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_start_and_end_once_across_a_restart_and_are_cancelled_with_their_parents() {
    let child = process(
        "child",
        "start: [ { process: [ parent ] } ]\nsteps:\n  - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n  - { id: over, end: good }\n",
    );
    let parent = process(
        "parent",
        &format!(
            "{PEOPLE}steps:\n  - {{ id: below, run: child, with: {{ order: x }}, outcomes: {{ good: next }} }}\n  - {{ id: over, end: over }}\n"
        ),
    );
    let definitions = [parent, child];
    testing::on_both(move |database| {
        let definitions = definitions.clone();
        async move {
            let plant = Plant::start(&database, &definitions).await;
            let parent = plant.begin("parent", order("o1")).await.instance;
            let other = plant.begin("parent", order("o2")).await.instance;
            // Stopped before the children may have started: what was sent waits in the outbox.
            plant.node.stop().await.expect("stopped");
            let plant = Plant::start(&database, &definitions).await;
            let four = || async { number(&database, "SELECT COUNT(*) FROM instance").await == 4 };
            plant.until("the children have started", four).await;
            let child_of = |id: engine::id::InstanceId| {
                let handle = plant.handle.clone();
                async move {
                    let state = handle.state(id).await.expect("it loads").expect("there is one").state;
                    state.wake_sources().into_iter().find_map(|source| match source {
                        engine::state::WakeSource::Child(child) => Some(child),
                        _ => None,
                    })
                }
            };
            let child = child_of(parent).await.expect("a child");
            let works = plant.works(child).await;
            plant.complete(child, works[0], "wang", "done", Value::Null).await.expect("done");
            assert_eq!(plant.ended(parent).await, "over");
            let orphan = child_of(other).await.expect("a child");
            let cancel = Command {
                actor: Actor::person("admin"),
                action: Action::Cancel { reason: "enough".into(), undo: false },
            };
            plant.handle.submit(other, cancel, None).await.expect("cancelled");
            assert_eq!(plant.ended(orphan).await, "cancelled");
            plant.stop(&database).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_refuses_to_start_is_an_incident_of_its_parent() {
    let child = process(
        "child",
        "key: =input.order\nstart: [ { process: [ parent ] } ]\nsteps:\n  - { id: look, task: { title: { zh: 看, en: Look }, to: { role: manager } } }\n",
    );
    let parent = process(
        "parent",
        &format!(
            "{PEOPLE}steps:\n  - {{ id: below, run: child, with: {{ order: same }} }}\n  - {{ id: over, end: over }}\n"
        ),
    );
    let definitions = [parent, child];
    testing::on_both(move |database| {
        let definitions = definitions.clone();
        async move {
            let plant = Plant::start(&database, &definitions).await;
            plant.begin("parent", order("o1")).await;
            let second = plant.begin("parent", order("o2")).await.instance;
            plant.until("an incident", || async { !plant.incidents(second).await.is_empty() }).await;
            assert_eq!(plant.incidents(second).await, [IncidentCode::ChildRefused]);
            plant.stop(&database).await;
        }
    })
    .await;
}
