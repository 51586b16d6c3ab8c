//! Every shipped process compiles without a finding, from the files as they lie in `processes/`.

use std::collections::BTreeMap;
use std::path::Path;

use engine::language::check;
use engine::language::release::collect;

fn files(root: &Path, at: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(at).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned();
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

#[test]
fn every_shipped_process_compiles_without_a_finding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("processes");
    let mut all = BTreeMap::new();
    files(&root, &root, &mut all);
    let folders: Vec<String> =
        all.keys().filter_map(|path| path.strip_suffix("/process.yaml")).map(str::to_owned).collect();
    assert!(folders.contains(&"order_review".to_owned()));
    for folder in folders {
        let prefix = format!("{folder}/");
        let own = all.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.clone())));
        let checked = check(&collect(&own.collect(), &all));
        let findings: Vec<String> = checked
            .diagnostics
            .iter()
            .map(|found| {
                let (line, column) = (found.span.line, found.span.column);
                let hint = found.hint.as_ref().map(|hint| hint.en.to_string()).unwrap_or_default();
                format!("{}:{line}:{column} {} {} ({hint})", found.file, found.code.id, found.message.en)
            })
            .collect();
        assert!(findings.is_empty(), "{folder}:\n{}", findings.join("\n"));
        assert!(checked.definition.is_some());
    }
}
