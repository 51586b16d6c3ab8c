//! Events that people raise.

use std::collections::{BTreeMap, BTreeSet};

use countersign_engine::command::{Action, Actor, Assertion, Command, Raise, SigningMethod};
use countersign_engine::event::Event;
use countersign_engine::facts::{PersonFact, RoleFact};
use countersign_engine::id::{InstanceId, RunId, UserId};
use countersign_engine::raise::{AllowedEvent, allowed_events, to_sign_event};
use countersign_engine::signing::record_digest;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{input, task};

const DATA: &str = "data: { num: { type: integer, initial: 0 }, sum: { type: integer, initial: 0 } }\n";

/// One task, and the process's event `add` for managers, with more of its YAML.
fn adding(more: &str) -> String {
    format!(
        "{DATA}steps:\n  - {}\nevents:\n  add: {{ by: [ manager ]{more}, steps: [ {{ id: added, set: {{ sum: =sum + 1 }} }} ] }}\n",
        task("one")
    )
}

fn number(number: i64) -> Value {
    Value::record([("num", Value::Int(number))])
}

fn code(result: Result<(), countersign_engine::rejection::Rejection>) -> &'static str {
    result.expect_err("it is refused").code()
}

fn allowed(world: &World, id: InstanceId, who: &str, roles: &[&str]) -> Vec<AllowedEvent> {
    let role = |role: &&str| RoleFact { role: (*role).into(), scope: BTreeMap::new() };
    let roles = roles.iter().map(role).collect();
    let person = PersonFact { active: true, printed_name: who.into(), manager: None, roles, ..PersonFact::default() };
    let definition = &world.instances[&id].definition;
    allowed_events(definition, world.state(id), world.now, &UserId::from(who), &person, &BTreeSet::new())
}

#[test]
fn an_event_is_raised_as_often_as_needed_and_each_time_has_a_scope_of_its_own() {
    let steps = format!(
        "{DATA}steps:\n  - {}\nevents:\n  add:\n    by: [ manager ]\n    form: form.form.json\n    steps:\n      - {}\n      - {{ id: added, set: {{ sum: =sum + form.num }} }}\n",
        task("one"),
        task("look")
    );
    let (mut world, id) = World::started(&steps);
    world.raise(id, "", "add", "qian", number(1)).expect("raised");
    world.raise(id, "", "add", "sun", number(20)).expect("again");
    assert_eq!(world.open(id), ["look", "look", "one"]);
    for _ in 0..2 {
        world.complete(id, "look", "li", "done").expect("done");
    }
    assert_eq!((world.data(id, "sum"), world.open(id)), (Value::Int(21), vec!["one".to_owned()]));
}

#[test]
fn only_those_it_is_for_raise_an_event() {
    let (mut world, id) = World::started(&adding(""));
    assert_eq!(code(world.raise(id, "", "add", "li", Value::Null)), "not_candidate");
    assert_eq!(code(world.raise(id, "", "ad", "qian", Value::Null)), "unknown_event");
    assert_eq!(code(world.raise(id, "", "add", "nobody", Value::Null)), "inactive_account");
    let raise = Raise { host: RunId(0), event: "add".into(), answer: Value::Null, reason: None, signature: None };
    assert_eq!(code(world.system(id, Action::Raise(raise.clone()))), "not_candidate");
    // A substitute has the rights of the one they act for, and both are on record.
    let actor = Actor::Person { id: "li".into(), on_behalf_of: Some("qian".into()) };
    world.submit(id, Command { actor: actor.clone(), action: Action::Raise(raise) }).expect("for qian");
    assert_eq!(world.count(id, |event| matches!(event, Event::Raised { by, .. } if *by == actor)), 1);
    assert_eq!(world.data(id, "sum"), Value::Int(1));
}

#[test]
fn an_event_is_raised_only_while_its_while_holds() {
    let (mut world, id) = World::started(&adding(", while: =sum < 1"));
    assert_eq!(allowed(&world, id, "qian", &["manager"])[0].refused, None);
    world.raise(id, "", "add", "qian", Value::Null).expect("once");
    assert_eq!(code(world.raise(id, "", "add", "qian", Value::Null)), "event_not_now");
    let told = allowed(&world, id, "qian", &["manager"]);
    assert_eq!(told[0].refused.as_ref().map(|why| why.code()), Some("event_not_now"), "{told:?}");
}

