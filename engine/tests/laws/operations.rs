//! What operators do with a whole instance: suspending and resuming, mending, skipping, moving; and quarantine.

use countersign_engine::command::{Action, Actor, Command, JobResult};
use countersign_engine::event::{Event, FieldWrite};
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::operate::{Operation, Spot, TimersOnResume, targets};
use countersign_engine::project::{InstanceStatus, TaskStatus};
use countersign_engine::rejection::Rejection;
use countersign_engine::value::Value;

use crate::driver::{DAY, HOUR, World};
use crate::inputs::{input, task, value};

impl World {
    pub(crate) fn operate(&mut self, id: InstanceId, who: &str, what: Operation) -> Result<(), Rejection> {
        self.act(id, who, Action::Operate { what, reason: "so".into() })
    }

    pub(crate) fn suspend(&mut self, id: InstanceId) -> Result<(), Rejection> {
        self.operate(id, "admin", Operation::Suspend)
    }

    pub(crate) fn resume(&mut self, id: InstanceId) -> Result<(), Rejection> {
        self.operate(id, "admin", Operation::Resume { timers: None })
    }

    fn at(&self, id: InstanceId, step: &str) -> Spot {
        Spot::Run { run: self.run(id, step) }
    }

    fn fix(&mut self, id: InstanceId, path: &[&str], value: Value) -> Result<(), Rejection> {
        let path = path.iter().map(|part| (*part).into()).collect();
        self.operate(id, "admin", Operation::Fix { writes: vec![FieldWrite { path, value }] })
    }

    fn skip(&mut self, id: InstanceId, step: &str, outcome: &str) -> Result<(), Rejection> {
        let at = self.at(id, step);
        self.operate(id, "admin", Operation::Skip { at, outcome: Some(outcome.into()), output: Value::Null })
    }

    fn shift(&mut self, id: InstanceId, from: &str, to: &str) -> Result<(), Rejection> {
        let at = self.at(id, from);
        self.operate(id, "admin", Operation::Move { at, to: to.into() })
    }
}

#[test]
fn a_suspended_instance_s_tasks_are_frozen_and_say_who_stopped_it_and_why() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    world.suspend(id).expect("suspended");
    assert_eq!(world.state(id).status(), InstanceStatus::Suspended);
    let refused = world.complete(id, "one", "li", "done").expect_err("frozen");
    assert_eq!(refused.code(), "suspended");
    assert!(refused.to_string().contains("admin") && refused.to_string().contains("so"), "{refused}");
    let work = world.work(id, "one");
    assert_eq!(world.act(id, "li", Action::Claim { work }).expect_err("frozen").code(), "suspended");
    assert_eq!(world.task_status(id, work), TaskStatus::Open, "it stays in its inbox");
    assert_eq!(world.suspend(id).expect_err("twice").code(), "suspended");
    world.resume(id).expect("resumed");
    assert_eq!(world.state(id).status(), InstanceStatus::Running);
    assert_eq!(world.resume(id).expect_err("twice").code(), "not_suspended");
    world.complete(id, "one", "li", "done").expect("done");
}

#[test]
fn an_operation_needs_the_owner_s_role_and_a_reason() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    assert_eq!(world.operate(id, "li", Operation::Suspend).expect_err("a clerk").code(), "forbidden");
    let action = Action::Operate { what: Operation::Suspend, reason: " ".into() };
    assert_eq!(world.act(id, "admin", action).expect_err("no reason").code(), "reason_required");
    let bug = Operation::Quarantine { why: "x".into(), command: Value::Null };
    assert_eq!(world.operate(id, "admin", bug).expect_err("the platform's").code(), "forbidden");
}

fn waiting(policy: &str) -> (World, InstanceId) {
    let steps = format!(
        "late: {{ usual: [ {{ at: due, tell: boss }} ] }}\n{policy}steps:\n  - id: both\n    parallel:\n      \
         slow: [ {{ id: two_days, wait: 2 days }} ]\n      work: [ {{ id: do_it, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, due: 1 days }} ]\n"
    );
    World::started(&steps)
}

#[test]
fn timers_that_come_due_while_it_is_suspended_fire_on_resuming() {
    let (mut world, id) = waiting("");
    world.suspend(id).expect("suspended");
    world.wait(5 * DAY);
    assert_eq!(world.open(id), ["both", "do_it", "two_days"]);
    world.resume(id).expect("resumed");
    world.wait(1);
    assert_eq!(world.open(id), ["both", "do_it"]);
    assert_eq!(world.count(id, |event| matches!(event, Event::Reminded { .. })), 1);
}

