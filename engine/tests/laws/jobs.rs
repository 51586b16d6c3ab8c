//! Activities: results, retries, incidents; no effect twice.

use countersign_engine::command::{Action, JobResult};
use countersign_engine::facts::ActivityResult;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::{HOUR, SECOND, World};
use crate::inputs::{failed, input, process, task, value};

fn call(activity: &str, rest: &str) -> String {
    format!(
        "data: {{ num: optional integer }}\nsteps:\n  - id: call\n    call: {activity}\n    with: {{ value: 7 }}\n    into: {{ num: value }}\n{rest}  - {}\n",
        task("next")
    )
}

#[test]
fn an_inline_activity_s_result_is_in_the_transition() {
    let (world, id) = World::started(&call("test.echo", ""));
    assert_eq!((world.open(id), world.data(id, "num")), (vec!["next".to_owned()], Value::Int(7)));
    assert_eq!((world.effects.len(), world.versions(id)), (1, 1));
}

#[test]
fn a_failure_that_may_pass_is_tried_again_with_pauses_and_one_key() {
    let mut world =
        World::new(&[process("test", &call("test.echo", "    retry: { attempts: 3, wait: 1s, factor: 2 }\n"))]);
    for _ in 0..2 {
        world.queue("test.echo", ActivityResult::Failed { failure: failed("activity.unreachable", true) });
    }
    let id = world.start("test", input(0, 0)).expect("it starts");
    assert_eq!(world.open(id), ["call"]);
    world.wait(2 * SECOND);
    assert_eq!(world.open(id), ["call"]);
    world.wait(3 * SECOND);
    assert_eq!((world.open(id), world.effects.len()), (vec!["next".to_owned()], 1));
}

#[test]
fn spent_retries_are_an_incident_and_retrying_it_makes_one_effect_under_the_same_key() {
    let mut world = World::new(&[process("test", &call("test.echo", "    retry: { attempts: 2, wait: 1s }\n"))]);
    for _ in 0..2 {
        world.queue("test.echo", ActivityResult::Failed { failure: failed("activity.unreachable", true) });
    }
    let id = world.start("test", input(0, 0)).expect("it starts");
    let run = world.run(id, "call");
    world.wait(HOUR);
    assert_eq!(world.incidents(id), [IncidentCode::ActivityFailed]);
    world.retry(id).expect("retried");
    assert_eq!((world.open(id), world.incidents(id).len()), (vec!["next".to_owned()], 0));
    assert_eq!(world.effects, [format!("{id}/{run}")]);
}

#[test]
fn a_business_error_is_a_way_out() {
    let steps = call("test.echo", "    outcomes: { REFUSED: { end: refused } }\n");
    let mut world = World::new(&[process("test", &steps)]);
    world.queue("test.echo", ActivityResult::Failed { failure: failed("REFUSED", false) });
    let id = world.start("test", input(0, 0)).expect("it starts");
    assert_eq!(world.outcome(id).as_deref(), Some("refused"));
}

#[test]
fn an_output_that_does_not_fit_has_no_effect_and_is_an_incident() {
    let mut world = World::new(&[process("test", &call("test.echo", ""))]);
    world.queue("test.echo", ActivityResult::Succeeded { output: Value::record([("value", Value::from("seven"))]) });
    let id = world.start("test", input(0, 0)).expect("it starts");
    assert_eq!((world.incidents(id), world.effects.len()), (vec![IncidentCode::ActivityFailed], 0));
}

