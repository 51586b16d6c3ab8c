//! The catalogue: activities that steps call, and messages that they wait for.

use std::sync::Arc;

use crate::language::compile::{Compiler, Library};
use crate::language::definition::{ActivityMode, ActivitySpec, MessageSpec};
use crate::language::diagnostics::{Sink, registry as codes};
use crate::language::syntax::{self, Node, NodeKind};
use crate::language::types::Type;
use crate::rules::span::DurationSpec;

/// How long a remote worker may be silent, and how long a message is kept, where nothing is said.
const LEASE_MICROS: i64 = 60_000_000;
const TTL_MICROS: i64 = 7 * 86_400_000_000;

/// Reads one catalogue file into the library.
pub(super) fn catalogue(file: &str, bytes: &[u8], library: &mut Library, sink: &mut Sink) {
    let (source, tree) = syntax::parse(file, bytes, sink);
    let Some(tree) = tree else { return };
    let schemas = Library { schemas: library.schemas.clone(), broken: library.broken.clone(), ..Library::default() };
    let mut compiler = Compiler::new(&source, &schemas, sink);
    if compiler.shape(&tree, "a catalogue", &["activities", "messages", "roles"]).is_none() {
        return;
    }
    for entry in tree.get("activities").and_then(Node::entries).unwrap_or_default() {
        if let Some(activity) = compiler.activity(&entry.key, &entry.value) {
            let name = activity.name.clone();
            if library.activities.insert(name, Arc::new(activity)).is_some() {
                compiler.twice(entry.key_start, entry.key_end, &entry.key);
            }
        }
    }
    for entry in tree.get("messages").and_then(Node::entries).unwrap_or_default() {
        if let Some(message) = compiler.message_spec(&entry.key, &entry.value) {
            let name = message.name.clone();
            if library.messages.insert(name, Arc::new(message)).is_some() {
                compiler.twice(entry.key_start, entry.key_end, &entry.key);
            }
        }
    }
    for entry in tree.get("roles").and_then(Node::entries).unwrap_or_default() {
        if compiler.name_key(entry).is_some() && compiler.plain_text(&entry.value).is_some() {
            let name: Arc<str> = entry.key.as_str().into();
            if !library.roles.insert(name) {
                compiler.twice(entry.key_start, entry.key_end, &entry.key);
            }
        }
    }
}

impl Compiler<'_> {
    fn twice(&mut self, start: usize, end: usize, name: &str) {
        let message = text!(format!("目录中已有 `{name}`"), format!("the catalogue has `{name}` already"));
        self.say_at(&codes::CATALOGUE_INVALID, start, end, message, None);
    }

    fn activity(&mut self, name: &str, node: &Node) -> Option<ActivitySpec> {
        let known = ["mode", "title", "input", "output", "errors", "lease", "compensation", "description"];
        self.shape(node, "an activity", &known)?;
        let modes = [ActivityMode::Inline, ActivityMode::Background, ActivityMode::Remote];
        let mode = match node.get("mode") {
            Some(mode) => modes[self.choice(mode, &["inline", "background", "remote"])?],
            None => ActivityMode::Inline,
        };
        let mut kind = |key: &str| match node.get(key) {
            Some(part) => self.catalogue_type(part),
            None => Some(Type::Any),
        };
        let (input, output) = (kind("input")?, kind("output")?);
        let errors = node.get("errors").map(|errors| self.words(errors)).unwrap_or_default();
        let lease_micros = node.get("lease").map_or(Some(LEASE_MICROS), |lease| self.clock_time(lease))?;
        Some(ActivitySpec { name: name.into(), mode, input, output, errors, lease_micros })
    }

    fn message_spec(&mut self, name: &str, node: &Node) -> Option<MessageSpec> {
        self.shape(node, "a message", &["fields", "ttl", "title", "description"])?;
        let fields = node.get("fields").map_or(Some(Type::Any), |fields| self.catalogue_type(fields))?;
        let ttl_micros = node.get("ttl").map_or(Some(TTL_MICROS), |ttl| self.clock_time(ttl))?;
        Some(MessageSpec { name: name.into(), fields, ttl_micros })
    }

    /// A type, or the fields of a record.
    fn catalogue_type(&mut self, node: &Node) -> Option<Type> {
        let is_type = node.get("record").is_some() || node.get("list").is_some() || node.get("schema").is_some();
        match &node.kind {
            NodeKind::Map { entries, .. } if !is_type || entries.len() > 1 => self.record(node),
            _ => self.kind_of(node),
        }
    }

    /// A duration of clock time: `2s`, `5 minutes`.
    pub(crate) fn clock_time(&mut self, node: &Node) -> Option<i64> {
        let written = self.word(node, "时长", "a duration")?;
        let found = DurationSpec::parse(&written).ok().and_then(DurationSpec::clock_micros);
        if found.is_none() {
            let message = text!(format!("`{written}` 不是时长"), format!("`{written}` is no duration of clock time"));
            let hint = text!("例如 `2s`、`5 minutes`、`3 days`", "for example `2s`, `5 minutes` or `3 days`");
            self.say(&codes::DURATION_INVALID, node, message, Some(hint));
        }
        found
    }
}

/// Before the name of a role, which may also be the name of an activity.
pub(crate) const ROLE: &str = "role ";

/// The activities, messages and roles that a catalogue file defines, for choosing which files a bundle needs.
#[must_use]
pub fn names_in_catalogue(bytes: &[u8]) -> Vec<String> {
    let (_, tree) = syntax::parse("catalogue", bytes, &mut Sink::default());
    let Some(tree) = tree else { return Vec::new() };
    let of =
        |key: &str| tree.get(key).and_then(Node::entries).unwrap_or_default().iter().map(|entry| entry.key.clone());
    let roles = of("roles").map(|role| format!("{ROLE}{role}"));
    of("activities").chain(of("messages")).chain(roles).collect()
}

/// Every scalar that stands under one of these keys, anywhere in the file: what a process names.
#[must_use]
pub fn release_names(bytes: &[u8]) -> Vec<(String, String)> {
    fn walk(node: &Node, key: &str, names: &mut Vec<(String, String)>) {
        match &node.kind {
            NodeKind::Map { entries, .. } => {
                for entry in entries {
                    // The values of `calendars` are names of calendars, whatever their keys are.
                    let key = if key == "calendars" { "calendar" } else { &entry.key };
                    walk(&entry.value, key, names);
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| walk(item, key, names)),
            NodeKind::Scalar { text, .. } => names.push((key.to_owned(), text.clone())),
            NodeKind::Null | NodeKind::Broken => {}
        }
    }
    let (_, tree) = syntax::parse("process.yaml", bytes, &mut Sink::default());
    let mut names = Vec::new();
    if let Some(tree) = tree {
        walk(&tree, "", &mut names);
    }
    names
}
