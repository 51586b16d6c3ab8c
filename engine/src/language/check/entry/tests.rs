//! Every name in every expression of the shipped processes, misspelt one at a time: each is found where it stands.

use std::collections::BTreeMap;
use std::path::Path;

use super::check;
use crate::id::Digest;
use crate::language::check::context::Check;
use crate::language::compile::{Compiler, Library, Site, compile};
use crate::language::diagnostics::Sink;
use crate::language::release::{Bundle, collect};
use crate::language::syntax;

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

fn shipped() -> Vec<(String, Bundle)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../processes");
    let mut all = Files::new();
    walk(&root, &root, &mut all);
    if root.join("../scripts").is_dir() {
        walk(&root.join(".."), &root.join("../scripts"), &mut all);
    }
    let folders = all.keys().filter_map(|path| path.strip_suffix("/process.yaml"));
    folders
        .map(|folder| {
            let prefix = format!("{folder}/");
            let inside = all.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, bytes)));
            let own: Files = inside.map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect();
            (folder.to_owned(), collect(&own, &all))
        })
        .collect()
}

/// Compiles `process.yaml` alone, and looks at its expressions.
fn looked_at<T>(library: &Library, process: &[u8], look: impl FnOnce(&mut Check<'_, '_>) -> T) -> (Option<T>, Sink) {
    let mut sink = Sink::default();
    let (source, tree) = syntax::parse("process.yaml", process, &mut sink);
    let mut compiler = Compiler::new(&source, library, &mut sink);
    let definition = tree.and_then(|tree| compile(&mut compiler, &tree, Digest::of(process)));
    let seen = definition.map(|definition| look(&mut Check { definition: &definition, compiler: &mut compiler }));
    (seen, sink)
}

/// Every name in an expression, and where its first character stands in `process.yaml`.
fn names(library: &Library, process: &[u8]) -> Vec<(String, usize)> {
    let look = |check: &mut Check<'_, '_>| {
        let sites = check.compiler.sites.iter();
        let place = |site: &Site, (name, at): (std::sync::Arc<str>, usize)| (name.to_string(), site.range(at, 1).0);
        sites
            .flat_map(|site| site.expression.names().into_iter().map(|name| place(site, name)).collect::<Vec<_>>())
            .collect()
    };
    looked_at(library, process, look).0.expect("a definition")
}

/// Names that no declaration tells the checker of: process, field, and why. Keep it short.
const UNKNOWABLE: &[(&str, &str, &str)] = &[
    ("capa", "value", "what an `each` gives has no declared type"),
    ("change_control", "value", "what an `each` gives has no declared type"),
    ("recall", "value", "what an `each` gives has no declared type"),
    ("recall", "id", "the items of a list that a step gives are typed before its output is known"),
    ("recall", "name", "an item of what a step gives"),
    ("recall", "contact", "an item of what a step gives"),
    ("recall", "alternate", "an item of what a step gives"),
    ("recall", "lots", "an item of what a step gives"),
];

#[test]
fn every_misspelt_name_in_a_shipped_process_is_found_where_it_stands() {
    let mut missed = Vec::new();
    for (folder, bundle) in shipped() {
        let found = check(&bundle).diagnostics;
        assert!(found.is_empty(), "{folder}: {found:#?}");
        let library = Library::read(&bundle, &mut Sink::default());
        let text = String::from_utf8(bundle.files["process.yaml"].clone()).expect("UTF-8");
        let chars: Vec<char> = text.chars().collect();
        for (name, at) in names(&library, text.as_bytes()) {
            if UNKNOWABLE.iter().any(|(process, field, _)| *process == folder && *field == name) {
                continue;
            }
            assert_eq!(chars[at..].iter().take(name.chars().count()).collect::<String>(), name, "{folder}");
            let end = at + name.chars().count();
            let broken: String = chars[..end].iter().chain(&['z', 'q']).chain(&chars[end..]).collect();
            let line = chars[..at].iter().filter(|c| **c == '\n').count() + 1;
            let column = at - chars[..at].iter().rposition(|c| *c == '\n').map_or(0, |place| place + 1) + 1;
            let (_, sink) = looked_at(&library, broken.as_bytes(), |check| check.expressions());
            let found = sink.into_sorted().iter().any(|finding| {
                (finding.span.line as usize, finding.span.column as usize) == (line, column)
                    && finding.code.id.starts_with("expr.unknown")
            });
            if !found {
                missed.push(format!("{folder}/process.yaml:{line}:{column} {name}"));
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}