#[test]
fn timers_and_due_dates_shift_by_as_long_as_it_was_suspended() {
    let (mut world, id) = waiting("policy: { suspended_timers: shift }\n");
    let start = world.now;
    world.wait(HOUR);
    world.suspend(id).expect("suspended");
    world.wait(5 * DAY);
    world.resume(id).expect("resumed");
    let due = world.state(id).work(world.work(id, "do_it")).and_then(|(_, work)| work.task().due);
    assert_eq!(due, Some(start.plus_micros(6 * DAY)));
    world.wait(2 * DAY - HOUR - 1);
    assert_eq!(world.open(id), ["both", "do_it", "two_days"]);
    world.wait(1);
    assert_eq!(world.open(id), ["both", "do_it"]);
}

#[test]
fn skipped_timers_tell_nobody_but_what_the_flow_waits_for_fires() {
    let (mut world, id) = waiting("");
    world.suspend(id).expect("suspended");
    world.wait(5 * DAY);
    world.operate(id, "admin", Operation::Resume { timers: Some(TimersOnResume::Skip) }).expect("resumed");
    world.wait(1);
    assert_eq!(world.open(id), ["both", "do_it"]);
    assert_eq!(world.count(id, |event| matches!(event, Event::Reminded { .. })), 0);
}

#[test]
fn messages_are_buffered_while_it_is_suspended_and_their_time_runs() {
    for (message, hours, arrives) in [("paid", 2, true), ("moved", 2, false)] {
        let steps = format!("steps:\n  - {{ id: hear, wait: {{ message: {message}, match: {{ order: o1 }} }} }}\n");
        let (mut world, id) = World::started(&steps);
        world.suspend(id).expect("suspended");
        world.publish(message, "m1", "o1", 2);
        assert_eq!(world.open(id), ["hear"], "it is not heard");
        world.wait(hours * HOUR);
        world.resume(id).expect("resumed");
        assert_eq!(world.state(id).is_live(), !arrives, "{message}");
    }
}

#[test]
fn a_message_given_back_goes_to_another_who_waits() {
    let steps = "steps:\n  - { id: hear, wait: { message: paid, match: { order: =input.order } } }\n";
    let (mut world, first) = World::started(steps);
    world.suspend(first).expect("suspended");
    let second = world.start("test", input(0, 0)).expect("another");
    world.publish("paid", "m1", "o1", 2);
    assert!(!world.state(second).is_live() && world.state(first).is_live());
    world.resume(first).expect("resumed");
    world.publish("paid", "m2", "o1", 2);
    assert!(!world.state(first).is_live(), "it asks again");
}

#[test]
fn a_running_job_may_finish_and_its_result_is_taken_on_resuming() {
    let steps = "steps:\n  - { id: far, call: test.remote, with: { value: 1 } }\n";
    for good in [true, false] {
        let (mut world, id) = World::started(steps);
        let job = world.jobs(id).remove(0);
        world.suspend(id).expect("suspended");
        let result = match good {
            true => JobResult::Succeeded { output: value(2) },
            false => JobResult::Failed { failure: crate::inputs::failed("REFUSED", false) },
        };
        world.finish_job(id, &job, result.clone()).expect("taken");
        assert!(world.jobs(id).is_empty(), "nobody does it again");
        assert_eq!(world.finish_job(id, &job, result).expect_err("once").code(), "gone");
        assert_eq!(world.open(id), ["far"], "nothing goes on");
        world.resume(id).expect("resumed");
        match good {
            true => assert_eq!(world.outcome(id).as_deref(), Some("completed")),
            false => assert_eq!(world.incidents(id), [IncidentCode::ActivityFailed]),
        }
    }
}

#[test]
fn a_child_that_ends_while_its_caller_is_suspended_is_taken_on_resuming() {
    let below = crate::inputs::process("below", &format!("steps:\n  - {}\n", task("inside")));
    let steps = "steps:\n  - { id: child, run: below, with: { order: x, items: [] } }\n";
    let mut world = World::new(&[crate::inputs::process("test", steps), below]);
    let id = world.start("test", input(0, 0)).expect("it starts");
    let child = *world.instances.keys().find(|other| **other != id).expect("a child");
    world.suspend(id).expect("suspended");
    world.complete(child, "inside", "li", "done").expect("a child is not suspended with its caller");
    assert!(world.state(id).is_live());
    world.resume(id).expect("resumed");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn a_parked_result_for_what_was_moved_away_meanwhile_is_dropped() {
    let steps = format!("steps:\n  - {}\n  - {{ id: far, call: test.remote, with: {{ value: 1 }} }}\n", task("one"));
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    let job = world.jobs(id).remove(0);
    world.suspend(id).expect("suspended");
    world.finish_job(id, &job, JobResult::Succeeded { output: value(2) }).expect("parked");
    world.shift(id, "far", "one").expect("moved");
    world.resume(id).expect("resumed");
    assert_eq!(world.open(id), ["one"]);
}

#[test]
fn a_suspended_instance_can_be_cancelled() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    world.suspend(id).expect("suspended");
    world.act(id, "admin", Action::Cancel { reason: "enough".into() }).expect("cancelled");
    assert_eq!(world.state(id).status(), InstanceStatus::Cancelled);
}

