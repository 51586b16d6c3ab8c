//! Undoing: newest first, each once, only what was completed; what fails waits for an operator.

use countersign_engine::command::{Action, Actor};
use countersign_engine::event::Event;
use countersign_engine::facts::ActivityResult;
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::project::InstanceStatus;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{compile, failed, input, task, yaml};

/// A call that another call undoes.
fn act(id: &str, value: &str) -> String {
    format!(
        "{{ id: {id}, call: test.echo, with: {{ value: {value} }}, compensate: {{ call: test.echo, with: {{ value: =output.value }} }} }}"
    )
}

/// The steps that were entered to undo others, in their order, with what they were given.
fn undone(world: &World, id: InstanceId) -> Vec<String> {
    let entered = world.events(id).filter_map(|event| match event {
        Event::StepEntered { step, .. } if step.ends_with("_undo") => Some(step.trim_end_matches("_undo").to_owned()),
        _ => None,
    });
    entered.collect()
}

fn outputs(world: &World, id: InstanceId, step: &str) -> Vec<Value> {
    let mut runs = Vec::new();
    let mut found = Vec::new();
    for event in world.events(id) {
        match event {
            Event::StepEntered { run, step: entered, .. } if entered.as_ref() == step => runs.push(*run),
            Event::StepCompleted { run, output, .. } if runs.contains(run) => {
                found.push(output.get("value").cloned().unwrap_or_default());
            }
            _ => {}
        }
    }
    found
}

fn cancel(undo: bool) -> Action {
    Action::Cancel { reason: "enough".into(), undo }
}

#[test]
fn compensation_order_is_the_reverse_of_completion() {
    let steps = format!(
        "steps:\n  - id: all\n    steps:\n      - {}\n      - id: both\n        parallel: {{ left: [ {}, {} ], right: [ {} ] }}\n      - {}\n      \
         - {{ id: undo_it, compensate: all }}\n  - {}\n",
        act("a", "1"),
        task("hold"),
        act("b", "2"),
        act("c", "3"),
        act("d", "4"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "hold", "li", "done").expect("done");
    assert_eq!(undone(&world, id), ["d", "b", "c", "a"], "the left branch ended after the right one");
    assert_eq!(outputs(&world, id, "b_undo"), [Value::Int(2)]);
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn each_entry_is_undone_once() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: first, compensate: a }}\n  - {{ id: second, compensate: all }}\n  - {}\n  - {{ id: third, compensate: all }}\n  - {}\n",
        act("a", "1"),
        act("b", "2"),
        task("next")
    );
    let (world, id) = World::started(&steps);
    assert_eq!((undone(&world, id), world.open(id)), (vec!["a".to_owned(), "b".to_owned()], vec!["next".to_owned()]));
}

#[test]
fn what_undoes_a_step_knows_what_was_known_when_it_was_completed() {
    let steps = "data: { num: { type: integer, initial: 1 }, other: { type: integer, initial: 0 } }\nsteps:\n  - id: a\n    call: test.echo\n    with: { value: 5 }\n    \
                 into: { num: value }\n    compensate:\n      - { id: first, set: { other: =num + 1 } }\n      - { id: last, call: test.echo, with: { value: =num * 100 + output.value * 10 + other } }\n  \
                 - { id: change, set: { num: 9, other: 50 } }\n  - { id: undo_it, compensate: a }\n  - { id: over, end: over }\n";
    let (world, id) = World::started(steps);
    assert_eq!(outputs(&world, id, "last"), [Value::Int(5 * 100 + 5 * 10 + 6)], "as it was then, and its own writes");
    assert_eq!((world.data(id, "num"), world.data(id, "other")), (Value::Int(9), Value::Int(6)));
}

#[test]
fn compensation_of_half_done_items_is_per_completed_item_in_reverse_of_their_places() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n      - {}\n      \
         - {{ id: book, call: test.echo, with: {{ value: =item.q }}, compensate: {{ call: test.echo, with: {{ value: =item.q * 10 + steps.book.output.value }} }} }}\n      - {}\n    \
         events: {{ stop: {{ message: paid, match: {{ order: o1 }}, undo: true, instead: [] }} }}\n  - {}\n",
        task("before"),
        task("after"),
        task("next")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 4));
    for item in ["i3", "i1", "i4"] {
        let work = world.item_work(id, "before", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("done");
    }
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(outputs(&world, id, "book_undo"), [Value::Int(44), Value::Int(33), Value::Int(11)]);
    assert_eq!((world.open(id), world.incidents(id)), (vec!["next".to_owned()], Vec::new()));
}

