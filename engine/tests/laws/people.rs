//! Who may do what with work, at the moment of acting.

use countersign_engine::command::{Action, Actor, Assertion, SigningMethod};
use countersign_engine::event::Event;
use countersign_engine::signing::{record_digest, to_sign};
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{complete, input, process, task};

fn substitute(id: &str, of: &str) -> Actor {
    Actor::Person { id: id.into(), on_behalf_of: Some(of.into()) }
}

#[test]
fn claim_race_in_both_orders() {
    for order in [["li", "wang"], ["wang", "li"]] {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
        let work = world.work(id, "one");
        world.act(id, order[0], Action::Claim { work }).expect("the first gets it");
        world.act(id, order[0], Action::Claim { work }).expect("asking again changes nothing");
        assert_eq!(world.versions(id), 2);
        assert_eq!(world.act(id, order[1], Action::Claim { work }).expect_err("taken").code(), "claimed_by");
        assert_eq!(world.act(id, order[1], Action::Release { work }).expect_err("not theirs").code(), "claimed_by");
        assert_eq!(world.complete(id, "one", order[1], "done").expect_err("only the claimant").code(), "claimed_by");
        world.act(id, order[0], Action::Release { work }).expect("given back");
        assert_eq!(world.act(id, order[0], Action::Release { work }).expect_err("nobody's").code(), "not_claimed");
        world.complete(id, "one", order[1], "done").expect("free again");
    }
}

#[test]
fn two_completions_in_both_orders_and_the_second_hears_who_was_first() {
    for order in [["li", "wang"], ["wang", "li"]] {
        let (mut world, id) = World::started(&format!("steps:\n  - {}\n  - {}\n", task("one"), task("next")));
        let work = world.work(id, "one");
        world.complete_work(id, work, Actor::person(order[0]), "done").expect("first");
        let refused = world.complete_work(id, work, Actor::person(order[1]), "done").expect_err("second");
        assert!(refused.to_string().contains(order[0]), "{refused}");
    }
}

#[test]
fn only_candidates_with_an_account_act() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    assert_eq!(world.complete(id, "one", "qian", "done").expect_err("no candidate").code(), "not_candidate");
    assert_eq!(world.complete(id, "one", "nobody", "done").expect_err("no account").code(), "inactive_account");
    let work = world.work(id, "one");
    assert_eq!(world.complete_work(id, work, Actor::System, "done").expect_err("no person").code(), "not_candidate");
    assert_eq!(world.complete(id, "one", "li", "maybe").expect_err("no way out").code(), "unknown_outcome");
}

#[test]
fn assigning_another_s_work_is_for_operators_with_a_reason_and_to_candidates_only() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    let assign =
        |to: &str, reason: Option<&str>| Action::Assign { work, to: to.into(), reason: reason.map(Into::into) };
    assert_eq!(world.act(id, "li", assign("wang", None)).expect_err("not the holder").code(), "forbidden");
    assert_eq!(world.act(id, "admin", assign("wang", None)).expect_err("why?").code(), "reason_required");
    assert_eq!(world.act(id, "admin", assign("qian", Some("x"))).expect_err("no candidate").code(), "not_candidate");
    world.act(id, "admin", assign("wang", Some("li is ill"))).expect("assigned");
    world.act(id, "wang", assign("li", None)).expect("the holder gives it on");
    world.complete(id, "one", "li", "done").expect("done");
}

#[test]
fn who_lost_the_role_may_not_act_though_they_claimed() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    world.act(id, "li", Action::Claim { work }).expect("claimed");
    world.people[0].1.clear();
    assert_eq!(world.complete(id, "one", "li", "done").expect_err("no clerk any more").code(), "not_candidate");
    world.act(id, "li", Action::Release { work }).expect("but they may give it back");
}

#[test]
fn a_substitute_does_claimed_work_and_both_are_on_record() {
    let (mut world, id) = World::started(&format!("steps:\n  - {}\n", task("one")));
    let work = world.work(id, "one");
    world.act(id, "wang", Action::Claim { work }).expect("claimed");
    assert_eq!(
        world.complete_work(id, work, substitute("qian", "li"), "done").expect_err("of another").code(),
        "claimed_by"
    );
    world.complete_work(id, work, substitute("qian", "wang"), "done").expect("for the holder");
    assert!(world.state(id).has_acted("qian") && world.state(id).has_acted("wang"));
}

