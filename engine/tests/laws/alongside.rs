//! Lists that run beside the process's own steps, and how a process with them ends.

use countersign_engine::command::Action;
use countersign_engine::event::Event;
use countersign_engine::facts::ActivityResult;
use countersign_engine::incident::IncidentCode;
use countersign_engine::value::Value;

use crate::driver::{DAY, HOUR, World};
use crate::inputs::{failed, input, process, task};

/// Two tasks, the first with a milestone and a return from the second, and `more` of the process.
fn main_steps(more: &str) -> String {
    format!(
        "steps:\n  - {{ id: first, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, milestone: decided }}\n  \
         - id: second\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    outcomes: {{ good: {{ end: good }}, bad: {{ back_to: first }} }}\n{more}"
    )
}

fn fda(at_end: &str) -> String {
    format!(
        "alongside:\n  fda:\n    when: =reached(\"decided\") && input.a > 0\n    steps:\n      - {}\n      - {}\n{at_end}",
        task("file"),
        task("status")
    )
}

fn started(at_end: &str) -> (World, countersign_engine::id::InstanceId) {
    World::started_with(&main_steps(&fda(at_end)), input(1, 0))
}

#[test]
fn a_list_alongside_begins_when_its_condition_holds_and_once() {
    let (mut world, id) = started("");
    assert_eq!(world.open(id), ["first"]);
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["file", "second"]);
    world.complete(id, "second", "li", "bad").expect("back");
    assert_eq!(world.open(id), ["file", "first"], "a return does not touch it");
    world.complete(id, "file", "li", "done").expect("done");
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["second", "status"]);
    world.complete(id, "status", "li", "done").expect("done");
    world.complete(id, "second", "li", "bad").expect("back");
    assert_eq!(world.open(id), ["first"], "it is begun once");
    let (mut world, id) = World::started(&main_steps(&fda("")));
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["second"], "not for this one");
}

#[test]
fn a_list_without_a_condition_begins_with_the_process() {
    let (world, id) = World::started(&main_steps(&format!("alongside: {{ log: [ {} ] }}\n", task("keep"))));
    assert_eq!(world.open(id), ["first", "keep"]);
}

#[test]
fn an_end_waits_for_what_must_be_finished_alongside_and_keeps_its_outcome() {
    let (mut world, id) = started("");
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!((world.outcome(id), world.open(id)), (None, vec!["file".to_owned()]));
    assert_eq!(world.state(id).ending().map(AsRef::as_ref), Some("good"));
    world.restart();
    world.complete(id, "file", "li", "done").expect("done");
    assert_eq!(world.open(id), ["status"]);
    world.complete(id, "status", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("good"));
}

#[test]
fn what_is_withdrawn_at_the_end_is_given_up_or_left_out_and_what_is_finished_goes_on() {
    let (mut world, id) = started("    at_end: { status: withdraw }\n");
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!(world.open(id), ["file"]);
    world.complete(id, "file", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("good"), "status is left out");
    // The step to withdraw is open, and one that must be done follows.
    let (mut world, id) = started("    at_end: { file: withdraw }\n");
    world.complete(id, "first", "li", "done").expect("done");
    let work = world.work(id, "file");
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!(world.open(id), ["status"]);
    assert_eq!(world.task_status(id, work), countersign_engine::project::TaskStatus::Withdrawn);
    // Nothing must be done: it ends at once.
    for at_end in ["    at_end: withdraw\n", "    at_end: { file: withdraw, status: withdraw }\n"] {
        let (mut world, id) = started(at_end);
        world.complete(id, "first", "li", "done").expect("done");
        world.complete(id, "second", "li", "good").expect("the end");
        assert_eq!(world.outcome(id).as_deref(), Some("good"), "{at_end}");
    }
}

#[test]
fn what_must_be_done_begins_even_when_the_end_comes_in_the_same_moment() {
    let steps = format!(
        "steps:\n  - {{ id: go, set: {{ num: 1 }}, milestone: decided }}\n  - {{ id: over, end: done }}\ndata: {{ num: {{ type: integer, initial: 0 }} }}\n{}",
        fda("")
    );
    let (mut world, id) = World::started_with(&steps, input(1, 0));
    assert_eq!((world.outcome(id), world.open(id)), (None, vec!["file".to_owned()]));
    world.complete(id, "file", "li", "done").expect("done");
    world.complete(id, "status", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("done"));
}

#[test]
fn while_it_is_ending_nothing_happens_to_the_process_itself() {
    let events = format!(
        "events:\n  more: {{ by: [ manager ], steps: [ {} ] }}\n  heard: {{ message: paid, match: {{ order: o1 }}, steps: [ {} ] }}\n  old: {{ after: 9 days, steps: [ {} ] }}\n  any: {{ error: any, instead: [ {} ] }}\n",
        task("added"),
        task("noted"),
        task("aged"),
        task("caught")
    );
    let (mut world, id) = World::started_with(&main_steps(&format!("{}{events}", fda(""))), input(1, 0));
    world.raise(id, "", "more", "qian", Value::Null).expect("raised");
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["added", "file", "second"]);
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!(world.open(id), ["file"], "open steps of events are withdrawn");
    assert_eq!((world.next_timer(), world.state(id).subscribed().count()), (None, 0), "it listens no longer");
    let refused = world.raise(id, "", "more", "qian", Value::Null).expect_err("it is ending");
    assert_eq!(refused.code(), "gone");
}

