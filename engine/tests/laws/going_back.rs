//! Returns that people choose, and what they take back: across branches, ballots and items, by one rule.

use countersign_engine::command::{Act, Action, Actor, Resume, WorkId};
use countersign_engine::event::{Event, Place};
use countersign_engine::id::InstanceId;
use countersign_engine::language::definition::Definition;
use countersign_engine::project::TaskStatus;
use countersign_engine::work::allowed_actions;

use crate::driver::World;
use crate::inputs::{input, process, task};

fn back(to: &str, resume: Resume) -> Act {
    Act::Return { to: to.into(), resume, reason: "the wrong lot".into() }
}

fn withdraw() -> Act {
    Act::Withdraw { reason: "too early".into() }
}

fn replay(to: &str) -> Act {
    back(to, Resume::Replay)
}

const BRANCHES: &str = "steps:\n  - { id: plan, task: { title: { zh: 拟, en: Plan }, to: { role: clerk } } }\n  - id: both\n    parallel:\n      \
     left:\n        - { id: make, task: { title: { zh: 做, en: Make }, to: { role: clerk } } }\n        - { id: look, task: { title: { zh: 看, en: Look }, to: { role: clerk } } }\n      \
     right: [ { id: vote, approve: { by: [ { role: manager }, { role: manager } ] }, outcomes: { rejected: next } } ]\n  - { id: next, task: { title: { zh: 后, en: Next }, to: { role: clerk } } }\n";

#[test]
fn a_return_within_a_branch_leaves_its_siblings_and_their_votes_alone() {
    let (mut world, id) = World::started(BRANCHES);
    world.complete(id, "plan", "li", "done").expect("done");
    world.vote(id, "vote", 0, "qian", true).expect("yes");
    world.complete(id, "make", "li", "done").expect("done");
    let look = world.work(id, "look");
    world.act_on(id, look, "wang", replay("make")).expect("returned");
    assert_eq!(world.open(id), ["both", "make", "vote"]);
    assert_eq!(world.holder(id, world.work(id, "make")).as_deref(), Some("li"), "whoever did it has it again");
    world.vote(id, "vote", 1, "sun", true).expect("the ballot went on");
    assert_eq!(world.open(id), ["both", "make"]);
}

#[test]
fn a_return_to_before_the_split_interrupts_every_branch_and_closes_the_ballot() {
    let (mut world, id) = World::started(BRANCHES);
    world.complete(id, "plan", "li", "done").expect("done");
    world.vote(id, "vote", 0, "qian", true).expect("yes");
    let (make, seat) = (world.work(id, "make"), WorkId { run: world.run(id, "vote"), seat: 1 });
    world.act_on(id, seat, "sun", replay("plan")).expect("a voter returns");
    assert_eq!(world.open(id), ["plan"]);
    assert_eq!(world.task_status(id, make), TaskStatus::Withdrawn);
    assert_eq!(world.task_status(id, seat), TaskStatus::Completed, "the one who returned has acted");
    assert_eq!(world.complete_work(id, seat, Actor::person("sun"), "approved").expect_err("closed").code(), "gone");
    world.complete(id, "plan", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "make", "vote"]);
    world.vote(id, "vote", 0, "qian", true).expect("earlier votes do not count");
    world.vote(id, "vote", 1, "sun", true).expect("yes");
}

#[test]
fn back_to_me_goes_on_at_the_step_that_returned_and_with_whoever_did() {
    let steps =
        format!("steps:\n  - {}\n  - {}\n  - {}\n  - {}\n", task("one"), task("two"), task("three"), task("four"));
    for (resume, expected) in [(Resume::Replay, "two"), (Resume::BackToMe, "three")] {
        let (mut world, id) = World::started(&steps);
        world.complete(id, "one", "li", "done").expect("done");
        world.complete(id, "two", "li", "done").expect("done");
        let work = world.work(id, "three");
        world.act_on(id, work, "wang", back("one", resume)).expect("returned");
        assert_eq!(world.open(id), ["one"]);
        world.complete(id, "one", "li", "done").expect("mended");
        assert_eq!(world.open(id), [expected]);
        if resume == Resume::BackToMe {
            assert_eq!(world.holder(id, world.work(id, "three")).as_deref(), Some("wang"));
            world.complete(id, "three", "wang", "done").expect("done");
            assert_eq!(world.open(id), ["four"], "only once");
        }
    }
}

