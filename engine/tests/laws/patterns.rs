//! Patterns that need more than one instance; the others are stories in `tests/patterns`.

use countersign_engine::id::InstanceId;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{process, task};

fn depth(number: i64) -> Value {
    Value::record([("a", Value::Int(number)), ("items", Value::list(Vec::new()))])
}

/// A process that calls itself as deep as `a` says.
fn recursive() -> World {
    let steps = format!(
        "steps:\n  - {{ id: below, when: =input.a > 0, run: explode, with: {{ a: =input.a - 1, items: [] }} }}\n  - {}\n",
        task("add")
    );
    World::new(&[process("explode", &steps)])
}

#[test]
fn a_process_that_calls_itself_ends_from_the_lowest_level_up() {
    let mut world = recursive();
    let top = world.start("explode", depth(3)).expect("it starts");
    let levels: Vec<InstanceId> = world.instances.keys().copied().collect();
    assert_eq!((levels.len(), levels[0]), (4, top));
    for (level, id) in levels.iter().enumerate() {
        let open = if level == 3 { "add" } else { "below" };
        assert_eq!(world.open(*id), [open]);
    }
    for id in levels.iter().rev() {
        world.complete(*id, "add", "li", "done").expect("its turn has come");
        assert_eq!(world.outcome(*id).as_deref(), Some("completed"));
    }
}

#[test]
fn cancelling_the_top_of_a_recursion_cancels_every_level() {
    let mut world = recursive();
    let top = world.start("explode", depth(3)).expect("it starts");
    let action = countersign_engine::command::Action::Cancel { reason: "wrong".into() };
    world.act(top, "admin", action).expect("an administrator may");
    let ended: Vec<_> = world.instances.keys().map(|id| world.outcome(*id)).collect();
    assert_eq!(ended.len(), 4);
    assert!(world.instances.keys().all(|id| !world.state(*id).is_live()), "{ended:?}");
}
