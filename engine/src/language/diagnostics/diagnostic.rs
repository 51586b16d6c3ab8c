//! One finding, and the sink that collects all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::language::definition::{Definition, Span, Text};
use crate::language::diagnostics::registry::Code;

/// Whether a finding keeps the definition from being deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// Something the checker found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: &'static Code,
    /// The path in the bundle.
    pub file: Arc<str>,
    /// Line and column begin at 1 and count characters.
    pub span: Span,
    /// The bytes of the file that it speaks of, for renderers that underline.
    pub bytes: std::ops::Range<usize>,
    pub message: Text,
    pub hint: Option<Text>,
}

impl Diagnostic {
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity
    }
}

/// What checking a bundle gave: a definition only if nothing found is an error.
#[derive(Debug)]
pub struct Checked {
    pub definition: Option<Definition>,
    /// In the order of file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

/// Collects findings, so that everything wrong is told at once.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
    told: BTreeSet<(Arc<str>, Span, &'static str)>,
}

impl Sink {
    /// Adds a finding; one of the same code at the same place is told once.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        if self.told.insert((diagnostic.file.clone(), diagnostic.span, diagnostic.code.id)) {
            self.found.push(diagnostic);
        }
    }

    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
    }

    /// The findings in their stable order.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|a, b| {
            (&a.file, a.span, a.code.id, &a.message.en).cmp(&(&b.file, b.span, b.code.id, &b.message.en))
        });
        self.found
    }
}
