//! Escalations: they tell, and the flow goes on.

use countersign_engine::event::Event;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{input, process, task};

const TELL: &str = "{ id: tell, escalate: { code: late, with: { amount: =input.a } } }";

#[test]
fn an_escalation_is_taken_by_the_nearest_event_around_and_the_flow_goes_on() {
    let steps = format!(
        "data: {{ got: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: outer\n    steps:\n      - id: inner\n        steps: [ {TELL}, {} ]\n        \
         events: {{ other: {{ escalation: unlike, steps: [ {} ] }} }}\n    \
         events:\n      caught: {{ escalation: late, steps: [ {{ id: noted, set: {{ got: =escalation.data.amount }} }}, {} ] }}\n",
        task("one"),
        task("never"),
        task("look")
    );
    let (mut world, id) = World::started_with(&steps, input(5, 0));
    assert_eq!(world.open(id), ["inner", "look", "one", "outer"]);
    assert_eq!(world.data(id, "got"), Value::Int(5));
    world.complete(id, "look", "li", "done").expect("done");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn an_escalation_taken_instead_gives_its_host_up() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps: [ {TELL}, {} ]\n    events: {{ caught: {{ escalation: any, instead: [ {} ] }} }}\n  - {}\n",
        task("one"),
        task("look"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["look"]);
    world.complete(id, "look", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_escalation_that_nobody_takes_is_recorded_and_the_flow_goes_on() {
    let (world, id) = World::started(&format!("steps:\n  - {TELL}\n  - {}\n", task("one")));
    assert_eq!((world.open(id), world.incidents(id)), (vec!["one".to_owned()], Vec::new()));
    assert_eq!(world.count(id, |event| matches!(event, Event::Escalated { host: None, .. })), 1);
}

#[test]
fn an_escalation_inside_an_escalation_s_own_steps_is_not_for_the_same_event() {
    let steps = format!(
        "steps:\n  - {TELL}\n  - {}\nevents: {{ caught: {{ escalation: any, steps: [ {{ id: worse, escalate: later_still }}, {} ] }} }}\n",
        task("one"),
        task("look")
    );
    let (world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["look", "one"]);
    assert_eq!(world.count(id, |event| matches!(event, Event::Escalated { .. })), 2);
}

#[test]
fn an_event_whose_when_does_not_hold_leaves_the_escalation_to_the_next_around() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps: [ {TELL}, {} ]\n    events: {{ near: {{ escalation: late, when: =escalation.data.amount > 3, steps: [ {} ] }} }}\n\
         events: {{ far: {{ escalation: late, steps: [ {} ] }} }}\n",
        task("one"),
        task("close"),
        task("distant")
    );
    for (amount, found) in [(3, "distant"), (4, "close")] {
        let (world, id) = World::started_with(&steps, input(amount, 0));
        assert_eq!(world.open(id), [found, "one", "outer"], "{amount}");
    }
}

/// A process whose second step runs a child that tells and then waits for a task; the run's events are given.
fn with_child(events: &str) -> (World, countersign_engine::id::InstanceId) {
    let child =
        format!("data: {{ found: {{ type: integer, initial: 7 }} }}\nsteps:\n  - {TELL}\n  - {}\n", task("inside"));
    let parent = format!(
        "data: {{ got: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: child\n    run: below\n    with: {{ order: x, a: 4, items: [] }}\n{events}  - {}\n",
        task("next")
    );
    let mut world = World::new(&[process("below", &child), process("test", &parent)]);
    let id = world.start("test", input(0, 0)).expect("it starts");
    (world, id)
}

#[test]
fn escalation_through_a_call_propagates_to_the_caller_with_the_child_s_data() {
    let (mut world, id) = with_child(
        "    events: { told: { escalation: late, steps: [ { id: noted, set: { got: =escalation.output.found + escalation.data.amount } } ] } }\n",
    );
    assert_eq!(world.data(id, "got"), Value::Int(11));
    assert_eq!(world.open(id), ["child"], "the child goes on");
    let below = *world.instances.keys().find(|one| **one != id).expect("a child");
    world.complete(below, "inside", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_escalation_taken_instead_by_the_caller_cancels_the_child() {
    let (world, id) =
        with_child(&format!("    events: {{ told: {{ escalation: late, instead: [ {} ] }} }}\n", task("look")));
    assert_eq!(world.open(id), ["look"]);
    let below = world.instances.iter().find(|(one, _)| **one != id).expect("a child").1;
    assert!(!below.state.is_live());
}

#[test]
fn an_escalation_that_the_caller_does_not_take_is_recorded_there_too() {
    let (world, id) = with_child("");
    assert_eq!(world.count(id, |event| matches!(event, Event::Escalated { host: None, .. })), 1);
    assert_eq!(world.open(id), ["child"]);
}
