//! Ballots: seats, rules, order, vetoes.

use countersign_engine::command::Actor;
use countersign_engine::event::Event;
use countersign_engine::incident::IncidentCode;
use countersign_engine::project::TaskStatus;

use crate::driver::{DAY, World};
use crate::inputs::task;

fn ballot(spec: &str, rest: &str) -> String {
    format!(
        "steps:\n  - id: vote\n    approve: {{ {spec} }}\n{rest}    outcomes: {{ rejected: {{ end: refused }} }}\n  - {}\n",
        task("next")
    )
}

const THREE: &str = "by: [ { role: manager }, { role: manager }, { role: checker } ]";

#[test]
fn a_quorum_decides_at_the_earliest_moment_and_the_vote_in_flight_is_gone() {
    for order in [[0u32, 1], [1, 0]] {
        let (mut world, id) = World::started(&ballot(&format!("{THREE}, rule: {{ at_least: 2 }}"), ""));
        let third = countersign_engine::command::WorkId { run: world.run(id, "vote"), seat: 2 };
        world.vote(id, "vote", order[0], "qian", true).expect("first");
        world.vote(id, "vote", order[1], "sun", true).expect("second");
        assert_eq!(world.open(id), ["next"]);
        assert_eq!(
            world.complete_work(id, third, Actor::person("wang"), "approved").expect_err("decided").code(),
            "gone"
        );
        assert_eq!(world.task_status(id, third), TaskStatus::Withdrawn);
    }
}

#[test]
fn one_no_decides_where_all_must_agree() {
    let (mut world, id) = World::started(&ballot(THREE, ""));
    world.vote(id, "vote", 0, "qian", false).expect("no");
    assert_eq!(world.outcome(id).as_deref(), Some("refused"));
}

#[test]
fn nobody_has_two_voices_not_even_through_another() {
    let (mut world, id) = World::started(&ballot(THREE, ""));
    world.vote(id, "vote", 0, "qian", true).expect("first");
    assert_eq!(world.vote(id, "vote", 1, "qian", true).expect_err("again").code(), "separation_of_duties");
    let work = countersign_engine::command::WorkId { run: world.run(id, "vote"), seat: 1 };
    let through = Actor::Person { id: "li".into(), on_behalf_of: Some("qian".into()) };
    assert_eq!(
        world.complete_work(id, work, through, "approved").expect_err("for one who voted").code(),
        "separation_of_duties"
    );
    assert_eq!(world.vote(id, "vote", 0, "sun", true).expect_err("that seat has voted").code(), "gone");
}

#[test]
fn no_yes_before_every_must_has_voted_and_its_no_is_the_ballot_s() {
    let spec = "by: [ { role: manager }, { role: checker, must: true } ], rule: any";
    let (mut world, id) = World::started(&ballot(spec, ""));
    world.vote(id, "vote", 0, "qian", true).expect("yes");
    assert_eq!(world.open(id), ["vote"]);
    world.vote(id, "vote", 1, "wang", false).expect("no");
    assert_eq!(world.outcome(id).as_deref(), Some("refused"));
}

#[test]
fn in_turn_opens_one_seat_after_the_other() {
    let (mut world, id) = World::started(&ballot(&format!("{THREE}, order: in_turn"), ""));
    assert_eq!(world.vote(id, "vote", 1, "sun", true).expect_err("too early").code(), "not_your_turn");
    world.vote(id, "vote", 0, "qian", true).expect("first");
    world.vote(id, "vote", 1, "sun", true).expect("second");
    world.vote(id, "vote", 2, "wang", true).expect("third");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn the_clock_of_a_seat_that_has_voted_stands_still() {
    let steps = format!(
        "late: {{ usual: [ {{ at: due, tell: boss }} ] }}\nsteps:\n  - id: vote\n    approve: {{ {THREE}, order: in_turn }}\n    \
         due: {{ each_seat: 2 days }}\n    outcomes: {{ rejected: {{ end: refused }} }}\n  - {}\n",
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    let rung = |world: &World| world.count(id, |event| matches!(event, Event::Reminded { .. }));
    world.wait(DAY);
    world.vote(id, "vote", 0, "qian", true).expect("in time");
    world.wait(DAY + DAY / 2);
    assert_eq!(rung(&world), 0, "the first seat's deadline is past, the second's is not");
    world.wait(DAY);
    assert_eq!(rung(&world), 1);
}

#[test]
fn a_seat_for_each_holder_counts_together_as_one_voice() {
    let spec = "by: [ { role: manager, each: true, rule: { at_least: 2 } }, { role: clerk } ]";
    let (mut world, id) = World::started(&ballot(spec, ""));
    world.vote(id, "vote", 0, "zhao", true).expect("one of the group");
    world.vote(id, "vote", 1, "qian", true).expect("two of the group");
    assert_eq!(world.open(id), ["vote"]);
    world.vote(id, "vote", 3, "li", true).expect("the other voice");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn assignee_leaves_or_group_empty_is_an_incident_unless_the_policy_waits() {
    let steps = ballot("by: [ { role: nobody_has_it } ]", "");
    let (world, id) = World::started(&steps);
    assert_eq!(world.incidents(id), [IncidentCode::NobodyEligible]);
    let (world, id) = World::started(&format!("policy: {{ nobody_eligible: wait }}\n{steps}"));
    assert_eq!(world.open(id), ["vote"]);
}

#[test]
fn who_started_may_not_approve_where_the_policy_refuses_it() {
    let steps = ballot("by: [ { role: clerk } ]", "");
    let (mut world, id) = World::started(&format!("policy: {{ initiator_approves: refuse }}\n{steps}"));
    assert_eq!(world.vote(id, "vote", 0, "li", true).expect_err("li started it").code(), "separation_of_duties");
    world.vote(id, "vote", 0, "wang", true).expect("another");
    let (mut world, id) = World::started(&steps);
    world.vote(id, "vote", 0, "li", true).expect("allowed");
}

#[test]
fn a_vote_changes_nothing_of_who_acted_before() {
    let (mut world, id) = World::started(&ballot(&format!("{THREE}, rule: any"), ""));
    world.vote(id, "vote", 2, "wang", true).expect("yes");
    assert_eq!(world.count(id, |event| matches!(event, Event::Voted { .. })), 1);
    assert!(world.state(id).has_acted("wang"));
}
