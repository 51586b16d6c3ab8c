//! Joins that are satisfied early, what goes on beside them, and lists that grow.

use countersign_engine::command::Actor;
use countersign_engine::event::Event;
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{compile, input, task, yaml};

fn any(rest: &str) -> String {
    format!(
        "steps:\n  - {}\n  - id: both\n    parallel: {{ left: [ {} ], right: [ {}, {} ] }}\n    join: any\n    rest: {rest}\n  \
         - {{ id: next, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: before }}, over: {{ end: over }} }} }}\n",
        task("before"),
        task("one"),
        task("two"),
        task("three")
    )
}

fn joined(rest: &str) -> (World, InstanceId) {
    let (mut world, id) = World::started(&any(rest));
    world.complete(id, "before", "li", "done").expect("done");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next", "two"]);
    (world, id)
}

#[test]
fn what_goes_on_beside_goes_on_to_its_end_in_either_order() {
    let (mut world, id) = joined("finish");
    world.complete(id, "two", "li", "done").expect("done");
    world.complete(id, "three", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
    world.complete(id, "next", "li", "good").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn the_rest_until_the_end_is_withdrawn_when_its_list_ends() {
    let (mut world, id) = joined("until_end");
    let late = world.work(id, "two");
    world.complete(id, "next", "li", "good").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
    let gone = world.complete_work(id, late, Actor::person("li"), "done").expect_err("withdrawn");
    assert_eq!(gone.code(), "instance_ended");
}

#[test]
fn an_end_withdraws_what_goes_on_beside() {
    let (mut world, id) = joined("finish");
    world.complete(id, "next", "li", "over").expect("done");
    assert_eq!((world.outcome(id).as_deref(), world.open(id)), (Some("over"), Vec::new()));
}

#[test]
fn a_return_before_the_join_withdraws_what_goes_on_beside() {
    let (mut world, id) = joined("finish");
    world.complete(id, "next", "li", "bad").expect("returned");
    assert_eq!(world.open(id), ["before"]);
    world.complete(id, "before", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "one", "two"]);
}

#[test]
fn a_blocking_discriminator_begins_again_only_when_the_first_round_is_fully_in() {
    let steps = format!(
        "steps:\n  - id: rounds\n    repeat: {{ at_most: 2 }}\n    steps:\n      - {{ id: both, parallel: {{ left: [ {} ], right: [ {} ] }}, join: any, rest: finish }}\n      - {}\n",
        task("one"),
        task("two"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "two", "li", "done").expect("done");
    world.complete(id, "next", "li", "done").expect("done");
    assert_eq!(world.open(id), ["one", "rounds"], "the first opinion is still out");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "one", "rounds", "two"]);
}

#[test]
fn all_other_items_are_finished_beside_also_those_that_had_not_begun() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id, at_once: 2, join: {{ at_least: 2 }}, rest: finish }}\n    steps: [ {} ]\n  - {}\n",
        task("do_it"),
        task("next")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 4));
    world.complete(id, "do_it", "li", "done").expect("done");
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.open(id), ["do_it[i3]", "do_it[i4]", "next"]);
    let given = world.events(id).find_map(|event| match event {
        Event::StepCompleted { output: Value::List(items), .. } => Some(items.clone()),
        _ => None,
    });
    let given = given.expect("the output of the items");
    assert!(!given[0].is_null() && !given[1].is_null() && given[2].is_null() && given[3].is_null());
    world.complete(id, "next", "li", "done").expect("done");
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.outcome(id), None);
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn an_error_beside_is_for_whoever_is_around_and_not_for_the_step_that_is_done() {
    let steps = format!(
        "steps:\n  - id: block\n    steps:\n      - id: both\n        parallel: {{ left: [ {} ], right: [ {}, {{ id: broken, fail: BROKEN }} ] }}\n        join: any\n        rest: finish\n        \
         events: {{ own: {{ error: BROKEN, instead: [ {} ] }} }}\n      - {}\n    events: {{ around: {{ error: BROKEN, instead: [ {} ] }} }}\n",
        task("one"),
        task("two"),
        task("wrong"),
        task("next"),
        task("right")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.open(id), ["right"]);
}

const LOTS: &str = "data: { lots: { type: { list: { id: string, q: integer } }, initial: [] }, more: { type: { list: { id: string, q: integer } }, initial: [ { id: x1, q: 9 } ] } }\n";

fn growing(rest: &str) -> String {
    format!(
        "{LOTS}steps:\n  - {{ id: begin, add: {{ lots: =input.items }} }}\n  - id: all\n    each: {{ of: =lots, as: lot, key: =lot.id, grows: true }}\n    steps: [ {} ]\n  - {}\n{rest}",
        task("do_it"),
        task("next")
    )
}

