//! What every file has and what none may have; each exception has a reason and must still be needed.

use std::path::Path;

use crate::sources::{self, Source};

/// Longer than this, a file has two ideas.
const LINES_MAX: usize = 500;

/// An exception from a rule. One that excuses nothing any more is a finding itself.
struct Exception {
    rule: &'static str,
    /// A file, or a folder ending in `/`.
    path: &'static str,
    /// Read by people: why this is right.
    #[expect(dead_code, reason = "it is for the one who reads this list")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        rule: LENGTH,
        path: "engine/src/event.rs",
        reason: "one stored vocabulary: every variant with its fields, read as a whole",
    },
    Exception {
        rule: LENGTH,
        path: "engine/src/language/diagnostics/registry.rs",
        reason: "one table of codes, from which the pages are made",
    },
    Exception {
        rule: EXACT,
        path: "engine/src/canonical.rs",
        reason: "it names the inexact numbers only to refuse to write them itself",
    },
    Exception { rule: WORD, path: "xtask/src/tidy.rs", reason: "this list names what it bans" },
    Exception { rule: MACHINE, path: "xtask/src/tidy.rs", reason: "this list names what it bans" },
    Exception { rule: SQL, path: "xtask/src/tidy.rs", reason: "this list names what it bans" },
    Exception { rule: SQL, path: "xtask/src/migrations.rs", reason: "it reads migrations" },
];

const HEAD: &str = "head";
const LENGTH: &str = "length";
const WORD: &str = "word";
const MACHINE: &str = "machine";
const EXACT: &str = "exact";
const SQL: &str = "sql";

const WORDS: &[(&str, &str)] = &[
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "use tracing"),
    ("#[allow(", "use #[expect(…, reason = …)], which tells when it is needed no more"),
    ("#![allow(", "use #![expect(…, reason = …)], which tells when it is needed no more"),
];

/// Folders of one machine.
const MACHINES: &[&str] = &["/work/", "/home/", "/root/", "/Users/", "C:\\\\"];

/// Not in the engine: no order, or no exact value.
const INEXACT: &[&str] = &["HashMap", "HashSet", "f64", "f32"];

/// Where SQL may stand.
const SQL_HOMES: &[&str] = &["store/", "identity/", "migrations/"];

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    Ok(findings(&sources::read(root)?))
}

struct Finding {
    rule: &'static str,
    path: String,
    text: String,
}

fn findings(files: &[Source]) -> Vec<String> {
    let mut all = Vec::new();
    for file in files {
        machine_paths(file, &mut all);
        if file.path.ends_with(".rs") {
            head_and_length(file, &mut all);
            words(file, &mut all);
        }
    }
    let mut used = vec![false; EXCEPTIONS.len()];
    let excused = |finding: &Finding, used: &mut Vec<bool>| {
        let place = EXCEPTIONS.iter().position(|exception| {
            exception.rule == finding.rule
                && (exception.path == finding.path
                    || (exception.path.ends_with('/') && finding.path.starts_with(exception.path)))
        });
        if let Some(place) = place {
            used[place] = true;
        }
        place.is_some()
    };
    let mut lines: Vec<String> = Vec::new();
    for finding in all {
        if !excused(&finding, &mut used) {
            lines.push(finding.text);
        }
    }
    for (exception, used) in EXCEPTIONS.iter().zip(used) {
        let known = files.iter().any(|file| file.path.starts_with(exception.path));
        if known && !used {
            lines.push(format!("{}: the exception from `{}` is needed no more", exception.path, exception.rule));
        }
    }
    lines
}

fn head_and_length(file: &Source, all: &mut Vec<Finding>) {
    let path = &file.path;
    if !file.text.starts_with("//!") {
        let text = format!("{path}:1: begins with no `//!` that says what it is for");
        all.push(Finding { rule: HEAD, path: path.clone(), text });
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        let text = format!("{path}: {lines} lines; split it by idea, at most {LINES_MAX}");
        all.push(Finding { rule: LENGTH, path: path.clone(), text });
    }
}

fn machine_paths(file: &Source, all: &mut Vec<Finding>) {
    for (place, line) in file.text.lines().enumerate() {
        for found in MACHINES.iter().filter(|folder| names_folder(line, folder)) {
            let text = format!("{}:{}: `{found}` is a folder of one machine", file.path, place + 1);
            all.push(Finding { rule: MACHINE, path: file.path.clone(), text });
        }
    }
}

