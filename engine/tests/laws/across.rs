//! What goes between instances: messages and signals of steps, processes that are started, milestones, notices.

use countersign_engine::command::{Action, Actor, Command, DeliveryId, DeliveryResult};
use countersign_engine::event::Event;
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::project::{Channel, NoticeKind};
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::{input, process, task};

fn worlds(processes: &[(&str, &str)]) -> World {
    let all: Vec<_> = processes.iter().map(|(name, rest)| process(name, rest)).collect();
    World::new(&all)
}

/// The only child of an instance, or the newest.
fn child(world: &World, of: InstanceId) -> InstanceId {
    let started = world.events(of).filter_map(|event| match event {
        Event::ChildStarted { child, .. } => Some(*child),
        _ => None,
    });
    started.last().expect("a child was started")
}

const WAITS: &str =
    "data: { got: record }\nsteps:\n  - { id: pay, wait: { message: paid, match: { order: o1 } }, into: got }\n";
const SENDS: &str =
    "data: { said: record }\nsteps:\n  - { id: tell, send: paid, with: { order: o1, amount: 7 }, into: said }\n";

#[test]
fn a_message_of_a_step_reaches_who_waits_and_who_comes_later_and_the_sender_hears_which() {
    let mut world = worlds(&[("waits", WAITS), ("sends", SENDS)]);
    let waiter = world.start("waits", input(0, 0)).expect("it starts");
    let sender = world.start("sends", input(0, 0)).expect("it starts");
    assert_eq!(world.data(waiter, "got").get("amount"), Some(&Value::Int(7)));
    assert_eq!(world.data(sender, "said").get("verdict"), Some(&Value::from("delivered")));
    let second = world.start("sends", input(0, 0)).expect("it starts");
    assert_eq!(world.data(second, "said").get("verdict"), Some(&Value::from("buffered")));
    let late = world.start("waits", input(0, 0)).expect("it starts");
    assert_eq!(world.outcome(late).as_deref(), Some("completed"), "it was kept");
}

#[test]
fn a_sender_s_own_id_lets_a_message_happen_once() {
    let rest = "steps:\n  - { id: one, send: { message: paid, id: =\"n-\" + key, ttl: 2 days }, with: { order: o1, amount: 1 } }\n  - { id: two, send: { message: paid, id: =\"n-\" + key }, with: { order: o1, amount: 2 } }\nkey: =input.order\n";
    let mut world = worlds(&[("twice", rest)]);
    let id = world.start("twice", input(0, 0)).expect("it starts");
    let verdicts: Vec<&str> = world
        .events(id)
        .filter_map(|event| match event {
            Event::MessageJudged { verdict, .. } => Some(verdict.word()),
            _ => None,
        })
        .collect();
    assert_eq!(verdicts, ["buffered", "duplicate"]);
}

const ASKED: &str = "steps:\n  - { id: pay, wait: { message: asked, match: { order: o1 } } }\n";

#[test]
fn a_message_to_one_that_several_wait_for_is_ambiguous_and_reaches_nobody() {
    let sends = "steps:\n  - { id: tell, send: asked, with: { order: o1, amount: 7 } }\n";
    let mut world = worlds(&[("asks", ASKED), ("sends", sends)]);
    let first = world.start("asks", input(0, 0)).expect("it starts");
    let second = world.start("asks", input(0, 0)).expect("it starts");
    let sender = world.start("sends", input(0, 0)).expect("it starts");
    assert_eq!(world.incidents(sender), [IncidentCode::MessageAmbiguous]);
    assert_eq!((world.open(first), world.open(second)), (vec!["pay".to_owned()], vec!["pay".to_owned()]));
    world.act(first, "admin", Action::Cancel { reason: "not this one".into(), undo: false }).expect("cancelled");
    world.retry(sender).expect("retried");
    assert_eq!(world.outcome(sender).as_deref(), Some("completed"));
    assert_eq!(world.outcome(second).as_deref(), Some("completed"));
}

