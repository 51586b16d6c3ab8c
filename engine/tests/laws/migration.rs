//! Taking instances to another release: what is the same goes on, what is not is for the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_engine::command::Actor;
use countersign_engine::event::Event;
use countersign_engine::id::InstanceId;
use countersign_engine::incident::IncidentCode;
use countersign_engine::language::definition::Definition;
use countersign_engine::operate::Operation;
use countersign_engine::operate::migrate::{Otherwise, Plan, judge};
use countersign_engine::project::TaskStatus;
use countersign_engine::rejection::Rejection;
use countersign_engine::value::Value;

use crate::driver::{DAY, World};
use crate::inputs::{input, process, task};

impl World {
    pub(crate) fn migrate(&mut self, id: InstanceId, to: &Arc<Definition>, plan: &Plan) -> Result<(), Rejection> {
        self.releases.insert(to.release, to.clone());
        let plan = Box::new(plan.clone());
        self.operate(id, "admin", Operation::Migrate { release: to.release, plan })
    }
}

fn names(names: &[&str]) -> BTreeSet<Arc<str>> {
    names.iter().map(|name| (*name).into()).collect()
}

fn list(steps: &[&str]) -> String {
    let lines: Vec<String> = steps.iter().map(|step| format!("  - {}\n", task(step))).collect();
    format!("steps:\n{}", lines.concat())
}

#[test]
fn migration_to_the_same_steps_changes_nothing_but_the_release() {
    let steps = list(&["one", "two"]);
    let (mut world, id) = World::started(&steps);
    world.complete(id, "one", "li", "done").expect("done");
    let before = world.state(id).clone();
    let same = process("test", &format!("# another file\n{steps}"));
    assert_ne!(same.release, before.release());
    world.migrate(id, &same, &Plan::default()).expect("migrated");
    let json = |state: &countersign_engine::state::State| {
        let mut json = serde_json::to_value(state).expect("JSON");
        json["release"] = serde_json::Value::Null;
        json
    };
    assert_eq!(json(world.state(id)), json(&before));
    world.complete(id, "two", "li", "done").expect("its fence is the same");
    world.redecide_all();
}

#[test]
fn new_steps_behind_and_before_what_is_next_are_done_and_those_behind_the_back_are_not() {
    let (mut world, id) = World::started(&list(&["one", "two"]));
    world.complete(id, "one", "li", "done").expect("done");
    let new = process("test", &list(&["early", "one", "between", "two", "late"]));
    let work = world.work(id, "two");
    world.migrate(id, &new, &Plan::default()).expect("migrated");
    assert_eq!(world.work(id, "two"), work, "an open task keeps its identity");
    world.complete(id, "two", "li", "done").expect("done");
    assert_eq!(world.open(id), ["late"]);
    world.restart();
    world.redecide_all();
}

#[test]
fn a_token_on_a_removed_step_stays_unless_the_plan_says_map_cancel_or_park() {
    let new = || process("test", &list(&["one", "renamed", "last"]));
    let start = || {
        let (mut world, id) = World::started(&list(&["one", "two", "last"]));
        world.complete(id, "one", "li", "done").expect("done");
        (world, id)
    };
    let (mut world, id) = start();
    let refused = world.migrate(id, &new(), &Plan::default()).expect_err("what of `two`?");
    assert_eq!(refused.code(), "cannot_migrate");
    assert!(refused.to_string().contains("two"), "{refused}");

    let mapped = Plan { map: BTreeMap::from([("two".into(), "renamed".into())]), ..Plan::default() };
    let work = world.work(id, "two");
    world.migrate(id, &new(), &mapped).expect("migrated");
    assert_eq!(world.open(id), ["renamed"]);
    assert_eq!(world.work(id, "renamed"), work);

    let (mut world, id) = start();
    let work = world.work(id, "two");
    world.migrate(id, &new(), &Plan { cancel: names(&["two"]), ..Plan::default() }).expect("migrated");
    assert_eq!(world.open(id), ["renamed"], "the flow goes on where `two` was");
    assert_eq!(world.task_status(id, work), TaskStatus::Withdrawn);

    let (mut world, id) = start();
    world.migrate(id, &new(), &Plan { park: names(&["two"]), ..Plan::default() }).expect("migrated");
    assert_eq!(world.incidents(id), [IncidentCode::MigrationParked]);
    assert!(world.open(id).is_empty());
    world.retry(id).expect("an operator lets it go on");
    assert_eq!(world.open(id), ["renamed"]);
    world.redecide_all();
}

