//! Valid processes, broken at known nodes: each break is found with its code at its line and column, and nothing else is.

mod support;
#[path = "support/told.rs"]
mod told;

use std::collections::{BTreeMap, BTreeSet};

use support::{bundle, check};
use told::line;

/// Where the mark stands, the finding is expected.
const MARK: char = '⟦';

struct Mutation {
    kind: String,
    base: String,
    file: String,
    from: String,
    to: String,
}

/// Reads `mutations.txt`: `# code` begins a kind, `@ base file` names what is broken, then lines `from ==> to`.
fn mutations() -> Vec<Mutation> {
    let text = include_str!("language/mutations.txt");
    let (mut kind, mut base, mut file) = (String::new(), String::new(), String::new());
    let mut all = Vec::new();
    for entry in text.lines().filter(|entry| !entry.is_empty() && !entry.starts_with("//")) {
        if let Some(code) = entry.strip_prefix("# ") {
            kind = code.to_owned();
        } else if let Some(place) = entry.strip_prefix("@ ") {
            let (name, path) = place.split_once(' ').expect("base and file");
            (base, file) = (name.to_owned(), path.to_owned());
        } else {
            let (from, to) = entry.split_once(" ==> ").unwrap_or_else(|| panic!("no arrow: {entry}"));
            let real = |text: &str| text.replace("\\n", "\n").replace("\\t", "\t");
            let (kind, base, file) = (kind.clone(), base.clone(), file.clone());
            all.push(Mutation { kind, base, file, from: real(from), to: real(to) });
        }
    }
    all
}

#[test]
fn every_break_is_found_where_it_is_and_nothing_else() {
    let all = mutations();
    let kinds: BTreeSet<&str> = all.iter().map(|mutation| mutation.kind.as_str()).collect();
    assert!(all.len() >= 200 && kinds.len() >= 30, "{} mutations of {} kinds", all.len(), kinds.len());
    let bases: BTreeMap<&str, _> = ["order_review", "purchase"].into_iter().map(|name| (name, bundle(name))).collect();
    let mut wrong = Vec::new();
    for mutation in &all {
        let Mutation { kind, base, file, from, to } = mutation;
        let mut mutant = bases[base.as_str()].clone();
        let bytes = mutant.files.get_mut(file).unwrap_or_else(|| panic!("{file} is in the bundle of {base}"));
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        let found = text.matches(from.as_str()).count();
        if found != 1 {
            wrong.push(format!("{kind}: `{from}` stands {found} times in {base}/{file}"));
            continue;
        }
        let marked = text.replacen(from.as_str(), to, 1);
        let before = marked.split(MARK).next().expect("a mark");
        let place = before.lines().count().max(1);
        let place = if before.ends_with('\n') { place + 1 } else { place };
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        *bytes = marked.replace(MARK, "").into_bytes();
        let checked = check(&mutant);
        let told: Vec<String> = checked.diagnostics.iter().map(line).collect();
        let expected = format!("{file}:{place}:{column} {kind} ");
        let exact = told.len() == 1 && told[0].starts_with(&expected);
        let sound = checked.diagnostics.iter().all(|finding| !finding.message.zh.is_empty());
        if !exact || !sound {
            wrong.push(format!("`{from}` ==> `{to}`\n    expected {expected}\n    told {told:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}
