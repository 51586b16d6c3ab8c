//! Every shipped process compiles without a finding, from the files as they lie in `processes/`, and its
//! scenarios pass and reach every step and every way out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::language::definition::Definition;
use engine::language::release::collect;
use engine::language::{Checked, check};
use engine::scenario::run_all;

type Files = BTreeMap<String, Vec<u8>>;

fn walk(root: &Path, at: &Path, found: &mut Files) {
    for entry in std::fs::read_dir(at).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned();
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

/// Each process by its folder, with the folder's files.
fn processes() -> BTreeMap<String, (Files, Checked)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("processes");
    let mut all = Files::new();
    walk(&root, &root, &mut all);
    let folders = all.keys().filter_map(|path| path.strip_suffix("/process.yaml"));
    folders
        .map(|folder| {
            let prefix = format!("{folder}/");
            let inside = all.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)));
            let own: Files = inside.map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect();
            let checked = check(&collect(&own, &all));
            (folder.to_owned(), (own, checked))
        })
        .collect()
}

#[test]
fn every_shipped_process_compiles_without_a_finding() {
    let processes = processes();
    assert!(processes.contains_key("order_review"));
    for (folder, (_, checked)) in processes {
        let line = |found: &engine::language::Diagnostic| {
            let (line, column) = (found.span.line, found.span.column);
            let hint = found.hint.as_ref().map(|hint| hint.en.to_string()).unwrap_or_default();
            format!("{}:{line}:{column} {} {} ({hint})", found.file, found.code.id, found.message.en)
        };
        let findings: Vec<String> = checked.diagnostics.iter().map(line).collect();
        assert!(findings.is_empty(), "{folder}:\n{}", findings.join("\n"));
        assert!(checked.definition.is_some());
    }
}

#[test]
fn the_scenarios_of_every_shipped_process_pass_and_reach_all_of_it() {
    for (folder, (own, checked)) in processes() {
        let definition: Arc<Definition> = Arc::new(checked.definition.expect("a definition"));
        let report = run_all(&definition, &own);
        let mut faults = Vec::new();
        for verdict in report.verdicts.iter().filter(|verdict| !verdict.faults.is_empty()) {
            faults.push(format!("{}: {}", verdict.file, verdict.scenario));
            faults.extend(verdict.faults.iter().map(|fault| format!("    {}: {}", fault.span.line, fault.message.en)));
        }
        assert!(faults.is_empty(), "{folder}:\n{}", faults.join("\n"));
        assert!(report.passed() > 0, "{folder} has no scenario");
        let missing: Vec<String> =
            report.coverage.missing.iter().map(|(span, point)| format!("{}: {point}", span.line)).collect();
        assert!(missing.is_empty(), "{folder} has parts that no scenario reaches:\n{}", missing.join("\n"));
    }
}
