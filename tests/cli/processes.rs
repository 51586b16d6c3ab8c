//! What a process owner runs: check, test, diagram.

use crate::support::{HELLO, Place};

#[test]
fn a_sound_process_has_no_findings() {
    let place = Place::new();
    let ran = place.run(&["check", "processes"]).succeeds();
    assert_eq!(ran.last_line(), "1 of 1 processes are sound; 0 errors, 0 warnings");
    assert_eq!(place.run(&["check", "processes", "--format", "json"]).succeeds().json(), serde_json::json!([]));
}

#[test]
fn findings_have_their_place_and_exit_with_1_in_every_format() {
    let place = Place::new();
    place.write("processes/hello/process.yaml", &HELLO.replace("task:", "tusk:"));
    let found = place.run(&["check", "processes", "--format", "json"]).exits(1).json();
    let first = &found[0];
    assert_eq!(first["file"], "processes/hello/process.yaml");
    assert_eq!((&first["line"], &first["column"]), (&12.into(), &5.into()), "{first}");
    assert_eq!(first["severity"], "error");
    assert!(first["code"].as_str().is_some_and(|code| code.contains('.')), "{first}");
    assert!(first["message"]["zh"].is_string() && first["message"]["en"].is_string(), "{first}");
    assert!(first.get("hint").is_some(), "{first}");
    assert_eq!(place.run(&["check", "processes", "--json"]).exits(1).json(), found);

    let sarif = place.run(&["check", "processes", "--format", "sarif"]).exits(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], first["code"]);

    let text = place.run(&["check", "processes"]).exits(1).out;
    assert!(text.contains("process.yaml:12:5"), "{text}");
    assert!(text.contains(first["code"].as_str().unwrap_or_default()), "{text}");
}

#[test]
fn what_holds_no_process_is_said() {
    let place = Place::new();
    place.write("empty/readme.txt", "nothing");
    for path in ["empty", "nowhere"] {
        let ran = place.run(&["check", path]).exits(1);
        assert!(ran.err.contains(path), "{}", ran.err);
    }
}

#[test]
fn scenarios_end_with_their_count() {
    let place = Place::new();
    let ran = place.run(&["test", "processes", "--junit", "report.xml", "--min-coverage", "100"]).succeeds();
    assert_eq!(ran.last_line(), "1 passed, 0 failed");
    let junit = std::fs::read_to_string(place.path("report.xml")).expect("a report");
    assert!(junit.contains("<testsuite name=\"hello\" tests=\"1\" failures=\"0\""), "{junit}");
    let json = place.run(&["test", "processes", "--json"]).succeeds().json();
    assert_eq!(json[0]["process"], "hello");
    assert_eq!((&json[0]["passed"], &json[0]["failed"]), (&1.into(), &0.into()));
    assert_eq!(json[0]["coverage"]["percent"], 100);
    assert_eq!(json[0]["scenarios"][0]["scenario"], "somebody is greeted");
}

#[test]
fn a_scenario_that_does_not_hold_exits_with_1() {
    let place = Place::new();
    let story = crate::support::GREETED.replace("outcome: done", "outcome: refused");
    place.write("processes/hello/scenarios/other.yaml", &story.replace("is greeted", "is refused"));
    let ran = place.run(&["test", "processes", "--junit", "report.xml"]).exits(1);
    assert_eq!(ran.last_line(), "1 passed, 1 failed");
    let junit = std::fs::read_to_string(place.path("report.xml")).expect("a report");
    assert!(junit.contains("<failure"), "{junit}");
    let json = place.run(&["test", "processes", "--json"]).exits(1).json();
    let faults: Vec<_> = json[0]["scenarios"].as_array().into_iter().flatten().map(|one| &one["faults"]).collect();
    assert!(faults.iter().any(|list| list[0]["line"].is_u64() && list[0]["message"]["zh"].is_string()), "{json}");
}

#[test]
fn coverage_below_the_bar_exits_with_1() {
    let place = Place::new();
    std::fs::remove_dir_all(place.path("processes/hello/scenarios")).expect("the scenarios go");
    let ran = place.run(&["test", "processes", "--min-coverage", "50"]).exits(1);
    assert_eq!(ran.last_line(), "0 passed, 0 failed");
    place.run(&["test", "processes"]).succeeds();
}