#[test]
fn a_quarantined_instance_keeps_the_command_and_goes_on_after_repair() {
    let steps = "steps:\n  - { id: hear, wait: { message: paid, match: { order: o1 } } }\n";
    let (mut world, id) = World::started(steps);
    let what = Operation::Quarantine { why: "index out of bounds".into(), command: Value::from("deliver") };
    let action = Action::Operate { what, reason: "a bug".into() };
    world.submit(id, Command { actor: Actor::System, action }).expect("put aside");
    assert_eq!(world.state(id).status(), InstanceStatus::Quarantined);
    world.publish("paid", "m1", "o1", 1);
    world.restart();
    assert_eq!(world.open(id), ["hear"]);
    let work = countersign_engine::command::WorkId { run: world.run(id, "hear"), seat: 0 };
    assert_eq!(world.act(id, "li", Action::Claim { work }).expect_err("aside").code(), "quarantined");
    world.resume(id).expect("released");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"), "the message was kept");
}

#[test]
fn fixed_data_is_typed_and_keeps_what_was_before() {
    let steps = format!(
        "data: {{ num: {{ type: integer 1..9, initial: 3 }}, plan: {{ record: {{ text: string }} }} }}\nsteps:\n  - {}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    for (path, value) in [
        (&["num"][..], Value::from("five")),
        (&["num"], Value::Int(10)),
        (&["nothing"], Value::Int(1)),
        (&["plan", "nothing"], Value::Int(1)),
    ] {
        assert_eq!(world.fix(id, path, value).expect_err("it does not fit").code(), "invalid_input");
    }
    world.fix(id, &["num"], Value::Int(5)).expect("fixed");
    world.fix(id, &["plan", "text"], Value::from("new")).expect("fixed");
    assert_eq!(world.data(id, "num"), Value::Int(5));
    let before = world.events(id).find_map(|event| match event {
        Event::DataFixed { changes, .. } => Some(changes[0].before.clone()),
        _ => None,
    });
    assert_eq!(before, Some(Value::Int(3)));
    let versions = world.versions(id);
    world.fix(id, &["num"], Value::Int(5)).expect("as it is");
    assert_eq!(world.versions(id), versions, "what is so already is not recorded");
}

#[test]
fn a_skipped_step_leaves_by_the_given_outcome_and_the_operator_counts_as_having_acted() {
    let steps = format!(
        "steps:\n  - {{ id: one, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ end: refused }} }} }}\n  \
         - {{ id: check, task: {{ title: {{ zh: 查, en: Check }}, to: {{ role: admin }}, not: [ one ] }} }}\n  - {}\n",
        task("last")
    );
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "one");
    assert_eq!(world.skip(id, "one", "perhaps").expect_err("no outcome").code(), "unknown_outcome");
    world.skip(id, "one", "good").expect("skipped");
    assert_eq!(world.task_status(id, work), TaskStatus::Withdrawn, "nobody completed it");
    let refused = world.complete(id, "check", "admin", "done").expect_err("they decided the step before");
    assert_eq!(refused.code(), "separation_of_duties");
    world.skip(id, "check", "done").expect("skipped");
    assert_eq!(world.open(id), ["last"]);
}

#[test]
fn a_step_that_cannot_be_entered_can_be_skipped() {
    let steps = format!(
        "data: {{ num: decimal }}\nsteps:\n  - {{ id: broken, set: {{ num: =10 / input.a }} }}\n  - {}\n",
        task("last")
    );
    let (mut world, id) = World::started(&steps);
    let incident = world.state(id).open_incidents().next().expect("an incident").id();
    let what = Operation::Skip { at: Spot::Incident { incident }, outcome: None, output: Value::Null };
    world.operate(id, "admin", what).expect("skipped");
    assert_eq!(world.open(id), ["last"]);
    assert!(world.incidents(id).is_empty());
}

