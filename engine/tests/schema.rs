//! The JSON Schema of the language: it takes what the checker takes, and refuses what has the wrong shape.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use countersign_engine::language::schema;
use support::{bundle, check};

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&schema()).expect("a schema")
}

fn errors(text: &str) -> Vec<String> {
    let Ok(content) = serde_yaml::from_str::<serde_json::Value>(text) else { return vec!["no YAML".to_owned()] };
    validator().iter_errors(&content).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn process(base: &str) -> String {
    String::from_utf8(bundle(base).files["process.yaml"].clone()).expect("UTF-8")
}

#[test]
fn every_process_that_the_checker_takes_fits_the_schema() {
    let mut texts: BTreeMap<String, String> =
        ["purchase", "order_review"].into_iter().map(|base| (base.to_owned(), process(base))).collect();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../processes")).expect("a folder") {
        let file = entry.expect("an entry").path().join("process.yaml");
        if let Ok(text) = std::fs::read_to_string(&file) {
            texts.insert(file.display().to_string(), text);
        }
    }
    assert!(texts.len() > 2);
    assert!(check(&bundle("purchase")).definition.is_some());
    for (name, text) in texts {
        assert_eq!(errors(&text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_broken_in_its_shape_does_not_fit_the_schema() {
    let kinds = [
        "shape.unknown_key",
        "step.unknown_kind",
        "step.no_kind",
        "step.two_kinds",
        "shape.missing_key",
        "shape.wrong_kind",
        "step.key_inside",
    ];
    let (mut kind, mut base, mut file) = ("", "", "");
    let (mut tried, mut missed) = (0, Vec::new());
    for entry in include_str!("language/mutations.txt").lines() {
        if let Some(code) = entry.strip_prefix("# ") {
            kind = code;
        } else if let Some((name, path)) = entry.strip_prefix("@ ").and_then(|place| place.split_once(' ')) {
            (base, file) = (name, path);
        } else if let Some((from, to)) = entry.split_once(" ==> ")
            && kinds.contains(&kind)
            && file == "process.yaml"
        {
            let real = |text: &str| text.replace("\\n", "\n").replace('⟦', "");
            let broken = process(base).replacen(&real(from), &real(to), 1);
            tried += 1;
            if errors(&broken).is_empty() {
                missed.push(format!("{kind}: {entry}"));
            }
        }
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn the_schema_in_docs_is_the_one_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/process.schema.json");
    let written = std::fs::read_to_string(file).unwrap_or_default();
    let made = format!("{}\n", serde_json::to_string_pretty(&schema()).expect("JSON"));
    assert!(written == made, "write it with `cargo xtask schema`");
}

#[test]
fn keys_are_described_in_both_languages() {
    let schema = schema();
    let described =
        |kind: &str, key: &str| schema["$defs"][kind]["properties"][key]["description"].as_str().map(str::to_owned);
    assert!(
        described("step", "task").is_some_and(|words| words.contains("Work for a person") && words.contains("任务"))
    );
    let keys = schema["$defs"]["step"]["properties"].as_object().expect("keys");
    assert!(keys.len() > 25);
}
