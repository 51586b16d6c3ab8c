//! Whether scenarios notice a change: the definition is changed in one place at a time, and they are run again.
//!
//! ```text
//! change ──▶ check ──▶ refused            the checker keeps it out
//!              │
//!              └─▶ scenarios ──▶ noticed  one of them fails
//!                      │
//!                      └─▶ survived      nobody would see it
//! ```
//!
//! Invariant: nothing here reads a clock; who calls decides when it has taken long enough.

mod expressions;
mod ignored;
mod process;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use ignored::{Ignored, ignored};

use super::play::Suite;
use super::report::Fault;
use crate::language::check;
use crate::language::definition::{Definition, Span};
use crate::language::release::Bundle;
use crate::language::syntax::Source;

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Names it as long as the step and its keys keep their names, wherever they stand in the file.
    pub id: String,
    pub file: Arc<str>,
    pub span: Span,
    /// What was written, and what is put in its place.
    pub from: String,
    pub to: String,
    /// Characters of the file.
    range: std::ops::Range<usize>,
    /// The step it is in, if it is in one.
    step: Option<String>,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The checker finds it, with this code.
    Refused(&'static str),
    /// This scenario fails.
    Noticed(Arc<str>),
    Survived,
}

/// A process with its scenarios, ready to be changed.
pub struct Mutator<'a> {
    bundle: &'a Bundle,
    suite: Suite,
    sources: BTreeMap<Arc<str>, Source>,
    changes: Vec<Change>,
}

impl<'a> Mutator<'a> {
    /// Reads a process that is sound and whose scenarios pass; the faults of scenarios that cannot be read.
    pub fn new(
        bundle: &'a Bundle,
        definition: &Arc<Definition>,
        folder: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, Vec<Fault>> {
        let suite = Suite::read(definition, folder)?;
        let mut sources = BTreeMap::new();
        let mut changes = Vec::new();
        for (path, bytes) in &bundle.files {
            let source = Source::new(path, &String::from_utf8_lossy(bytes));
            let mut found = Changes { source: &source, found: Vec::new() };
            if path == "process.yaml" {
                process::changes(bytes, &mut found);
            } else if path.ends_with(".table.yaml") {
                tables::changes(&mut found);
            }
            changes.append(&mut found.found);
            sources.insert(path.as_str().into(), source);
        }
        Ok(Mutator { bundle, suite, sources, changes: unique(changes) })
    }

    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Makes the change and looks who notices.
    #[must_use]
    pub fn judge(&self, change: &Change) -> Fate {
        let Some(source) = self.sources.get(&change.file) else { return Fate::Survived };
        let mut text = source.slice(0, change.range.start);
        text.push_str(&change.to);
        text.push_str(&source.slice(change.range.end, source.chars.len()));
        let mut mutant = self.bundle.clone();
        mutant.files.insert(change.file.to_string(), text.into_bytes());
        let checked = check(&mutant);
        let Some(definition) = checked.definition else {
            let error =
                checked.diagnostics.iter().find(|finding| finding.severity() == crate::language::Severity::Error);
            return Fate::Refused(error.map_or("", |finding| finding.code.id));
        };
        match self.suite.first_failure(&Arc::new(definition), change.step.as_deref()) {
            Some(scenario) => Fate::Noticed(scenario),
            None => Fate::Survived,
        }
    }
}

/// Collects the changes of one file.
struct Changes<'s> {
    source: &'s Source,
    found: Vec<Change>,
}

impl Changes<'_> {
    /// Notes that the characters `range` become `to`.
    fn add(&mut self, at: &Place, range: std::ops::Range<usize>, what: &str, to: impl Into<String>) {
        let (from, to) = (self.source.slice(range.start, range.end), to.into());
        if from == to || range.is_empty() {
            return;
        }
        let (file, span) = (self.source.file.clone(), self.source.span(range.start));
        let id = format!("{} {what}", at.path);
        self.found.push(Change { id, file, span, from, to, range, step: at.step.clone() });
    }
}

/// Where a change is made: a path of names, and the step.
#[derive(Clone, Default)]
struct Place {
    path: String,
    step: Option<String>,
}

impl Place {
    fn at(&self, name: impl std::fmt::Display) -> Self {
        let path = if self.path.is_empty() { name.to_string() } else { format!("{}/{name}", self.path) };
        Place { path, step: self.step.clone() }
    }

    /// A step is named by itself, wherever it stands.
    fn step(id: &str) -> Self {
        Place { path: id.to_owned(), step: Some(id.to_owned()) }
    }
}

/// Tells changes of one name apart by their order.
fn unique(mut changes: Vec<Change>) -> Vec<Change> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for change in &mut changes {
        let count = seen.entry(change.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            change.id = format!("{} ({count})", change.id);
        }
    }
    changes
}
