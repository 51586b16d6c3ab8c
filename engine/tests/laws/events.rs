//! Messages and errors.

use countersign_engine::command::Action;
use countersign_engine::event::Event;
use countersign_engine::facts::ActivityResult;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::{failed, input, task};

fn waiting() -> String {
    format!(
        "data: {{ got: record }}\nsteps:\n  - {}\n  - {{ id: pay, wait: {{ message: paid, match: {{ order: =input.order }} }}, into: got }}\n  - {}\n",
        task("one"),
        task("next")
    )
}

#[test]
fn a_message_before_its_wait_is_kept_and_one_with_another_key_is_not_taken() {
    let (mut world, id) = World::started(&waiting());
    world.publish("paid", "m0", "other", 1);
    world.publish("paid", "m1", "o1", 2);
    world.publish("paid", "m2", "o1", 3);
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.data(id, "got").get("amount"), Some(&Value::Int(2)), "first in, first out");
}

#[test]
fn a_message_of_a_sender_s_id_is_taken_once() {
    let (mut world, _) = World::started(&waiting());
    assert!(world.publish("paid", "m1", "o1", 1));
    assert!(!world.publish("paid", "m1", "o1", 1));
}

#[test]
fn a_message_whose_time_is_over_is_not_taken() {
    let steps =
        "steps:\n  - { id: pause, wait: 2 hours }\n  - { id: pay, wait: { message: moved, match: { order: o1 } } }\n";
    let (mut world, id) = World::started(steps);
    world.publish("moved", "m1", "o1", 1);
    world.wait(DAY);
    assert_eq!(world.open(id), ["pay"]);
}

#[test]
fn two_quick_messages_to_a_loop_are_both_taken() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }}, last: record }}\nsteps:\n  - id: rounds\n    repeat: {{ until: =num >= 2, at_most: 9 }}\n    steps:\n      \
                         - {{ id: pay, wait: {{ message: paid, match: {{ order: o1 }} }}, into: last }}\n      - {{ id: count, set: {{ num: =num + 1 }} }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    world.publish("paid", "m2", "o1", 2);
    assert_eq!((world.open(id), world.data(id, "num")), (vec!["next".to_owned()], Value::Int(2)));
}

#[test]
fn a_message_for_an_old_round_is_gone() {
    let steps = "steps:\n  - id: rounds\n    repeat: { at_most: 5 }\n    steps:\n      - { id: pay, wait: { message: paid, match: { order: o1 } } }\n";
    let (mut world, id) = World::started(steps);
    let old = world.state(id).subscribed().next().expect("subscribed").id();
    world.publish("paid", "m1", "o1", 1);
    let payload = Value::record([("order", Value::from("o1")), ("amount", Value::Int(1))]);
    let action = Action::Deliver { subscription: old, message: "paid".into(), id: "m9".into(), payload };
    assert_eq!(world.system(id, action).expect_err("a round ago").code(), "gone");
}

#[test]
fn the_first_that_happens_wins_and_the_others_are_withdrawn() {
    let steps = format!(
        "steps:\n  - id: either\n    first:\n      paid: {{ message: paid, match: {{ order: o1 }} }}\n      moved: {{ message: moved, match: {{ order: o1 }}, end: moved }}\n      \
         silent: {{ after: 3 days, end: silent }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(
        (world.open(id), world.next_timer(), world.state(id).subscribed().count()),
        (vec!["next".to_owned()], None, 0)
    );
    let (mut world, id) = World::started(&steps);
    world.wait(3 * DAY);
    assert_eq!(world.outcome(id).as_deref(), Some("silent"));
    let (mut world, id) = World::started(&steps);
    world.publish("moved", "m1", "o1", 1);
    assert_eq!(world.outcome(id).as_deref(), Some("moved"));
}

#[test]
fn an_event_of_the_process_hears_every_message_and_instead_gives_up_what_runs() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - {}\nevents:\n  heard: {{ message: paid, match: {{ order: o1 }}, steps: [ {{ id: noted, set: {{ num: =num + message.amount }} }} ] }}\n  \
         moved: {{ message: moved, match: {{ order: o1 }}, instead: [ {} ] }}\n",
        task("one"),
        task("other")
    );
    let (mut world, id) = World::started(&steps);
    for (count, amount) in [("m1", 1), ("m2", 20), ("m3", 300)] {
        world.publish("paid", count, "o1", amount);
    }
    assert_eq!(world.data(id, "num"), Value::Int(321));
    world.publish("moved", "m4", "o1", 1);
    assert_eq!(world.open(id), ["other"]);
    world.publish("paid", "m5", "o1", 1_000);
    assert_eq!(world.data(id, "num"), Value::Int(1_321), "the process's events go on");
    world.complete(id, "other", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("moved"));
}