#[test]
fn a_block_with_a_compensation_of_its_own_is_undone_by_that_alone_and_only_when_it_was_completed() {
    let block = |last: &str| {
        format!(
            "steps:\n  - id: block\n    steps: [ {}, {} ]\n    compensate: {{ call: test.echo, with: {{ value: 7 }} }}\n    \
             events: {{ stop: {{ message: paid, match: {{ order: o1 }}, instead: [] }} }}\n  - {{ id: undo_it, compensate: block }}\n  - {}\n",
            act("a", "1"),
            last,
            task("next")
        )
    };
    let (mut world, id) = World::started(&block(&task("hold")));
    world.complete(id, "hold", "li", "done").expect("done");
    assert_eq!(undone(&world, id), ["block"]);
    let (mut world, id) = World::started(&block(&task("hold")));
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(undone(&world, id), ["a"], "the block was given up, but what was completed inside it is undone");
}

#[test]
fn what_failed_or_was_withdrawn_is_not_undone() {
    let steps = format!(
        "steps:\n  - id: a\n    call: test.echo\n    with: {{ value: 1 }}\n    compensate: {{ call: test.echo, with: {{ value: 1 }} }}\n    outcomes: {{ REFUSED: next }}\n  \
         - {{ id: undo_it, compensate: all }}\n  - {}\n",
        task("next")
    );
    let mut world = World::new(&[crate::inputs::process("test", &steps)]);
    world.queue("test.echo", ActivityResult::Failed { failure: failed("REFUSED", false) });
    let id = world.start("test", input(0, 0)).expect("it starts");
    assert_eq!((undone(&world, id), world.open(id)), (Vec::new(), vec!["next".to_owned()]));
}

#[test]
fn a_compensation_that_fails_is_an_incident_and_what_was_completed_before_waits_behind_it() {
    let steps = format!(
        "steps:\n  - {}\n  - {}\n  - {{ id: undo_it, compensate: all }}\n  - {}\nevents:\n  any_error: {{ error: any, instead: [ {{ id: lost, end: lost }} ] }}\n",
        act("a", "1"),
        act("b", "2"),
        task("next")
    );
    let mut world = World::new(&[crate::inputs::process("test", &steps)]);
    for result in [1, 2] {
        world.queue("test.echo", ActivityResult::Succeeded { output: crate::inputs::value(result) });
    }
    world.queue("test.echo", ActivityResult::Failed { failure: failed("REFUSED", false) });
    let id = world.start("test", input(0, 0)).expect("it starts");
    assert_eq!((undone(&world, id), world.incidents(id)), (vec!["b".to_owned()], vec![IncidentCode::ActivityFailed]));
    world.retry(id).expect("tried again");
    assert_eq!((undone(&world, id), world.open(id)), (vec!["b".to_owned(), "a".to_owned()], vec!["next".to_owned()]));
}

#[test]
fn a_return_that_undoes_gives_back_the_region_before_it_arrives() {
    let steps = format!(
        "steps:\n  - {}\n  - {}\n  - {}\n  - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: fix, undo: true }} }} }}\n",
        act("a", "1"),
        task("fix"),
        act("b", "2")
    );
    let (mut world, id) = World::started(&steps);
    for round in 1..=2 {
        world.complete(id, "fix", "li", "done").expect("done");
        world.complete(id, "look", "li", "bad").expect("returned");
        assert_eq!(undone(&world, id), vec!["b"; round]);
        assert_eq!(world.open(id), ["fix"]);
    }
}

#[test]
fn a_return_without_undo_leaves_effects_that_a_cancel_undoes_once_for_each_time() {
    let steps = format!(
        "steps:\n  - {}\n  - {}\n  - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: fix }} }} }}\n",
        task("fix"),
        act("b", "2")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "fix", "li", "done").expect("done");
    world.complete(id, "look", "li", "bad").expect("returned");
    world.complete(id, "fix", "li", "done").expect("done");
    world.act(id, "admin", cancel(true)).expect("cancelled");
    assert_eq!(
        (undone(&world, id), world.outcome(id).as_deref()),
        (vec!["b".to_owned(), "b".to_owned()], Some("cancelled"))
    );
}

