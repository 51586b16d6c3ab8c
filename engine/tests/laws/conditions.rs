//! Conditions over the instance's own data, and milestones.

use countersign_engine::command::Action;
use countersign_engine::event::Event;
use countersign_engine::facts::Fact;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{input, task};

const DATA: &str = "data: { num: { type: integer, initial: 0 }, seen: { type: integer, initial: 0 } }\n";

/// A branch that adds to `num` at every `paid`, for ever.
const COUNTING: &str = "rounds: [ { id: rounds, repeat: { at_most: 99 }, steps: [ { id: paying, wait: { message: paid, match: { order: o1 } }, into: { num: amount } } ] } ]";

fn pay(world: &mut World, number: u32, amount: i64) {
    world.publish("paid", &format!("m{number}"), "o1", amount);
}

#[test]
fn a_wait_for_a_condition_goes_on_when_it_becomes_true() {
    let steps = format!(
        "{DATA}steps:\n  - id: both\n    parallel:\n      {COUNTING}\n      waits:\n        - {{ id: enough, wait: {{ condition: =num >= 5 }} }}\n        - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    pay(&mut world, 1, 4);
    assert_eq!(world.open(id), ["both", "enough", "paying", "rounds"]);
    pay(&mut world, 2, 5);
    assert_eq!(world.open(id), ["both", "next", "paying", "rounds"]);
    pay(&mut world, 3, 1);
    assert_eq!(world.open(id), ["both", "next", "paying", "rounds"], "it was waited for once");
}

#[test]
fn a_condition_that_holds_already_does_not_wait() {
    let (world, id) = World::started(&format!(
        "{DATA}steps:\n  - {{ id: enough, wait: {{ condition: =num >= 0 }} }}\n  - {}\n",
        task("next")
    ));
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_event_on_a_condition_happens_when_it_becomes_true_and_again_only_after_it_was_false() {
    let steps = format!(
        "{DATA}steps:\n  - id: both\n    parallel: {{ {COUNTING} }}\nevents: {{ high: {{ condition: =num > 5, steps: [ {{ id: noted, set: {{ seen: =seen + 1 }} }} ] }} }}\n",
    );
    let (mut world, id) = World::started(&steps);
    let wanted = [(1, 0), (6, 1), (7, 1), (2, 1), (9, 2)];
    for (number, (amount, seen)) in (1..).zip(wanted) {
        pay(&mut world, number, amount);
        assert_eq!(world.data(id, "seen"), Value::Int(seen), "after {amount}");
    }
}

#[test]
fn an_event_on_a_condition_in_its_host_s_place_gives_it_up() {
    let steps = format!(
        "{DATA}steps:\n  - id: block\n    steps: [ {{ id: both, parallel: {{ {COUNTING} }} }} ]\n    events: {{ high: {{ condition: =num > 5, instead: [ {} ] }} }}\n  - {}\n",
        task("mend"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    pay(&mut world, 1, 6);
    assert_eq!((world.open(id), world.state(id).subscribed().count()), (vec!["mend".to_owned()], 0));
    world.complete(id, "mend", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_return_does_not_make_old_news_new() {
    let steps = format!(
        "{DATA}steps:\n  - {{ id: first, set: {{ num: 6 }} }}\n  - id: again\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    outcomes: {{ good: next, bad: {{ back_to: again }} }}\n    \
         events: {{ high: {{ condition: =num > 5, steps: [ {{ id: noted, set: {{ seen: =seen + 1 }} }} ] }} }}\n"
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.data(id, "seen"), Value::Int(1));
    world.complete(id, "again", "li", "bad").expect("back");
    assert_eq!((world.data(id, "seen"), world.open(id)), (Value::Int(1), vec!["again".to_owned()]));
}

#[test]
fn an_event_that_returns_to_its_own_host_does_not_go_round_in_a_circle() {
    let steps = format!(
        "{DATA}steps:\n  - {{ id: first, set: {{ num: 6 }} }}\n  - id: again\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    \
         events: {{ high: {{ condition: =num > 5, instead: [ {{ id: back, back_to: again }} ] }} }}\n"
    );
    let (world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["again"]);
    assert_eq!(world.count(id, |event| matches!(event, Event::HandlerTriggered { .. })), 1);
}

#[test]
fn a_state_of_affairs_that_passes_within_a_transition_is_nobody_s_cause() {
    let steps = format!(
        "{DATA}steps:\n  - {}\n  - {{ id: up, set: {{ num: 9 }} }}\n  - {{ id: down, set: {{ num: 0 }} }}\n  - {}\nevents: {{ high: {{ condition: =num > 5, steps: [ {{ id: noted, set: {{ seen: =seen + 1 }} }} ] }} }}\n",
        task("one"),
        task("two")
    );
    for policy in ["", "policy: { boundary: commit }\n"] {
        let (mut world, id) = World::started(&format!("{policy}{steps}"));
        world.complete(id, "one", "li", "done").expect("done");
        assert_eq!((world.open(id), world.data(id, "seen")), (vec!["two".to_owned()], Value::Int(0)), "{policy}");
    }
}

#[test]
fn a_condition_is_judged_wherever_a_transition_s_budget_ends() {
    let steps = format!(
        "policy: {{ boundary: commit }}\n{DATA}steps:\n  - id: both\n    parallel:\n      one: [ {}, {{ id: up, set: {{ num: 9 }} }} ]\n      two: [ {{ id: enough, wait: {{ condition: =num > 5 }} }}, {} ]\n",
        task("first"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "next"]);
}

#[test]
fn an_instance_that_waits_for_no_condition_judges_none_and_a_claim_judges_nothing() {
    let steps =
        format!("{DATA}steps:\n  - {}\nevents: {{ high: {{ condition: =num + 1 > 5, steps: [] }} }}\n", task("one"));
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "one");
    world.act(id, "li", Action::Claim { work }).expect("claimed");
    let facts = &world.instances[&id].rows.last().expect("a row").facts;
    assert!(!facts.iter().any(|fact| matches!(fact, Fact::Value { .. })), "{facts:?}");
}

#[test]
fn a_condition_that_cannot_be_judged_is_one_incident_and_is_judged_again_after_it() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: both\n    parallel:\n      {COUNTING}\n      waits: [ {{ id: enough, wait: {{ condition: =10 / num > 1 }} }}, {} ]\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.incidents(id), [IncidentCode::ExpressionFailed]);
    pay(&mut world, 1, 0);
    assert_eq!(world.incidents(id).len(), 1, "told once");
    world.retry(id).expect("retried");
    assert_eq!(world.incidents(id).len(), 1, "it still cannot");
    pay(&mut world, 2, 4);
    assert_eq!(world.open(id), ["both", "enough", "paying", "rounds"], "until somebody looks at it");
    world.retry(id).expect("mended");
    assert_eq!(
        (world.incidents(id), world.open(id)),
        (Vec::new(), ["both", "next", "paying", "rounds"].map(String::from).to_vec())
    );
}

#[test]
fn what_nothing_can_make_true_is_an_incident_and_not_silence() {
    let steps = format!("{DATA}steps:\n  - {{ id: enough, wait: {{ condition: =num > 5 }} }}\n");
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.incidents(id), [IncidentCode::Stalled]);
    world.retry(id).expect("retried");
    assert_eq!(world.incidents(id), [IncidentCode::Stalled]);
    // A person who may come along is no silence.
    let (mut world, id) = World::started(&format!(
        "{steps}events: {{ more: {{ by: [ manager ], form: form.form.json, fills: [ num ], steps: [] }} }}\n"
    ));
    assert_eq!(world.incidents(id), []);
    world.raise(id, "", "more", "qian", Value::record([("num", Value::Int(6))])).expect("raised");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn a_wait_for_a_milestone_ends_with_it_and_one_that_was_reached_before_does_not_wait() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      one: [ {{ id: first, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, milestone: approved }}, {} ]\n      two: [ {{ id: waits, wait: {{ milestone: approved }} }}, {} ]\n  - {{ id: late, wait: {{ milestone: approved }} }}\n  - {}\n",
        task("more"),
        task("other"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["both", "first", "waits"]);
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "more", "other"]);
    for step in ["more", "other"] {
        world.complete(id, step, "li", "done").expect("done");
    }
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_milestone_is_latched_and_a_return_does_not_take_it_back() {
    let steps = "data: { seen: { type: integer, initial: 0 } }\nsteps:\n  - { id: first, task: { title: { zh: 做, en: Do }, to: { role: clerk } }, milestone: approved }\n  - id: second\n    task: { title: { zh: 做, en: Do }, to: { role: clerk } }\n    outcomes: { good: next, bad: { back_to: first } }\n\
         events:\n  once: { milestone: approved, steps: [ { id: noted, set: { seen: =seen + 1 } } ] }\n  change: { by: [ manager ], while: \"=!reached(\\\"approved\\\")\", steps: [] }\n";
    let (mut world, id) = World::started(steps);
    world.raise(id, "", "change", "qian", Value::Null).expect("not yet reached");
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "bad").expect("back");
    assert_eq!(world.open(id), ["first"]);
    let refused = world.raise(id, "", "change", "qian", Value::Null).expect_err("reached for good");
    assert_eq!(refused.code(), "event_not_now");
    world.complete(id, "first", "li", "done").expect("again");
    assert_eq!(world.data(id, "seen"), Value::Int(1));
}

#[test]
fn a_condition_is_one_of_several_that_are_waited_for() {
    let steps = format!(
        "{DATA}steps:\n  - id: both\n    parallel:\n      {COUNTING}\n      waits:\n        - id: either\n          first:\n            enough: {{ condition: =num > 5 }}\n            silent: {{ after: 3 days, end: silent }}\n        - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    pay(&mut world, 1, 6);
    assert_eq!(
        (world.open(id), world.next_timer()),
        (["both", "next", "paying", "rounds"].map(String::from).to_vec(), None)
    );
}

#[test]
fn a_condition_of_an_item_reads_the_item() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: one, key: =one.id }}\n    steps:\n      - id: both\n        parallel:\n          adds: [ {}, {{ id: put, set: {{ one.q: 9 }} }} ]\n          waits: [ {{ id: enough, wait: {{ condition: =one.q > 5 }} }}, {} ]\n",
        task("work"),
        task("next")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 2));
    let work = world.item_work(id, "work", "i2");
    world.complete_work(id, work, countersign_engine::command::Actor::person("li"), "done").expect("done");
    assert_eq!(world.open(id), ["all", "both[i1]", "both[i2]", "enough[i1]", "next[i2]", "work[i1]"]);
}
