//! The 43 control-flow patterns: each a process as an author writes it, with stories whose traces show the pattern.
//!
//! What has no structured form lies in a folder with `refused.txt`: the finding that its author gets. Nets of several
//! patterns lie in `nets/`. The table of `docs/patterns.md` names every folder and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_engine::language::release::collect;
use countersign_engine::language::{Checked, check};
use countersign_engine::scenario::run_all;

type Files = BTreeMap<String, Vec<u8>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patterns")
}

/// The files of all patterns by their paths.
fn files() -> Files {
    fn walk(root: &Path, at: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned();
                files.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let mut files = Files::new();
    walk(&root(), &root(), &mut files);
    files
}

/// Each process by its folder, with the folder's own files and what the checker says.
fn processes() -> Vec<(String, Files, Checked)> {
    let all = files();
    let folders = all.keys().filter_map(|path| path.strip_suffix("/process.yaml"));
    let one = |folder: &str| {
        let prefix = format!("{folder}/");
        let inside =
            all.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.clone())));
        let own: Files = inside.collect();
        let checked = check(&collect(&own, &all));
        (folder.to_owned(), own, checked)
    };
    folders.map(one).collect()
}

fn findings(checked: &Checked) -> Vec<String> {
    let line = |found: &countersign_engine::language::Diagnostic| {
        format!("{} {}:{}", found.code.id, found.span.line, found.span.column)
    };
    checked.diagnostics.iter().map(line).collect()
}

#[test]
fn every_pattern_does_what_defines_it() {
    let mut wrong = Vec::new();
    for (folder, own, checked) in processes().into_iter().filter(|(_, own, _)| !own.contains_key("refused.txt")) {
        let found = findings(&checked);
        let Some(definition) = checked.definition.filter(|_| found.is_empty()) else {
            wrong.push(format!("{folder}: {found:?} {:?}", checked.diagnostics));
            continue;
        };
        let report = run_all(&Arc::new(definition), &own);
        for verdict in report.verdicts.iter().filter(|verdict| !verdict.faults.is_empty()) {
            let faults = verdict.faults.iter().map(|fault| format!("\n    {}: {}", fault.span.line, fault.message.en));
            wrong.push(format!("{folder}: {}{}", verdict.scenario, faults.collect::<String>()));
        }
        if report.verdicts.is_empty() {
            wrong.push(format!("{folder} has no story"));
        }
        let missing = &report.coverage.missing;
        wrong.extend(missing.iter().map(|(span, point)| format!("{folder}: no story reaches {}: {point}", span.line)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_has_no_structure_is_refused_with_its_code_and_place() {
    for (folder, own, checked) in processes() {
        let Some(wanted) = own.get("refused.txt") else { continue };
        let wanted = String::from_utf8(wanted.clone()).expect("UTF-8");
        assert_eq!(findings(&checked), wanted.lines().collect::<Vec<_>>(), "{folder}");
        assert!(checked.definition.is_none(), "{folder} compiles");
    }
}

/// A row of the table: number, name, how it is written, the folders it links to.
fn rows() -> Vec<(u32, String, BTreeSet<String>)> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/patterns.md"));
    let page = page.expect("docs/patterns.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let number = cells.first()?.parse().ok()?;
        let links = line.split("](../engine/tests/patterns/").skip(1);
        let folders = links.filter_map(|link| link.split("/process.yaml)").next()).map(str::to_owned).collect();
        Some((number, line.to_owned(), folders))
    });
    rows.collect()
}

#[test]
fn the_table_names_every_pattern_and_every_folder_once() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|(number, _, _)| *number).collect();
    assert_eq!(numbers, (1..=43).collect::<Vec<_>>());
    let mut untold: BTreeSet<String> = processes().into_iter().map(|(folder, _, _)| folder).collect();
    untold.retain(|folder| !folder.starts_with("nets/"));
    for (number, row, folders) in rows {
        assert!(!folders.is_empty(), "pattern {number} has no process: {row}");
        for folder in folders {
            assert!(folder.starts_with(&format!("{number:02}-")), "pattern {number} links to {folder}");
            assert!(untold.remove(&folder), "there is no folder {folder}, or it is linked twice");
            let refusal = std::fs::read_to_string(root().join(&folder).join("refused.txt")).ok();
            if let Some(code) = refusal.as_deref().and_then(|line| line.split(' ').next()) {
                assert!(row.contains(&format!("errors/{code}.md")), "the row of pattern {number} does not say {code}");
            }
        }
    }
    assert!(untold.is_empty(), "the table does not name {untold:?}");
}