#[test]
fn an_ambiguous_message_may_be_a_way_out() {
    let sends = "steps:\n  - { id: tell, send: asked, with: { order: o1, amount: 7 }, outcomes: { ambiguous: { end: unclear } } }\n";
    let mut world = worlds(&[("asks", ASKED), ("sends", sends)]);
    world.start("asks", input(0, 0)).expect("it starts");
    world.start("asks", input(0, 0)).expect("it starts");
    let sender = world.start("sends", input(0, 0)).expect("it starts");
    assert_eq!(world.outcome(sender).as_deref(), Some("unclear"));
}

#[test]
fn a_message_that_a_when_refuses_is_not_consumed() {
    let picky = "steps:\n  - { id: pay, wait: { message: paid, match: { order: o1 }, when: =message.amount > 100 } }\n";
    let mut world = worlds(&[("picky", picky), ("waits", WAITS)]);
    let picky = world.start("picky", input(0, 0)).expect("it starts");
    world.publish("paid", "m1", "o1", 5);
    assert_eq!(world.open(picky), ["pay"]);
    let other = world.start("waits", input(0, 0)).expect("it starts");
    assert_eq!(world.data(other, "got").get("amount"), Some(&Value::Int(5)), "another takes it");
    world.publish("paid", "m2", "o1", 500);
    assert_eq!(world.outcome(picky).as_deref(), Some("completed"), "and it waits on for others");
}

const STOPS: &str = "steps:\n  - { id: stop, signal: stopped, with: { line: L1 } }\n";

#[test]
fn a_signal_reaches_everybody_who_waits_now_and_is_lost_when_nobody_does() {
    let waits =
        "data: { got: record }\nsteps:\n  - { id: hear, wait: { signal: stopped, match: { line: L1 } }, into: got }\n";
    let mut world = worlds(&[("waits", waits), ("stops", STOPS)]);
    world.start("stops", input(0, 0)).expect("it starts");
    assert_eq!(world.lost_signals, 1);
    let waiting: Vec<_> = (0..3).map(|_| world.start("waits", input(0, 0)).expect("it starts")).collect();
    assert!(waiting.iter().all(|id| world.outcome(*id).is_none()), "a signal is not kept");
    world.start("stops", input(0, 0)).expect("it starts");
    assert!(waiting.iter().all(|id| world.outcome(*id).as_deref() == Some("completed")));
}

#[test]
fn a_signal_is_an_event_and_an_alternative() {
    let hosts = format!(
        "steps:\n  - id: work\n    steps: [ {} ]\n    events: {{ halted: {{ signal: stopped, instead: [ {} ] }} }}\n",
        task("one"),
        task("clear")
    );
    let first = "steps:\n  - id: either\n    first:\n      halted: { signal: stopped, end: halted }\n      silent: { after: 1 day, end: silent }\n";
    let mut world = worlds(&[("hosts", &hosts), ("first", first), ("stops", STOPS)]);
    let host = world.start("hosts", input(0, 0)).expect("it starts");
    let either = world.start("first", input(0, 0)).expect("it starts");
    world.start("stops", input(0, 0)).expect("it starts");
    assert_eq!(world.open(host), ["clear"]);
    assert_eq!(world.outcome(either).as_deref(), Some("halted"));
}

fn capa() -> String {
    let plan = task("plan").replace(" } } }", " } }, milestone: planned }");
    format!("steps:\n  - {plan}\n  - {}\n", task("carry_out"))
}

