//! `back_to`: the region between is given up, the target runs, clocks go on.

use countersign_engine::command::Actor;
use countersign_engine::event::Event;
use countersign_engine::incident::IncidentCode;
use countersign_engine::project::TaskStatus;
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::{input, task};

fn judged(id: &str, back: &str) -> String {
    format!(
        "{{ id: {id}, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: {back} }} }} }}"
    )
}

#[test]
fn a_return_withdraws_the_open_work_of_the_region_and_the_target_runs_whatever_its_when_says() {
    let steps = format!(
        "steps:\n  - {{ id: fix, when: =input.a > 5, task: {{ title: {{ zh: 改, en: Fix }}, to: {{ role: clerk }} }} }}\n  - id: both\n    parallel:\n      \
         left: [ {} ]\n      right: [ {} ]\n  - {}\n",
        task("one"),
        judged("two", "fix"),
        task("next")
    );
    for first in [true, false] {
        let (mut world, id) = World::started(&steps);
        let other = world.work(id, "one");
        if first {
            world.complete(id, "one", "li", "done").expect("done");
        }
        world.complete(id, "two", "li", "bad").expect("returned");
        assert_eq!(world.open(id), ["fix"], "skipped before, forced now");
        let status = if first { TaskStatus::Completed } else { TaskStatus::Withdrawn };
        assert_eq!(world.task_status(id, other), status);
        world.complete(id, "fix", "li", "done").expect("done");
        assert_eq!(world.open(id), ["both", "one", "two"]);
    }
}

#[test]
fn a_return_does_not_restart_a_deadline_s_clock_and_its_rungs_ring_once() {
    let steps = format!(
        "late: {{ usual: [ {{ at: 1 days before, tell: boss }}, {{ at: due, tell: boss }} ] }}\nsteps:\n  \
         - {{ id: fix, task: {{ title: {{ zh: 改, en: Fix }}, to: {{ role: clerk }} }}, due: 3 days }}\n  - {}\n",
        judged("look", "fix")
    );
    let (mut world, id) = World::started(&steps);
    let start = world.now;
    world.wait(2 * DAY + 1);
    world.complete(id, "fix", "li", "done").expect("done");
    world.complete(id, "look", "li", "bad").expect("returned");
    let due = world.state(id).work(world.work(id, "fix")).and_then(|(_, work)| work.task().due);
    assert_eq!(due, Some(start.plus_micros(3 * DAY)));
    world.wait(5 * DAY);
    assert_eq!(world.count(id, |event| matches!(event, Event::Reminded { .. })), 2);
}

#[test]
fn a_round_and_an_item_have_clocks_of_their_own() {
    let steps = "steps:\n  - id: rounds\n    repeat: { every: 10 days, at_most: 2 }\n    steps:\n      \
                 - { id: do_it, task: { title: { zh: 做, en: Do }, to: { role: clerk } }, due: 2 days }\n";
    let (mut world, id) = World::started(steps);
    world.complete(id, "do_it", "li", "done").expect("done");
    world.wait(10 * DAY);
    let due = world.state(id).work(world.work(id, "do_it")).and_then(|(_, work)| work.task().due);
    assert_eq!(due, Some(world.now.plus_micros(2 * DAY)), "the second round's deadline is not the first's");

    let steps = "steps:\n  - id: all\n    each: { of: =input.items, as: item, key: =item.id, at_once: 1 }\n    steps:\n      \
                 - { id: do_it, task: { title: { zh: 做, en: Do }, to: { role: clerk } }, due: 2 days }\n";
    let (mut world, id) = World::started_with(steps, input(0, 2));
    world.wait(5 * DAY);
    world.complete(id, "do_it", "li", "done").expect("done");
    let due = world.state(id).work(world.work(id, "do_it")).and_then(|(_, work)| work.task().due);
    assert_eq!(due, Some(world.now.plus_micros(2 * DAY)), "the second item's deadline is not the first's");
}

