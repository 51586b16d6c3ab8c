//! Changes of a process that its scenarios notice, and those that they do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_engine::language::check;
use countersign_engine::language::release::{Bundle, collect};
use countersign_engine::scenario::mutation::{Fate, Mutator, ignored};
use countersign_engine::scenario::run_all;

const PROCESS: &str = r"
process: order
title: { zh: 订单, en: Order }
owner: sales
calendar: plant
input: { amount: integer }
start: [ { by: [ sales ] } ]
data:  { size: { type: integer, initial: 0 }, level: string }
steps:
  - { id: rate, decide: level.table.yaml, into: { level: level } }
  - { id: large, when: =input.amount > 10, set: { size: 2 } }
  - id: look
    task: { title: { zh: 看, en: Look }, to: { role: sales } }
    outcomes:
      fine: next
      bad:
        - { id: refused, end: refused }
  - { id: done, end: done }
";
const TABLE: &str = "table: level\ntitle: { zh: 级, en: Level }\nhit: first\nrows: |\n  input.amount | -> level\n  > 10         | high\n  any          | low\n";
const SCENARIO: &str = r"
scenario: a large order is fine
at: 2026-03-02T09:00+08:00
start: { by: li, with: { amount: 20 } }
play:
  - { as: li, does: look, outcome: fine }
end: { outcome: done, data: { size: 2, level: high } }
";
const CALENDAR: &str = "calendar: plant\nversion: 2026.1\nzone: Asia/Shanghai\nweek:\n  monday: [ \"08:30-12:00\" ]\n";

fn folder() -> BTreeMap<String, Vec<u8>> {
    let files = [
        ("process.yaml", PROCESS),
        ("level.table.yaml", TABLE),
        ("scenarios/one.yaml", SCENARIO),
        ("calendars/plant.calendar.yaml", CALENDAR),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.trim_start().as_bytes().to_vec())).collect()
}

fn bundle() -> Bundle {
    collect(&folder(), &BTreeMap::new())
}

/// What became of every change, by its id.
fn fates() -> BTreeMap<String, Fate> {
    let bundle = bundle();
    let checked = check(&bundle);
    let definition = Arc::new(checked.definition.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics)));
    let report = run_all(&definition, &folder());
    assert_eq!(report.failed(), 0, "{report}");
    let mutator = Mutator::new(&bundle, &definition, &folder()).expect("scenarios that can be read");
    mutator.changes().iter().map(|change| (change.id.clone(), mutator.judge(change))).collect()
}

fn is_noticed(fate: &Fate) -> bool {
    matches!(fate, Fate::Noticed(_))
}

#[test]
fn a_change_that_a_scenario_meets_is_noticed() {
    let fates = fates();
    for id in ["large/when never", "large/set/size more", "done/end end"] {
        assert!(fates.get(id).is_some_and(is_noticed), "{id}: {fates:#?}");
    }
    assert!(fates.get("level.table.yaml/row 1/level gives").is_some_and(is_noticed), "{fates:#?}");
}

#[test]
fn a_change_that_no_scenario_meets_survives() {
    let fates = fates();
    // Nobody orders exactly 10 or 11, nobody refuses, and everybody is in sales here.
    for id in
        ["large/when >", "large/when 10", "large/when always", "look/outcomes/bad goes on", "look/task/to/role role"]
    {
        assert_eq!(fates.get(id), Some(&Fate::Survived), "{id}: {fates:#?}");
    }
    assert_eq!(fates.get("level.table.yaml/row 1/input.amount more"), Some(&Fate::Survived), "{fates:#?}");
}

#[test]
fn a_change_that_the_checker_finds_is_not_counted() {
    // Where every way ends, what follows is never reached.
    assert_eq!(fates().get("look/outcomes/fine ends"), Some(&Fate::Refused("step.unreached")));
}

#[test]
fn connectives_are_changed_too() {
    let twisted = PROCESS.replace("input.amount > 10", "(input.amount ?? 0) > 10 && size == 0");
    let mut folder = folder();
    folder.insert("process.yaml".into(), twisted.trim_start().as_bytes().to_vec());
    let bundle = collect(&folder, &BTreeMap::new());
    let definition = Arc::new(check(&bundle).definition.expect("a definition"));
    let mutator = Mutator::new(&bundle, &definition, &folder).expect("scenarios");
    assert!(mutator.changes().iter().any(|change| change.id == "large/when &&"));
}

#[test]
fn every_change_has_a_name_of_its_own_and_its_place() {
    let bundle = bundle();
    let definition = Arc::new(check(&bundle).definition.expect("a definition"));
    let mutator = Mutator::new(&bundle, &definition, &folder()).expect("scenarios");
    let names: std::collections::BTreeSet<&str> = mutator.changes().iter().map(|change| change.id.as_str()).collect();
    assert_eq!(names.len(), mutator.changes().len());
    let never = mutator.changes().iter().find(|change| change.id == "large/when never").expect("it is there");
    assert_eq!(
        (never.span.line, never.from.as_str(), never.to.as_str()),
        (10, "input.amount > 10", "started_at != started_at")
    );
}

#[test]
fn an_excuse_has_a_change_and_a_reason() {
    let read = |text: &str| {
        let files = BTreeMap::from([("mutations.yaml".to_owned(), text.as_bytes().to_vec())]);
        ignored(&files)
            .map(|list| list.len())
            .map_err(|faults| faults.into_iter().map(|fault| fault.span.line).collect::<Vec<_>>())
    };
    assert_eq!(read("- { change: large/when >, reason: amounts are never 10 }\n"), Ok(1));
    assert_eq!(read("- { change: a, reason: b }\n- { change: c }\n"), Err(vec![2]));
    assert_eq!(read("- { change: a, reason: b, why: c }\n"), Err(vec![1]));
    assert_eq!(read("change: a\n"), Err(vec![1]));
    assert_eq!(ignored(&BTreeMap::new()).map(|list| list.len()), Ok(0));
}
