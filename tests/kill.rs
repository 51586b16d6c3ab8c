//! A server killed under load, on both databases: a few of the kills that `tests/kill.py` makes by the fifty.

use std::process::Command;

/// What the script answers where a database is not installed.
const MISSING: i32 = 3;

fn kills_leave_nothing_lost_and_nothing_doubled(database: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill.py");
    let run = Command::new("python3")
        .args([script, "--binary", env!("CARGO_BIN_EXE_countersign"), "--kills", "5", "--database", database])
        .output();
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let output = match run {
        Ok(output) => output,
        Err(error) if !in_ci => return eprintln!("skipped: there is no python3 ({error})"),
        Err(error) => panic!("there is no python3: {error}"),
    };
    let words = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(MISSING) && !in_ci {
        return eprintln!("skipped on {database}: {words}");
    }
    assert!(output.status.success(), "{words}");
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("kills 5, acknowledged "), "{words}");
    assert!(last.ends_with("lost 0, doubled 0, mismatches 0"), "{words}");
    assert!(!last.contains("acknowledged 0,"), "no command was acknowledged: {words}");
}

#[test]
fn on_sqlite_a_killed_server_has_lost_nothing_and_done_nothing_twice() {
    kills_leave_nothing_lost_and_nothing_doubled("sqlite");
}

#[test]
fn on_postgresql_a_killed_server_has_lost_nothing_and_done_nothing_twice() {
    kills_leave_nothing_lost_and_nothing_doubled("postgres");
}
