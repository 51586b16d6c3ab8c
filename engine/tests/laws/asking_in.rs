//! Asking others in and no more: seats of ballots, sign-offs of tasks, whatever the rule and the order.

use countersign_engine::command::{Act, Action, Actor, WorkId};
use countersign_engine::event::{Did, Event, Place};
use countersign_engine::id::InstanceId;
use countersign_engine::project::TaskStatus;
use countersign_engine::rejection::Rejection;

use crate::driver::World;
use crate::inputs::{input, task};

fn ballot(spec: &str) -> String {
    format!(
        "steps:\n  - id: vote\n    approve: {{ {spec} }}\n    outcomes: {{ rejected: {{ end: refused }} }}\n  - {}\n",
        task("next")
    )
}

const TWO: &str = "by: [ { role: manager }, { role: manager } ]";

fn add(who: &str, place: Place) -> Act {
    Act::AddApprover { who: who.into(), place, reason: "an expert".into() }
}

fn remove() -> Act {
    Act::RemoveApprover { reason: "not needed".into() }
}

fn seat(world: &World, id: InstanceId, number: u32) -> WorkId {
    WorkId { run: world.run(id, "vote"), seat: number }
}

fn one(world: &World, id: InstanceId, number: u32) -> WorkId {
    WorkId { run: world.run(id, "one"), seat: number }
}

fn vote(world: &mut World, id: InstanceId, work: WorkId, who: &str, yes: bool) -> Result<(), Rejection> {
    world.complete_work(id, work, Actor::person(who), if yes { "approved" } else { "rejected" })
}

#[test]
fn an_approver_added_before_is_heard_first_and_one_added_after_last() {
    for order in ["at_once", "in_turn"] {
        let (mut world, id) = World::started(&ballot(&format!("{TWO}, order: {order}")));
        let first = seat(&world, id, 0);
        world.act_on(id, first, "qian", add("li", Place::Before)).expect("asked in");
        world.act_on(id, first, "qian", add("wang", Place::After)).expect("asked in");
        let (before, after) = (seat(&world, id, 2), seat(&world, id, 3));
        assert_eq!(vote(&mut world, id, first, "qian", true).expect_err("li first").code(), "not_your_turn");
        assert_eq!(vote(&mut world, id, after, "wang", true).expect_err("after").code(), "not_your_turn");
        vote(&mut world, id, before, "li", true).expect("before");
        vote(&mut world, id, first, "qian", true).expect("in the middle");
        let second = seat(&world, id, 1);
        if order == "in_turn" {
            assert_eq!(vote(&mut world, id, second, "sun", true).expect_err("wang first").code(), "not_your_turn");
        }
        vote(&mut world, id, after, "wang", true).expect("after");
        vote(&mut world, id, second, "sun", true).expect("the rest");
        assert_eq!(world.open(id), ["next"]);
    }
}

#[test]
fn an_added_approver_stops_a_ballot_and_never_carries_it() {
    for yes in [true, false] {
        let (mut world, id) = World::started(&ballot(&format!("{TWO}, rule: any")));
        let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
        world.act_on(id, first, "qian", add("li", Place::Beside)).expect("asked in");
        let added = seat(&world, id, 2);
        vote(&mut world, id, added, "li", yes).expect("they speak");
        if yes {
            assert_eq!(world.open(id), ["vote"], "a friend's yes is no quorum");
            vote(&mut world, id, second, "sun", true).expect("one of the process's own");
            assert_eq!(world.open(id), ["next"]);
        } else {
            assert_eq!(world.outcome(id).as_deref(), Some("refused"));
        }
    }
}

#[test]
fn nobody_is_asked_in_twice_nor_against_the_separation_of_duties_nor_without_a_reason() {
    let (mut world, id) = World::started(&ballot(TWO));
    let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
    let silent = Act::AddApprover { who: "li".into(), place: Place::Beside, reason: String::new().into() };
    assert_eq!(world.act_on(id, first, "qian", silent).expect_err("why?").code(), "reason_required");
    assert_eq!(world.act_on(id, first, "li", add("wang", Place::Beside)).expect_err("no part").code(), "not_candidate");
    assert_eq!(
        world.act_on(id, first, "qian", add("nobody", Place::After)).expect_err("who?").code(),
        "inactive_account"
    );
    assert_eq!(world.act_on(id, first, "qian", add("qian", Place::After)).expect_err("self").code(), "seat_fixed");
    world.act_on(id, first, "qian", add("li", Place::Beside)).expect("asked in");
    assert_eq!(world.act_on(id, second, "sun", add("li", Place::After)).expect_err("again").code(), "seat_fixed");
    vote(&mut world, id, second, "sun", true).expect("votes");
    assert_eq!(
        world.act_on(id, first, "qian", add("sun", Place::After)).expect_err("voted").code(),
        "separation_of_duties"
    );
}