#[test]
fn the_bound_of_a_return_stops_before_the_target_and_what_led_there_stays_done() {
    let steps = "steps:\n  - { id: fix, task: { title: { zh: 改, en: Fix }, to: { role: clerk } } }\n  - id: echo\n    call: test.echo\n    \
                 with: { value: 1 }\n  - { id: look, task: { title: { zh: 判, en: Judge }, to: { role: clerk } }, \
                 outcomes: { good: next, bad: { back_to: fix, at_most: 1 } } }\n";
    let (mut world, id) = World::started(steps);
    for _ in 0..2 {
        world.complete(id, "fix", "li", "done").expect("done");
        world.complete(id, "look", "li", "bad").expect("the person's act stands");
    }
    assert_eq!(world.incidents(id), [IncidentCode::BoundReached]);
    assert!(world.open(id).is_empty());
    assert_eq!(world.effects.len(), 2);
    world.retry(id).expect("an operator lets it go once more");
    assert_eq!(world.open(id), ["fix"]);
}

#[test]
fn a_call_whose_way_out_is_over_its_bound_is_not_done_twice() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: again, call: test.echo, with: {{ value: 1 }}, outcomes: {{ done: {{ back_to: one, at_most: 1 }} }} }}\n",
        task("one")
    );
    let Ok(definition) = crate::inputs::compile(&crate::inputs::yaml("test", &steps)) else { return };
    let mut world = World::new(&[definition]);
    let id = world.start("test", input(0, 0)).expect("it starts");
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.incidents(id), [IncidentCode::BoundReached]);
    let completed =
        world.count(id, |event| matches!(event, Event::StepCompleted { outcome, .. } if outcome.as_ref() == "done"));
    assert_eq!((world.effects.len(), completed), (2, 4), "each effect is on record");
    world.retry(id).expect("retried");
    assert_eq!((world.open(id), world.effects.len()), (vec!["one".to_owned()], 2));
}

#[test]
fn a_return_inside_an_item_stays_inside_it() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n      - {}\n      - {}\n",
        task("do_it"),
        judged("look", "do_it")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 2));
    for item in ["i1", "i2"] {
        let work = world.item_work(id, "do_it", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("done");
    }
    let work = world.item_work(id, "look", "i1");
    world.complete_work(id, work, Actor::person("li"), "bad").expect("returned");
    assert_eq!(world.open(id), ["all", "do_it[i1]", "look[i2]"]);
}

#[test]
fn a_return_out_of_nested_blocks_closes_them_all() {
    let steps = format!(
        "steps:\n  - {}\n  - id: outer\n    steps:\n      - id: inner\n        steps:\n          - {}\n          - {}\n",
        task("one"),
        task("two"),
        judged("three", "one")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "two", "li", "done").expect("done");
    world.complete(id, "three", "li", "bad").expect("returned");
    assert_eq!(world.open(id), ["one"]);
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["inner", "outer", "two"]);
}

#[test]
fn a_return_inside_an_event_s_nested_steps_leaves_the_event_open() {
    let steps = format!(
        "steps:\n  - {}\nevents:\n  heard:\n    message: paid\n    match: {{ order: o1 }}\n    steps:\n      - id: inner\n        steps:\n          - {}\n          - {}\n",
        task("one"),
        task("two"),
        judged("three", "two")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    world.complete(id, "two", "li", "done").expect("done");
    world.complete(id, "three", "li", "bad").expect("returned");
    assert_eq!(world.open(id), ["inner", "one", "two"]);
}

#[test]
fn who_may_choose_where_to_go_back_must_choose_one_of_the_targets() {
    let steps = format!("steps:\n  - {}\n  - {}\n  - {}\n", task("one"), task("two"), judged("three", "[ one, two ]"));
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.complete(id, "three", "li", "bad").expect_err("which?").code(), "choose_target");
    let work = world.work(id, "three");
    let mut chosen = crate::inputs::complete(work, "bad");
    chosen.back_to = Some("elsewhere".into());
    let action = countersign_engine::command::Action::Complete(chosen.clone());
    assert_eq!(world.act(id, "li", action).expect_err("no target").code(), "choose_target");
    chosen.back_to = Some("two".into());
    world.act(id, "li", countersign_engine::command::Action::Complete(chosen)).expect("returned");
    assert_eq!(world.open(id), ["two"]);
}

#[test]
fn data_written_before_a_return_stays() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - {}\n  - {{ id: count, set: {{ num: =num + 1 }} }}\n  - {}\n",
        task("one"),
        judged("two", "one")
    );
    let (mut world, id) = World::started(&steps);
    for round in 1..=3 {
        world.complete(id, "one", "li", "done").expect("done");
        assert_eq!(world.data(id, "num"), Value::Int(round));
        world.complete(id, "two", "li", "bad").expect("returned");
    }
}
