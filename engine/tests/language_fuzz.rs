//! No bytes make the checker panic, and the same bytes give the same findings.

mod support;
#[path = "support/told.rs"]
mod told;

use countersign_engine::language::release::Bundle;
use proptest::prelude::*;
use support::{bundle, check};
use told::line;

/// Pieces that parsers trip over.
const SPLICES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ": ",
    ":",
    ",",
    "#",
    " #",
    "=",
    "${",
    "}",
    "|",
    ">",
    "- ",
    "? ",
    "\t",
    "\n",
    "\n\n",
    "&a ",
    "*a",
    "!x ",
    "<<: ",
    "---\n",
    "...\n",
    "：",
    "“",
    "=(",
    "0x",
    "~",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "\\",
    "%YAML 1.1\n",
    "@",
    "`",
    "\r\n",
];

fn process_with(bytes: Vec<u8>, file: &str, base: &str) -> Bundle {
    let mut bundle = bundle(base);
    bundle.files.insert(file.to_owned(), bytes);
    bundle
}

fn told(bundle: &Bundle) -> Vec<String> {
    check(bundle).diagnostics.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), file in 0usize..6) {
        let files = ["process.yaml", "texts.yaml", "auto.table.yaml", "catalogue/purchase.yaml", "quotes.form.json", "calendars/plant_cn.calendar.yaml"];
        let bundle = process_with(bytes, files[file], "purchase");
        prop_assert_eq!(told(&bundle), told(&bundle));
    }

    #[test]
    fn random_splices_never_panic(
        cuts in prop::collection::vec((0usize..20_000, 0usize..SPLICES.len(), 0usize..12), 1..4),
        base in prop::sample::select(vec!["purchase", "order_review"]),
    ) {
        let mut text: Vec<char> = String::from_utf8(bundle(base).files["process.yaml"].clone()).expect("UTF-8").chars().collect();
        for (at, splice, removed) in cuts {
            let at = at % text.len();
            let end = (at + removed).min(text.len());
            text.splice(at..end, SPLICES[splice].chars());
        }
        let broken: String = text.into_iter().collect();
        let lines: Vec<usize> = broken.split('\n').map(|line| line.chars().count()).collect();
        for finding in check(&process_with(broken.clone().into_bytes(), "process.yaml", base)).diagnostics {
            if finding.file.as_ref() == "process.yaml" {
                let length = lines.get(finding.span.line as usize - 1).copied();
                prop_assert!(length.is_some_and(|length| finding.span.column as usize <= length + 1), "{}", line(&finding));
                prop_assert!(finding.bytes.end <= broken.len() && finding.bytes.start <= finding.bytes.end);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_before_it_exhausts_the_stack() {
    for deep in [
        "[".repeat(100_000),
        "{a: ".repeat(50_000),
        "- ".repeat(50_000),
        "? ".repeat(50_000),
        format!("={}", "(".repeat(100_000)),
    ] {
        let told = told(&process_with(format!("steps: {deep}").into_bytes(), "process.yaml", "purchase"));
        assert!(!told.is_empty());
        let when =
            format!("process: a\ntitle: {{ zh: a, en: a }}\nowner: a\nkey: \"={}\"\nsteps: []\n", "(".repeat(10_000));
        assert!(!self::told(&process_with(when.into_bytes(), "process.yaml", "purchase")).is_empty());
    }
}

#[test]
fn a_bundle_survives_its_bytes_and_its_digest_does_not_depend_on_what_lies_beside() {
    let bundle = bundle("purchase");
    let read = Bundle::from_bytes(&bundle.to_bytes()).expect("what was stored can be read");
    assert_eq!((read.files.clone(), read.digest()), (bundle.files.clone(), bundle.digest()));
    assert!(read.nearby.is_empty());
    let mut other = read.clone();
    other.files.get_mut("texts.yaml").expect("texts").push(b'\n');
    assert_ne!(other.digest(), bundle.digest());
    assert!(Bundle::from_bytes(&bundle.to_bytes()[..100]).is_err());
}