#[test]
fn a_second_return_forgets_where_the_first_wanted_to_go_on() {
    let steps =
        format!("steps:\n  - {}\n  - {}\n  - {}\n  - {}\n", task("one"), task("two"), task("three"), task("four"));
    let (mut world, id) = World::started(&steps);
    for step in ["one", "two", "three"] {
        world.complete(id, step, "li", "done").expect("done");
    }
    let work = world.work(id, "four");
    world.act_on(id, work, "wang", back("two", Resume::BackToMe)).expect("returned");
    let work = world.work(id, "two");
    world.act_on(id, work, "li", replay("one")).expect("further back");
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.open(id), ["three"], "step by step");
}

#[test]
fn back_to_me_from_a_branch_enters_the_split_anew() {
    let (mut world, id) = World::started(BRANCHES);
    world.complete(id, "plan", "li", "done").expect("done");
    world.complete(id, "make", "li", "done").expect("done");
    let look = world.work(id, "look");
    world.act_on(id, look, "wang", back("plan", Resume::BackToMe)).expect("returned");
    world.complete(id, "plan", "li", "done").expect("done");
    assert_eq!(world.open(id), ["both", "make", "vote"]);
}

#[test]
fn a_return_inside_an_item_stays_inside_it_and_one_out_of_it_ends_them_all() {
    let steps = format!(
        "steps:\n  - {}\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n      - {}\n      - {}\n",
        task("plan"),
        task("make"),
        task("look")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 2));
    world.complete(id, "plan", "li", "done").expect("done");
    for item in ["i1", "i2"] {
        let work = world.item_work(id, "make", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("made");
    }
    let work = world.item_work(id, "look", "i1");
    world.act_on(id, work, "wang", replay("make")).expect("returned");
    assert_eq!(world.open(id), ["all", "look[i2]", "make[i1]"]);
    let work = world.item_work(id, "look", "i2");
    world.act_on(id, work, "wang", replay("plan")).expect("out of the item");
    assert_eq!(world.open(id), ["plan"]);
}

#[test]
fn only_steps_for_people_that_were_open_before_can_be_gone_back_to() {
    let steps = format!(
        "steps:\n  - {{ id: skipped, when: =input.a > 5, task: {{ title: {{ zh: 略, en: Skip }}, to: {{ role: clerk }} }} }}\n  - {}\n  \
         - {{ id: echo, call: test.echo, with: {{ value: 1 }} }}\n  - {}\n  - {}\n",
        task("one"),
        task("two"),
        task("three")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    let work = world.work(id, "two");
    for to in ["skipped", "echo", "two", "three", "nowhere"] {
        assert_eq!(world.act_on(id, work, "li", replay(to)).expect_err("no target").code(), "not_returnable", "{to}");
    }
    let silent = Act::Return { to: "one".into(), resume: Resume::Replay, reason: "".into() };
    assert_eq!(world.act_on(id, work, "li", silent).expect_err("why?").code(), "reason_required");
    assert_eq!(world.act_on(id, work, "qian", replay("one")).expect_err("no clerk").code(), "not_candidate");
    assert_eq!(targets(&world, id, work, &process("test", &steps)), ["one"]);
    world.act_on(id, work, "li", replay("one")).expect("returned");
    let (mut world, id) = World::started(&format!("policy: {{ returns: refuse }}\n{steps}"));
    world.complete(id, "one", "li", "done").expect("done");
    let work = world.work(id, "two");
    assert_eq!(world.act_on(id, work, "li", replay("one")).expect_err("the process's way").code(), "not_returnable");
}

fn targets(world: &World, id: InstanceId, work: WorkId, definition: &Definition) -> Vec<String> {
    let person = world.person(&"li".into()).expect("li");
    let actions =
        allowed_actions(definition, world.state(id), work, (&"li".into(), &person), &Default::default(), world.now);
    let back = actions.iter().find(|action| action.action == "return").expect("it is listed");
    back.targets.iter().map(ToString::to_string).collect()
}

#[test]
fn a_chosen_return_voids_the_votes_signatures_and_is_not_counted_as_the_process_s_jump() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: one, at_most: 1 }} }} }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    for _ in 0..3 {
        world.complete(id, "one", "li", "done").expect("done");
        let work = world.work(id, "look");
        world.act_on(id, work, "wang", replay("one")).expect("returned");
    }
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "look", "wang", "bad").expect("the first of the process's own");
    assert!(world.incidents(id).is_empty());
}

