//! Transfer, delegation and substitutes: who has the work, and who answers for it.

use countersign_engine::command::{Act, Action, Actor, WorkId};
use countersign_engine::event::{Did, Event};
use countersign_engine::facts::Substitution;
use countersign_engine::id::InstanceId;
use countersign_engine::rejection::Rejection;
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::task;

impl World {
    pub(crate) fn act_on(&mut self, id: InstanceId, work: WorkId, who: &str, act: Act) -> Result<(), Rejection> {
        self.act(id, who, Action::Work { work, act })
    }

    pub(crate) fn did(&self, id: InstanceId, wanted: impl Fn(&Did) -> bool) -> usize {
        self.count(id, |event| matches!(event, Event::Worked { did, .. } if wanted(did)))
    }

    pub(crate) fn holder(&self, id: InstanceId, work: WorkId) -> Option<String> {
        self.state(id).work(work).and_then(|(_, work)| work.assignee()).map(ToString::to_string)
    }
}

fn transfer(to: &str) -> Act {
    Act::Transfer { to: to.into(), reason: "on leave".into() }
}

fn delegate(to: &str) -> Act {
    Act::Delegate { to: to.into(), reason: None }
}

fn resolve(outcome: Option<&str>) -> Act {
    Act::Resolve { outcome: outcome.map(Into::into), answer: Value::Null, comment: Some("as asked".into()) }
}

#[test]
fn a_transfer_is_for_the_holder_with_a_reason_and_to_a_candidate() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    world.act(id, "li", Action::Claim { work }).expect("claimed");
    assert_eq!(world.act_on(id, work, "wang", transfer("wang")).expect_err("not theirs").code(), "claimed_by");
    assert_eq!(world.act_on(id, work, "li", transfer("qian")).expect_err("no candidate").code(), "not_candidate");
    assert_eq!(world.act_on(id, work, "li", transfer("li")).expect_err("it is theirs").code(), "claimed_by");
    let silent = Act::Transfer { to: "wang".into(), reason: " ".into() };
    assert_eq!(world.act_on(id, work, "li", silent).expect_err("why?").code(), "reason_required");
    world.act_on(id, work, "li", transfer("wang")).expect("given on");
    assert_eq!(world.holder(id, work).as_deref(), Some("wang"));
    assert_eq!(world.complete(id, "one", "li", "done").expect_err("no more theirs").code(), "claimed_by");
    world.complete(id, "one", "wang", "done").expect("done");
}

#[test]
fn a_transfer_does_not_lead_past_the_separation_of_duties() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: two, task: {{ title: {{ zh: 核, en: Check }}, to: {{ role: clerk }}, not: [ one ] }} }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    let work = world.work(id, "two");
    assert_eq!(world.act_on(id, work, "wang", transfer("li")).expect_err("li did one").code(), "separation_of_duties");
    assert_eq!(world.act_on(id, work, "wang", delegate("li")).expect_err("li did one").code(), "separation_of_duties");
}

#[test]
fn a_delegate_s_answer_comes_back_to_the_delegator_who_completes() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    assert_eq!(world.act_on(id, work, "li", resolve(None)).expect_err("nobody asked").code(), "not_delegated");
    world.act_on(id, work, "li", delegate("qian")).expect("the delegate need be no candidate");
    assert_eq!(world.holder(id, work).as_deref(), Some("qian"));
    for who in ["li", "qian"] {
        assert_eq!(world.complete(id, "one", who, "done").expect_err("it is out").code(), "delegated");
        assert_eq!(world.act(id, who, Action::Release { work }).expect_err("it is out").code(), "delegated");
        assert_eq!(world.act_on(id, work, who, delegate("sun")).expect_err("once").code(), "delegated");
    }
    assert_eq!(world.act_on(id, work, "li", resolve(None)).expect_err("qian answers").code(), "delegated");
    assert_eq!(
        world.act_on(id, work, "qian", resolve(Some("maybe"))).expect_err("no outcome").code(),
        "unknown_outcome"
    );
    world.act_on(id, work, "qian", resolve(Some("done"))).expect("answered");
    assert_eq!(world.holder(id, work).as_deref(), Some("li"));
    assert_eq!(world.open(id), ["one"], "the delegate completes nothing");
    assert!(world.state(id).has_acted("qian"), "but has acted");
    world.complete(id, "one", "li", "done").expect("done");
}

