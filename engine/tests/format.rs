//! `fmt`: the same meaning, the same comments, and nothing left to do the second time.

mod support;

use countersign_engine::language::format;
use proptest::prelude::*;
use support::{bundle, check};

fn formatted(text: &str) -> String {
    format("process.yaml", text.as_bytes()).unwrap_or_else(|found| panic!("{text}\n{found:#?}"))
}

#[track_caller]
fn becomes(from: &str, to: &str) {
    assert_eq!(formatted(from), to);
    assert_eq!(formatted(to), to, "not stable");
}

#[test]
fn blanks_at_the_ends_of_lines_and_empty_lines_go() {
    becomes("\n\na: 1  \n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n");
    becomes("a: 1\r\nb: 2", "a: 1\nb: 2\n");
}

#[test]
fn braces_get_their_blanks_and_columns_stay() {
    becomes("a: {b: c,d: [e,f]}\n", "a: { b: c, d: [ e, f ] }\n");
    becomes("a: { b: c,    d: e }\n", "a: { b: c,    d: e }\n");
    becomes("a: []\nb: {}\n", "a: []\nb: {}\n");
}

#[test]
fn texts_are_written_in_block_form() {
    becomes("title: { zh: 召回, en: Recall }\n", "title:\n  zh: 召回\n  en: Recall\n");
    becomes(
        "a:\n  title: { zh: \"一，二\", en: \"One, two\" } # shown\n  b: 1\n",
        "a:\n  title:  # shown\n    zh: \"一，二\"\n    en: \"One, two\"\n  b: 1\n",
    );
    // Between braces there is no block.
    becomes("task: { title: { zh: a, en: b }, to: initiator }\n", "task: { title: { zh: a, en: b }, to: initiator }\n");
}

#[test]
fn indentation_is_two_blanks_and_lists_stand_below_their_key() {
    becomes(
        "steps:\n- id: a\n  set:\n      b: 1\n-   id: c\n    end: d\n",
        "steps:\n  - id: a\n    set:\n      b: 1\n  - id: c\n    end: d\n",
    );
}

#[test]
fn comments_stay_with_their_line() {
    becomes(
        "a:\n    # of b\n    b: 1 # one\n    # last of a\n# of c\nc: 2\n# end\n",
        "a:\n  # of b\n  b: 1 # one\n  # last of a\n# of c\nc: 2\n# end\n",
    );
}

#[test]
fn what_is_inside_a_text_is_not_touched() {
    becomes("a: |\n  one  \n\n\n  # two\nb: 1\n", "a: |\n  one  \n\n\n  # two\nb: 1\n");
    becomes("a:\n    b: >\n        one\n          two\n", "a:\n  b: >\n      one\n        two\n");
}

#[test]
fn the_pipes_of_a_table_stand_below_each_other() {
    becomes(
        "rows: |\n  a|b | -> c\n  any | >= 10|x\n  1 | any | \"a|b\"\n",
        "rows: |\n  a   | b     | -> c\n  any | >= 10 | x\n  1   | any   | \"a|b\"\n",
    );
}

#[test]
fn a_file_that_is_no_yaml_gives_its_findings() {
    assert!(format("process.yaml", b"a: [").is_err());
    assert!(format("process.yaml", b"title: { zh: a, en: b, c }").is_err());
}

#[test]
fn a_process_means_the_same_when_it_is_formatted() {
    for base in ["order_review", "purchase"] {
        let plain = bundle(base);
        let mut tidy = plain.clone();
        for (path, bytes) in &mut tidy.files {
            if path.ends_with(".yaml") {
                let once = format(path, bytes).expect("a sound file");
                assert_eq!(format(path, once.as_bytes()).expect("still sound"), once, "{base}/{path}");
                *bytes = once.into_bytes();
            }
        }
        assert!(plain != tidy, "{base}");
        let meaning = |bundle: &countersign_engine::language::release::Bundle| {
            let definition = check(bundle).definition.expect("a definition");
            let text =
                format!("{:?} {:?} {:?} {:?}", definition.blocks, definition.data, definition.starts, definition.texts);
            let kinds =
                definition.steps.values().map(|step| format!("{:?} {:?} {:?}", step.kind, step.writes, step.outcomes));
            // Tables know the lines of their cells, expressions those of nothing.
            (text, kinds.collect::<Vec<_>>(), check(bundle).diagnostics.len())
        };
        let (before, after) = (meaning(&plain), meaning(&tidy));
        assert!(before.0 == after.0, "{base}");
        for (one, two) in before.1.iter().zip(&after.1) {
            assert_eq!(one, two, "{base}");
        }
        assert_eq!(before.2, after.2, "{base}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Blanks and lines put anywhere: what is still sound keeps its meaning, and one pass is enough.
    #[test]
    fn formatting_is_stable_on_mutated_processes(
        cuts in prop::collection::vec((0usize..20_000, prop::sample::select(vec!["\n", "  \n", " ", "\n\n\n", " # c\n", "\n# c\n", ",", "- ", "    "])), 1..5),
        base in prop::sample::select(vec!["purchase", "order_review"]),
    ) {
        let mut text: Vec<char> = String::from_utf8(bundle(base).files["process.yaml"].clone()).expect("UTF-8").chars().collect();
        for (at, splice) in cuts {
            let at = at % text.len();
            text.splice(at..at, splice.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(once) = format("process.yaml", text.as_bytes()) {
            let twice = format("process.yaml", once.as_bytes());
            prop_assert_eq!(twice.as_deref(), Ok(once.as_str()));
            let comments = |text: &str| text.matches('#').count();
            prop_assert_eq!(comments(&once), comments(&text));
        }
    }
}