#[test]
fn a_process_that_does_not_compile_is_a_failed_test() {
    let place = Place::new();
    place.write("processes/hello/process.yaml", "process: hello\n");
    let ran = place.run(&["test", "processes"]).exits(1);
    assert_eq!(ran.last_line(), "0 passed, 1 failed");
}

#[test]
fn a_diagram_is_the_same_each_time() {
    let place = Place::new();
    let draw = |file: &str, language: &str| {
        let ran = place.run(&["diagram", "processes/hello", "-o", file, "--language", language]).succeeds();
        assert_eq!(ran.last_line(), file);
        std::fs::read_to_string(place.path(file)).expect("a picture")
    };
    let (first, second, english) = (draw("a.svg", "zh"), draw("b.svg", "zh"), draw("c.svg", "en"));
    assert_eq!(first, second);
    assert!(first.contains("<svg") && first.contains("问候"), "{first}");
    assert!(english.contains("Greet"), "{english}");
    let ran = place.run(&["diagram", "processes/hello", "-o", "no/such/folder.svg"]).exits(1);
    assert!(ran.err.contains("no/such/folder.svg"), "{}", ran.err);
}

#[test]
fn fmt_writes_once_and_check_says_what_it_would_write() {
    let place = Place::new();
    let ran = place.run(&["fmt", "processes", "--check"]).exits(1);
    assert_eq!(ran.last_line(), "1 of 2 files would change, 0 could not be read");
    assert_eq!(std::fs::read_to_string(place.path("processes/hello/process.yaml")).expect("it is there"), HELLO);
    assert_eq!(place.run(&["fmt", "processes"]).succeeds().last_line(), "1 of 2 files changed, 0 could not be read");
    let text = std::fs::read_to_string(place.path("processes/hello/process.yaml")).expect("it is there");
    assert!(text.contains("title:\n  zh: 问候\n  en: Hello\n"), "{text}");
    place.run(&["fmt", "processes", "--check"]).succeeds();
    place.run(&["check", "processes"]).succeeds();
    place.write("processes/hello/process.yaml", "title: [");
    assert!(place.run(&["fmt", "processes"]).exits(1).out.contains("yaml.syntax"));
}

#[test]
fn a_change_that_no_scenario_notices_exits_with_1_unless_it_is_excused() {
    let place = Place::new();
    let json = place.run(&["test", "processes", "--mutate", "--json"]).exits(1).json();
    let found = &json[0]["mutations"];
    assert_eq!(found["survived"][0]["change"], "greet/task/to/role role", "{found}");
    assert!(found["survived"][0]["line"].is_u64() && found["noticed"].as_u64() > Some(0), "{found}");
    place.run(&["test", "processes", "--mutate", "--min-score", "10"]).succeeds();
    let excuse = "- { change: greet/task/to/role role, reason: who greets is tested elsewhere }\n";
    place.write("processes/hello/mutations.yaml", excuse);
    assert_eq!(place.run(&["test", "processes", "--mutate"]).succeeds().last_line(), "1 passed, 0 failed");
    place.write("processes/hello/mutations.yaml", &format!("{excuse}- {{ change: nothing, reason: none }}\n"));
    assert!(place.run(&["test", "processes", "--mutate"]).exits(1).out.contains("`nothing` excuses nothing"));
}

#[test]
fn the_schema_is_printed_for_editors() {
    let schema = Place::new().run(&["schema"]).succeeds().json();
    assert!(schema["properties"]["steps"].is_object(), "{schema}");
}

#[test]
fn the_next_firings_of_a_schedule_are_explained() {
    let place = Place::new();
    let start = "start:\n  - { schedule: \"0 8 * * MON\", zone: Asia/Shanghai, with: { who: Bo } }";
    place.write("processes/hello/process.yaml", &HELLO.replace("start:", start));
    let out = place.run(&["check", "processes", "--explain"]).succeeds().out;
    assert_eq!(out.lines().filter(|line| line.contains("08:00") && line.contains("Asia/Shanghai")).count(), 5, "{out}");
}
