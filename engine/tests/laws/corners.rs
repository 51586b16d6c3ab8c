//! Corner cases that belong to no one feature, and commands that race: every order of them is tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_engine::command::{Action, Actor, WorkId};
use countersign_engine::event::Event;
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::language::check;
use countersign_engine::language::definition::Definition;
use countersign_engine::language::release::collect;
use countersign_engine::time::Timestamp;
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::{input, process, task};

/// One command of a race: what it does, and whether it was accepted.
type Move<'m> = (&'m str, &'m dyn Fn(&mut World, InstanceId) -> bool);

/// Plays the moves in every order, each time in a world of its own; `judge` hears the order in which they were accepted.
fn in_every_order(
    begin: impl Fn() -> (World, InstanceId),
    moves: &[Move<'_>],
    judge: impl Fn(&World, InstanceId, &[&str]),
) {
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in moves {
        let longer = |order: &Vec<usize>| {
            let rest = (0..moves.len()).filter(|place| !order.contains(place)).collect::<Vec<_>>();
            rest.into_iter().map(|place| [order.as_slice(), &[place]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    assert_eq!(orders.len(), (1..=moves.len()).product::<usize>());
    for order in orders {
        let (mut world, id) = begin();
        let mut accepted = Vec::new();
        for place in order {
            let (name, act) = moves[place];
            if act(&mut world, id) {
                accepted.push(name);
            }
        }
        judge(&world, id, &accepted);
        world.redecide_all();
    }
}

fn done(world: &mut World, id: InstanceId, work: WorkId) -> bool {
    world.complete_work(id, work, Actor::person("li"), "done").is_ok()
}

#[test]
fn a_withdrawn_branch_counts_as_ended_and_the_join_decides_at_once() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {} ]\n      right:\n        - id: two\n          \
         task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n          \
         events: {{ stop: {{ message: moved, match: {{ order: o1 }}, instead: [] }} }}\n  - {}\n",
        task("one"),
        task("next")
    );
    let begin = || World::started(&steps);
    let one = |world: &mut World, id: InstanceId| world.complete(id, "one", "li", "done").is_ok();
    let two = |world: &mut World, id: InstanceId| {
        world.open(id).contains(&"two".to_owned()) && world.complete(id, "two", "li", "done").is_ok()
    };
    let stop = |world: &mut World, _: InstanceId| {
        let waited = !world.waiters.is_empty();
        world.publish("moved", "m1", "o1", 1);
        waited
    };
    in_every_order(begin, &[("one", &one), ("two", &two), ("stop", &stop)], |world, id, accepted| {
        assert_eq!(world.open(id), ["next"], "{accepted:?}");
        assert!(accepted.contains(&"one"));
        let of_two = accepted.iter().filter(|name| matches!(**name, "two" | "stop")).count();
        assert_eq!(of_two, 1, "either it was done or it was withdrawn: {accepted:?}");
    });
}

#[test]
fn completion_cancel_and_deadline_race_and_the_first_is_the_one_that_counts() {
    let steps = format!(
        "steps:\n  - {{ id: do_it, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, due: 3 days, \
         outcomes: {{ done: next, late: {{ end: too_late }} }} }}\n  - {}\n",
        task("next")
    );
    let begin = || {
        let (mut world, id) = World::started(&steps);
        world.now = world.next_timer().expect("armed").2;
        (world, id)
    };
    let (first, id) = begin();
    let work = first.work(id, "do_it");
    let timer = first.next_timer().expect("armed").1;
    let complete = move |world: &mut World, id: InstanceId| done(world, id, work);
    let fire = move |world: &mut World, id: InstanceId| world.system(id, Action::FireTimer { timer }).is_ok();
    let cancel =
        |world: &mut World, id: InstanceId| world.act(id, "admin", Action::Cancel { reason: "over".into() }).is_ok();
    in_every_order(begin, &[("done", &complete), ("late", &fire), ("cancel", &cancel)], |world, id, accepted| {
        let left = world.outcome(id);
        match accepted {
            ["done", "cancel"] | ["cancel"] => {
                assert!(!world.state(id).is_live() && left.as_deref() != Some("too_late"))
            }
            ["late"] => assert_eq!(left.as_deref(), Some("too_late")),
            other => panic!("not an order of what can be: {other:?}"),
        }
        assert_eq!(world.next_timer(), None);
    });
}

#[test]
fn two_branches_and_an_end_race_and_nothing_is_left_open() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {}, {{ id: over, end: early }} ]\n      right: [ {} ]\n    join: any\n    rest: cancel\n  - {}\n",
        task("one"),
        task("two"),
        task("next")
    );
    let begin = || World::started(&steps);
    let (first, id) = begin();
    let (one, two) = (first.work(id, "one"), first.work(id, "two"));
    let left = move |world: &mut World, id: InstanceId| done(world, id, one);
    let right = move |world: &mut World, id: InstanceId| done(world, id, two);
    in_every_order(begin, &[("one", &left), ("two", &right)], |world, id, accepted| match accepted {
        ["one"] => assert_eq!((world.outcome(id).as_deref(), world.open(id).len()), (Some("early"), 0)),
        ["two"] => assert_eq!(world.open(id), ["next"]),
        other => panic!("the second is gone: {other:?}"),
    });
}

