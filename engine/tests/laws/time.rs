//! Waits, deadlines and what rings on the way.

use countersign_engine::command::Action;
use countersign_engine::event::Event;
use countersign_engine::value::Value;

use crate::driver::{DAY, HOUR, World};
use crate::inputs::task;

#[test]
fn a_wait_is_over_at_its_moment_and_not_before() {
    let (mut world, id) = World::started(&format!("steps:\n  - {{ id: pause, wait: 2 days }}\n  - {}\n", task("next")));
    let (_, timer, _) = world.next_timer().expect("armed");
    let early = world.system(id, Action::FireTimer { timer });
    assert_eq!(early.expect_err("too early").code(), "gone");
    world.wait(2 * DAY - 1);
    assert_eq!(world.open(id), ["pause"]);
    world.wait(1);
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.system(id, Action::FireTimer { timer }).expect_err("once").code(), "gone");
}

#[test]
fn a_timer_due_while_down_fires_once_with_both_moments_on_record() {
    let (mut world, id) = World::started(&format!("steps:\n  - {{ id: pause, wait: 2 days }}\n  - {}\n", task("next")));
    let (_, timer, due) = world.next_timer().expect("armed");
    world.now = world.now.plus_micros(30 * DAY);
    world.restart();
    world.system(id, Action::FireTimer { timer }).expect("late, but once");
    assert_eq!(world.count(id, |event| matches!(event, Event::TimerFired { due: at, .. } if *at == due)), 1);
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_deadline_with_a_way_out_takes_it_and_a_late_answer_is_gone() {
    let steps = "late: { usual: [ { at: 1 days before, tell: boss }, { at: due, tell: boss }, { at: 1 days after, tell: boss } ] }\nsteps:\n  \
                 - { id: do_it, task: { title: { zh: 做, en: Do }, to: { role: clerk } }, due: 3 days, outcomes: { done: next, late: { end: too_late } } }\n";
    let (mut world, id) = World::started(steps);
    let work = world.work(id, "do_it");
    world.wait(4 * DAY);
    assert_eq!(world.outcome(id).as_deref(), Some("too_late"));
    let late = world.complete_work(id, work, countersign_engine::command::Actor::person("li"), "done");
    assert_eq!(late.expect_err("it is over").code(), "instance_ended");
    let reminded = world.count(id, |event| matches!(event, Event::Reminded { .. }));
    assert!((1..=2).contains(&reminded), "{reminded}: nothing rings after the end");
    assert_eq!(world.next_timer(), None);
}

#[test]
fn boundary_timer_against_completion_in_both_orders() {
    let steps = format!(
        "steps:\n  - {{ id: do_it, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, due: 3 days, outcomes: {{ done: next, late: {{ end: too_late }} }} }}\n  - {}\n",
        task("next")
    );
    for person_first in [true, false] {
        let (mut world, id) = World::started(&steps);
        let (_, timer, due) = world.next_timer().expect("armed");
        world.now = due;
        if person_first {
            world.complete(id, "do_it", "li", "done").expect("in time");
            assert_eq!(world.system(id, Action::FireTimer { timer }).expect_err("disarmed").code(), "gone");
            assert_eq!(world.open(id), ["next"]);
        } else {
            world.system(id, Action::FireTimer { timer }).expect("fires");
            assert_eq!(world.outcome(id).as_deref(), Some("too_late"));
        }
    }
}

#[test]
fn reminders_ring_at_each_of_their_moments_beside_the_step() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: do_it\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    \
         events: {{ nudge: {{ after: [ 1 days, 2 days ], steps: [ {{ id: nudged, set: {{ num: =num + 1 }} }} ] }} }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.wait(5 * DAY);
    assert_eq!((world.data(id, "num"), world.open(id)), (Value::Int(2), vec!["do_it".to_owned()]));
    world.complete(id, "do_it", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn an_event_of_time_instead_gives_the_step_up_and_the_flow_goes_on_after_it() {
    let steps = format!(
        "steps:\n  - id: do_it\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    events: {{ over: {{ after: 1 days, instead: [ {} ] }} }}\n  - {}\n",
        task("escalated"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "do_it");
    world.wait(DAY);
    assert_eq!(world.open(id), ["escalated"]);
    let late = world.complete_work(id, work, countersign_engine::command::Actor::person("li"), "done");
    assert_eq!(late.expect_err("given up").code(), "gone");
    world.complete(id, "escalated", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn ends_step_means_that_the_event_s_steps_end_the_host() {
    let steps = format!(
        "steps:\n  - id: do_it\n    task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n    events: {{ over: {{ after: 1 days, ends_step: true, steps: [ {} ] }} }}\n  - {}\n",
        task("chased"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    world.wait(DAY);
    assert_eq!(world.open(id), ["chased", "do_it"]);
    world.complete(id, "chased", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_pause_lies_before_every_round_but_the_first() {
    let steps = format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - id: rounds\n    repeat: {{ until: =num >= 3, every: 1 hour, at_most: 9 }}\n    \
                         steps: [ {{ id: count, set: {{ num: =num + 1 }} }} ]\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    assert_eq!(world.data(id, "num"), Value::Int(1));
    world.wait(HOUR);
    assert_eq!(world.data(id, "num"), Value::Int(2));
    world.wait(HOUR);
    assert_eq!(world.open(id), ["next"]);
}

/// A part with a deadline of its own around a task with one.
fn nested(inner: &str, outer: &str) -> String {
    format!(
        "parts:\n  part:\n    - id: inner\n      task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}\n      due: {inner}\n      outcomes: {{ done: next, late: {{ end: inner_late }} }}\n\
         steps:\n  - id: outer\n    do: part\n    due: {outer}\n    outcomes: {{ late: {{ end: outer_late }} }}\n"
    )
}

#[test]
fn nested_deadlines_the_inner_has_no_longer_than_the_outer_and_at_the_same_moment_the_outer_wins() {
    for (inner, outer, wins) in
        [("10 days", "2 days", "outer_late"), ("2 days", "2 days", "outer_late"), ("1 days", "2 days", "inner_late")]
    {
        let (mut world, id) = World::started(&nested(inner, outer));
        let work = world.work(id, "outer.inner");
        let due = world.state(id).work(work).and_then(|(_, work)| work.task().due).expect("it is due");
        let days = if wins == "inner_late" { 1 } else { 2 };
        assert_eq!(due, world.now.plus_micros(days * DAY));
        world.wait(20 * DAY);
        assert_eq!(world.outcome(id).as_deref(), Some(wins));
    }
}

#[test]
fn whichever_of_two_timers_is_fired_first_the_outer_deadline_wins() {
    let (mut world, id) = World::started(&nested("2 days", "2 days"));
    let timers: Vec<_> = world.state(id).armed().iter().map(|timer| timer.id()).collect();
    world.now = world.now.plus_micros(2 * DAY);
    let inner = *timers.iter().max().expect("two are armed");
    world.system(id, countersign_engine::command::Action::FireTimer { timer: inner }).expect("it fires");
    assert_eq!(world.outcome(id).as_deref(), Some("outer_late"));
}