#[test]
fn who_asked_for_a_seat_takes_it_away_and_the_process_s_own_are_the_operators() {
    let (mut world, id) = World::started(&ballot(TWO));
    let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
    world.act_on(id, first, "qian", add("li", Place::Before)).expect("asked in");
    let added = seat(&world, id, 2);
    assert_eq!(world.act_on(id, added, "sun", remove()).expect_err("not theirs").code(), "forbidden");
    world.act_on(id, added, "qian", remove()).expect("not asked any more");
    assert_eq!(world.task_status(id, added), TaskStatus::Withdrawn);
    assert_eq!(vote(&mut world, id, added, "li", true).expect_err("too late").code(), "gone");
    vote(&mut world, id, first, "qian", true).expect("nobody is before them now");
    assert_eq!(world.act_on(id, second, "qian", remove()).expect_err("the process's").code(), "forbidden");
    assert_eq!(world.act_on(id, first, "admin", remove()).expect_err("it has voted").code(), "gone");
    world.act_on(id, second, "admin", remove()).expect("an operator may");
    assert_eq!(world.open(id), ["next"], "all that are left have said yes");
}

#[test]
fn removing_a_seat_never_satisfies_a_rule_with_fewer_than_it_names() {
    let (mut world, id) = World::started(&ballot(&format!("{TWO}, rule: {{ at_least: 2 }}")));
    let second = seat(&world, id, 1);
    assert_eq!(world.act_on(id, second, "admin", remove()).expect_err("two are wanted").code(), "seat_fixed");
    let (mut world, id) = World::started(&ballot("by: [ { role: manager, must: true }, { role: clerk } ]"));
    let must = seat(&world, id, 0);
    assert_eq!(world.act_on(id, must, "admin", remove()).expect_err("a must").code(), "seat_fixed");
}

#[test]
fn a_task_signed_off_before_waits_and_its_holder_weighs_the_answer() {
    for yes in [true, false] {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
        let work = world.work(id, "one");
        world.act_on(id, work, "li", add("qian", Place::Before)).expect("asked in");
        assert_eq!(
            world.complete_work(id, work, Actor::person("li"), "done").expect_err("first qian").code(),
            "not_your_turn"
        );
        let off = one(&world, id, 1);
        vote(&mut world, id, off, "qian", yes).expect("heard");
        world.complete_work(id, work, Actor::person("li"), "done").expect("the holder decides");
        assert_eq!(world.open(id), ["next"]);
        assert_eq!(world.task_status(id, work), TaskStatus::Completed);
    }
}

#[test]
fn a_task_signed_off_after_is_done_when_all_have_and_open_again_when_one_refuses() {
    for place in [Place::After, Place::Beside] {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
        let work = world.work(id, "one");
        world.act_on(id, work, "li", add("qian", place)).expect("asked in");
        world.complete_work(id, work, Actor::person("li"), "done").expect("answered");
        assert_eq!(world.open(id), ["one"], "it waits for qian");
        assert_eq!(
            world.complete_work(id, work, Actor::person("li"), "done").expect_err("it is answered").code(),
            "not_your_turn"
        );
        let off = one(&world, id, 1);
        assert_eq!(vote(&mut world, id, off, "li", true).expect_err("their own answer").code(), "separation_of_duties");
        vote(&mut world, id, off, "qian", false).expect("refused");
        assert_eq!(world.did(id, |did| matches!(did, Did::Reopened)), 1);
        world.complete_work(id, work, Actor::person("li"), "done").expect("answered anew");
        let again = one(&world, id, 2);
        assert_eq!(vote(&mut world, id, off, "qian", true).expect_err("a seat speaks once").code(), "gone");
        vote(&mut world, id, again, "qian", true).expect("signed off");
        assert_eq!(world.open(id), ["next"]);
        let by = world.count(id, |event| {
            matches!(event, Event::StepCompleted { by: Some(by), .. } if by.id().is_some_and(|id| &**id == "li"))
        });
        assert_eq!(by, 1, "the holder completed it");
    }
}

