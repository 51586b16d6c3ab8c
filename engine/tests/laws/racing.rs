//! Commands that race: every order of every set is tried, and the laws hold in each.

use countersign_engine::command::{Act, Action, Actor, Command, Resume, WorkId};
use countersign_engine::event::Place;
use countersign_engine::id::InstanceId;

use crate::driver::World;
use crate::inputs::{complete, task};

/// Every order of the numbers below `count`.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..count).filter(move |next| !order.contains(next)).map(|next| (next, ())).collect::<Vec<_>>()
        };
        all = all
            .iter()
            .flat_map(|order| {
                longer(order).into_iter().map(|(next, ())| [order.as_slice(), &[next]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

/// Plays the commands in every order, each time on a fresh world, and gives what became of each: none, or the refusal's
/// code. The driver checks the laws of each transition, and that the history decides again to the same.
#[track_caller]
fn race(
    make: impl Fn() -> (World, InstanceId),
    commands: impl Fn(&World, InstanceId) -> Vec<(&'static str, Action)>,
    judge: impl Fn(&[usize], &[Option<&'static str>], &World, InstanceId),
) {
    let (world, id) = make();
    for order in orders(commands(&world, id).len()) {
        let (mut world, id) = make();
        let commands = commands(&world, id);
        let mut results = vec![None; commands.len()];
        for place in &order {
            let (who, action) = commands[*place].clone();
            let command = Command { actor: Actor::person(who), action };
            results[*place] = world.submit(id, command).err().map(|refusal| refusal.code());
        }
        judge(&order, &results, &world, id);
        world.restart();
        world.redecide_all();
    }
}

fn done(work: WorkId, outcome: &str) -> Action {
    Action::Complete(complete(work, outcome))
}

fn on(work: WorkId, act: Act) -> Action {
    Action::Work { work, act }
}

#[test]
fn of_two_who_complete_the_same_work_one_wins_and_the_other_hears_of_it() {
    let make = || World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
    race(
        make,
        |world, id| {
            let work = world.work(id, "one");
            vec![("li", done(work, "done")), ("wang", done(work, "done")), ("li", done(work, "done"))]
        },
        |_, results, world, id| {
            assert_eq!(results.iter().filter(|result| result.is_none()).count(), 1, "{results:?}");
            assert_eq!(results.iter().filter(|result| **result == Some("gone")).count(), 2, "{results:?}");
            assert_eq!(world.open(id), ["next"]);
        },
    );
}

#[test]
fn of_claims_that_race_the_first_holds_it_whatever_else_is_wanted() {
    let make = || World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
    race(
        make,
        |world, id| {
            let work = world.work(id, "one");
            vec![("li", Action::Claim { work }), ("wang", Action::Claim { work }), ("wang", done(work, "done"))]
        },
        |order, results, world, id| {
            let place = |number: usize| order.iter().position(|one| *one == number).expect("it was played");
            match (place(0) < place(1), place(0) < place(2)) {
                (true, true) => assert_eq!(results[1..], [Some("claimed_by"), Some("claimed_by")]),
                (true, false) => assert_eq!(*results, [Some("gone"), Some("gone"), None]),
                _ => assert_eq!(results[2], None, "wang had it, or nobody had"),
            }
            assert_eq!(world.open(id) == ["next"], results[2].is_none());
        },
    );
}

#[test]
fn a_vote_in_flight_when_the_quorum_is_reached_is_gone_in_every_order() {
    let steps = format!(
        "steps:\n  - {{ id: vote, approve: {{ by: [ {{ role: manager }}, {{ role: manager }}, {{ role: checker }} ], rule: {{ at_least: 2 }} }}, outcomes: {{ rejected: {{ end: refused }} }} }}\n  - {}\n",
        task("next")
    );
    race(
        || World::started(&steps),
        |world, id| {
            let seat = |seat| WorkId { run: world.run(id, "vote"), seat };
            vec![
                ("qian", done(seat(0), "approved")),
                ("sun", done(seat(1), "approved")),
                ("wang", done(seat(2), "approved")),
            ]
        },
        |order, results, world, id| {
            for (turn, place) in order.iter().enumerate() {
                assert_eq!(results[*place], (turn == 2).then_some("gone"), "{order:?}");
            }
            assert_eq!(world.open(id), ["next"]);
        },
    );
}

#[test]
fn a_return_and_a_vote_race_and_either_way_the_instance_is_sound() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: vote, approve: {{ by: [ {{ role: manager }}, {{ role: manager }} ], rule: any }}, outcomes: {{ rejected: {{ end: refused }} }} }}\n  - {}\n",
        task("one"),
        task("next")
    );
    let make = || {
        let (mut world, id) = World::started(&steps);
        world.complete(id, "one", "li", "done").expect("done");
        (world, id)
    };
    race(
        make,
        |world, id| {
            let seat = |seat| WorkId { run: world.run(id, "vote"), seat };
            let back = Act::Return { to: "one".into(), resume: Resume::BackToMe, reason: "wrong".into() };
            let add = Act::AddApprover { who: "wang".into(), place: Place::Before, reason: "expert".into() };
            vec![("qian", on(seat(0), back)), ("sun", done(seat(1), "approved")), ("sun", on(seat(1), add))]
        },
        |order, results, world, id| {
            let place = |number: usize| order.iter().position(|one| *one == number).expect("it was played");
            assert_eq!(results[order[0]], None, "the first always may");
            if place(0) == 0 {
                assert_eq!(results[1..], [Some("gone"), Some("gone")]);
                assert_eq!(world.open(id), ["one"]);
            } else if place(1) == 0 {
                assert_eq!(world.open(id), ["next"]);
                assert_eq!((results[0], results[2]), (Some("gone"), Some("gone")));
            } else {
                // Somebody is to be heard before sun: sun's vote must wait, and the return goes through.
                assert!(matches!(results[1], Some("not_your_turn" | "gone")), "{order:?} {results:?}");
                assert_eq!((results[0], world.open(id)), (None, vec!["one".to_owned()]));
            }
        },
    );
}

#[test]
fn taking_back_and_the_next_person_s_act_race_and_the_first_stands() {
    let steps = format!("steps:\n  - {}\n  - {}\n  - {}\n", task("one"), task("two"), task("three"));
    let make = || {
        let (mut world, id) = World::started(&steps);
        world.complete(id, "one", "li", "done").expect("done");
        (world, id)
    };
    for next in ["claim", "complete"] {
        race(
            make,
            |world, id| {
                let two = world.work(id, "two");
                // What was completed before it: the run that stands before the one that is open.
                let one = world.tables.tasks.keys().map(|(_, work)| *work).min().expect("one was opened");
                let act = if next == "claim" { Action::Claim { work: two } } else { done(two, "done") };
                vec![("li", on(one, Act::Withdraw { reason: "too early".into() })), ("wang", act)]
            },
            |order, results, world, id| {
                if order[0] == 0 {
                    assert_eq!(*results, [None, Some("gone")]);
                    assert_eq!(world.open(id), ["one"]);
                } else {
                    assert_eq!(*results, [Some("acted_after"), None]);
                    assert_ne!(world.open(id), ["one"]);
                }
            },
        );
    }
}

#[test]
fn a_delegate_s_answer_and_taking_back_race_and_one_of_them_wins() {
    let make = || {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
        let work = world.work(id, "one");
        world.act_on(id, work, "li", Act::Delegate { to: "qian".into(), reason: None }).expect("delegated");
        (world, id)
    };
    race(
        make,
        |world, id| {
            let work = world.work(id, "one");
            let resolve = Act::Resolve { outcome: None, answer: countersign_engine::value::Value::Null, comment: None };
            vec![
                ("qian", on(work, resolve)),
                ("li", on(work, Act::Recall { reason: None })),
                ("li", done(work, "done")),
            ]
        },
        |order, results, world, id| {
            let place = |number: usize| order.iter().position(|one| *one == number).expect("it was played");
            if place(2) == 0 {
                assert_eq!(results[2], Some("delegated"));
            } else {
                assert_eq!(results[2], None, "li has it again");
                assert_eq!(world.open(id), ["next"]);
            }
            let won = [0, 1].iter().filter(|one| results[**one].is_none()).count();
            assert_eq!(won, 1, "{order:?} {results:?}");
        },
    );
}

#[test]
fn removing_the_last_doubter_and_the_doubter_s_no_race() {
    let steps = format!(
        "steps:\n  - {{ id: vote, approve: {{ by: [ {{ role: manager }}, {{ role: manager }} ] }}, outcomes: {{ rejected: {{ end: refused }} }} }}\n  - {}\n",
        task("next")
    );
    let make = || {
        let (mut world, id) = World::started(&steps);
        world.vote(id, "vote", 0, "qian", true).expect("yes");
        (world, id)
    };
    race(
        make,
        |world, id| {
            let work = WorkId { run: world.run(id, "vote"), seat: 1 };
            vec![
                ("admin", on(work, Act::RemoveApprover { reason: "has left".into() })),
                ("sun", done(work, "rejected")),
            ]
        },
        |order, results, world, id| {
            if order[0] == 0 {
                assert_eq!(*results, [None, Some("gone")]);
                assert_eq!(world.open(id), ["next"]);
            } else {
                assert_eq!(*results, [Some("instance_ended"), None]);
                assert_eq!(world.outcome(id).as_deref(), Some("refused"));
            }
        },
    );
}
