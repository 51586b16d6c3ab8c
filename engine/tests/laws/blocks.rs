//! Blocks: entered once, left once, whatever ends inside.

use countersign_engine::draft::STEPS_PER_TRANSITION;
use countersign_engine::event::Event;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{input, process, task};

fn two_branches(join: &str) -> String {
    let (one, two, next) = (task("one"), task("two"), task("next"));
    format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {one} ]\n      right: [ {two} ]\n    {join}\n  - {next}\n"
    )
}

#[test]
fn a_join_of_all_waits_for_the_last_branch_in_either_order() {
    for order in [["one", "two"], ["two", "one"]] {
        let (mut world, id) = World::started(&two_branches("join: all"));
        world.complete(id, order[0], "li", "done").expect("done");
        assert_eq!(world.open(id), ["both", order[1]]);
        world.complete(id, order[1], "li", "done").expect("done");
        assert_eq!(world.open(id), ["next"]);
    }
}

#[test]
fn a_join_of_any_cancels_the_rest_and_a_late_answer_is_gone() {
    for order in [["one", "two"], ["two", "one"]] {
        let (mut world, id) = World::started(&two_branches("join: any"));
        let late = world.work(id, order[1]);
        world.complete(id, order[0], "li", "done").expect("done");
        assert_eq!(world.open(id), ["next"]);
        let refused = world.complete_work(id, late, countersign_engine::command::Actor::person("li"), "done");
        assert_eq!(refused.expect_err("it was withdrawn").code(), "gone");
    }
}

#[test]
fn the_rest_may_finish_while_the_flow_goes_on_and_the_list_waits_for_it() {
    let (mut world, id) = World::started(&two_branches("join: any\n    rest: finish"));
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next", "two"]);
    world.complete(id, "next", "li", "done").expect("done");
    assert_eq!((world.open(id), world.outcome(id)), (vec!["two".to_owned()], None));
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn at_least_counts_only_the_branches_that_were_chosen() {
    let (one, next) = (task("one"), task("next"));
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {one} ]\n      right: {{ when: =input.a > 0, steps: [ {} ] }}\n      \
         third: {{ when: =input.a > 1, steps: [ {} ] }}\n    join: {{ at_least: 2 }}\n  - {next}\n",
        task("two"),
        task("three")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 0));
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"], "one branch was chosen, so one is all");
    let (mut world, id) = World::started_with(&steps, input(2, 0));
    world.complete(id, "three", "li", "done").expect("done");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_block_without_a_chosen_branch_is_done_at_once() {
    let steps = format!(
        "steps:\n  - {{ id: both, parallel: {{ left: {{ when: =input.a > 5, steps: [ {} ] }} }} }}\n  - {}\n",
        task("one"),
        task("next")
    );
    let (world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_end_inside_nested_blocks_ends_everything() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {} ]\n      right:\n        - id: inner\n          steps:\n            - {}\n            \
         - {{ id: over, end: early }}\n  - {}\nevents:\n  paid_again: {{ message: paid, steps: [ {} ] }}\n  late: {{ after: 3 days, steps: [ {} ] }}\n",
        task("one"),
        task("two"),
        task("next"),
        task("heard"),
        task("reminded")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("early"));
    assert_eq!(world.next_timer(), None);
    assert!(world.open(id).is_empty());
}

fn items(each: &str) -> String {
    format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id{each} }}\n    steps:\n      - {}\n      \
             - {{ id: mark, set: {{ item.q: =item.q + 100 }} }}\n  - {}\n",
        task("do_it"),
        task("next")
    )
}

#[test]
fn items_run_as_many_at_once_as_said_and_the_output_is_by_place() {
    let (mut world, id) = World::started_with(&items(", at_once: 2"), input(0, 3));
    assert_eq!(world.open(id), ["all", "do_it[i1]", "do_it[i2]"]);
    for item in ["i2", "i3", "i1"] {
        let work = world.item_work(id, "do_it", item);
        world.complete_work(id, work, countersign_engine::command::Actor::person("li"), "done").expect("done");
    }
    assert_eq!(world.open(id), ["next"]);
    let outputs: Vec<Value> = world
        .events(id)
        .filter_map(|event| match event {
            Event::StepCompleted { output: Value::List(items), .. } => Some(Value::List(items.clone())),
            _ => None,
        })
        .collect();
    let keys: Vec<_> = outputs[0].as_list().expect("a list").iter().map(|item| item.at_text("key")).collect();
    assert_eq!(keys, ["i1", "i2", "i3"]);
    let first = &outputs[0].as_list().expect("a list")[0];
    assert_eq!(first.get("value").and_then(|item| item.get("q")), Some(&Value::Int(101)), "an item writes itself");
}

