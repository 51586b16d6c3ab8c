//! `parts` and `do`: expanded in place, named after the step that does them.

use countersign_engine::command::Actor;
use countersign_engine::event::Event;
use countersign_engine::value::Value;

use crate::driver::World;
use crate::inputs::{compile, input, task, yaml};

/// The codes that the checker tells of a process.
fn told(rest: &str) -> Vec<String> {
    let found = compile(&yaml("test", rest)).err().unwrap_or_default();
    found.lines().filter_map(|line| line.split(' ').nth(1).map(str::to_owned)).collect()
}

#[test]
fn a_part_s_steps_are_named_after_the_step_that_does_it() {
    let steps = format!(
        "parts:\n  pair: [ {}, {} ]\nsteps:\n  - {{ id: first, do: pair }}\n  - {{ id: second, do: pair }}\n",
        task("one"),
        task("two")
    );
    let (mut world, id) = World::started(&steps);
    for open in ["first.one", "first.two", "second.one", "second.two"] {
        assert_eq!(world.open(id), [open.split('.').next().expect("a name"), open]);
        world.complete(id, open, "li", "done").expect("done");
    }
    assert_eq!(world.outcome(id).as_deref(), Some("completed"));
}

#[test]
fn names_in_a_part_mean_its_own_steps_first() {
    let steps = "data: { num: { type: integer, initial: 0 } }\nparts:\n  pair:\n    - { id: echo, call: test.echo, with: { value: 7 } }\n    \
                 - { id: kept, set: { num: =num + steps.echo.output.value } }\n    - { id: again, when: =visits(\"echo\") < 2, back_to: echo }\n\
                 steps:\n  - { id: echo, call: test.echo, with: { value: 100 } }\n  - { id: first, do: pair }\n  \
                 - { id: sum, set: { num: =num + steps.echo.output.value + steps.first.echo.output.value } }\n";
    let (world, id) = World::started(steps);
    assert_eq!((world.incidents(id), world.data(id, "num")), (Vec::new(), Value::Int(7 + 7 + 100 + 7)));
}

#[test]
fn the_way_out_of_a_part_s_last_step_is_the_part_s() {
    let steps = format!(
        "data: {{ num: optional integer }}\nparts:\n  board:\n    - {}\n    - id: vote\n      approve: {{ by: [ {{ role: manager }} ] }}\nsteps:\n  - {}\n  \
         - {{ id: ccb, do: board, outcomes: {{ rejected: {{ back_to: triage }} }} }}\n  - {}\n",
        task("prepare"),
        task("triage"),
        task("next")
    );
    let (mut world, id) = World::started(&steps);
    for (vote, open) in [("rejected", "triage"), ("approved", "next")] {
        world.complete(id, "triage", "li", "done").expect("done");
        world.complete(id, "ccb.prepare", "li", "done").expect("done");
        world.complete(id, "ccb.vote", "qian", vote).expect("voted");
        assert_eq!(world.open(id), [open]);
    }
}

#[test]
fn a_part_in_an_item_has_the_item_s_values_and_clocks() {
    let steps = "parts:\n  carry_out:\n    - { id: echo, call: test.echo, with: { value: =item.q } }\n    - { id: kept, set: { item.q: =steps.echo.output.value * 2 } }\n    \
                 - { id: do_it, task: { title: { zh: \"做 ${item.id}\", en: Do }, to: { role: clerk } } }\n    \
                 - { id: verify, task: { title: { zh: 查, en: Verify }, to: { role: clerk }, not: [ do_it ] }, outcomes: { good: next, bad: { back_to: do_it } } }\n\
                 steps:\n  - id: all\n    each: { of: =input.items, as: item, key: =item.id }\n    steps: [ { id: carry_out, do: carry_out } ]\n";
    let (mut world, id) = World::started_with(steps, input(0, 2));
    for item in ["i1", "i2"] {
        let work = world.item_work(id, "carry_out.do_it", item);
        world.complete_work(id, work, Actor::person("li"), "done").expect("done");
        let work = world.item_work(id, "carry_out.verify", item);
        let refused = world.complete_work(id, work, Actor::person("li"), "good").expect_err("li did it");
        assert_eq!(refused.code(), "separation_of_duties");
    }
    let work = world.item_work(id, "carry_out.verify", "i1");
    world.complete_work(id, work, Actor::person("wang"), "bad").expect("returned");
    assert_eq!(
        world.open(id),
        ["all", "carry_out.do_it[i1]", "carry_out.verify[i2]", "carry_out[i1]", "carry_out[i2]"]
    );
    let values: Vec<_> = world
        .events(id)
        .filter_map(|event| match event {
            Event::StepCompleted { writes, .. } if !writes.is_empty() => Some(writes[0].value.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(values, [Value::Int(2), Value::Int(4)]);
}

#[test]
fn parts_may_do_parts_but_never_themselves() {
    let nested = format!(
        "parts:\n  inner: [ {} ]\n  outer: [ {{ id: a, do: inner }}, {{ id: b, do: inner }} ]\nsteps:\n  - {{ id: x, do: outer }}\n",
        task("one")
    );
    let (mut world, id) = World::started(&nested);
    world.complete(id, "x.a.one", "li", "done").expect("done");
    assert_eq!(world.open(id), ["x", "x.b", "x.b.one"]);
    assert_eq!(
        told("parts:\n  one: [ { id: a, do: two } ]\n  two: [ { id: b, do: one } ]\nsteps:\n  - { id: x, do: one }\n"),
        ["part.recursive"]
    );
    assert_eq!(
        told("parts: { carry_out: [ { id: a, end: over } ] }\nsteps:\n  - { id: x, do: cary_out }\n"),
        ["part.unused", "part.unknown"]
    );
}

#[test]
fn parts_that_double_with_each_level_are_refused_before_they_fill_the_memory() {
    let mut parts = "parts:\n  p0: [ { id: e, end: over } ]\n".to_owned();
    for level in 1..30 {
        let list: Vec<String> =
            (0..8).map(|n| format!("{{ id: s{n}, when: =input.a > 0, do: p{} }}", level - 1)).collect();
        parts.push_str(&format!("  p{level}: [ {} ]\n", list.join(", ")));
    }
    let told = told(&format!("{parts}steps:\n  - {{ id: x, do: p7 }}\n"));
    assert!(told.contains(&"part.too_large".to_owned()), "{told:?}");
}