#[test]
fn a_sign_off_that_is_no_more_wanted_lets_the_answer_stand() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
    let work = world.work(id, "one");
    world.act_on(id, work, "li", add("qian", Place::After)).expect("asked in");
    world.complete_work(id, work, Actor::person("li"), "done").expect("answered");
    let off = one(&world, id, 1);
    assert_eq!(world.act_on(id, work, "li", remove()).expect_err("the task itself").code(), "seat_fixed");
    world.act_on(id, off, "li", remove()).expect("not asked any more");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_seat_added_to_an_open_sign_off_does_not_outlive_the_task() {
    let steps = format!(
        "steps:\n  - id: both\n    parallel:\n      left: [ {} ]\n      right: [ {} ]\n    join: any\n  - {}\n",
        task("one"),
        task("two"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "one");
    world.act_on(id, work, "li", add("qian", Place::Before)).expect("asked in");
    let off = one(&world, id, 1);
    world.complete(id, "two", "wang", "done").expect("the other branch wins");
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.task_status(id, off), TaskStatus::Withdrawn);
    assert_eq!(vote(&mut world, id, off, "qian", true).expect_err("closed").code(), "gone");
}

#[test]
fn one_s_own_vote_is_taken_back_while_nobody_has_acted_after_it() {
    let (mut world, id) = World::started(&ballot(TWO));
    let withdraw = || Act::Withdraw { reason: "misread".into() };
    let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
    assert_eq!(world.act_on(id, first, "qian", withdraw()).expect_err("no vote").code(), "acted_after");
    vote(&mut world, id, first, "qian", true).expect("yes");
    assert_eq!(world.act_on(id, first, "sun", withdraw()).expect_err("another's").code(), "acted_after");
    world.act_on(id, first, "qian", withdraw()).expect("taken back");
    let fresh = seat(&world, id, 2);
    vote(&mut world, id, fresh, "qian", true).expect("again");
    vote(&mut world, id, second, "sun", true).expect("the other");
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.act_on(id, second, "sun", withdraw()).expect_err("decided").code(), "acted_after");

    let (mut world, id) = World::started(&ballot(TWO));
    let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
    vote(&mut world, id, first, "qian", true).expect("yes");
    world.act(id, "sun", Action::Claim { work: second }).expect("somebody is at it");
    assert_eq!(world.act_on(id, first, "qian", withdraw()).expect_err("too late").code(), "acted_after");
}

#[test]
fn a_vote_after_the_decision_is_on_record_where_the_policy_wants_it_and_changes_nothing() {
    let steps = ballot(&format!("{TWO}, rule: any"));
    let (mut world, id) = World::started(&format!("policy: {{ late_votes: record }}\n{steps}"));
    let (first, second) = (seat(&world, id, 0), seat(&world, id, 1));
    vote(&mut world, id, first, "qian", true).expect("decides");
    assert_eq!(vote(&mut world, id, second, "li", true).expect_err("no part").code(), "not_candidate");
    vote(&mut world, id, second, "sun", false).expect("heard");
    assert_eq!(world.did(id, |did| matches!(did, Did::LateVote { .. })), 1);
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(vote(&mut world, id, second, "sun", false).expect_err("once").code(), "gone");
}

#[test]
fn the_same_approver_is_asked_again_unless_the_policy_cites_and_never_where_it_signs() {
    let two = |policy: &str, sign: &str| {
        format!(
            "policy: {{ same_approver_again: {policy} }}\nsteps:\n  - {{ id: first, approve: {{ by: [ {{ user: qian }} ] }}, outcomes: {{ rejected: {{ end: no }} }} }}\n  \
             - {}\n  - {{ id: vote, approve: {{ by: [ {{ user: qian }} ], shows: [ input ]{sign} }}, outcomes: {{ rejected: {{ end: no }} }} }}\n  \
             - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: [ first, between ] }} }} }}\n",
            task("between")
        )
    };
    for (policy, sign, expected) in [("ask", "", "vote"), ("skip", "", "look"), ("skip", ", sign: signed", "vote")] {
        let (mut world, id) = World::started(&two(policy, sign));
        world.vote(id, "first", 0, "qian", true).expect("yes");
        world.complete(id, "between", "li", "done").expect("done");
        assert_eq!(world.open(id), [expected], "{policy}{sign}");
        let cited = usize::from(expected == "look");
        assert_eq!(world.did(id, |did| matches!(did, Did::Cited { .. })), cited);
    }
    // After a return, approvals of the region count no more; those before it do.
    for (target, expected) in [("first", "vote"), ("between", "look")] {
        let (mut world, id) = World::started(&two("skip", ""));
        world.vote(id, "first", 0, "qian", true).expect("yes");
        world.complete(id, "between", "li", "done").expect("done");
        let mut complete = crate::inputs::complete(world.work(id, "look"), "bad");
        complete.back_to = Some(target.into());
        world.act(id, "li", Action::Complete(complete)).expect("returned");
        if target == "first" {
            world.vote(id, "first", 0, "qian", false).expect("no, this time");
            assert_eq!(world.outcome(id).as_deref(), Some("no"), "the earlier yes is void: {expected}");
        } else {
            world.complete(id, "between", "li", "done").expect("done");
            assert_eq!(world.open(id), [expected]);
        }
    }
}