trait AtText {
    fn at_text(&self, name: &str) -> String;
}

impl AtText for Value {
    fn at_text(&self, name: &str) -> String {
        self.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

#[test]
fn the_first_items_that_are_enough_withdraw_the_others_whose_output_is_null() {
    let (mut world, id) = World::started_with(&items(", join: { at_least: 1 }"), input(0, 3));
    let work = world.item_work(id, "do_it", "i2");
    world.complete_work(id, work, countersign_engine::command::Actor::person("li"), "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
    let list = world.events(id).find_map(|event| match event {
        Event::StepCompleted { output: Value::List(items), .. } => Some(items.clone()),
        _ => None,
    });
    let list = list.expect("the output of the items");
    assert!(list[0].is_null() && list[2].is_null() && !list[1].is_null());
}

#[test]
fn no_item_is_done_at_once_and_two_of_one_key_are_an_incident() {
    let (world, id) = World::started_with(&items(""), input(0, 0));
    assert_eq!(world.open(id), ["next"]);
    let twice = Value::record([("id", Value::from("i1")), ("q", Value::Int(1))]);
    let input = Value::record([("items", Value::list(vec![twice.clone(), twice]))]);
    let (world, id) = World::started_with(&items(""), input);
    assert_eq!(world.incidents(id), [IncidentCode::TypeMismatch]);
}

#[test]
fn many_small_items_open_in_time_that_grows_with_their_number() {
    let steps = "steps:\n  - id: all\n    each: { of: =input.items, as: item, at_once: 1000 }\n    steps:\n      \
                 - { id: mark, set: { item.q: 1 } }\n";
    let (world, id) = World::started_with(steps, input(0, 1_000));
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
    assert!(world.versions(id) > 2, "it went over the budget of a transition, and on");
}

#[test]
fn a_loop_ends_by_its_condition_and_at_its_bound_is_an_incident() {
    let loop_of = |kind: &str| {
        format!(
            "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: again\n    repeat: {{ {kind} }}\n    steps:\n      \
                 - {{ id: count, set: {{ num: =num + 1 }} }}\n  - {}\n",
            task("next")
        )
    };
    let (world, id) = World::started(&loop_of("until: =num >= 3, at_most: 5"));
    assert_eq!((world.open(id), world.data(id, "num")), (vec!["next".to_owned()], Value::Int(3)));
    let (world, id) = World::started(&loop_of("while: =num < 0, at_most: 5"));
    assert_eq!(world.data(id, "num"), Value::Int(0));
    let (mut world, id) = World::started(&loop_of("until: =num >= 30, at_most: 5"));
    assert_eq!((world.incidents(id), world.data(id, "num")), (vec![IncidentCode::BoundReached], Value::Int(5)));
    world.retry(id).expect("an operator lets one more round go");
    assert_eq!((world.incidents(id), world.data(id, "num")), (vec![IncidentCode::BoundReached], Value::Int(6)));
}

#[test]
fn what_is_too_much_for_one_transition_goes_on_in_the_next() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: again\n    repeat: {{ until: =num >= 400, at_most: 500 }}\n    \
                         steps:\n      - {{ id: count, set: {{ num: =num + 1 }} }}\n  - {}\n",
        task("next")
    );
    let (world, id) = World::started(&steps);
    assert_eq!((world.open(id), world.data(id, "num")), (vec!["next".to_owned()], Value::Int(400)));
    assert!(world.versions(id) as u32 >= 800 / STEPS_PER_TRANSITION);
    world.redecide_all();
}

#[test]
fn each_step_is_a_transition_where_the_policy_says_so() {
    let steps = "data: { num: { type: integer, initial: 0 } }\npolicy: { boundary: commit }\nsteps:\n  - { id: one, set: { num: 1 } }\n  - { id: two, set: { num: 2 } }\n";
    let (world, id) = World::started(steps);
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
    assert!(world.versions(id) >= 3);
}

#[test]
fn the_first_branch_that_holds_is_taken_and_none_is_an_incident_that_can_be_retried() {
    let steps = "steps:\n  - id: which\n    choose:\n      - { when: =input.a > 5, end: five }\n      - { when: =input.a > 2, end: two }\n";
    for (a, outcome) in [(9, Some("five")), (3, Some("two")), (0, None)] {
        let (world, id) = World::started_with(steps, input(a, 0));
        assert_eq!(world.outcome(id).as_deref(), outcome);
        assert_eq!(world.incidents(id).is_empty(), outcome.is_some());
    }
}

#[test]
fn an_outcome_s_steps_see_what_the_step_gave() {
    let steps = "data: { num: optional integer }\nsteps:\n  - id: echo\n    call: test.echo\n    with: { value: 7 }\n    outcomes:\n      \
                 REFUSED: [ { id: kept, set: { num: 1 } } ]\n  - id: pay\n    first:\n      paid: { message: paid, match: { order: o1 }, \
                 steps: [ { id: noted, set: { num: =output.amount + message.amount } } ] }\n      late: { after: 9 days, end: late }\n";
    let (mut world, id) = World::started(steps);
    world.publish("paid", "m1", "o1", 4);
    assert_eq!((world.incidents(id), world.data(id, "num")), (Vec::new(), Value::Int(8)));
}

fn parent_and_child() -> World {
    let child = process("child", &format!("steps:\n  - {}\n  - {{ id: over, end: good }}\n", task("inside")));
    let parent = process(
        "parent",
        &format!(
            "steps:\n  - id: below\n    run: child\n    with: {{ order: x, items: [] }}\n    outcomes: {{ good: next, cancelled: {{ end: child_cancelled }} }}\n    \
         events: {{ stop: {{ message: moved, match: {{ order: o1 }}, instead: [] }} }}\n  - {}\n",
            task("next")
        ),
    );
    World::new(&[parent, child])
}

#[test]
fn a_child_s_outcome_is_its_step_s() {
    let mut world = parent_and_child();
    let parent = world.start("parent", input(0, 0)).expect("it starts");
    let child = *world.instances.keys().find(|id| **id != parent).expect("a child");
    assert_eq!(world.state(child).parent().map(|(id, _)| id), Some(parent));
    world.complete(child, "inside", "li", "done").expect("done");
    assert_eq!(world.open(parent), ["next"]);
}

#[test]
fn a_child_whose_step_is_given_up_is_cancelled() {
    let mut world = parent_and_child();
    let parent = world.start("parent", input(0, 0)).expect("it starts");
    let child = *world.instances.keys().find(|id| **id != parent).expect("a child");
    world.publish("moved", "m1", "o1", 1);
    assert_eq!(world.outcome(child).as_deref(), Some("cancelled"));
    assert_eq!(world.open(parent), ["next"]);
    assert_eq!(world.count(parent, |event| matches!(event, Event::ChildEnded { .. })), 0);
}

#[test]
fn cancel_of_caller_while_child_completes_in_both_orders() {
    use countersign_engine::command::{Action, Actor, Command};
    for child_first in [true, false] {
        let mut world = parent_and_child();
        let parent = world.start("parent", input(0, 0)).expect("it starts");
        let child = *world.instances.keys().find(|id| **id != parent).expect("a child");
        let work = world.work(child, "inside");
        let cancel =
            Command { actor: Actor::person("admin"), action: Action::Cancel { reason: "enough".into(), undo: false } };
        let done =
            Command { actor: Actor::person("li"), action: Action::Complete(crate::inputs::complete(work, "done")) };
        // Both are decided before anything of one has reached the other.
        if child_first {
            world.decide(child, done).expect("the child goes first");
            world.decide(parent, cancel).expect("then the parent");
        } else {
            world.decide(parent, cancel).expect("the parent goes first");
            world.decide(child, done).expect("then the child");
        }
        world.settle();
        assert_eq!(world.outcome(parent).as_deref(), Some("cancelled"));
        let ended = world.outcome(child).expect("the child does not go on for nobody");
        assert!(["good", "cancelled"].contains(&ended.as_str()), "{ended}");
        assert_eq!(world.count(parent, |event| matches!(event, Event::ChildEnded { .. })), 0);
    }
}

#[test]
fn a_process_that_is_not_there_is_an_incident_until_it_is() {
    let parent = process("parent", "steps:\n  - { id: below, run: child, with: { order: x } }\n");
    let mut world = World::new(&[parent]);
    let id = world.start("parent", input(0, 0)).expect("it starts");
    assert_eq!(world.incidents(id), [IncidentCode::NoRelease]);
    world.retry(id).expect("asked again");
    assert_eq!(world.incidents(id), [IncidentCode::NoRelease]);
}

#[test]
fn a_child_that_refuses_to_start_is_an_incident_and_not_a_silence() {
    let parent = process(
        "parent",
        &format!("steps:\n  - {{ id: below, run: child, with: {{ order: x }} }}\n  - {}\n", task("next")),
    );
    let mut world = World::new(&[parent, process("child", &format!("steps:\n  - {}\n", task("inside")))]);
    let id = world.start("parent", input(0, 0)).expect("it starts");
    assert_eq!(world.incidents(id), [IncidentCode::ChildRefused], "the child wants `items`");
    world.retry(id).expect("asked again");
    assert_eq!(world.incidents(id), [IncidentCode::ChildRefused]);
}