const MORE: &str = "events:\n  more: { message: paid, match: { order: o1 }, steps: [ { id: asked, task: { title: { zh: 查, en: Look }, to: { role: clerk } } }, { id: take, add: { lots: =more } } ] }\n";

#[test]
fn what_is_added_to_a_list_that_grows_begins_at_once() {
    let (mut world, id) = World::started_with(&growing(MORE), input(0, 1));
    assert_eq!(world.open(id), ["all", "do_it[i1]"]);
    world.publish("paid", "m1", "o1", 1);
    world.complete(id, "asked", "li", "done").expect("done");
    assert_eq!(world.open(id), ["all", "do_it[i1]", "do_it[x1]"]);
    for item in ["x1", "i1"] {
        let work = world.item_work(id, "do_it", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("done");
    }
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.data(id, "lots").as_list().map(<[Value]>::len), Some(2));
}

#[test]
fn items_close_only_when_all_have_ended_and_nothing_can_add_any_more() {
    let (mut world, id) = World::started_with(&growing(MORE), input(0, 1));
    world.publish("paid", "m1", "o1", 1);
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.open(id), ["all", "asked"], "the event that is at work may add");
    world.restart();
    world.complete(id, "asked", "li", "done").expect("done");
    assert_eq!(world.open(id), ["all", "do_it[x1]"]);
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn items_without_a_priori_knowledge_are_added_by_a_branch_beside() {
    let steps = format!(
        "{LOTS}steps:\n  - id: both\n    parallel:\n      items: [ {{ id: all, each: {{ of: =lots, as: lot, grows: true }}, steps: [ {} ] }} ]\n      \
         adding: [ {{ id: asked, task: {{ title: {{ zh: 查, en: Look }}, to: {{ role: clerk }} }} }}, {{ id: take, add: {{ lots: =more }} }}, \
         {{ id: again, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ more: {{ back_to: asked }}, enough: next }} }} ]\n  - {}\n",
        task("do_it"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["all", "asked", "both"], "nothing yet, but there may be");
    world.complete(id, "asked", "li", "done").expect("done");
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.open(id), ["again", "all", "both"], "it may go back and add");
    world.complete(id, "again", "li", "more").expect("returned");
    world.complete(id, "asked", "li", "done").expect("done");
    assert_eq!(world.open(id), ["again", "all", "both", "do_it[1]"]);
    world.complete(id, "do_it", "li", "done").expect("done");
    world.complete(id, "again", "li", "enough").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn two_items_of_one_key_and_a_list_that_is_closed_are_incidents_and_nothing_is_added() {
    let (mut world, id) = World::started_with(&growing(MORE), input(0, 1));
    for _ in 0..2 {
        world.publish("paid", &format!("m{}", world.transitions), "o1", 1);
    }
    world.complete(id, "asked", "li", "done").expect("done");
    world.complete(id, "asked", "li", "done").expect("done");
    assert_eq!(world.incidents(id), [IncidentCode::TypeMismatch]);
    assert_eq!(world.data(id, "lots").as_list().map(<[Value]>::len), Some(2));
    let (mut world, id) = World::started_with(&growing(MORE), input(0, 1));
    world.complete(id, "do_it", "li", "done").expect("done");
    world.publish("paid", "m1", "o1", 1);
    world.complete(id, "asked", "li", "done").expect("done");
    assert_eq!(world.incidents(id), [IncidentCode::ListClosed]);
}

#[test]
fn items_ended_early_by_an_event_leave_what_they_have_become() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps: [ {} ]\n    \
         events: {{ enough: {{ message: paid, match: {{ order: o1 }}, ends_step: true, steps: [] }} }}\n  - {}\n",
        task("do_it"),
        task("next")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 3));
    let work = world.item_work(id, "do_it", "i2");
    world.complete_work(id, work, Actor::person("li"), "done").expect("done");
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(world.open(id), ["next"]);
    let given = world.events(id).find_map(|event| match event {
        Event::StepCompleted { output: Value::List(items), .. } => Some(items.clone()),
        _ => None,
    });
    let given = given.expect("the output of the items");
    assert!(given[0].is_null() && !given[1].is_null() && given[2].is_null());
}

#[test]
fn only_lists_of_the_data_grow() {
    let told = |steps: &str| compile(&yaml("test", steps)).err().unwrap_or_default();
    let each = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: lot, grows: true }}\n    steps: [ {} ]\n",
        task("do_it")
    );
    assert!(told(&each).contains("each.grows"));
    assert!(told("data: { num: integer }\nsteps: [ { id: a, add: { num: =key } } ]\n").contains("add.no_list"));
}
