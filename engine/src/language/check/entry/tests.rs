//! Every name in every expression of the shipped processes, misspelt one at a time: each is found where it stands.

use std::collections::BTreeMap;
use std::path::Path;

use super::check;
use crate::language::check::context::Check;
use crate::language::compile::{Compiler, Library, compile};
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

/// A name, and where its first character stands in `process.yaml`.
fn names(bundle: &Bundle) -> Vec<(String, usize)> {
    let mut sink = Sink::default();
    let library = Library::read(bundle, &mut sink);
    let (source, tree) = syntax::parse("process.yaml", &bundle.files["process.yaml"], &mut sink);
    let mut compiler = Compiler::new(&source, &library, &mut sink);
    let definition = compile(&mut compiler, &tree.expect("a tree"), bundle.digest()).expect("a definition");
    let check = Check { definition: &definition, compiler: &mut compiler };
    let sites = check.compiler.sites.iter();
    sites
        .flat_map(|site| {
            let place = |(name, at): (std::sync::Arc<str>, usize)| (name.to_string(), site.range(at, 1).0);
            site.expression.names().into_iter().map(place).collect::<Vec<_>>()
        })
        .collect()
}

/// Names that no declaration tells the checker of: process, field, and why. Keep it short.
const UNKNOWABLE: &[(&str, &str, &str)] = &[];

#[test]
fn every_misspelt_name_in_a_shipped_process_is_found_where_it_stands() {
    let mut missed = Vec::new();
    for (folder, bundle) in shipped() {
        let text = String::from_utf8(bundle.files["process.yaml"].clone()).expect("UTF-8");
        let chars: Vec<char> = text.chars().collect();
        for (name, at) in names(&bundle) {
            if UNKNOWABLE.iter().any(|(process, field, _)| *process == folder && *field == name) {
                continue;
            }
            assert_eq!(chars[at..].iter().take(name.chars().count()).collect::<String>(), name, "{folder}");
            let end = at + name.chars().count();
            let broken: String = chars[..end].iter().chain(&['z', 'q']).chain(&chars[end..]).collect();
            let mut mutant = bundle.clone();
            mutant.files.insert("process.yaml".into(), broken.into_bytes());
            let line = chars[..at].iter().filter(|c| **c == '\n').count() + 1;
            let column = at - chars[..at].iter().rposition(|c| *c == '\n').map_or(0, |place| place + 1) + 1;
            let found = check(&mutant).diagnostics.iter().any(|finding| {
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
