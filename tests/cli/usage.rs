//! Help, and command lines that are wrong.

use crate::support::Place;

const COMMANDS: [&str; 23] = [
    "demo",
    "serve",
    "check",
    "test",
    "fmt",
    "schema",
    "diagram",
    "deploy",
    "start",
    "tasks",
    "complete",
    "raise",
    "message",
    "history",
    "incident",
    "clock",
    "instances",
    "releases",
    "import",
    "user",
    "replay",
    "doctor",
    "copy",
];

#[test]
fn every_command_has_help_that_says_what_it_is_for() {
    let place = Place::new();
    let all = place.run(&["--help"]).succeeds().out;
    for command in COMMANDS {
        assert!(all.contains(&format!("  {command} ")), "{command} is not listed");
        let help = place.run(&[command, "--help"]).succeeds().out;
        assert!(help.contains("Usage: countersign"), "{command}: {help}");
        assert!(help.lines().next().is_some_and(|line| line.len() > 10), "{command}: {help}");
    }
    for action in ["list", "add", "password", "grant", "revoke", "token", "deactivate"] {
        let help = place.run(&["user", action, "--help"]).succeeds().out;
        assert!(help.contains("--database") && help.contains("--server"), "{action}: {help}");
    }
}

#[test]
fn a_command_line_that_is_wrong_exits_with_2_and_does_nothing() {
    let place = Place::new();
    let database = place.database();
    let wrong: [&[&str]; 10] = [
        &[],
        &["nonsense"],
        &["check"],
        &["check", "processes", "--format", "xml"],
        &["test", "processes", "--min-coverage", "101"],
        &["diagram", "processes/hello"],
        &["start", "--database", &database],
        &["tasks", "--database", &database, "--server", "127.0.0.1:1"],
        &["replay", "--all", "--instance", "01920000-0000-7000-8000-000000000003", "--database", &database],
        &["message", "x", "--database", &database],
    ];
    for arguments in wrong {
        let ran = place.run(arguments).exits(2);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
    assert!(!place.path("plant.db").exists());
}

#[test]
fn where_a_command_goes_has_to_be_said() {
    let place = Place::new();
    for command in [&["tasks"][..], &["serve"], &["doctor"], &["replay", "--all"], &["deploy", "processes"]] {
        let ran = place.run(command).exits(1);
        assert!(ran.err.contains("--database"), "{command:?}: {}", ran.err);
    }
    let ran = place.run(&["tasks", "--server", "127.0.0.1:1"]).exits(1);
    assert!(ran.err.contains("--token"), "{}", ran.err);
}

#[test]
fn a_mistyped_database_is_not_made() {
    let place = Place::new();
    let id = "01920000-0000-7000-8000-000000000003";
    let commands: [&[&str]; 8] = [
        &["tasks"],
        &["start", "hello"],
        &["history", id],
        &["complete", &format!("{id}.1.0")],
        &["message", "m", "--id", "1"],
        &["incident", "list"],
        &["replay", "--all"],
        &["doctor"],
    ];
    for command in commands {
        let ran = place.on_database(command).exits(1);
        assert!(ran.err.starts_with("countersign: "), "{command:?}: {}", ran.err);
        assert!(!place.path("plant.db").exists(), "{command:?} made it");
    }
}

#[test]
fn input_that_is_not_json_is_told_before_anything_is_done() {
    let place = Place::new();
    let ran = place.on_database(&["start", "hello", "--input", "{who"]).exits(1);
    assert!(ran.err.contains("--input is not JSON"), "{}", ran.err);
    assert!(!place.path("plant.db").exists());
}