#[test]
fn a_while_that_cannot_be_judged_refuses_and_stops_nothing() {
    let (mut world, id) = World::started(&adding(", while: =10 / input.a > 1"));
    assert_eq!(code(world.raise(id, "", "add", "qian", Value::Null)), "event_unjudged");
    assert_eq!((world.incidents(id), world.open(id)), (Vec::new(), vec!["one".to_owned()]));
    let told = allowed(&world, id, "qian", &["manager"]);
    assert_eq!(told[0].refused.as_ref().map(|why| why.code()), Some("event_unjudged"));
}

#[test]
fn an_event_s_form_judges_its_answer_and_fills_fields() {
    let (mut world, id) = World::started(&adding(", form: form.form.json, fills: [ num ]"));
    assert_eq!(code(world.raise(id, "", "add", "qian", Value::Null)), "invalid_answer");
    world.raise(id, "", "add", "qian", number(7)).expect("raised");
    assert_eq!((world.data(id, "num"), world.data(id, "sum")), (Value::Int(7), Value::Int(1)));
}

#[test]
fn a_reason_that_is_required_is_given() {
    let (mut world, id) = World::started(&adding(", reason: required"));
    let raise = |reason: Option<&str>| Raise {
        host: RunId(0),
        event: "add".into(),
        answer: Value::Null,
        reason: reason.map(Into::into),
        signature: None,
    };
    for blank in [None, Some("  ")] {
        assert_eq!(code(world.act(id, "qian", Action::Raise(raise(blank)))), "reason_required");
    }
    world.act(id, "qian", Action::Raise(raise(Some("two more found")))).expect("raised");
    assert_eq!(
        world.count(id, |event| matches!(event, Event::Raised { reason: Some(why), .. } if &**why == "two more found")),
        1
    );
}

#[test]
fn a_signature_is_good_for_raising_once() {
    let (mut world, id) = World::started(&adding(", form: form.form.json, fills: [ num ], sign: signed"));
    let mut raise = Raise { host: RunId(0), event: "add".into(), answer: number(3), reason: None, signature: None };
    assert_eq!(code(world.act(id, "qian", Action::Raise(raise.clone()))), "signature_required");
    let definition = world.instances[&id].definition.clone();
    let shown = to_sign_event(&definition, world.state(id), &raise).expect("it signs");
    raise.signature = Some(Assertion {
        signer: "qian".into(),
        printed_name: "Qian".into(),
        method: SigningMethod::Password,
        authenticated_at: world.now,
        record: record_digest(&shown),
        locale: "zh-CN".into(),
    });
    let other = Raise { answer: number(4), ..raise.clone() };
    assert_eq!(code(world.act(id, "qian", Action::Raise(other))), "content_changed");
    assert_eq!(code(world.act(id, "sun", Action::Raise(raise.clone()))), "content_changed");
    world.act(id, "qian", Action::Raise(raise.clone())).expect("signed");
    assert_eq!(code(world.act(id, "qian", Action::Raise(raise))), "content_changed", "the fence has moved on");
    assert_eq!(world.count(id, |event| matches!(event, Event::Signed { .. })), 1);
}