fn four_eyes() -> String {
    format!(
        "steps:\n  - {}\n  - {{ id: two, task: {{ title: {{ zh: 核, en: Check }}, to: [ {{ role: clerk }}, {{ role: checker }} ], not: [ one ] }} }}\n",
        task("one")
    )
}

#[test]
fn four_eyes_look_at_the_union_of_principals() {
    let (mut world, id) = World::started(&four_eyes());
    let work = world.work(id, "one");
    world.complete_work(id, work, substitute("wang", "li"), "done").expect("done");
    for who in ["wang", "li"] {
        let refused = world.complete(id, "two", who, "done").expect_err("acted, or was acted for");
        assert_eq!(refused.code(), "separation_of_duties");
    }
    let work = world.work(id, "two");
    let refused = world.complete_work(id, work, substitute("zhao", "li"), "done").expect_err("for one who acted");
    assert_eq!(refused.code(), "separation_of_duties");
    world.complete(id, "two", "zhao", "done").expect("other eyes");
}

#[test]
fn a_return_does_not_make_eyes_fresh() {
    let steps = format!(
        "steps:\n  - {}\n  - {{ id: two, task: {{ title: {{ zh: 核, en: Check }}, to: [ {{ role: clerk }}, {{ role: checker }} ], not: [ one ] }}, outcomes: {{ good: next, bad: {{ back_to: one }} }} }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "two", "zhao", "bad").expect("returned");
    world.complete(id, "one", "wang", "done").expect("done");
    assert_eq!(
        world.complete(id, "two", "li", "good").expect_err("acted in the first round").code(),
        "separation_of_duties"
    );
}

#[test]
fn who_started_may_be_excluded() {
    let steps =
        "steps:\n  - { id: one, task: { title: { zh: 做, en: Do }, to: { role: clerk }, not: [ initiator ] } }\n";
    let (mut world, id) = World::started(steps);
    assert_eq!(world.complete(id, "one", "li", "done").expect_err("li started it").code(), "separation_of_duties");
    world.complete(id, "one", "wang", "done").expect("another");
}

#[test]
fn who_may_not_start_is_refused_and_a_wrong_input_names_its_field() {
    let mut world = World::new(&[process("test", &format!("steps:\n  - {}\n", task("one")))]);
    let wrong = world.start("test", Value::record([("a", Value::from("x"))])).expect_err("not a number");
    assert!(wrong.to_string().contains("`a`"), "{wrong}");
    let strange = world.start("test", Value::record([("b", Value::Int(1))])).expect_err("no such field");
    assert!(strange.to_string().contains("`b`"), "{strange}");
    world.people[0].1.clear();
    assert_eq!(world.start("test", input(0, 0)).expect_err("no clerk").code(), "may_not_start");
    assert!(world.instances.is_empty());
}

#[test]
fn a_form_judges_the_answer() {
    let steps = "data: { num: optional integer }\nsteps:\n  - { id: one, task: { title: { zh: 填, en: Fill }, to: { role: clerk }, form: form.form.json }, fills: [ num ] }\n";
    let (mut world, id) = World::started(steps);
    let work = world.work(id, "one");
    let mut answer = complete(work, "done");
    answer.answer = Value::record([("num", Value::from("many"))]);
    assert_eq!(world.act(id, "li", Action::Complete(answer.clone())).expect_err("no number").code(), "invalid_answer");
    answer.answer = Value::record([("num", Value::Int(4))]);
    world.act(id, "li", Action::Complete(answer)).expect("fits");
    assert_eq!(world.data(id, "num"), Value::Int(4));
}

pub(crate) fn signing() -> String {
    format!(
        "data: {{ num: {{ type: integer, initial: 0 }} }}\nsteps:\n  - {}\n  - id: sign\n    task: {{ title: {{ zh: 签, en: Sign }}, to: {{ role: checker }}, shows: [ num ], sign: signed }}\n    \
         outcomes: {{ good: next, bad: {{ back_to: one }} }}\n  - {{ id: look, task: {{ title: {{ zh: 判, en: Judge }}, to: {{ role: clerk }} }}, outcomes: {{ good: next, bad: {{ back_to: one }} }} }}\n\
         events: {{ count: {{ message: paid, match: {{ order: o1 }}, steps: [ {{ id: counted, set: {{ num: =num + 1 }} }} ] }} }}\n",
        task("one")
    )
}

pub(crate) fn signed(
    world: &World,
    id: countersign_engine::id::InstanceId,
    signer: &str,
    outcome: &str,
) -> countersign_engine::command::Complete {
    let work = world.work(id, "sign");
    let definition = process("test", &signing());
    let record =
        to_sign(&definition, world.state(id), work, &outcome.into(), &Value::Null).expect("it is to be signed");
    let mut complete = complete(work, outcome);
    complete.signature = Some(Assertion {
        signer: signer.into(),
        printed_name: signer.into(),
        method: SigningMethod::Password,
        authenticated_at: world.now,
        record: record_digest(&record),
        locale: "zh".into(),
    });
    complete
}

#[test]
fn a_signature_is_bound_to_its_content_its_signer_its_outcome_and_its_fence() {
    let (mut world, id) = World::started(&signing());
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.complete(id, "sign", "zhao", "good").expect_err("unsigned").code(), "signature_required");
    let shown = signed(&world, id, "zhao", "good");
    assert_eq!(
        world.act(id, "wang", Action::Complete(shown.clone())).expect_err("another's").code(),
        "content_changed"
    );
    let mut other = shown.clone();
    other.outcome = Some("bad".into());
    assert_eq!(world.act(id, "zhao", Action::Complete(other)).expect_err("another outcome").code(), "content_changed");
    world.publish("paid", "m1", "o1", 1);
    assert_eq!(world.act(id, "zhao", Action::Complete(shown)).expect_err("num has changed").code(), "content_changed");
    let shown = signed(&world, id, "zhao", "bad");
    world.act(id, "zhao", Action::Complete(shown.clone())).expect("as it stands now");
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.act(id, "zhao", Action::Complete(shown)).expect_err("an old fence").code(), "gone");
}