#[test]
fn a_job_s_result_is_taken_once_and_only_for_its_attempt() {
    for activity in ["test.remote", "test.long"] {
        let (mut world, id) = World::started(&call(activity, "    retry: { attempts: 3, wait: 1s }\n"));
        let first = world.jobs(id).remove(0);
        world.finish_job(id, &first, JobResult::Failed { failure: failed("x", true) }).expect("taken");
        let late = world.finish_job(id, &first, JobResult::Succeeded { output: value(1) });
        assert_eq!(late.expect_err("an old attempt").code(), "gone");
        let second = world.jobs(id).remove(0);
        assert_eq!((second.attempt, &second.idempotency_key), (2, &first.idempotency_key));
        assert!(second.available_at > first.available_at);
        world.finish_job(id, &second, JobResult::Succeeded { output: value(5) }).expect("taken");
        assert_eq!((world.data(id, "num"), world.jobs(id).len()), (Value::Int(5), 0));
        let again = world.finish_job(id, &second, JobResult::Succeeded { output: value(6) });
        assert_eq!(again.expect_err("a second time").code(), "gone");
    }
}

#[test]
fn a_remote_job_whose_retries_are_spent_waits_for_an_operator_and_then_for_a_worker() {
    let (mut world, id) = World::started(&call("test.remote", "    retry: { attempts: 1 }\n"));
    let first = world.jobs(id).remove(0);
    world.finish_job(id, &first, JobResult::Failed { failure: failed("x", true) }).expect("taken");
    assert_eq!((world.incidents(id), world.jobs(id).len()), (vec![IncidentCode::ActivityFailed], 0));
    world.retry(id).expect("retried");
    let second = world.jobs(id).remove(0);
    assert_eq!(second.attempt, 2);
    world.finish_job(id, &second, JobResult::Succeeded { output: value(5) }).expect("taken");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_error_whose_event_cannot_be_judged_leaves_no_job_to_be_done_again() {
    let steps =
        call("test.remote", "    events: { caught: { error: REFUSED, when: =1 / input.a > 0, instead: [] } }\n");
    let (mut world, id) = World::started(&steps);
    let job = world.jobs(id).remove(0);
    world.finish_job(id, &job, JobResult::Failed { failure: failed("REFUSED", false) }).expect("taken");
    assert_eq!((world.incidents(id), world.jobs(id).len()), (vec![IncidentCode::ExpressionFailed], 0));
    world.retry(id).expect("retried");
    assert_eq!(world.jobs(id).len(), 1);
}

#[test]
fn only_the_owner_and_administrators_operate_and_they_say_why() {
    let (mut world, id) = World::started("steps:\n  - { id: stop, fail: BROKEN }\n");
    let incident = world.state(id).open_incidents().next().expect("an incident").id();
    let retry = |reason: &str| Action::Retry { incident, reason: reason.into() };
    assert_eq!(world.act(id, "li", retry("because")).expect_err("no operator").code(), "forbidden");
    assert_eq!(world.act(id, "admin", retry(" ")).expect_err("no reason").code(), "reason_required");
    world.act(id, "admin", retry("because")).expect("retried");
    assert_eq!(world.act(id, "admin", retry("because")).expect_err("closed").code(), "unknown_incident");
}

#[test]
fn a_cancelled_instance_s_jobs_and_timers_are_gone() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {{ id: call, call: test.remote, with: {{ value: 1 }} }} ]\n      right: [ {{ id: pause, wait: 2 days }} ]\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let job = world.jobs(id).remove(0);
    world.act(id, "admin", Action::Cancel { reason: "enough".into(), undo: false }).expect("cancelled");
    assert_eq!((world.jobs(id).len(), world.next_timer()), (0, None));
    let late = world.finish_job(id, &job, JobResult::Succeeded { output: value(1) });
    assert_eq!(late.expect_err("it is over").code(), "instance_ended");
}

#[test]
fn a_key_is_one_running_instance_s_and_free_after_its_end() {
    let steps = format!("key: =input.order\nsteps:\n  - {}\n", task("one"));
    let mut world = World::new(&[process("test", &steps)]);
    let first = world.start("test", input(0, 0)).expect("it starts");
    let second = world.start("test", input(0, 0));
    assert_eq!(second.expect_err("the key is taken").code(), "duplicate_key");
    world.complete(first, "one", "li", "done").expect("done");
    world.start("test", input(0, 0)).expect("the key is free");
}
