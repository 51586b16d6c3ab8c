//! The table of corner cases names laws that exist, and no case without one but those that are known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Cases that no law shows yet. Shorter only.
const OPEN: &[&str] = &[
    "Order of compensation",
    "Compensation of half-done items",
    "Nested deadlines",
    "Secrets and personal values in history",
];

/// As many as there are in the list of cases that the engine was asked for.
const CASES: usize = 42;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of all tests of the workspace.
fn laws() -> BTreeSet<String> {
    fn walk(at: &Path, found: &mut BTreeSet<String>) {
        let Ok(entries) = std::fs::read_dir(at) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                let mut lines = text.lines().map(str::trim_start).peekable();
                while let Some(line) = lines.next() {
                    // Other attributes may stand between.
                    if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                        while lines.peek().is_some_and(|next| next.starts_with("#[")) {
                            lines.next();
                        }
                        let head = lines.peek().copied().unwrap_or_default();
                        found.extend(
                            head.split_once("fn ").and_then(|(_, name)| name.split('(').next()).map(str::to_owned),
                        );
                    }
                }
                // Properties stand inside a macro.
                let properties = text.split("fn ").skip(1).filter(|_| text.contains("proptest!"));
                found.extend(properties.filter_map(|name| name.split('(').next()).map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["engine/src", "engine/tests", "store/tests", "runtime/tests", "api/tests", "tests"] {
        walk(&root().join(folder), &mut found);
    }
    found
}

#[test]
fn every_corner_case_names_laws_that_exist() {
    let page = std::fs::read_to_string(root().join("docs/corner-cases.md")).expect("docs/corner-cases.md");
    let laws = laws();
    assert!(laws.len() > 200, "the laws are found: {}", laws.len());
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| case "));
    let mut cases = BTreeSet::new();
    let mut open = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [case, _, shown] = cells[..] else { panic!("three cells: {row}") };
        assert!(cases.insert(case), "{case} stands there twice");
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            open.insert(case);
        }
        for law in named {
            assert!(laws.contains(law), "{case}: there is no law {law}");
        }
    }
    assert_eq!(cases.len(), CASES);
    assert_eq!(open, OPEN.iter().copied().collect());
}
