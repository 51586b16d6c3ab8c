//! What an operator does with instances and releases.

use serde_json::json;

use crate::support::{HELLO, Place};

#[test]
fn an_instance_is_suspended_noted_by_the_doctor_moved_and_resumed() {
    let place = Place::new();
    place.prepared();
    place.on_database(&["deploy", "processes"]).succeeds();
    let start = ["start", "hello", "--input", r#"{"who":"Bo"}"#, "--as", "ann", "--json"];
    let started = place.on_database(&start).succeeds().json();
    let id = started["instance"].as_str().expect("an id").to_owned();

    let held = place.on_database(&["instances", "suspend", &id, "--reason", "recount", "--json"]).succeeds().json();
    assert_eq!(held["status"], "suspended");
    let listed = place.on_database(&["instances", "list", "--status", "suspended", "--json"]).succeeds().json();
    assert_eq!(listed[0]["instance"], json!(id));
    let doctor = place.on_database(&["doctor", "--json"]).succeeds().json();
    assert_eq!((&doctor["findings"], &doctor["notices"][0]["kind"]), (&json!([]), &json!("suspended")));
    let shown = place.on_database(&["instances", "show", &id]).succeeds().out;
    assert!(shown.contains("recount") && shown.contains("greet"), "{shown}");
    let tasks = place.on_database(&["tasks", "--as", "ann", "--json"]).succeeds().json();
    let task = tasks[0]["task"].as_str().expect("an id").to_owned();
    let frozen = place.on_database(&["complete", &task, "--as", "ann"]).exits(1);
    assert!(frozen.err.contains("suspended") && frozen.err.contains("挂起"), "{}", frozen.err);

    let moves = place.on_database(&["instances", "moves", &id, "--at", "greet", "--json"]).succeeds().json();
    assert_eq!(moves["targets"][1]["step"], "done");
    let wrong = place.on_database(&["instances", "skip", &id, "--at", "nothing", "--reason", "x"]).exits(1);
    assert!(wrong.err.contains("greet"), "{}", wrong.err);
    place.on_database(&["instances", "resume", &id, "--reason", "counted"]).succeeds();
    let over = ["instances", "move", &id, "--at", "greet", "--to", "done", "--reason", "on paper", "--json"];
    assert_eq!(place.on_database(&over).succeeds().json()["outcome"], "done");
    let replay = place.on_database(&["replay", "--all", "--json"]).succeeds().json();
    assert_eq!(replay["mismatches"], json!([]));
}

#[test]
fn releases_are_compared_and_instances_migrate_by_a_plan_in_yaml() {
    let place = Place::new();
    place.prepared();
    let deployed = place.on_database(&["deploy", "processes", "--json"]).succeeds().json();
    let old = deployed[0]["release"].as_str().expect("a digest").to_owned();
    let start = ["start", "hello", "--input", r#"{"who":"Bo"}"#, "--as", "ann", "--json"];
    let started = place.on_database(&start).succeeds().json();
    place.write("processes/hello/process.yaml", &HELLO.replace("- id: greet", "- id: welcome"));
    let deployed = place.on_database(&["deploy", "processes", "--json"]).succeeds().json();
    let new = deployed[0]["release"].as_str().expect("a digest").to_owned();

    let diff = place.on_database(&["releases", "diff", &old[..12], &new[..12], "--json"]).succeeds().json();
    assert_eq!(diff["instances"], 1);
    let text = place.on_database(&["releases", "diff", &old, &new]).succeeds().out;
    assert!(text.contains("step welcome added") && text.contains("+  - id: welcome"), "{text}");

    let migrate = |rest: &[&str]| {
        let mut all = vec!["releases", "migrate", "--from", &old, "--to", &new, "--reason", "release 2", "--json"];
        all.extend(rest);
        place.on_database(&all)
    };
    let dry = migrate(&["--dry-run"]).exits(1).json();
    assert_eq!((&dry[0]["verdict"], &dry[0]["faults"][0]["at"]), (&json!("stays"), &json!("greet")));
    place.write("plan.yaml", "map: { greet: welcome }\n");
    let plan = place.path("plan.yaml").display().to_string();
    assert_eq!(migrate(&["--plan", &plan, "--dry-run"]).succeeds().json()[0]["verdict"], "migrates");
    assert_eq!(migrate(&["--plan", &plan]).succeeds().json()[0]["verdict"], "migrated");
    let id = started["instance"].as_str().expect("an id");
    let shown = place.on_database(&["instances", "show", id, "--json"]).succeeds().json();
    assert_eq!((&shown["release"], &shown["open"][0]["step"]), (&json!(new), &json!("welcome")));
    let replay = place.on_database(&["replay", "--all", "--json"]).succeeds().json();
    assert_eq!(replay["mismatches"], json!([]));
}
