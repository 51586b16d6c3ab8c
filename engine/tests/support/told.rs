//! Findings as lines, for tests that compare them.

pub(crate) use countersign_engine::language::Diagnostic;

/// `file:line:column code message`
pub(crate) fn line(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.span;
    let (file, code) = (&diagnostic.file, diagnostic.code.id);
    format!("{file}:{}:{} {code} {}", place.line, place.column, diagnostic.message.en)
}