#[test]
fn a_return_voids_signatures_of_the_region_and_they_stay_visible() {
    let (mut world, id) = World::started(&signing());
    world.complete(id, "one", "li", "done").expect("done");
    let shown = signed(&world, id, "zhao", "good");
    world.act(id, "zhao", Action::Complete(shown)).expect("signed");
    world.complete(id, "look", "li", "bad").expect("returned");
    assert_eq!(world.count(id, |event| matches!(event, Event::Signed { .. })), 1);
    assert_eq!(world.count(id, |event| matches!(event, Event::SignatureVoided { .. })), 1);
}

#[test]
fn a_return_inside_one_item_leaves_the_other_s_signature_in_force() {
    let steps = "steps:\n  - id: all\n    each: { of: =input.items, as: item, key: =item.id }\n    steps:\n      \
                 - { id: sign, task: { title: { zh: 签, en: Sign }, to: { role: checker }, shows: [ input ], sign: signed } }\n      \
                 - { id: look, task: { title: { zh: 判, en: Judge }, to: { role: clerk } }, outcomes: { good: next, bad: { back_to: sign } } }\n";
    let definition = process("test", steps);
    let mut world = World::new(std::slice::from_ref(&definition));
    let id = world.start("test", input(0, 2)).expect("it starts");
    for item in ["i1", "i2"] {
        let work = world.item_work(id, "sign", item);
        let record = to_sign(&definition, world.state(id), work, &"done".into(), &Value::Null).expect("to sign");
        let mut complete = complete(work, "done");
        complete.signature = Some(Assertion {
            signer: "zhao".into(),
            printed_name: "zhao".into(),
            method: SigningMethod::Password,
            authenticated_at: world.now,
            record: record_digest(&record),
            locale: "zh".into(),
        });
        world.act(id, "zhao", Action::Complete(complete)).expect("signed");
    }
    let work = world.item_work(id, "look", "i1");
    world.complete_work(id, work, Actor::person("li"), "bad").expect("returned");
    assert_eq!(world.count(id, |event| matches!(event, Event::SignatureVoided { .. })), 1);
}
