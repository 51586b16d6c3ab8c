//! Commands on the database itself.

use serde_json::json;

use crate::support::{HELLO, Place};

#[test]
fn a_working_day_on_a_database() {
    let place = Place::new();
    place.prepared();
    let release = place.on_database(&["deploy", "processes", "--json"]).succeeds().json();
    assert_eq!(release[0]["process"], "hello");
    assert_eq!(release[0]["state"], "effective");
    assert_eq!(release[0]["release"].as_str().map(str::len), Some(64));

    let start = ["start", "hello", "--input", r#"{"who":"Bo"}"#, "--idempotency-key", "k1", "--as", "ann", "--json"];
    let started = place.on_database(&start).succeeds().json();
    assert_eq!((&started["process"], &started["status"]), (&json!("hello"), &json!("running")));
    let id = started["instance"].as_str().expect("an id").to_owned();
    assert_eq!(place.on_database(&start).succeeds().json()["instance"], json!(id), "one key starts one instance");

    let tasks = place.on_database(&["tasks", "--as", "ann", "--json"]).succeeds().json();
    assert_eq!(tasks.as_array().map(Vec::len), Some(1));
    assert_eq!((&tasks[0]["instance"], &tasks[0]["step"]), (&json!(id), &json!("greet")));
    assert_eq!(tasks[0]["title"], json!({ "zh": "问候", "en": "Greet" }));
    let shown = place.on_database(&["tasks", "--as", "ann"]).succeeds();
    assert_eq!(shown.last_line(), "1 tasks");

    let task = tasks[0]["task"].as_str().expect("an id").to_owned();
    let done = place.on_database(&["complete", &task, "--as", "ann", "--comment", "hi", "--json"]).succeeds().json();
    assert_eq!((&done["instance"], &done["replayed"]), (&json!(id), &json!(false)));
    let again = place.on_database(&["complete", &task, "--as", "ann"]).exits(1);
    assert!(
        again.err.starts_with("countersign: instance_ended") || again.err.starts_with("countersign: gone"),
        "{}",
        again.err
    );

    let history = place.on_database(&["history", &id, "--json"]).succeeds().json();
    let commands: Vec<_> =
        history.as_array().into_iter().flatten().map(|row| row["command"]["action"]["type"].clone()).collect();
    assert_eq!(commands, [json!("start"), json!("complete")]);
    assert!(history[0]["leaf"].is_string() && history[0]["events"].is_array() && history[0]["at"].is_string());
    assert!(place.on_database(&["history", &id]).succeeds().out.contains("complete"));

    let replay = place.on_database(&["replay", "--all", "--json"]).succeeds().json();
    assert_eq!((&replay["instances"], &replay["mismatches"]), (&json!(1), &json!([])));
    assert!(replay["transitions"].as_u64().is_some_and(|count| count >= 2), "{replay}");
    let then = place.on_database(&["replay", "--instance", &id, "--at", "1"]).succeeds().json();
    let now = place.on_database(&["replay", "--instance", &id]).succeeds().json();
    assert_ne!(then, now);

    let doctor = place.on_database(&["doctor", "--json"]).succeeds().json();
    assert_eq!((&doctor["instances"], &doctor["findings"]), (&json!(1), &json!([])));
    assert!(place.on_database(&["doctor"]).succeeds().last_line().ends_with("0 findings"));
}

#[test]
fn refusals_have_their_code_and_both_languages() {
    let place = Place::new();
    place.prepared();
    let refused: [(&[&str], &str); 6] = [
        (&["start", "nonsense"], "unknown_process"),
        (&["start", "hello", "--input", "{}", "--as", "ann"], "invalid_input"),
        (&["history", "01920000-0000-7000-8000-000000000003"], "unknown_instance"),
        (&["complete", "01920000-0000-7000-8000-000000000003.1.0"], "not_found"),
        (&["user", "add", "ann", "--name", "Ann"], "account_exists"),
        (&["tasks", "--as", "nobody"], "unknown_account"),
    ];
    for (command, code) in refused {
        let ran = place.on_database(command).exits(1);
        assert!(ran.err.starts_with(&format!("countersign: {code}: ")), "{command:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{command:?}: {}", ran.out);
    }
    let chinese = place.on_database(&["start", "nonsense"]).exits(1).err;
    assert!(chinese.lines().nth(1).is_some_and(|line| !line.is_ascii()), "{chinese}");
    let unknown = place.on_database(&["replay", "--instance", "01920000-0000-7000-8000-000000000003"]).exits(1);
    assert!(unknown.err.contains("unknown_instance"), "{}", unknown.err);
}

#[test]
fn accounts_are_made_listed_and_ended() {
    let place = Place::new();
    let user = |arguments: &[&str]| place.on_database(&[&["user"], arguments, &["--json"]].concat());
    let made = user(&["add", "li.wei", "--name", "李伟", "--role", "planner@site=SZ"]).succeeds().json();
    assert_eq!(
        (&made["account"], &made["printed_name"], &made["kind"]),
        (&json!("li.wei"), &json!("李伟"), &json!("person"))
    );
    assert_eq!(made["roles"], json!([{ "role": "planner", "scope": { "site": "SZ" } }]));
    let granted = user(&["grant", "li.wei", "sales"]).succeeds().json();
    assert_eq!(granted["roles"].as_array().map(Vec::len), Some(2));
    let revoked = user(&["revoke", "li.wei", "planner@site=SZ"]).succeeds().json();
    assert_eq!(revoked["roles"], json!([{ "role": "sales" }]));
    let token = user(&["token", "li.wei", "--label", "laptop"]).succeeds().json();
    assert!(token["token"].as_str().is_some_and(|token| token.starts_with("cs_")), "{token}");
    let database = place.database();
    place.run_with(&["user", "password", "li.wei", "--database", &database], &[], "a long password\n").succeeds();
    let short = place.run_with(&["user", "password", "li.wei", "--database", &database], &[], "x\n").exits(1);
    assert!(short.err.starts_with("countersign: invalid_input"), "{}", short.err);
    let list = user(&["list"]).succeeds().json();
    let names: Vec<_> = list.as_array().into_iter().flatten().map(|one| one["account"].clone()).collect();
    assert_eq!(names, [json!("administrator"), json!("li.wei")]);
    let table = place.on_database(&["user", "list"]).succeeds().out;
    assert!(table.contains("li.wei") && table.contains("sales"), "{table}");
    assert_eq!(user(&["deactivate", "li.wei"]).succeeds().json(), json!({ "account": "li.wei" }));
    let ended = place.on_database(&["tasks", "--as", "li.wei"]).exits(1);
    assert!(ended.err.contains("unknown_account"), "{}", ended.err);
}

#[test]
fn a_message_is_taken_once() {
    let place = Place::new();
    place.prepared();
    let publish = || place.on_database(&["message", "order.saved", "--id", "m1", "--payload", "{}", "--json"]);
    let kept = json!({ "name": "order.saved", "id": "m1", "replayed": false, "verdict": "buffered", "to": [] });
    assert_eq!(publish().succeeds().json(), kept);
    assert_eq!(publish().succeeds().json()["replayed"], json!(true));
    assert_eq!(place.on_database(&["incident", "list", "--json"]).succeeds().json(), json!([]));
}

#[test]
fn nothing_is_deployed_with_an_error() {
    let place = Place::new();
    place.write("processes/other/process.yaml", &HELLO.replace("hello", "other").replace("task:", "tusk:"));
    let ran = place.on_database(&["deploy", "processes"]).exits(1);
    assert!(ran.out.contains("tusk"), "{}", ran.out);
    assert!(!place.path("plant.db").exists(), "it was refused before the database was touched");
}

#[test]
fn an_import_loads_or_lists_every_row() {
    let place = Place::new();
    let plant = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plant");
    let dry = place.on_database(&["import", "plant", plant, "--dry-run", "--json"]).succeeds().json();
    assert!(dry["loaded"]["item"].as_u64().is_some_and(|rows| rows > 0), "{dry}");
    assert_eq!(dry["rejected"], json!([]));
    let real = place.on_database(&["import", "plant", plant, "--json"]).succeeds().json();
    assert_eq!(real["loaded"], dry["loaded"]);
    for file in std::fs::read_dir(plant).expect("the plant") {
        let file = file.expect("a file");
        let text = std::fs::read_to_string(file.path()).expect("text");
        place.write(&format!("plant/{}", file.file_name().to_string_lossy()), &text);
    }
    let items = std::fs::read_to_string(place.path("plant/items.csv")).expect("items");
    place.write("plant/items.csv", &format!("{items}BAD-1,Bad,finished,EA,lot,much,1,1,1,active,true,true\n"));
    let report = place.on_database(&["import", "plant", "plant", "--json"]).succeeds().json();
    let rejected = &report["rejected"][0];
    assert_eq!(rejected["file"], json!("items.csv"));
    assert!(rejected["row"].is_u64() && rejected["reason"].is_string(), "{rejected}");
    let unknown = place.on_database(&["import", "nonsense", plant]).exits(1);
    assert!(unknown.err.contains("nonsense"), "{}", unknown.err);
    let doctor = place.on_database(&["doctor", "--json"]).succeeds().json();
    assert_eq!(doctor["findings"], json!([]));
}

#[test]
fn a_copy_has_equal_heads_and_replays() {
    let place = Place::new();
    place.prepared();
    place.on_database(&["start", "hello", "--input", r#"{"who":"Bo"}"#, "--as", "ann"]).succeeds();
    let (from, to) = (place.database(), format!("sqlite:{}", place.text("copy.db")));
    let copied = place.run(&["copy", "--from", &from, "--to", &to, "--json"]).succeeds().json();
    assert!(copied["heads"][0]["head"].is_string() && copied["heads"][0]["position"].is_u64(), "{copied}");
    let replay = place.run(&["replay", "--all", "--database", &to, "--json"]).succeeds().json();
    assert_eq!((&replay["instances"], &replay["mismatches"]), (&json!(1), &json!([])));
    let again = place.run(&["copy", "--from", &from, "--to", &to]).exits(1);
    assert!(again.err.starts_with("countersign: "), "{}", again.err);
    let nowhere = place.run(&["copy", "--from", "sqlite:nowhere.db", "--to", &to]).exits(1);
    assert!(nowhere.err.starts_with("countersign: "), "{}", nowhere.err);
}

#[test]
fn variables_stand_in_for_options() {
    let place = Place::new();
    place.prepared();
    let database = place.database();
    let variables = [("COUNTERSIGN_DATABASE", database.as_str())];
    place.run_with(&["tasks", "--json"], &variables, "").succeeds();
    place.run_with(&["doctor", "--json"], &variables, "").succeeds();
    let input = r#"{"who":"Bo"}"#;
    place.run_with(&["start", "hello", "--input", "-", "--as", "ann"], &variables, input).succeeds();
}