#[test]
fn cancelling_overrides_what_must_be_finished() {
    for ending in [false, true] {
        let (mut world, id) = started("");
        world.complete(id, "first", "li", "done").expect("done");
        if ending {
            world.complete(id, "second", "li", "good").expect("the end");
        }
        world.act(id, "admin", Action::Cancel { reason: "enough".into(), undo: false }).expect("cancelled");
        assert_eq!(world.outcome(id).as_deref(), Some("cancelled"));
    }
}

#[test]
fn an_event_in_the_process_s_place_leaves_what_runs_alongside() {
    let events = "events: { stop: { by: [ manager ], instead: [ { id: over, end: stopped } ] } }\n";
    let (mut world, id) = World::started_with(&main_steps(&format!("{}{events}", fda(""))), input(1, 0));
    world.complete(id, "first", "li", "done").expect("done");
    world.raise(id, "", "stop", "qian", Value::Null).expect("raised");
    assert_eq!(world.open(id), ["file"]);
    world.complete(id, "file", "li", "done").expect("done");
    world.complete(id, "status", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("stopped"));
}

#[test]
fn an_end_inside_a_list_alongside_ends_the_process_but_first_what_the_others_must_finish() {
    let steps = main_steps(&format!(
        "alongside:\n  one: [ {}, {{ id: over, end: by_one }} ]\n  two: [ {}, {{ id: late, end: by_two }} ]\n",
        task("a"),
        task("b")
    ));
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.open(id), ["a", "b", "first"]);
    world.complete(id, "a", "li", "done").expect("done");
    assert_eq!((world.open(id), world.outcome(id)), (vec!["b".to_owned()], None));
    world.complete(id, "b", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("by_one"), "it was decided before");
}

#[test]
fn an_error_in_a_list_alongside_that_the_process_takes_in_its_own_place_ends_that_list() {
    let steps = main_steps(&format!(
        "alongside:\n  bad: [ {}, {{ id: echo, call: test.echo, with: {{ value: 1 }} }} ]\n  good: [ {} ]\nevents: {{ caught: {{ error: REFUSED, instead: [ {} ] }} }}\n",
        task("a"),
        task("b"),
        task("mend")
    ));
    let (mut world, id) = World::started(&steps);
    world.queue("test.echo", ActivityResult::Failed { failure: failed("REFUSED", false) });
    world.complete(id, "a", "li", "done").expect("done");
    assert_eq!(world.open(id), ["b", "mend"]);
    world.complete(id, "mend", "li", "done").expect("done");
    world.complete(id, "b", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("caught"));
}

#[test]
fn an_incident_alongside_holds_the_end_until_it_is_dealt_with() {
    let steps = main_steps("alongside:\n  one: [ { id: stop, fail: BROKEN } ]\n");
    let (mut world, id) = World::started(&steps);
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!((world.outcome(id), world.incidents(id)), (None, vec![IncidentCode::UnhandledError]));
}

#[test]
fn a_condition_that_cannot_be_judged_is_one_incident_and_at_the_end_it_holds_the_end() {
    let steps = main_steps(&format!("alongside: {{ one: {{ when: =10 / input.a > 1, steps: [ {} ] }} }}\n", task("x")));
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.incidents(id), [IncidentCode::ExpressionFailed]);
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.incidents(id).len(), 1);
    // Whether a duty exists is not known: the process does not end as if there were none.
    let _ = world.complete(id, "second", "li", "good");
    assert!(world.state(id).is_live());
    assert!(!world.incidents(id).is_empty());
}

#[test]
fn a_repeated_duty_that_is_withdrawn_at_the_end_does_not_keep_the_process_open() {
    let steps = main_steps(&format!(
        "alongside:\n  log:\n    steps:\n      - {}\n      - {{ id: status, repeat: {{ every: 1 days }}, steps: [ {} ] }}\n    at_end: {{ status: withdraw }}\n",
        task("file"),
        task("report")
    ));
    let (mut world, id) = World::started(&steps);
    world.complete(id, "file", "li", "done").expect("done");
    world.complete(id, "report", "li", "done").expect("done");
    world.wait(DAY + HOUR);
    assert_eq!(world.open(id), ["first", "report", "status"]);
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "good").expect("the end");
    assert_eq!(world.outcome(id).as_deref(), Some("good"));
}

#[test]
fn a_caller_hears_of_the_end_only_when_what_must_be_done_is_done() {
    let child = format!("steps:\n  - {}\nalongside: {{ duty: [ {} ] }}\n", task("inside"), task("file"));
    let parent =
        format!("steps:\n  - {{ id: child, run: below, with: {{ order: x, items: [] }} }}\n  - {}\n", task("next"));
    let mut world = World::new(&[process("below", &child), process("test", &parent)]);
    let id = world.start("test", input(0, 0)).expect("it starts");
    let below = *world.instances.keys().find(|one| **one != id).expect("a child");
    world.complete(below, "inside", "li", "done").expect("done");
    assert_eq!(world.open(id), ["child"]);
    world.complete(below, "file", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn the_end_is_decided_once() {
    let (mut world, id) = started("");
    world.complete(id, "first", "li", "done").expect("done");
    world.complete(id, "second", "li", "good").expect("the end");
    world.complete(id, "file", "li", "done").expect("done");
    world.complete(id, "status", "li", "done").expect("done");
    let ends = |event: &Event| matches!(event, Event::Ending { .. } | Event::Ended { .. });
    assert_eq!(world.count(id, ends), 2);
}
