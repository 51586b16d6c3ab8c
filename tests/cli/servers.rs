//! Commands through a server, and beside one.

use serde_json::json;

use crate::support::Place;

#[test]
fn a_working_day_through_a_server() {
    let place = Place::new();
    let token = place.prepared();
    let server = place.serve();
    let through =
        |arguments: &[&str]| place.run(&[arguments, &["--server", &server.address, "--token", &token]].concat());
    let draft = through(&["deploy", "processes", "--json"]).succeeds().json();
    assert_eq!(draft[0]["process"], "hello");
    let started = through(&["start", "hello", "--input", r#"{"who":"Bo"}"#, "--json"]).succeeds().json();
    let id = started["instance"].as_str().expect("an id").to_owned();
    let tasks = through(&["tasks", "--list", "claimable", "--json"]).succeeds().json();
    let task = tasks[0]["task"].as_str().expect("an id").to_owned();
    assert_eq!(through(&["complete", &task, "--json"]).succeeds().json()["instance"], json!(id));
    let history = through(&["history", &id, "--json"]).succeeds().json();
    assert_eq!(history.as_array().map(Vec::len), Some(2));
    let users = through(&["user", "list", "--json"]).succeeds().json();
    assert_eq!(users.as_array().map(Vec::len), Some(2));
    assert_eq!(through(&["message", "m", "--id", "1", "--json"]).succeeds().json()["replayed"], json!(false));
    assert_eq!(through(&["incident", "list", "--json"]).succeeds().json(), json!([]));
    let variables = [("COUNTERSIGN_SERVER", server.address.as_str()), ("COUNTERSIGN_TOKEN", token.as_str())];
    assert_eq!(place.run_with(&["tasks", "--json"], &variables, "").succeeds().json(), json!([]));
    let wrong = place.run(&["tasks", "--server", &server.address, "--token", "cs_nonsense"]).exits(1);
    assert!(wrong.err.starts_with("countersign: unauthenticated: "), "{}", wrong.err);
    assert_eq!(server.stop(), Some(0), "it stops in good order");
    let gone = through_nobody(&place, &token);
    assert!(gone.contains("cannot reach the server"), "{gone}");
}

fn through_nobody(place: &Place, token: &str) -> String {
    place.run(&["tasks", "--server", "127.0.0.1:1", "--token", token]).exits(1).err
}

#[test]
fn beside_a_server_the_database_says_server_running() {
    let place = Place::new();
    place.prepared();
    let server = place.serve();
    let (database, copy) = (place.database(), format!("sqlite:{}", place.text("copy.db")));
    let commands: [&[&str]; 9] = [
        &["tasks", "--database", &database],
        &["start", "hello", "--input", r#"{"who":"Bo"}"#, "--database", &database],
        &["deploy", "processes", "--database", &database],
        &["user", "list", "--database", &database],
        &["history", "01920000-0000-7000-8000-000000000003", "--database", &database],
        &["message", "m", "--id", "1", "--database", &database],
        &["import", "plant", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plant"), "--database", &database],
        &["serve", "--database", &database, "--listen", "127.0.0.1:0"],
        &["copy", "--from", &database, "--to", &copy],
    ];
    for command in commands {
        let ran = place.run(command).exits(1);
        assert!(ran.err.starts_with("countersign: server_running: "), "{command:?}: {}", ran.err);
        assert!(ran.err.contains("--server"), "{command:?} says what to do: {}", ran.err);
    }
    let replay = place.run(&["replay", "--all", "--database", &database, "--json"]).succeeds().json();
    assert_eq!(replay["mismatches"], json!([]), "reading goes on beside a server");
    assert_eq!(server.stop(), Some(0));
    place.on_database(&["tasks"]).succeeds();
}

#[test]
fn a_killed_server_leaves_the_database_free_at_once() {
    let place = Place::new();
    place.prepared();
    drop(place.serve());
    place.on_database(&["tasks"]).succeeds();
}

#[test]
fn an_address_that_is_taken_is_said() {
    let place = Place::new();
    let other = Place::new();
    let server = place.serve();
    let ran = other.on_database(&["serve", "--listen", &server.address]).exits(1);
    assert!(ran.err.contains(&format!("cannot listen on {}", server.address)), "{}", ran.err);
    assert!(!other.path("plant.db").exists());
}