#[test]
fn the_bound_of_a_jump_inside_an_item_is_the_item_s() {
    let steps = format!(
        "steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n      - {}\n      \
         - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: make, at_most: 1 }} }} }}\n",
        task("make")
    );
    let (mut world, id) = World::started_with(&steps, input(0, 2));
    for item in ["i1", "i2"] {
        let work = world.item_work(id, "make", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("made");
        let work = world.item_work(id, "look", item);
        world.complete_work(id, work, Actor::person("li"), "bad").expect("returned");
    }
    assert!(world.incidents(id).is_empty(), "each item has its own count");
    let work = world.item_work(id, "make", "i1");
    world.complete_work(id, work, Actor::person("li"), "done").expect("made");
    let work = world.item_work(id, "look", "i1");
    world.complete_work(id, work, Actor::person("li"), "bad").expect("once too often");
    assert_eq!(world.incidents(id).len(), 1);
}

#[test]
fn one_s_own_completion_is_taken_back_while_nobody_has_acted_after_it() {
    let steps = format!("steps:\n  - {}\n  - {}\n  - {}\n", task("one"), task("two"), task("three"));
    let (mut world, id) = World::started(&steps);
    let one = world.work(id, "one");
    assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("it is open").code(), "acted_after");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.act_on(id, one, "wang", withdraw()).expect_err("another's").code(), "acted_after");
    let two = world.work(id, "two");
    world.act_on(id, one, "li", withdraw()).expect("taken back");
    assert_eq!(world.open(id), ["one"]);
    assert_eq!(world.holder(id, world.work(id, "one")).as_deref(), Some("li"));
    assert_eq!(world.task_status(id, two), TaskStatus::Withdrawn);
    assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("once").code(), "acted_after");
    let one = world.work(id, "one");
    world.complete(id, "one", "li", "done").expect("done again");
    world.complete(id, "two", "wang", "done").expect("somebody acted");
    assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("too late").code(), "acted_after");
    assert_eq!(world.open(id), ["three"]);
}

#[test]
fn nothing_is_taken_back_behind_a_claim_a_machine_or_a_milestone() {
    let claimed = format!("steps:\n  - {}\n  - {}\n", task("one"), task("two"));
    let (mut world, id) = World::started(&claimed);
    let one = world.work(id, "one");
    world.complete(id, "one", "li", "done").expect("done");
    let work = world.work(id, "two");
    world.act(id, "wang", Action::Claim { work }).expect("at work");
    assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("wang is at it").code(), "acted_after");
    for between in [
        "{ id: echo, call: test.echo, with: { value: 1 } }".to_owned(),
        "{ id: far, call: test.remote, with: { value: 1 } }".to_owned(),
        "{ id: inner, steps: [ { id: echo, call: test.echo, with: { value: 1 } } ] }".to_owned(),
    ] {
        let (mut world, id) =
            World::started(&format!("steps:\n  - {}\n  - {between}\n  - {}\n", task("one"), task("two")));
        let one = world.work(id, "one");
        world.complete(id, "one", "li", "done").expect("done");
        assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("it would be done twice").code(), "acted_after");
    }
    let milestone = format!(
        "steps:\n  - {{ id: one, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }}, milestone: reached }}\n  - {}\n",
        task("two")
    );
    let (mut world, id) = World::started(&milestone);
    let one = world.work(id, "one");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.act_on(id, one, "li", withdraw()).expect_err("others may rely on it").code(), "acted_after");
}

#[test]
fn what_happens_in_a_sibling_branch_does_not_keep_one_from_taking_back() {
    let (mut world, id) = World::started(BRANCHES);
    world.complete(id, "plan", "li", "done").expect("done");
    let make = world.work(id, "make");
    world.complete(id, "make", "li", "done").expect("done");
    world.vote(id, "vote", 0, "qian", true).expect("elsewhere");
    world.act_on(id, make, "li", withdraw()).expect("taken back");
    assert_eq!(world.open(id), ["both", "make", "vote"]);
}

#[test]
fn a_return_closes_the_sign_offs_of_the_region() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("two")));
    world.complete(id, "one", "li", "done").expect("done");
    let work = world.work(id, "two");
    let add = Act::AddApprover { who: "qian".into(), place: Place::Before, reason: "expert".into() };
    world.act_on(id, work, "li", add).expect("asked in");
    let off = WorkId { run: work.run, seat: 1 };
    assert_eq!(world.act_on(id, off, "qian", replay("one")).expect_err("says no instead").code(), "not_returnable");
    world.act_on(id, work, "li", replay("one")).expect("returned");
    assert_eq!(world.task_status(id, off), TaskStatus::Withdrawn);
    let chosen = world.count(id, |event| matches!(event, Event::Returned { chosen: Some(_), .. }));
    assert_eq!(chosen, 1);
}