/// Whether a line names an absolute folder: `/home/x`, but not `https://a.example/home/x` or `../work/x`.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        line[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && !"./-_}>".contains(before))
    })
}

fn words(file: &Source, all: &mut Vec<Finding>) {
    let path = &file.path;
    let engine = path.starts_with("engine/src/");
    let sql_home = SQL_HOMES.iter().any(|home| path.starts_with(home))
        || (path.starts_with("services/") && (path.ends_with("/repo.rs") || path.contains("/repo/")));
    let test_file = path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs");
    let mut in_tests = test_file;
    for (place, line) in file.text.lines().enumerate() {
        // By custom the tests of a file are its last part.
        in_tests |= line.trim_start().starts_with("#[cfg(test)]")
            && !file.text.lines().nth(place + 1).is_some_and(|next| next.ends_with(';'));
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        let at = |what: String| format!("{path}:{}: {what}", place + 1);
        for (word, instead) in WORDS.iter().filter(|(word, _)| has_word(line, word)) {
            all.push(Finding { rule: WORD, path: path.clone(), text: at(format!("`{word}`: {instead}")) });
        }
        for word in INEXACT.iter().filter(|word| engine && !in_tests && has_word(line, word)) {
            let what = format!("`{word}` in the engine, whose results must be exact and ordered");
            all.push(Finding { rule: EXACT, path: path.clone(), text: at(what) });
        }
        if !sql_home && !in_tests && is_sql(line) {
            let what = "SQL outside store/, identity/ and a service's repo.rs".to_owned();
            all.push(Finding { rule: SQL, path: path.clone(), text: at(what) });
        }
    }
}

/// Whether `word` stands in the line by itself, not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let before = line[..at].chars().next_back().is_some_and(part_of_name);
        let after = line[at + word.len()..].chars().next().is_some_and(part_of_name);
        let closed = word.chars().next_back().is_some_and(|c| !part_of_name(c));
        !before && (closed || !after)
    })
}

fn is_sql(line: &str) -> bool {
    ["\"SELECT ", "INSERT INTO ", "DELETE FROM ", "\"UPDATE ", "CREATE TABLE "].iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        let file = Source { path: path.to_owned(), text: format!("//! Head.\n{text}\n") };
        assert_eq!(findings(&[file]), expected);
    }

    #[test]
    fn a_file_without_a_head_or_with_two_ideas_is_found() {
        let file = Source { path: "store/src/a.rs".into(), text: "fn a() {}\n".repeat(501) };
        assert_eq!(
            findings(&[file]),
            [
                "store/src/a.rs:1: begins with no `//!` that says what it is for",
                "store/src/a.rs: 501 lines; split it by idea, at most 500"
            ]
        );
    }

    #[test]
    fn unfinished_code_is_found_and_comments_about_it_are_not() {
        check("api/src/a.rs", "fn a() { todo!() }", &["api/src/a.rs:2: `todo!`: finish it or leave it out"]);
        check("api/src/a.rs", "// never todo!()\nfn not_todo() {}", &[]);
    }

    #[test]
    fn the_engine_has_no_floats_outside_its_tests() {
        check(
            "engine/src/a.rs",
            "fn a(x: f64) {}",
            &["engine/src/a.rs:2: `f64` in the engine, whose results must be exact and ordered"],
        );
        check("engine/src/a.rs", "#[cfg(test)]\nmod tests {\n    fn a(x: f64) {}\n}", &[]);
        check(
            "engine/src/a.rs",
            "#[cfg(test)]\nmod tests;\nuse std::collections::HashMap;",
            &["engine/src/a.rs:4: `HashMap` in the engine, whose results must be exact and ordered"],
        );
        check("store/src/a.rs", "fn a(x: f64) {}", &[]);
    }

    #[test]
    fn sql_stays_at_home() {
        let sql = "let a = \"SELECT 1\";";
        let found = "SQL outside store/, identity/ and a service's repo.rs";
        check("services/sales/src/model.rs", sql, &[&format!("services/sales/src/model.rs:2: {found}")]);
        check("services/sales/src/repo.rs", sql, &[]);
        check("services/sales/src/repo/order.rs", sql, &[]);
    }

    #[test]
    fn a_folder_of_one_machine_is_found_and_an_address_is_not() {
        check("docs/a.md", "see /home/x/y", &["docs/a.md:2: `/home/` is a folder of one machine"]);
        check("docs/a.md", "https://a.example/home/x ../work/x target/work/y", &[]);
    }
}