#[test]
fn a_step_of_another_kind_cannot_be_carried_but_opened_anew() {
    let (mut world, id) = World::started(&list(&["one"]));
    let new = process("test", "steps:\n  - { id: one, wait: 2 days }\n");
    assert_eq!(world.migrate(id, &new, &Plan::default()).expect_err("another kind").code(), "cannot_migrate");
    let plan = Plan { otherwise: Otherwise::Park, ..Plan::default() };
    let judged = judge(&world.instances[&id].definition, &new, world.state(id), &plan);
    assert_eq!((judged.acts.len(), judged.faults.len()), (1, 0), "the dry run says the same");
    world.migrate(id, &new, &Plan { restart: names(&["one"]), ..Plan::default() }).expect("migrated");
    world.wait(2 * DAY);
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn timers_keep_their_moments_and_a_new_duration_applies_only_if_declared() {
    let waiting = |days: u32| format!("steps:\n  - {{ id: settle, wait: {days} days }}\n");
    for (declared, days) in [(false, 10), (true, 4)] {
        let (mut world, id) = World::started(&waiting(10));
        world.wait(DAY);
        let durations = if declared { names(&["settle"]) } else { names(&[]) };
        world.migrate(id, &process("test", &waiting(4)), &Plan { durations, ..Plan::default() }).expect("migrated");
        world.wait((days - 1) * DAY - 1);
        assert!(world.state(id).is_live(), "{days}");
        world.wait(1);
        assert!(!world.state(id).is_live(), "{days}");
    }
}

#[test]
fn migration_inside_an_open_join_maps_branches_by_name() {
    let both = |branches: &str| format!("steps:\n  - id: both\n    parallel:\n{branches}  - {}\n", task("last"));
    let branch = |name: &str, step: &str| format!("      {name}: [ {} ]\n", task(step));
    let old = both(&format!("{}{}{}", branch("a", "one"), branch("b", "two"), branch("c", "three")));
    let new = process("test", &both(&format!("{}{}", branch("a", "one"), branch("c", "three"))));
    let (mut world, id) = World::started(&old);
    world.complete(id, "one", "li", "done").expect("done");
    assert_eq!(world.migrate(id, &new, &Plan::default()).expect_err("branch b").code(), "cannot_migrate");
    world.migrate(id, &new, &Plan { cancel: names(&["both/b"]), ..Plan::default() }).expect("migrated");
    assert_eq!(world.open(id), ["both", "three"]);
    world.complete(id, "three", "li", "done").expect("done");
    assert_eq!(world.open(id), ["last"], "a withdrawn branch counts as ended");
    world.redecide_all();

    let (mut world, id) = World::started(&old);
    world.complete(id, "one", "li", "done").expect("done");
    world.complete(id, "three", "li", "done").expect("done");
    world.migrate(id, &new, &Plan { cancel: names(&["both/b"]), ..Plan::default() }).expect("migrated");
    assert_eq!(world.open(id), ["last"], "the last branch was the removed one: the join decides at once");

    let (mut world, id) = World::started(&old);
    world.migrate(id, &new, &Plan { otherwise: Otherwise::Park, ..Plan::default() }).expect("migrated");
    assert_eq!(world.incidents(id), [IncidentCode::MigrationParked]);
    world.retry(id).expect("opened anew by the new release");
    assert_eq!(world.open(id), ["both", "one", "three"]);
}

#[test]
fn migration_inside_an_each_keeps_items_by_key() {
    let each = |steps: &str| {
        format!("steps:\n  - id: all\n    each: {{ of: =input.items, as: item, key: =item.id }}\n    steps:\n{steps}")
    };
    let old = each(&format!("      - {}\n", task("do_it")));
    let new = process("test", &each(&format!("      - {}\n      - {}\n", task("do_it"), task("check"))));
    let (mut world, id) = World::started_with(&old, input(0, 3));
    let first = world.item_work(id, "do_it", "i1");
    world.complete_work(id, first, Actor::person("li"), "done").expect("done");
    world.migrate(id, &new, &Plan::default()).expect("migrated");
    assert_eq!(world.open(id), ["all", "do_it[i2]", "do_it[i3]"]);
    let second = world.item_work(id, "do_it", "i2");
    world.complete_work(id, second, Actor::person("li"), "done").expect("done");
    assert_eq!(world.open(id), ["all", "check[i2]", "do_it[i3]"]);
}

#[test]
fn new_fields_have_their_initial_values_and_a_value_that_does_not_fit_must_be_fixed_first() {
    let with = |field: &str| format!("data: {{ num: {{ type: integer, initial: 12 }}{field} }}\n{}", list(&["one"]));
    let (mut world, id) = World::started(&with(""));
    let new = process("test", &with(", added: { type: integer, initial: 7 }"));
    world.migrate(id, &new, &Plan::default()).expect("migrated");
    assert_eq!(world.data(id, "added"), Value::Int(7));
    let narrow = process("test", &format!("data: {{ num: integer 1..9 }}\n{}", list(&["one"])));
    let refused = world.migrate(id, &narrow, &Plan::default()).expect_err("12 does not fit");
    assert!(refused.to_string().contains("num"), "{refused}");
}

#[test]
fn an_event_that_is_gone_is_let_go_and_a_new_one_is_armed() {
    let heard = |message: &str| {
        format!(
            "{}events:\n  e_{message}: {{ message: {message}, match: {{ order: o1 }}, instead: [ {{ id: over, end: heard }} ] }}\n",
            list(&["one"])
        )
    };
    let (mut world, id) = World::started(&heard("paid"));
    world.migrate(id, &process("test", &heard("moved")), &Plan::default()).expect("migrated");
    world.publish("paid", "m1", "o1", 1);
    assert!(world.state(id).is_live());
    world.publish("moved", "m2", "o1", 1);
    assert_eq!(world.outcome(id).as_deref(), Some("heard"));
}

#[test]
fn records_of_removed_steps_stay_readable() {
    let (mut world, id) = World::started(&list(&["one", "two"]));
    world.complete(id, "one", "li", "done").expect("done");
    world.migrate(id, &process("test", &list(&["two"])), &Plan::default()).expect("migrated");
    let view = world.state(id).to_view();
    assert_eq!(view["steps"]["one"]["by"], "li");
    assert_eq!(world.count(id, |event| matches!(event, Event::Migrated { .. })), 1);
}

#[test]
fn a_release_of_another_process_is_refused() {
    let (mut world, id) = World::started(&list(&["one"]));
    let other = process("other", &list(&["one"]));
    assert_eq!(world.migrate(id, &other, &Plan::default()).expect_err("another process").code(), "cannot_migrate");
}