#[test]
fn a_move_goes_forward_and_back_in_the_lists_around_and_says_why_not_elsewhere() {
    let steps = format!(
        "steps:\n  - {}\n  - id: both\n    parallel:\n      left: [ {}, {} ]\n      right: [ {} ]\n  - {}\n  - {}\n",
        task("one"),
        task("two"),
        task("three"),
        task("four"),
        task("five"),
        task("six"),
    );
    let (mut world, id) = World::started(&steps);
    let illegal = world.shift(id, "one", "two").expect_err("into the middle of a block");
    assert_eq!(illegal.code(), "not_legal");
    assert!(illegal.to_string().contains("move to `both`"), "{illegal}");
    world.shift(id, "one", "both").expect("forward");
    assert_eq!(world.open(id), ["both", "four", "two"]);
    world.shift(id, "two", "three").expect("inside the branch");
    assert_eq!(world.open(id), ["both", "four", "three"]);
    let state = world.state(id);
    let all = targets(&world.instances[&id].definition, state, world.at(id, "three")).expect("targets");
    let legal: Vec<&str> = all.iter().filter(|one| one.why_not.is_none()).map(|one| one.step.as_ref()).collect();
    assert_eq!(legal, ["one", "both", "two", "three", "five", "six"]);
    world.shift(id, "three", "six").expect("out of the block");
    assert_eq!(world.open(id), ["six"]);
    world.shift(id, "six", "one").expect("back");
    assert_eq!(world.open(id), ["one"]);
}

#[test]
fn giving_up_much_is_a_sweep_of_bounded_transitions_in_which_nothing_inside_answers() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id, at_once: 1000 }}\n    steps:\n      - {}\n",
        task("do_it")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 1000));
    let widest = world.instances[&id].rows.iter().map(|row| row.events.len()).max().expect("rows");
    assert!(widest <= 2_000, "a fan-out opened {widest} at once");
    assert_eq!(world.open(id).len(), 1001);
    let work = world.item_work(id, "do_it", "i1000");
    let cancel = Command { actor: Actor::person("admin"), action: Action::Cancel { reason: "enough".into() } };
    world.decide(id, cancel).expect("cancelling");
    assert_eq!(world.state(id).status(), InstanceStatus::Cancelling);
    let late = Command { actor: Actor::person("li"), action: Action::Complete(crate::inputs::complete(work, "done")) };
    assert_eq!(world.decide(id, late).expect_err("it is being closed").code(), "gone");
    world.settle();
    assert_eq!(world.state(id).status(), InstanceStatus::Cancelled);
    let widest = world.instances[&id].rows.iter().map(|row| row.events.len()).max().expect("rows");
    assert!(widest <= 2_000, "a transition of {widest} events");
    world.restart();
}

#[test]
fn a_cancel_pre_empts_a_fan_out_that_is_still_growing() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id, at_once: 5000 }}\n    steps:\n      - {}\n",
        task("do_it")
    );
    let mut world = World::new(&[crate::inputs::process("test", &steps)]);
    let id = world.fresh_id();
    let definition = world.definitions["test"].clone();
    let start = countersign_engine::command::Start {
        process: definition.process.clone(),
        release: definition.release,
        input: input(0, 5000),
        cause: countersign_engine::command::Cause::Person,
        signature: None,
    };
    world.decide(id, Command { actor: Actor::person("li"), action: Action::Start(start) }).expect("started");
    let cancel = Command { actor: Actor::person("admin"), action: Action::Cancel { reason: "enough".into() } };
    world.decide(id, cancel).expect("cancelling");
    world.settle();
    let opened = world.count(id, |event| matches!(event, Event::ScopeOpened { .. }));
    assert!(opened < 1_000, "{opened} of 5000 items were opened all the same");
    assert_eq!(world.state(id).status(), InstanceStatus::Cancelled);
}

#[test]
fn a_jump_out_of_a_large_block_goes_on_before_the_block_is_closed() {
    let steps = format!(
        "steps:\n  - {}\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id, at_once: 1000, join: any }}\n    steps:\n      - {}\n  - {}\n",
        task("one"),
        task("do_it"),
        task("last")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 400));
    world.complete(id, "one", "li", "done").expect("done");
    let (first, other) = (world.item_work(id, "do_it", "i1"), world.item_work(id, "do_it", "i2"));
    world.complete_work(id, first, Actor::person("li"), "done").expect("one is enough");
    assert_eq!(world.open(id), ["last"]);
    assert_eq!(world.task_status(id, other), TaskStatus::Withdrawn);
    assert_eq!(world.complete_work(id, other, Actor::person("li"), "done").expect_err("late").code(), "gone");
}