#[test]
fn a_wait_s_when_narrows_and_the_wait_goes_on() {
    let steps = "steps:\n  - { id: pay, wait: { message: paid, match: { order: o1 }, when: =message.amount > 5 } }\n";
    let (mut world, id) = World::started(steps);
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(world.open(id), ["pay"]);
    world.publish("paid", "m2", "o1", 6);
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

const ECHO: &str = "{ id: echo, call: test.echo, with: { value: 1 } }";

fn refused(world: &mut World, activity: &str) {
    world.queue(activity, ActivityResult::Failed { failure: failed("REFUSED", false) });
}

fn start_refused(steps: &str) -> (World, countersign_engine::id::InstanceId) {
    let mut world = World::new(&[crate::inputs::process("test", steps)]);
    for _ in 0..50 {
        refused(&mut world, "test.echo");
    }
    let id = world.start("test", input(0, 0)).expect("it starts");
    (world, id)
}

#[test]
fn an_error_goes_to_the_nearest_event_around_that_takes_it() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps:\n      - id: inner\n        steps: [ {ECHO} ]\n        events: {{ other: {{ error: UNLIKE, instead: [] }} }}\n    \
         events: {{ caught: {{ error: REFUSED, instead: [ {} ] }} }}\n  - {}\n",
        task("mend"),
        task("next")
    );
    let (mut world, id) = start_refused(&steps);
    assert_eq!(world.open(id), ["mend"]);
    world.complete(id, "mend", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_event_whose_when_does_not_hold_leaves_the_error_to_the_next_around() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps:\n      - id: inner\n        steps: [ {ECHO} ]\n        events: {{ near: {{ error: REFUSED, when: =input.a > 5, instead: [ {} ] }} }}\n    \
         events: {{ far: {{ error: any, instead: [ {} ] }} }}\n",
        task("never"),
        task("mend")
    );
    let (world, id) = start_refused(&steps);
    assert_eq!(world.open(id), ["mend"]);
}

#[test]
fn an_error_s_steps_see_the_error_and_the_flow_goes_on_after_the_step_that_failed() {
    let steps = format!(
        "data: {{ why: optional string }}\nsteps:\n  - id: outer\n    steps: [ {ECHO}, {} ]\n    events: {{ caught: {{ error: REFUSED, steps: [ {{ id: noted, set: {{ why: =error.code }} }} ] }} }}\n",
        task("next")
    );
    let (world, id) = start_refused(&steps);
    assert_eq!(world.incidents(id), []);
    assert_eq!(world.data(id, "why"), Value::from("REFUSED"));
    assert_eq!(world.open(id), ["next", "outer"]);
}

#[test]
fn an_error_inside_an_error_s_own_steps_is_not_for_the_same_event() {
    let failing = "{ id: worse, call: test.echo, with: { value: 1 } }";
    for action in ["steps", "instead"] {
        let steps = format!(
            "steps:\n  - id: outer\n    steps: [ {ECHO} ]\n    events: {{ caught: {{ error: any, {action}: [ {failing} ] }} }}\n"
        );
        let (world, id) = start_refused(&steps);
        assert_eq!(world.incidents(id), [IncidentCode::ActivityFailed], "{action}");
        let steps = format!("steps:\n  - {ECHO}\nevents: {{ caught: {{ error: any, {action}: [ {failing} ] }} }}\n");
        let (world, id) = start_refused(&steps);
        assert_eq!(world.incidents(id), [IncidentCode::ActivityFailed], "{action} of the process");
    }
}

#[test]
fn error_with_no_catcher_is_an_incident_at_the_thrower() {
    let steps = format!("steps:\n  - {ECHO}\n  - {}\n", task("next"));
    let (mut world, id) = World::started("steps:\n  - { id: stop, fail: BROKEN }\n");
    assert_eq!(world.incidents(id), [IncidentCode::UnhandledError]);
    world.retry(id).expect("retried");
    assert_eq!(world.incidents(id), [IncidentCode::UnhandledError]);
    let (world, id) = start_refused(&steps);
    assert_eq!(world.incidents(id), [IncidentCode::ActivityFailed]);
    assert_eq!(world.open(id), ["echo"]);
}

#[test]
fn fail_ends_the_nearest_block_that_takes_it() {
    let steps = format!(
        "steps:\n  - id: guarded\n    steps: [ {}, {{ id: stop, fail: BROKEN }} ]\n    events: {{ caught: {{ error: BROKEN, instead: [] }} }}\n  - {}\n",
        task("one"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_event_that_cannot_be_judged_is_an_incident_and_retrying_does_not_touch_the_open_work() {
    let steps = format!(
        "steps:\n  - id: do_it\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    \
         events: {{ nudge: {{ after: [ 1 days, 2 days ], when: =(input.order ?? \"\") > \"a\" && 1 / input.a > 0, steps: [] }} }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "do_it");
    world.wait(3 * DAY);
    assert_eq!(world.incidents(id), [IncidentCode::ExpressionFailed, IncidentCode::ExpressionFailed]);
    world.retry(id).expect("resolved");
    assert_eq!((world.incidents(id).len(), world.work(id, "do_it")), (1, work));
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!((world.incidents(id), world.open(id)), (Vec::new(), vec!["next".to_owned()]));
}

#[test]
fn an_ended_instance_takes_nothing() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    world.act(id, "admin", Action::Cancel { reason: "enough".into(), undo: false }).expect("cancelled");
    for action in [Action::Claim { work }, Action::Continue, Action::Cancel { reason: "again".into(), undo: false }] {
        assert_eq!(world.act(id, "admin", action).expect_err("it is over").code(), "instance_ended");
    }
    assert_eq!(world.count(id, |event| matches!(event, Event::Cancelled { .. })), 1);
}
