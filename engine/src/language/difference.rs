//! What differs between two releases of a process: step by step, field by field, and file by file.
//!
//! Steps are compared by key and by what they mean, not by where they stand in the file: a step that only moved down a
//! few lines has not changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::definition::{Definition, Field, Step};
use super::release::Bundle;
use crate::id::StepKey;

mod lines;

/// Everything that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub steps: Vec<StepDifference>,
    /// `input.x`, `data.x`, `policy`, `events`, `start` and the like: parts of the process itself.
    pub process: Vec<PartDifference>,
    pub files: Vec<FileDifference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDifference {
    pub step: StepKey,
    pub change: Change,
    /// What of it changed: `kind`, `when`, `due`, `outcomes`, `place`…
    pub parts: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartDifference {
    pub part: Arc<str>,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDifference {
    pub path: String,
    pub change: Change,
    /// Lines with a leading `+`, `-` or space, around what changed; empty for what is no text.
    pub lines: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

impl Change {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

/// Compares two releases.
#[must_use]
pub fn difference(old: (&Definition, &Bundle), new: (&Definition, &Bundle)) -> Difference {
    Difference { steps: steps(old.0, new.0), process: process(old.0, new.0), files: files(old.1, new.1) }
}

fn steps(old: &Definition, new: &Definition) -> Vec<StepDifference> {
    let mut keys: Vec<&StepKey> = old.steps.keys().chain(new.steps.keys()).collect();
    keys.sort_by_key(|key| (new.step(key).or(old.step(key)).map(|step| step.span), (*key).clone()));
    keys.dedup();
    let compare = |key: &StepKey| {
        let (change, parts) = match (old.step(key), new.step(key)) {
            (Some(was), Some(is)) => (Change::Changed, parts(old, was, new, is)),
            (None, _) => (Change::Added, Vec::new()),
            (Some(_), None) => (Change::Removed, Vec::new()),
        };
        (change != Change::Changed || !parts.is_empty()).then(|| StepDifference { step: key.clone(), change, parts })
    };
    keys.into_iter().filter_map(compare).collect()
}

fn parts(old: &Definition, was: &Step, new: &Definition, is: &Step) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let mut part = |name: &'static str, same: bool| {
        if !same {
            parts.push(name);
        }
    };
    part("place", was.block == is.block && before(old, was) == before(new, is));
    part("kind", meaning(&was.kind) == meaning(&is.kind));
    part("title", meaning(&was.title) == meaning(&is.title));
    part("when", meaning(&was.when) == meaning(&is.when));
    part("output", was.writes == is.writes);
    part("outcomes", meaning(&was.outcomes) == meaning(&is.outcomes));
    part("events", meaning(&was.handlers) == meaning(&is.handlers));
    part("due", meaning(&was.due) == meaning(&is.due));
    part("retry", meaning(&was.retry) == meaning(&is.retry));
    part("milestone", was.milestone == is.milestone);
    parts
}

/// The step before it in its list.
fn before<'a>(definition: &'a Definition, step: &Step) -> Option<&'a StepKey> {
    definition.block(&step.block)?.steps.get(step.index.checked_sub(1)?)
}

/// What a part of a definition says, without where it stands in the file.
fn meaning(part: &impl std::fmt::Debug) -> String {
    const SPAN: &str = "Span { line: ";
    let text = format!("{part:?}");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(place) = rest.find(SPAN) {
        plain.push_str(&rest[..place]);
        rest = rest[place..].find('}').map_or("", |end| &rest[place + end + 1..]);
    }
    plain.push_str(rest);
    plain
}

fn process(old: &Definition, new: &Definition) -> Vec<PartDifference> {
    let mut found = Vec::new();
    fields(&old.input, &new.input, "input", &mut found);
    fields(&old.data, &new.data, "data", &mut found);
    let mut part = |name: &str, same: bool| {
        if !same {
            found.push(PartDifference { part: name.into(), change: Change::Changed });
        }
    };
    part("title", old.title == new.title);
    part("owner", old.owner == new.owner);
    part("risk", old.risk == new.risk);
    part("readers", old.readers == new.readers);
    part("search", old.search == new.search);
    part("key", meaning(&old.key) == meaning(&new.key));
    part("calendar", old.calendar == new.calendar && meaning(&old.calendars) == meaning(&new.calendars));
    part("late", meaning(&old.ladders) == meaning(&new.ladders));
    part("start", meaning(&old.starts) == meaning(&new.starts));
    part("events", meaning(&old.handlers) == meaning(&new.handlers));
    part("alongside", meaning(&old.alongside) == meaning(&new.alongside));
    part("policy", old.policy == new.policy);
    found
}

fn fields(old: &[Field], new: &[Field], prefix: &str, found: &mut Vec<PartDifference>) {
    let names: BTreeSet<&Arc<str>> = old.iter().chain(new).map(|field| &field.name).collect();
    for name in names {
        let of = |all: &[Field]| all.iter().find(|field| field.name == *name).map(meaning);
        let change = match (of(old), of(new)) {
            (Some(was), Some(is)) if was == is => continue,
            (Some(_), Some(_)) => Change::Changed,
            (None, _) => Change::Added,
            (Some(_), None) => Change::Removed,
        };
        found.push(PartDifference { part: format!("{prefix}.{name}").into(), change });
    }
}

fn files(old: &Bundle, new: &Bundle) -> Vec<FileDifference> {
    let paths: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
    let compare = |path: &String| {
        let (was, is) = (old.files.get(path), new.files.get(path));
        let change = match (was, is) {
            (Some(was), Some(is)) if was == is => return None,
            (Some(_), Some(_)) => Change::Changed,
            (None, _) => Change::Added,
            (Some(_), None) => Change::Removed,
        };
        let text = |bytes: Option<&Vec<u8>>| String::from_utf8(bytes.cloned().unwrap_or_default()).ok();
        let lines = match (text(was), text(is)) {
            (Some(was), Some(is)) => lines::unified(&was, &is),
            _ => Vec::new(),
        };
        Some(FileDifference { path: path.clone(), change, lines })
    };
    paths.into_iter().filter_map(compare).collect()
}