#[test]
fn a_process_that_is_started_is_not_awaited() {
    let parent = format!(
        "data: {{ other: record }}\nsteps:\n  - {{ id: capa, start: capa, with: {{ items: [] }}, into: other }}\n  - {}\n",
        task("next")
    );
    let mut world = worlds(&[("capa", &capa()), ("recall", &parent)]);
    let id = world.start("recall", input(0, 0)).expect("it starts");
    assert_eq!(world.open(id), ["next"]);
    let other = child(&world, id);
    assert_eq!(world.data(id, "other").get("instance"), Some(&Value::from(other.to_string())));
    world.complete(id, "next", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
    assert_eq!(world.open(other), ["plan"], "it goes on by itself");
    world.complete(other, "plan", "li", "done").expect("done");
    world.complete(other, "carry_out", "li", "done").expect("done");
    assert_eq!(world.outcome(other).as_deref(), Some("completed"));
}

#[test]
fn a_process_that_refuses_to_start_is_an_incident_at_the_step_that_starts_it() {
    let parent = "steps:\n  - { id: capa, start: capa, with: { a: many, items: [] } }\n";
    let mut world = worlds(&[("capa", &capa()), ("recall", parent)]);
    let id = world.start("recall", input(0, 0)).expect("it starts");
    assert_eq!(world.incidents(id), [IncidentCode::ChildRefused]);
    assert_eq!(world.state(id).tied().count(), 0, "nothing is tied to what never was");
}

fn holding(until: &str) -> World {
    let parent = format!(
        "steps:\n  - {{ id: capa, start: capa, with: {{ items: [] }}, link: {{ relation: caused, blocks_end_until: {until} }} }}\n  - {{ id: over, end: closed }}\n"
    );
    worlds(&[("capa", &capa()), ("recall", &parent)])
}

#[test]
fn a_link_holds_the_end_until_the_child_s_milestone() {
    let mut world = holding("planned");
    let id = world.start("recall", input(0, 0)).expect("it starts");
    assert_eq!((world.outcome(id), world.state(id).ending().cloned()), (None, Some("closed".into())));
    let other = child(&world, id);
    world.complete(other, "plan", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("closed"));
    assert_eq!(world.open(other), ["carry_out"]);
}

#[test]
fn a_link_holds_the_end_until_the_child_s_end() {
    let mut world = holding("end");
    let id = world.start("recall", input(0, 0)).expect("it starts");
    let other = child(&world, id);
    world.complete(other, "plan", "li", "done").expect("done");
    assert_eq!(world.outcome(id), None);
    world.complete(other, "carry_out", "li", "done").expect("done");
    assert_eq!(world.outcome(id).as_deref(), Some("closed"));
}

#[test]
fn a_child_that_ends_without_the_milestone_holds_the_end_until_an_operator_lets_go() {
    let mut world = holding("planned");
    let id = world.start("recall", input(0, 0)).expect("it starts");
    let other = child(&world, id);
    world.act(other, "admin", Action::Cancel { reason: "no cause found".into(), undo: false }).expect("cancelled");
    assert_eq!((world.incidents(id), world.outcome(id)), (vec![IncidentCode::MilestoneMissed], None));
    world.retry(id).expect("let go");
    assert_eq!(world.outcome(id).as_deref(), Some("closed"));
}

#[test]
fn a_held_end_can_be_cancelled() {
    let mut world = holding("planned");
    let id = world.start("recall", input(0, 0)).expect("it starts");
    let other = child(&world, id);
    world.act(other, "admin", Action::Cancel { reason: "no cause found".into(), undo: false }).expect("cancelled");
    world.act(id, "admin", Action::Cancel { reason: "opened by mistake".into(), undo: false }).expect("cancelled");
    assert_eq!(world.outcome(id).as_deref(), Some("cancelled"));
}

#[test]
fn a_run_until_a_milestone_goes_on_when_it_is_reached_and_the_child_goes_on_too() {
    let parent =
        format!("steps:\n  - {{ id: capa, run: capa, with: {{ items: [] }}, until: planned }}\n  - {}\n", task("next"));
    let mut world = worlds(&[("capa", &capa()), ("recall", &parent)]);
    let id = world.start("recall", input(0, 0)).expect("it starts");
    assert_eq!(world.open(id), ["capa"]);
    let other = child(&world, id);
    world.complete(other, "plan", "li", "done").expect("done");
    assert_eq!((world.open(id), world.open(other)), (vec!["next".to_owned()], vec!["carry_out".to_owned()]));
    world.complete(id, "next", "li", "done").expect("done");
    assert_eq!(world.open(other), ["carry_out"], "it is not given up with its parent");
    world.complete(other, "carry_out", "li", "done").expect("done");
}

#[test]
fn a_run_until_a_milestone_that_is_not_reached_has_a_way_out_or_an_incident() {
    for (outcomes, incidents, end) in [
        ("", vec![IncidentCode::MilestoneMissed], None),
        (", outcomes: { not_reached: { end: dropped } }", vec![], Some("dropped")),
    ] {
        let parent =
            format!("steps:\n  - {{ id: capa, run: capa, with: {{ items: [] }}, until: planned{outcomes} }}\n");
        let mut world = worlds(&[("capa", &capa()), ("recall", &parent)]);
        let id = world.start("recall", input(0, 0)).expect("it starts");
        let other = child(&world, id);
        world.act(other, "admin", Action::Cancel { reason: "no cause found".into(), undo: false }).expect("cancelled");
        assert_eq!((world.incidents(id), world.outcome(id).as_deref()), (incidents, end));
    }
}

fn waits_for_capa(more: &str) -> World {
    let parent = format!(
        "steps:\n  - {{ id: capa, start: capa, with: {{ items: [] }} }}\n  - {}\n  - {{ id: plan, wait: {{ process: =steps.capa, milestone: planned }}{more} }}\n  - {}\n",
        task("first"),
        task("next")
    );
    worlds(&[("capa", &capa()), ("recall", &parent)])
}

#[test]
fn a_milestone_of_another_process_counts_whether_reached_before_or_later() {
    for before in [true, false] {
        let mut world = waits_for_capa("");
        let id = world.start("recall", input(0, 0)).expect("it starts");
        let other = child(&world, id);
        if before {
            world.complete(other, "plan", "li", "done").expect("done");
            world.complete(id, "first", "li", "done").expect("done");
        } else {
            world.complete(id, "first", "li", "done").expect("done");
            assert_eq!(world.open(id), ["plan"]);
            world.complete(other, "plan", "li", "done").expect("done");
        }
        assert_eq!(world.open(id), ["next"]);
    }
}

#[test]
fn a_milestone_of_a_process_that_has_ended_counts_if_it_was_reached() {
    let mut world = waits_for_capa("");
    let id = world.start("recall", input(0, 0)).expect("it starts");
    let other = child(&world, id);
    world.complete(other, "plan", "li", "done").expect("done");
    world.complete(other, "carry_out", "li", "done").expect("done");
    world.complete(id, "first", "li", "done").expect("done");
    assert_eq!(world.open(id), ["next"]);
}

#[test]
fn a_milestone_that_cannot_come_any_more_has_a_way_out_or_an_incident() {
    for early in [true, false] {
        for (more, incidents, end) in [
            ("", vec![IncidentCode::MilestoneMissed], None),
            (", outcomes: { not_reached: { end: dropped } }", vec![], Some("dropped")),
        ] {
            let mut world = waits_for_capa(more);
            let id = world.start("recall", input(0, 0)).expect("it starts");
            let other = child(&world, id);
            let cancel = Action::Cancel { reason: "no cause found".into(), undo: false };
            if early {
                world.act(other, "admin", cancel).expect("cancelled");
                world.complete(id, "first", "li", "done").expect("done");
            } else {
                world.complete(id, "first", "li", "done").expect("done");
                world.act(other, "admin", cancel).expect("cancelled");
            }
            assert_eq!((world.incidents(id), world.outcome(id).as_deref()), (incidents, end));
        }
    }
}

#[test]
fn two_that_wait_for_each_other_at_their_ends_do_not_wait_for_ever() {
    // The child waits for a milestone that its parent, whose end it holds, never reaches.
    let child_steps = "steps:\n  - { id: hear, wait: { process: =input.order, milestone: never }, outcomes: { not_reached: { end: alone } } }\n";
    let parent = format!(
        "key: =input.order\nsteps:\n  - {{ id: other, start: below, with: {{ order: =input.order, items: [] }}, link: {{ relation: caused, blocks_end_until: end }} }}\n  - {}\n  - {{ id: mark, when: =input.a > 5, wait: 1 day, milestone: never }}\n",
        task("last")
    );
    let mut world = worlds(&[("below", child_steps), ("above", &parent)]);
    // The id that the parent will have.
    let id = InstanceId::new(uuid::Uuid::from_u128(1 << 16), countersign_engine::id::ShardId(0));
    let mut given = input(0, 0);
    given.set(&["order".into()], Value::from(id.to_string()));
    assert_eq!(world.start("above", given).expect("it starts"), id);
    let other = child(&world, id);
    assert_eq!(world.open(other), ["hear"]);
    world.complete(id, "last", "li", "done").expect("done");
    assert_eq!((world.outcome(other).as_deref(), world.outcome(id).as_deref()), (Some("alone"), Some("completed")));
}

#[test]
fn a_process_that_starts_itself_for_ever_is_stopped_by_a_limit() {
    let rest = "steps:\n  - { id: again, start: test, with: { items: [] } }\n";
    let mut world = worlds(&[("test", rest)]);
    world.start("test", input(0, 0)).expect("it starts");
    let stopped: Vec<_> =
        world.instances.keys().copied().filter(|id| world.incidents(*id) == [IncidentCode::LimitReached]).collect();
    assert_eq!((world.instances.len(), stopped.len()), (65, 1));
}

#[test]
fn a_cancelled_child_s_outcome_is_cancelled() {
    let parent =
        "steps:\n  - { id: capa, run: capa, with: { items: [] }, outcomes: { cancelled: { end: dropped } } }\n";
    let mut world = worlds(&[("capa", &capa()), ("recall", parent)]);
    let id = world.start("recall", input(0, 0)).expect("it starts");
    let other = child(&world, id);
    world.act(other, "admin", Action::Cancel { reason: "no cause found".into(), undo: false }).expect("cancelled");
    assert_eq!(world.outcome(id).as_deref(), Some("dropped"));
}

#[test]
fn a_child_that_completed_while_its_step_was_given_up_is_an_orphan_on_record() {
    for ended in [true, false] {
        let parent = format!(
            "steps:\n  - id: both\n    parallel:\n      run: [ {{ id: capa, run: capa, with: {{ items: [] }} }} ]\n      other: [ {} ]\n    join: any\n  - {}\n",
            task("shortcut"),
            task("next")
        );
        let mut world = worlds(&[("capa", &capa()), ("recall", &parent)]);
        let id = world.start("recall", input(0, 0)).expect("it starts");
        let (run, other) = (world.run(id, "capa"), child(&world, id));
        if ended {
            world
                .act(id, "admin", Action::Cancel { reason: "opened by mistake".into(), undo: false })
                .expect("cancelled");
        } else {
            world.complete(id, "shortcut", "li", "done").expect("done");
        }
        // Its end was on the way when it was given up.
        let action = Action::EndChild { run, child: other, outcome: "completed".into(), output: Value::Null };
        let before = world.state(id).updated_at();
        world.now = world.now.plus_micros(DAY);
        world.decide(id, Command { actor: Actor::System, action }).expect("it is on record");
        let orphans = world.count(id, |event| matches!(event, Event::ChildOrphaned { .. }));
        assert_eq!((orphans, world.state(id).updated_at() == before), (1, ended), "the end stays when it was");
    }
}

const TELLS: &str = "steps:\n  - { id: tell, notify: { to: { roles: [ checker, manager ] }, text: { zh: \"到 ${input.order}\", en: \"At ${input.order}\" }, mail: true, webhook: plant } }\n";

#[test]
fn a_notice_is_in_inboxes_and_on_its_way_out_with_the_transition_that_tells_it() {
    let (world, id) = World::started(TELLS);
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
    let [told] = world.told.as_slice() else { panic!("one notice") };
    assert_eq!((told.text.en.as_ref(), told.to.len(), told.kind), ("At o1", 2, NoticeKind::Notice));
    let channels: Vec<&Channel> = world.deliveries.iter().map(|row| &row.channel).collect();
    assert_eq!(channels, [&Channel::Mail, &Channel::Webhook { name: "plant".into() }]);
    let mut ids: Vec<_> = world.deliveries.iter().map(|row| row.delivery).collect();
    ids.push(told.notice);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has a name of its own");
}

#[test]
fn a_ladder_tells_the_holder_and_others_by_the_inbox_and_by_mail() {
    let rest = format!(
        "late: {{ usual: [ {{ at: due, tell: holder }}, {{ at: 1 day after, tell: [ manager_of_holder, manager ] }} ] }}\nsteps:\n  - {}\n",
        task("one").replace(" } } }", " } }, due: 2 days }")
    );
    let (mut world, id) = World::started(&rest);
    let work = world.work(id, "one");
    world.act(id, "wang", Action::Claim { work }).expect("claimed");
    world.wait(4 * DAY);
    let told: Vec<String> = world.told.iter().map(|row| format!("{:?}", row.to)).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("User { id: \"wang\" }") && !told[0].contains("Role"), "{told:?}");
    assert!(told[1].contains("ManagerOf { id: \"wang\" }") && told[1].contains("manager"), "{told:?}");
    assert!(world.deliveries.iter().all(|row| row.optional && row.channel == Channel::Mail));
    assert!(world.told[0].text.en.contains("Do"), "{}", world.told[0].text.en);
}

