//! Every example of the reference is what the checker accepts, and every code has its page.

mod support;
#[path = "support/told.rs"]
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign_engine::language::diagnostics::{json, pages, plain, registry, sarif};
use countersign_engine::language::release::collect;
use support::{bundle, check, folder};
use told::line;

const REFERENCE: &str = include_str!("../../docs/language.md");

/// The fenced examples: what each is, the line it begins at, and its text.
fn examples() -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (number, text) in REFERENCE.lines().enumerate() {
        match (&mut open, text.strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, _, body)), None) => {
                body.push_str(text);
                body.push('\n');
            }
            (None, Some(kind)) => open = Some((kind.to_owned(), number + 1, String::new())),
            (None, None) => {}
        }
    }
    found
}

#[test]
fn every_example_of_the_reference_is_accepted() {
    let files = folder("docs");
    let frame = String::from_utf8(files["frame.yaml"].clone()).expect("UTF-8");
    let steps = "steps: [ { id: finished, end: finished } ]\n";
    let indent = |body: &str| body.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let (mut wrong, mut kinds) = (Vec::new(), BTreeSet::new());
    for (kind, number, body) in examples() {
        let mut files: BTreeMap<String, Vec<u8>> = files.clone();
        let process = match kind.as_str() {
            "yaml process" => body.clone(),
            "yaml steps" => format!("{frame}steps:\n{}", indent(&body)),
            "yaml data" => format!("{}data:\n{}{steps}", frame.split("data:").next().expect("a head"), indent(&body)),
            "yaml top" => format!("{frame}{steps}{body}"),
            "yaml texts" => {
                files.insert("texts.yaml".into(), body.clone().into_bytes());
                format!("{frame}{steps}")
            }
            "yaml table" => {
                files.insert("classify.table.yaml".into(), body.clone().into_bytes());
                format!(
                    "{frame}steps: [ {{ id: c, decide: classify.table.yaml, into: {{ order_class: order_class, target: target }} }} ]\n"
                )
            }
            "yaml catalogue" => {
                files.insert("catalogue/docs.yaml".into(), body.clone().into_bytes());
                format!("{frame}steps: [ {{ id: c, call: mail.send, with: {{ to: =input.owner }} }} ]\n")
            }
            other => panic!("line {number}: an example is marked as what it is, not `{other}`"),
        };
        files.insert("process.yaml".into(), process.into_bytes());
        let checked = check(&collect(&files, &BTreeMap::new()));
        let told: Vec<String> = checked.diagnostics.iter().map(line).collect();
        if !told.is_empty() || checked.definition.is_none() {
            wrong.push(format!("line {number} ({kind}): {told:#?}"));
        }
        kinds.insert(kind);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(kinds.len(), 7);
}

#[test]
fn codes_are_unique_and_say_what_they_mean_in_both_languages() {
    let ids: BTreeSet<&str> = registry::ALL.iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), registry::ALL.len());
    for code in registry::ALL {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(
            code.id.split_once('.').is_some_and(|(family, name)| !family.is_empty() && !name.is_empty()),
            "{}",
            code.id
        );
        assert!(han(code.title_zh) && han(code.why_zh) && !han(code.title_en) && !han(code.why_en), "{}", code.id);
    }
}

#[test]
fn every_code_is_broken_into_by_a_test() {
    // What whole processes are not broken into is tried in `language_families.rs`.
    let mutations = include_str!("language/mutations.txt");
    let families = include_str!("language_families.rs");
    // A table too large for the proof would make this test slow: that one code is not tried.
    let untried: Vec<&str> = registry::ALL
        .iter()
        .map(|code| code.id)
        .filter(|id| !mutations.contains(&format!("# {id}\n")) && !families.contains(&format!("\"{id}\"")))
        .collect();
    assert_eq!(untried, ["table.unproved"]);
}

#[test]
fn the_pages_in_docs_are_those_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    for (name, page) in pages() {
        let written = std::fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert_eq!(written, page, "{name}: write it with `cargo xtask docs`");
    }
}

#[test]
fn findings_print_as_json_sarif_and_text() {
    let mut broken = bundle("purchase");
    broken.files.insert("texts.yaml".into(), "approved: { zh: 批准 }\n".into());
    let found = check(&broken).diagnostics;
    let printed = json(&found);
    let first = &printed[0];
    assert_eq!(first["file"], "process.yaml");
    assert!(first["line"].is_number() && first["column"].is_number() && first["message"]["zh"].is_string());
    assert_eq!(sarif(&found)["runs"][0]["results"].as_array().map(Vec::len), Some(found.len()));
    assert_eq!(sarif(&found)["version"], "2.1.0");
    assert!(plain(&found).lines().count() >= found.len());
}