#[test]
fn a_delegate_counts_for_four_eyes() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: two, task: {{ title: {{ zh: 核, en: Check }}, to: [ {{ role: clerk }}, {{ role: manager }} ], not: [ one ] }} }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    let work = world.work(id, "one");
    world.act_on(id, work, "li", delegate("qian")).expect("delegated");
    world.act_on(id, work, "qian", resolve(None)).expect("answered");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.complete(id, "two", "qian", "done").expect_err("prepared it").code(), "separation_of_duties");
    world.complete(id, "two", "sun", "done").expect("other eyes");
}

#[test]
fn the_delegator_takes_it_back_and_so_may_an_operator_with_a_reason() {
    for (who, reason) in [("li", None), ("admin", Some("qian has left"))] {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
        let work = world.work(id, "one");
        let recall = |reason: Option<&str>| Act::Recall { reason: reason.map(Into::into) };
        assert_eq!(world.act_on(id, work, "li", recall(None)).expect_err("it is not out").code(), "not_delegated");
        world.act_on(id, work, "li", delegate("qian")).expect("delegated");
        assert_eq!(world.act_on(id, work, "wang", recall(None)).expect_err("not theirs").code(), "forbidden");
        assert_eq!(world.act_on(id, work, "admin", recall(None)).expect_err("why?").code(), "reason_required");
        world.act_on(id, work, who, recall(reason)).expect("taken back");
        assert_eq!(world.act_on(id, work, "qian", resolve(None)).expect_err("too late").code(), "not_delegated");
        world.complete(id, "one", "li", "done").expect("done");
    }
}

fn period(by: &str, from: i64, until: i64, processes: &[&str], world: &World) -> Substitution {
    Substitution {
        by: by.into(),
        from: world.now.plus_micros(from),
        until: world.now.plus_micros(until),
        processes: processes.iter().map(|name| (*name).into()).collect(),
    }
}

#[test]
fn a_substitute_acts_only_within_the_period_and_its_processes() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    let through = || Actor::Person { id: "qian".into(), on_behalf_of: Some("li".into()) };
    let refused = |world: &mut World| world.complete_work(id, work, through(), "done").expect_err("no substitute");
    for periods in [
        vec![],
        vec![("li", period("sun", -DAY, DAY, &[], &world))],
        vec![("wang", period("qian", -DAY, DAY, &[], &world))],
        vec![("li", period("qian", DAY, 2 * DAY, &[], &world))],
        vec![("li", period("qian", -DAY, 0, &[], &world))],
        vec![("li", period("qian", -DAY, DAY, &["another"], &world))],
    ] {
        world.substitutes = Some(periods);
        assert_eq!(refused(&mut world).code(), "not_substitute");
    }
    world.substitutes = Some(vec![("li", period("qian", 0, DAY, &["test"], &world))]);
    world.complete_work(id, work, through(), "done").expect("now, for this process");
    assert!(world.state(id).has_acted("qian") && world.state(id).has_acted("li"), "both are on record");
}

#[test]
fn the_substitute_of_a_substitute_is_nobody() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    let both = [("li", "wang"), ("wang", "qian")];
    world.substitutes = Some(both.iter().map(|(of, by)| (*of, period(by, -DAY, DAY, &[], &world))).collect());
    let chain = Actor::Person { id: "qian".into(), on_behalf_of: Some("li".into()) };
    assert_eq!(world.complete_work(id, work, chain, "done").expect_err("not li's substitute").code(), "not_substitute");
}

#[test]
fn a_guarded_command_is_refused_when_the_work_has_changed_between_look_and_act() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    let seen = world.state(id).work(work).map(|(_, work)| work.revision()).expect("it is open");
    world.act(id, "wang", Action::Claim { work }).expect("claimed");
    world.act(id, "wang", Action::Release { work }).expect("released");
    let complete = Action::Complete(crate::inputs::complete(work, "done"));
    let guarded = |revision| Action::IfUnchanged { work, revision, action: Box::new(complete.clone()) };
    assert_eq!(world.act(id, "li", guarded(seen)).expect_err("it was claimed meanwhile").code(), "revision_changed");
    world.act(id, "li", guarded(seen + 2)).expect("as it is now");
    assert_eq!(world.act(id, "li", guarded(seen + 2)).expect_err("ended").code(), "instance_ended");
}