#[test]
fn what_could_not_be_delivered_is_an_incident_and_a_retry_sends_it_again() {
    let rest = format!("{}  - {}\n", TELLS, task("next"));
    let (mut world, id) = World::started(&rest);
    let delivery = world.deliveries[1].delivery;
    let failed = DeliveryResult::Failed { attempts: 8, code: "refused".into(), message: "404".into() };
    world.system(id, Action::FinishDelivery { delivery, result: failed }).expect("noted");
    assert_eq!(world.incidents(id), [IncidentCode::DeliveryFailed]);
    assert_eq!(world.open(id), ["next"], "nothing else is stopped");
    world.retry(id).expect("again");
    assert_eq!(world.delivered.last(), Some(&(delivery, None)));
}

#[test]
fn what_was_delivered_after_the_end_is_on_record_and_moves_nothing() {
    let (mut world, id) = World::started(TELLS);
    let ended = world.state(id).updated_at();
    world.now = world.now.plus_micros(DAY);
    for result in [
        DeliveryResult::Delivered { attempts: 1 },
        DeliveryResult::Failed { attempts: 8, code: "refused".into(), message: "404".into() },
    ] {
        let delivery = DeliveryId { version: 1, seq: 1 };
        world.system(id, Action::FinishDelivery { delivery, result }).expect("noted");
    }
    assert_eq!((world.state(id).updated_at(), world.incidents(id)), (ended, vec![]));
}

#[test]
fn a_business_key_draws_a_number_only_where_it_needs_one() {
    let rest = "key: =input.order ?? next(\"CAPA\")\nsteps:\n  - { id: only, wait: 1 day }\n";
    let mut world = worlds(&[("test", rest)]);
    let mut own = input(0, 0);
    own.set(&["order".into()], Value::Null);
    let keys: Vec<String> = [input(0, 0), own.clone(), own]
        .into_iter()
        .map(|input| {
            let id = world.start("test", input).expect("it starts");
            world.state(id).key().map(|key| key.to_string()).unwrap_or_default()
        })
        .collect();
    assert_eq!(keys, ["o1", "CAPA-000001", "CAPA-000002"]);
    world.redecide_all();
}
