//! One of every event, command and fact, in the bytes of format 1: they are written the same for ever.

use std::collections::BTreeSet;

use countersign_engine::command::{Act, Action, Command};
use countersign_engine::event::{Did, Event};
use countersign_engine::facts::Fact;
use countersign_engine::history::transition::{Content, Transition};

const GOLDEN: &str = include_str!("../golden/transition-v1.jsonl");

fn transitions() -> Vec<Transition> {
    GOLDEN.lines().map(|line| Transition::from_bytes(line.as_bytes()).expect("old bytes are read")).collect()
}

/// The word of a variant, as it is stored.
fn word(value: &impl serde::Serialize, tag: &str) -> String {
    let json = serde_json::to_value(value).expect("JSON");
    json[tag].as_str().unwrap_or_else(|| panic!("{json} has no {tag}")).to_owned()
}

#[test]
fn old_bytes_are_written_again_as_they_were() {
    for (line, transition) in GOLDEN.lines().zip(transitions()) {
        assert_eq!(String::from_utf8(transition.to_bytes()).expect("UTF-8"), line);
    }
}

#[test]
fn every_variant_is_in_the_golden_file() {
    let (mut events, mut actions, mut facts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut acts, mut dids) = (BTreeSet::new(), BTreeSet::new());
    for transition in transitions() {
        let Content::Instance { command: Command { action, .. }, facts: told, events: happened } = transition.content
        else {
            continue;
        };
        actions.insert(word(&action, "type"));
        if let Action::Work { act, .. } = &action {
            acts.insert(word(act, "do"));
        }
        dids.extend(happened.iter().filter_map(|event| match event {
            Event::Worked { did, .. } => Some(word(did, "as")),
            _ => None,
        }));
        facts.extend(told.iter().map(|fact: &Fact| word(fact, "fact")));
        events.extend(happened.iter().map(|event: &Event| word(event, "type")));
    }
    // serde names the variants that it knows when it meets one that it does not.
    let known = |error: serde_json::Error| -> BTreeSet<String> {
        let text = error.to_string();
        let list = text.split("expected one of ").nth(1).unwrap_or_default();
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    assert_eq!(events, known(serde_json::from_str::<Event>(r#"{"type":"?"}"#).expect_err("no event")));
    assert_eq!(acts, known(serde_json::from_str::<Act>(r#"{"do":"?"}"#).expect_err("no act")));
    assert_eq!(dids, known(serde_json::from_str::<Did>(r#"{"as":"?"}"#).expect_err("nothing done")));
    assert_eq!(facts, known(serde_json::from_str::<Fact>(r#"{"fact":"?"}"#).expect_err("no fact")));
    let action = serde_json::from_str::<countersign_engine::command::Action>(r#"{"type":"?"}"#);
    assert_eq!(actions, known(action.expect_err("no action")));
}

#[test]
fn a_service_s_transition_is_in_the_golden_file() {
    assert!(transitions().iter().any(|transition| matches!(transition.content, Content::Service { .. })));
}

#[test]
fn an_unknown_field_is_not_passed_over() {
    let line = GOLDEN.lines().next().expect("a line").replacen('{', r#"{"added":1,"#, 1);
    assert!(Transition::from_bytes(line.as_bytes()).is_err());
}
