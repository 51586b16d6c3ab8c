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

#[test]
fn a_cell_with_a_word_that_its_column_does_not_have_is_told_once() {
    let table = "table: authority\ntitle: { zh: 权限, en: Authority }\nhit: first\nrows: |\n  input.kind | -> finance | sales_director | finance_director | general_manager\n  quotatoin  | true | true | true | true\n  any        | false | false | false | false\n";
    assert_eq!(
        found(&with("order_review", "authority.table.yaml", table)),
        one("authority.table.yaml", "table.word_unknown", 6, 3)
    );
}

/// A wait inside an outcome of the step that is gone back to lets the loop rest.
#[test]
fn a_return_out_of_an_outcome_that_waits_is_no_endless_loop() {
    let base = "CREDIT:   { back_to: snapshot, at_most: 5 }";
    let waits = "CREDIT:\n        - { id: pause, wait: 2 days }\n        - { id: confirm_again, back_to: confirm }";
    assert_eq!(found(&edited("order_review", "process.yaml", base, waits)), vec![]);
    let task = "CREDIT:\n        - id: ask\n          task: { title: { zh: 问, en: Ask }, to: { role: sales } }\n          outcomes: { again: { back_to: confirm }, stop: { end: stopped } }";
    assert_eq!(found(&edited("order_review", "process.yaml", base, task)), vec![]);
    let turns =
        "CREDIT:\n        - { id: note, set: { target: 2 days } }\n        - { id: confirm_again, back_to: confirm }";
    let codes: Vec<&str> =
        found(&edited("order_review", "process.yaml", base, turns)).into_iter().map(|finding| finding.1).collect();
    assert_eq!(codes, ["loop.unbounded"]);
}

/// Conditions that declared ranges, words or each other exclude.
#[test]
fn a_condition_that_can_never_hold_is_told() {
    let never = ["severity > 10", "count > 5 && count < 3", "input.gxp && !input.gxp", "severity < 1 || 1 > 2"];
    for condition in never {
        let bundle = edited("purchase", "process.yaml", "when: =input.gxp", &format!("when: =({condition})"));
        let codes: Vec<&str> = found(&bundle).into_iter().map(|finding| finding.1).collect();
        assert_eq!(codes, ["branch.never"], "{condition}");
    }
    for condition in
        ["severity > 9", "count > 3 && count < 5", "facts.over > 3 && facts.over < 4", "input.gxp || !input.gxp"]
    {
        let bundle = edited("purchase", "process.yaml", "when: =input.gxp", &format!("when: =({condition})"));
        assert_eq!(found(&bundle), vec![], "{condition}");
    }
}

/// A person who always acted in an excluded step cannot take a seat.
#[test]
fn a_seat_of_somebody_who_always_acted_is_excluded() {
    let seat = "approve: { by: [ { role: purchasing_manager } ], not: [ initiator, three_quotes ]";
    let same = "approve: { by: [ { user: =input.requester } ], not: [ initiator, three_quotes ]";
    let mut bundle = edited("purchase", "process.yaml", seat, same);
    assert_eq!(found(&bundle), vec![]);
    let text = String::from_utf8(bundle.files["process.yaml"].clone()).expect("UTF-8");
    let text = text.replace("to:    { role: buyer, category: =input.category }", "to:    { user: =input.requester }");
    bundle.files.insert("process.yaml".into(), text.into_bytes());
    let codes: Vec<&str> = found(&bundle).into_iter().map(|finding| finding.1).collect();
    assert_eq!(codes, ["ballot.excluded"]);
}

/// What a parser says in English stays in English.
#[test]
fn no_words_of_a_library_stand_in_chinese_messages() {
    let broken = [
        with("purchase", "process.yaml", "process: a\ntitle: { zh: a, en: b ]\n"),
        with("purchase", "request.form.json", "{ \"type\": 5 }"),
        with("purchase", "request.form.json", "{ \"type\": "),
        edited("purchase", "process.yaml", "initial: 1 }", "initial: 11 }"),
        edited("purchase", "auto.table.yaml", "> 50000 ", "> 60000 "),
    ];
    for bundle in broken {
        let found = check(&bundle).diagnostics;
        assert!(!found.is_empty());
        for finding in found {
            // Names and values stand between backticks, or are single words; a phrase would be English.
            let plain: String = finding.message.zh.split('`').step_by(2).collect();
            let words = plain
                .split(|c: char| !c.is_ascii_alphabetic() && c != ' ')
                .map(str::trim)
                .filter(|part| part.contains(' ') && *part != "JSON Schema");
            assert_eq!(words.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", finding.message.zh);
        }
    }
}