/// A process with files of its own beside the usual ones.
fn with_files(name: &str, rest: &str, files: &[(&str, &str)]) -> Arc<Definition> {
    let yaml = crate::inputs::yaml(name, rest);
    let mut folder = BTreeMap::from([("process.yaml".to_owned(), yaml.into_bytes())]);
    folder.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    let checked = check(&collect(&folder, &BTreeMap::new()));
    let found: Vec<_> = checked.diagnostics.iter().map(|found| found.message.en.to_string()).collect();
    Arc::new(checked.definition.unwrap_or_else(|| panic!("{found:?}")))
}

#[test]
fn a_script_that_fails_or_takes_too_long_is_an_incident_and_writes_nothing() {
    for body in ["fn run(input) { #{ num: 1 / input.x } }", "fn run(input) { let n = 0; loop { n += 1; } #{ num: n } }"]
    {
        let steps = format!(
            "data: {{ num: {{ type: integer, initial: 7 }}, other: {{ type: integer, initial: 8 }} }}\nsteps:\n  \
             - {{ id: compute, script: total, with: {{ x: =input.a }}, into: {{ num: num, other: num }} }}\n  - {}\n",
            task("next")
        );
        let mut world = World::new(&[with_files("test", &steps, &[("scripts/total.rhai", body)])]);
        let id = world.start("test", input(0, 0)).expect("it starts");
        assert_eq!(world.incidents(id), [IncidentCode::ScriptFailed], "{body}");
        assert_eq!((world.data(id, "num"), world.data(id, "other")), (Value::Int(7), Value::Int(8)));
    }
}

const CALENDAR: &str = "calendar: plant\nzone: Asia/Shanghai\nversion: VERSION\nweek:\n  monday: [ \"08:00-16:00\" ]\n  \
    tuesday: [ \"08:00-16:00\" ]\n  wednesday: [ \"08:00-16:00\" ]\n  thursday: [ \"08:00-16:00\" ]\n  friday: [ \"08:00-16:00\" ]\n\
    holidays: [ HOLIDAYS ]\n";

#[test]
fn a_later_edit_of_a_calendar_moves_no_deadline_that_runs() {
    let steps = "calendar: plant\nsteps:\n  - { id: do_it, task: { title: { zh: 做, en: Do }, to: { role: clerk } }, due: 2 business days, \
        outcomes: { done: next, late: { end: too_late } } }\n";
    let calendar = |version: &str, holidays: &str| CALENDAR.replace("VERSION", version).replace("HOLIDAYS", holidays);
    let of = |text: &str| with_files("test", steps, &[("calendars/plant.calendar.yaml", text)]);
    let mut world = World::new(&[of(&calendar("one", "\"2026-01-01\""))]);
    let before = world.start("test", input(0, 0)).expect("it starts");
    let due = world.next_timer().expect("armed").2;
    // The day after is made a holiday; what has begun keeps its calendar, what begins now has the new one.
    let edited = of(&calendar("two", "\"2026-01-01\", \"2026-03-03\""));
    world.definitions.insert("test".into(), edited);
    let after = world.start("test", input(0, 0)).expect("it starts");
    let dues: Vec<(InstanceId, Timestamp)> = world.tables.timers.values().map(|row| (row.instance, row.due)).collect();
    assert!(dues.contains(&(before, due)), "{dues:?}");
    let later = dues.iter().find(|(id, _)| *id == after).expect("armed").1;
    assert_eq!(later, due.plus_micros(DAY));
    world.now = due;
    world.restart();
    let timer = world.next_timer().expect("armed").1;
    world.system(before, Action::FireTimer { timer }).expect("it is due");
    assert_eq!(world.outcome(before).as_deref(), Some("too_late"));
}

#[test]
fn an_instance_keeps_its_release_when_another_is_deployed_in_between() {
    let mut world =
        World::new(&[process("test", &format!("steps:\n  - {}\n  - {{ id: over, end: old }}\n", task("one")))]);
    let id = world.start("test", input(0, 0)).expect("it starts");
    let newer = process("test", &format!("steps:\n  - {}\n  - {{ id: over, end: new }}\n", task("other")));
    assert_ne!(newer.release, world.state(id).release());
    world.definitions.insert("test".into(), newer);
    world.restart();
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("old"));
    let id = world.start("test", input(0, 0)).expect("it starts");
    world.complete(id, "other", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("new"));
}

#[test]
fn a_loop_of_people_for_years_costs_no_more_at_its_end_than_at_its_beginning() {
    let steps = format!(
        "steps:\n  - id: rounds\n    repeat: {{ every: 30 days, while: true }}\n    steps: [ {} ]\n",
        task("look")
    );
    let steps = steps.replace("while: true", "while: =input.a == 0");
    let (mut world, id) = World::started(&steps);
    let mut sizes = Vec::new();
    for _ in 0..150 {
        world.complete(id, "look", "li", "done").expect("done");
        world.wait(30 * DAY);
        sizes.push(serde_json::to_vec(world.state(id)).expect("a snapshot").len());
    }
    assert!(sizes[149] < sizes[9] + 200, "the state grows with its history: {} and {}", sizes[9], sizes[149]);
    let events = world.instances[&id].rows.iter().map(|row| row.events.len()).max();
    assert!(events.is_some_and(|most| most < 12), "a round costs more than a round: {events:?}");
    assert_eq!(world.count(id, |event| matches!(event, Event::IncidentRaised { .. })), 0);
    world.restart();
}