#[test]
fn an_incident_in_the_middle_of_a_ballot_leaves_the_votes_as_they_are() {
    // The second seat's deadline cannot be computed while `within` is no duration.
    let event = |name: &str, message: &str, within: &str| {
        format!(
            "  {name}:\n    message: {message}\n    match: {{ order: o1 }}\n    steps: [ {{ id: {name}_it, set: {{ within: {within} }} }} ]\n"
        )
    };
    let steps = format!(
        "data:\n  within: {{ type: string, initial: 1 hours }}\nsteps:\n  - id: vote\n    approve: {{ {TWO}, order: in_turn }}\n    due: {{ each_seat: =within }}\n    \
         outcomes: {{ rejected: {{ end: refused }} }}\n  - {}\nevents:\n{}{}",
        task("next"),
        event("spoil", "paid", "soon"),
        event("mend", "moved", "2 hours")
    );
    let (mut world, id) = World::started(&steps);
    world.publish("paid", "m1", "o1", 1);
    let first = seat(&world, id, 0);
    vote(&mut world, id, first, "qian", true).expect("the vote stands");
    assert_eq!(world.incidents(id).len(), 1, "the next seat cannot open");
    assert_eq!(world.task_status(id, first), TaskStatus::Completed);
    world.publish("moved", "m2", "o1", 1);
    world.retry(id).expect("retried");
    assert!(world.incidents(id).is_empty());
    let second = seat(&world, id, 1);
    vote(&mut world, id, second, "sun", true).expect("the second seat");
    assert_eq!(world.open(id), ["next"]);
    assert_eq!(world.count(id, |event| matches!(event, Event::Voted { .. })), 2);
}

#[test]
fn a_group_of_nobody_is_waited_for_and_never_left_out() {
    let steps = ballot("by: [ { role: clerk }, { role: nobody_has_it, each: true } ]");
    let (mut world, id) = World::started(&format!("policy: {{ nobody_eligible: wait }}\n{steps}"));
    world.vote(id, "vote", 0, "li", true).expect("yes");
    assert_eq!(world.open(id), ["vote"], "the group has a voice");
    world.people.push(("zhou", vec!["nobody_has_it"]));
    world.vote(id, "vote", 1, "zhou", true).expect("whoever comes");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn four_eyes_look_at_the_item_and_not_at_its_neighbours() {
    let steps = "steps:\n  - id: all\n    each: { of: =input.items, as: item, key: =item.id }\n    steps:\n      \
                 - { id: make, task: { title: { zh: 做, en: Make }, to: { role: clerk } } }\n      \
                 - { id: check, task: { title: { zh: 核, en: Check }, to: { role: clerk }, not: [ make ] } }\n";
    let (mut world, id) = World::started_with(steps, input(0, 2));
    for (item, maker) in [("i1", "li"), ("i2", "wang")] {
        let work = world.item_work(id, "make", item);
        world.complete_work(id, work, Actor::person(maker), "done").expect("made");
    }
    for (item, maker, checker) in [("i1", "li", "wang"), ("i2", "wang", "li")] {
        let work = world.item_work(id, "check", item);
        let refused = world.complete_work(id, work, Actor::person(maker), "done").expect_err("made it");
        assert_eq!(refused.code(), "separation_of_duties");
        world.complete_work(id, work, Actor::person(checker), "done").expect("made the other");
    }
}