#[test]
fn four_eyes_hold_for_events_both_ways() {
    let steps = format!(
        "{DATA}steps:\n  - {}\n  - id: two\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: checker }}, not: [ two ] }}\n    \
         events: {{ add: {{ by: [ clerk, checker ], not: [ initiator, one ], steps: [] }} }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "wang", "done").expect("done");
    assert_eq!(code(world.raise(id, "two", "add", "li", Value::Null)), "separation_of_duties");
    assert_eq!(code(world.raise(id, "two", "add", "wang", Value::Null)), "separation_of_duties");
    let told = allowed(&world, id, "wang", &["checker"]);
    assert_eq!(told[0].refused.as_ref().map(|why| why.code()), Some("separation_of_duties"));
    world.raise(id, "two", "add", "zhao", Value::Null).expect("raised");
    // Whoever raised an event of a step has acted there.
    assert_eq!(code(world.complete(id, "two", "zhao", "done")), "separation_of_duties");
}

#[test]
fn an_event_instead_gives_its_host_up_and_the_flow_goes_on_after_it() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps: [ {} ]\n    events: {{ stop: {{ by: [ manager ], instead: [ {} ] }} }}\n  - {}\n",
        task("one"),
        task("other"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let host = world.run(id, "outer");
    let work = world.work(id, "one");
    world.raise(id, "outer", "stop", "qian", Value::Null).expect("raised");
    assert_eq!(world.open(id), ["other"]);
    assert_eq!(world.task_status(id, work), countersign_engine::project::TaskStatus::Withdrawn);
    let late = Raise { host, event: "stop".into(), answer: Value::Null, reason: None, signature: None };
    assert_eq!(code(world.act(id, "qian", Action::Raise(late))), "gone");
    world.complete(id, "other", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn non_interrupting_event_racing_scope_end_is_gone_and_its_open_steps_are_withdrawn() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps: [ {} ]\n    events: {{ look: {{ by: [ manager ], steps: [ {} ] }} }}\n  - {}\n",
        task("one"),
        task("beside"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let host = world.run(id, "outer");
    world.raise(id, "outer", "look", "qian", Value::Null).expect("raised");
    assert_eq!(world.open(id), ["beside", "one", "outer"]);
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
    let late = Raise { host, event: "look".into(), answer: Value::Null, reason: None, signature: None };
    assert_eq!(code(world.act(id, "qian", Action::Raise(late))), "gone");
}

#[test]
fn the_steps_of_an_event_that_ends_its_step_end_it() {
    let steps = format!(
        "steps:\n  - id: answer\n    wait: {{ message: paid, match: {{ order: o1 }} }}\n    events: {{ visit: {{ by: [ manager ], steps: [ {} ], ends_step: true }} }}\n  - {}\n",
        task("visiting"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.raise(id, "answer", "visit", "qian", Value::Null).expect("raised");
    world.complete(id, "visiting", "li", "done").expect("done");
    assert_eq!((world.open(id), world.state(id).subscribed().count()), (vec!["next".to_owned()], 0));
}

#[test]
fn an_event_of_an_item_is_the_item_s_own() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, key: =item.id }}\n    steps:\n      - id: one\n        task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n        \
         events: {{ more: {{ by: [ manager ], form: form.form.json, into: {{ item.q: num }}, while: =item.q < 9, instead: [ {} ] }} }}\n",
        task("other")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 2));
    let told = allowed(&world, id, "qian", &["manager"]);
    let keys: Vec<_> = told.iter().map(|one| (one.items[0].to_string(), one.event.to_string())).collect();
    assert_eq!(keys, [("i1".to_owned(), "more".to_owned()), ("i2".to_owned(), "more".to_owned())]);
    let host = told[1].host;
    let raise = Raise { host, event: "more".into(), answer: number(9), reason: None, signature: None };
    world.act(id, "qian", Action::Raise(raise)).expect("raised");
    assert_eq!(world.open(id), ["all", "one[i1]", "other[i2]"]);
}

#[test]
fn nested_hosts_offer_their_events_each_and_closing_the_inner_leaves_the_outer() {
    let steps = format!(
        "steps:\n  - id: outer\n    steps:\n      - id: inner\n        steps: [ {} ]\n        events: {{ near: {{ by: [ manager ], instead: [] }} }}\n      - {}\n    \
         events: {{ far: {{ by: [ clerk ], instead: [] }} }}\nevents: {{ all: {{ by: [ manager ], instead: [ {{ id: over, end: stopped }} ] }} }}\n",
        task("one"),
        task("two")
    );
    let (mut world, id) = World::started(&steps);
    let names = |world: &World| -> Vec<(String, bool)> {
        let told = allowed(world, id, "qian", &["manager"]);
        told.iter().map(|one| (format!("{}@{}", one.step, one.event), one.refused.is_none())).collect()
    };
    let all = |name: &str, may: bool| (name.to_owned(), may);
    assert_eq!(names(&world), [all("@all", true), all("outer@far", false), all("inner@near", true)]);
    world.raise(id, "inner", "near", "qian", Value::Null).expect("raised");
    assert_eq!(names(&world), [all("@all", true), all("outer@far", false)]);
    assert_eq!(world.open(id), ["outer", "two"]);
    world.raise(id, "", "all", "qian", Value::Null).expect("raised");
    assert_eq!(world.outcome(id).as_deref(), Some("stopped"));
    assert_eq!(names(&world), []);
    assert_eq!(code(world.raise(id, "", "all", "qian", Value::Null)), "instance_ended");
}

#[test]
fn the_manager_of_somebody_raises_and_nobody_else() {
    let (mut world, id) = World::started(&adding("").replace("[ manager ]", "{ manager_of: =initiator }"));
    assert_eq!(code(world.raise(id, "", "add", "qian", Value::Null)), "not_candidate");
    world.raise(id, "", "add", "zhao", Value::Null).expect("li's manager");
}
