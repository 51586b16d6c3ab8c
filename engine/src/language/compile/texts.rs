//! `texts.yaml`: texts by name, in both languages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::compile::{Compiler, Library};
use crate::language::definition::Text;
use crate::language::diagnostics::Sink;
use crate::language::syntax;

pub(super) fn texts(file: &str, bytes: &[u8], sink: &mut Sink) -> BTreeMap<Arc<str>, Text> {
    let (source, tree) = syntax::parse(file, bytes, sink);
    let mut texts = BTreeMap::new();
    let Some(tree) = tree else { return texts };
    let empty = Library::default();
    let mut compiler = Compiler::new(&source, &empty, sink);
    let Some(entries) = tree.entries() else {
        compiler.wrong(&tree, "名称到文字的表", "a map from names to texts");
        return texts;
    };
    for entry in entries {
        if entry.value.text().is_some() {
            compiler.wrong(&entry.value, "{ zh: …, en: … }", "{ zh: …, en: … }");
        } else if compiler.own_key(entry)
            && let Some(text) = compiler.plain_text(&entry.value)
        {
            texts.insert(entry.key.as_str().into(), text);
        }
    }
    texts
}
