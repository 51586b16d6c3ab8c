//! The entry: a bundle in, a definition and all findings out.

use crate::language::check::context::Check;
use crate::language::compile::{Compiler, Library, compile};
use crate::language::diagnostics::{Checked, Sink, registry as codes};
use crate::language::release::Bundle;
use crate::language::syntax::{self, Source};

/// Checks and compiles a bundle. Pure, deterministic, and total: no bytes make it panic.
#[must_use]
pub fn check(bundle: &Bundle) -> Checked {
    let mut sink = Sink::default();
    let Some(process) = bundle.files.get("process.yaml") else {
        let source = Source::new("process.yaml", "");
        let message = text!("没有 process.yaml", "there is no process.yaml");
        sink.add(source.finding(&codes::BUNDLE_NO_PROCESS, 0, 0, message, None));
        return Checked { definition: None, diagnostics: sink.into_sorted() };
    };
    let library = Library::read(bundle, &mut sink);
    let (source, tree) = syntax::parse("process.yaml", process, &mut sink);
    let mut definition = None;
    if let Some(tree) = tree {
        let mut compiler = Compiler::new(&source, &library, &mut sink);
        definition = compile(&mut compiler, &tree, bundle.digest());
        if let Some(definition) = &definition {
            let mut check = Check { definition, compiler: &mut compiler };
            check.expressions();
            check.names();
            check.flow();
            check.loops();
            check.outcomes();
            check.ballots();
            check.writes();
            check.writers();
            check.messages();
            check.undoing();
            check.tables();
            check.beside();
            check.starts();
            check.reachable();
        }
    }
    let definition = definition.filter(|_| !sink.has_errors());
    Checked { definition, diagnostics: sink.into_sorted() }
}

#[cfg(test)]
mod tests;
