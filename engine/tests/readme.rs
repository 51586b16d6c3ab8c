//! The README's example is a process that compiles.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_engine::language::check;
use countersign_engine::language::release::collect;

#[test]
fn the_example_of_the_readme_compiles_without_a_finding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("```yaml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let texts = "approved_correction: { zh: 我批准此纠正, en: I approve this correction }\n";
    let folder = BTreeMap::from([
        ("process.yaml".to_owned(), example.as_bytes().to_vec()),
        ("texts.yaml".to_owned(), texts.as_bytes().to_vec()),
    ]);
    let mut shared = BTreeMap::new();
    for (place, name) in [("catalogue", "stock.yaml"), ("calendars", "plant_cn.calendar.yaml")] {
        let bytes = std::fs::read(root.join("processes").join(place).join(name)).expect("a shared file");
        shared.insert(format!("{place}/{name}"), bytes);
    }
    let checked = check(&collect(&folder, &shared));
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| format!("{}:{}: {}", found.span.line, found.span.column, found.message.en))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}