#[test]
fn a_cancel_that_undoes_is_compensating_until_all_is_undone() {
    let steps = format!(
        "steps:\n  - id: a\n    call: test.echo\n    with: {{ value: 1 }}\n    compensate: [ {} ]\n  - {}\n  - {}\n",
        task("give_back"),
        act("b", "2"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let old = world.work(id, "next");
    world.act(id, "admin", cancel(true)).expect("it begins");
    assert_eq!(world.state(id).status(), InstanceStatus::Compensating);
    assert_eq!((undone(&world, id), world.open(id)), (vec!["b".to_owned()], vec!["give_back".to_owned()]));
    let gone = world.complete_work(id, old, Actor::person("li"), "done").expect_err("it was withdrawn");
    assert_eq!(gone.code(), "gone");
    assert_eq!(world.act(id, "admin", cancel(true)).expect_err("once").code(), "gone");
    world.restart();
    world.complete(id, "give_back", "li", "done").expect("done");
    assert_eq!(
        (world.outcome(id).as_deref(), world.state(id).status()),
        (Some("cancelled"), InstanceStatus::Cancelled)
    );
}

#[test]
fn an_operator_may_give_up_undoing() {
    let steps = format!(
        "steps:\n  - id: a\n    call: test.echo\n    with: {{ value: 1 }}\n    compensate: [ {} ]\n  - {}\n",
        task("give_back"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.act(id, "admin", cancel(true)).expect("it begins");
    world.act(id, "admin", cancel(false)).expect("enough");
    assert_eq!(world.outcome(id).as_deref(), Some("cancelled"));
    assert!(world.open(id).is_empty());
}

#[test]
fn an_error_s_event_that_undoes_goes_on_after_all_is_undone() {
    let steps = format!(
        "steps:\n  - id: saga\n    steps: [ {}, {}, {{ id: broken, fail: BROKEN }} ]\n    events: {{ lost: {{ error: BROKEN, undo: true, instead: [ {} ] }} }}\n  - {}\n",
        act("a", "1"),
        act("b", "2"),
        task("explain"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(
        (undone(&world, id), world.open(id)),
        (vec!["b".to_owned(), "a".to_owned()], vec!["explain".to_owned()])
    );
    world.complete(id, "explain", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_event_of_the_process_that_undoes_undoes_the_process() {
    let steps = format!(
        "steps:\n  - {}\n  - {}\nevents:\n  stop: {{ message: paid, match: {{ order: o1 }}, undo: true, instead: [ {}, {{ id: over, end: stopped }} ] }}\n",
        act("a", "1"),
        task("next"),
        task("explain")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    assert_eq!((undone(&world, id), world.open(id)), (vec!["a".to_owned()], vec!["explain".to_owned()]));
    world.complete(id, "explain", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("stopped"));
}

#[test]
fn in_parallel_all_items_are_undone_at_the_same_time_and_the_flow_waits_for_the_last() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n      - id: book\n        call: test.echo\n        \
         with: {{ value: =item.q }}\n        compensate: [ {{ id: give_back, task: {{ title: {{ zh: \"还 ${{item.id}}\", en: \"Back ${{item.id}}\" }}, to: {{ role: clerk }} }} }} ]\n  \
         - {{ id: undo_it, compensate: {{ of: all, parallel: true }} }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 3));
    assert_eq!(world.open(id), ["give_back", "give_back", "give_back", "undo_it"]);
    for _ in 0..3 {
        world.complete(id, "give_back", "li", "done").expect("done");
    }
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_child_given_up_with_undo_undoes_what_it_has_done() {
    let child = crate::inputs::process("child", &format!("steps:\n  - {}\n  - {}\n", act("a", "1"), task("inside")));
    let parent =
        crate::inputs::process("parent", "steps:\n  - { id: below, run: child, with: { order: x, items: [] } }\n");
    let mut world = World::new(&[parent, child]);
    let id = world.start("parent", input(0, 0)).expect("it starts");
    let below = *world.instances.keys().find(|one| **one != id).expect("a child");
    world.act(id, "admin", cancel(true)).expect("cancelled");
    assert_eq!((undone(&world, below), world.outcome(below).as_deref()), (vec!["a".to_owned()], Some("cancelled")));
}

#[test]
fn what_is_left_to_undo_survives_its_being_given_up() {
    let steps = format!(
        "steps:\n  - id: block\n    steps:\n      - id: a\n        call: test.echo\n        with: {{ value: 1 }}\n        compensate: [ {} ]\n      - {{ id: undo_it, compensate: a }}\n    \
         events: {{ stop: {{ message: paid, match: {{ order: o1 }}, instead: [] }} }}\n  - {{ id: again, compensate: block }}\n  - {}\n",
        task("give_back"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(world.open(id), ["again", "give_back"], "it was not undone to its end, so it is done anew");
    world.complete(id, "give_back", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn undoing_is_checked_before_it_runs() {
    let told = |steps: &str| compile(&yaml("test", steps)).err().unwrap_or_default();
    let a = act("a", "1");
    assert!(
        told(&format!("steps:\n  - {}\n  - {{ id: x, compensate: hold }}\n", task("hold")))
            .contains("compensate.nothing")
    );
    assert!(told(&format!("steps:\n  - {a}\n  - {{ id: x, compensate: b }}\n")).contains("compensate.unknown"));
    assert!(told(&format!("steps:\n  - {{ id: x, compensate: a }}\n  - {a}\n")).contains("compensate.not_around"));
    let ends = "steps:\n  - { id: a, call: test.echo, with: { value: 1 }, compensate: [ { id: stop, end: over } ] }\n";
    assert!(told(ends).contains("compensate.inside"));
}
