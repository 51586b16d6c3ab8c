//! Findings that need files of their own, one by one.

mod support;
#[path = "support/told.rs"]
mod told;

use countersign_engine::language::release::Bundle;
use support::{bundle, check};
use told::line;

/// Code, line and column of everything told.
fn found(bundle: &Bundle) -> Vec<(String, &'static str, u32, u32)> {
    let place = |finding: &told::Diagnostic| {
        (finding.file.to_string(), finding.code.id, finding.span.line, finding.span.column)
    };
    check(bundle).diagnostics.iter().map(place).collect()
}

fn with(base: &str, file: &str, bytes: impl Into<Vec<u8>>) -> Bundle {
    let mut bundle = bundle(base);
    bundle.files.insert(file.into(), bytes.into());
    bundle
}

fn edited(base: &str, file: &str, from: &str, to: &str) -> Bundle {
    let text = String::from_utf8(bundle(base).files[file].clone()).expect("UTF-8");
    assert!(text.contains(from), "{from}");
    with(base, file, text.replacen(from, to, 1))
}

fn one(file: &str, code: &'static str, line: u32, column: u32) -> Vec<(String, &'static str, u32, u32)> {
    vec![(file.to_owned(), code, line, column)]
}

#[test]
fn a_folder_without_a_process_is_told_so() {
    assert_eq!(found(&Bundle::default()), one("process.yaml", "bundle.no_process", 1, 1));
}

#[test]
fn a_file_that_is_no_utf8_is_told_where() {
    assert_eq!(
        found(&with("purchase", "process.yaml", b"process: a\nt\xff".to_vec())),
        one("process.yaml", "yaml.encoding", 2, 2)
    );
}

#[test]
fn a_file_too_large_or_too_deep_is_refused() {
    assert_eq!(
        found(&with("purchase", "process.yaml", "#".repeat(2 << 20))),
        one("process.yaml", "yaml.too_large", 1, 1)
    );
    assert_eq!(found(&with("purchase", "process.yaml", "[".repeat(80))), one("process.yaml", "yaml.too_deep", 1, 65));
}

#[test]
fn what_no_parser_reads_is_told_where() {
    assert_eq!(
        found(&with("purchase", "process.yaml", "process: a\ntitle: { zh: a, en: b ]\n")),
        one("process.yaml", "yaml.syntax", 2, 23)
    );
}

#[test]
fn business_days_need_a_calendar() {
    let found = found(&edited("order_review", "process.yaml", "calendar: plant_cn\n", ""));
    let lines: Vec<String> = check(&edited("order_review", "process.yaml", "calendar: plant_cn\n", ""))
        .diagnostics
        .iter()
        .map(line)
        .collect();
    assert!(!found.is_empty() && found.iter().all(|finding| finding.1 == "calendar.missing"), "{lines:#?}");
}

#[test]
fn an_activity_stands_once_in_the_catalogue() {
    let mut bundle = bundle("purchase");
    bundle.files.insert("catalogue/zz.yaml".into(), b"activities:\n  mail.send: { input: { to: user } }\n".to_vec());
    assert_eq!(found(&bundle), one("catalogue/zz.yaml", "catalogue.invalid", 2, 3));
}

#[test]
fn a_row_that_never_counts_is_told() {
    let found = found(&edited(
        "order_review",
        "classify.table.yaml",
        "  any           | standard",
        "  any           | standard       | 1 business day  | false           | false         | false          | false\n  any           | standard",
    ));
    assert_eq!(found, one("classify.table.yaml", "table.row_never", 9, 3));
}

/// A misspelt variable is told at its own column, however the text around it is written.
#[test]
fn an_expression_has_its_place_in_every_style_of_text() {
    let written = [
        "memo: \"=\\u0022a\\u0022 + nothere\"",
        "memo: '=\"it''s\" + nothere'",
        "memo: =po +\n                nothere",
        "memo: \"=po +\n                nothere\"",
        "memo: \"批次 ${nothere} 号\"",
    ];
    let base = "{ id: keep, set: { memo: \"kept ${facts.kind}\", other: 3 } }";
    for text in written {
        let to = format!("id: keep\n        set:\n          {text}");
        let bundle = edited("purchase", "process.yaml", base, &to);
        let found = found(&bundle);
        let text = String::from_utf8(bundle.files["process.yaml"].clone()).expect("UTF-8");
        let (line, real) = text
            .lines()
            .enumerate()
            .find_map(|(line, content)| {
                content.find("nothere").map(|byte| (line + 1, content[..byte].chars().count() + 1))
            })
            .expect("the name stands somewhere");
        assert_eq!(found, one("process.yaml", "expr.unknown_variable", line as u32, real as u32), "{to}");
    }
    for indicator in ["|", ">", "|-", ">-"] {
        let to = format!("id: keep\n        set:\n          memo: {indicator}\n            =po +\n            nothere");
        let bundle = edited("purchase", "process.yaml", base, &to);
        let text = String::from_utf8(bundle.files["process.yaml"].clone()).expect("UTF-8");
        let line = text.lines().position(|line| line.contains("nothere")).expect("the name stands somewhere") + 1;
        assert_eq!(found(&bundle), one("process.yaml", "expr.unknown_variable", line as u32, 13), "{indicator}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let mut text = String::from_utf8(bundle("purchase").files["process.yaml"].clone()).expect("UTF-8");
    for (from, to) in [
        ("risk: high", "risk: hihg"),
        ("into: best", "into: bset"),
        ("back_to: facts", "back_to: fatcs"),
        ("owner: purchasing\n", ""),
    ] {
        text = text.replacen(from, to, 1);
    }
    let codes: Vec<&str> =
        found(&with("purchase", "process.yaml", text)).into_iter().map(|finding| finding.1).collect();
    assert_eq!(codes, ["shape.missing_key", "shape.invalid_value", "write.unknown_field", "back_to.unknown"]);
}

#[test]
fn every_row_of_a_collecting_table_gives_an_element_of_its_list() {
    let process = "process: a\ntitle: { zh: 甲, en: A }\nowner: qa\nrisk: low\nstart: [ { by: [ qa ] } ]\n\
                   input: { count: integer }\ndata: { reasons: KIND }\n\
                   steps:\n  - { id: why, decide: why.table.yaml, into: { reasons: reasons } }\n  - { id: over, end: done }\n";
    let table = "table: why\nhit: collect list\nrows: |\n  input.count | -> reasons\n  > 3         | many\n  < 1         | none\n";
    let told = |kind: &str| {
        let files = [("process.yaml", process.replace("KIND", kind)), ("why.table.yaml", table.to_owned())];
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes()));
        found(&Bundle { files: files.collect(), ..Bundle::default() })
    };
    assert_eq!(told("list of string"), []);
    assert_eq!(told("list of integer"), one("process.yaml", "write.type", 9, 48));
    assert_eq!(told("string"), one("process.yaml", "write.type", 9, 48));
}
