//! From a scenario's YAML to its moves. Unknown keys and misfits are faults with their places, all told at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Fault;
use super::script::{Expectation, Mock, Pattern, Scenario, Start};
use crate::facts::{PersonFact, RoleFact};
use crate::id::UserId;
use crate::language::diagnostics::{Sink, nearest};
use crate::language::syntax::{Entry, Node, NodeKind, Source, parse};
use crate::time::Timestamp;

/// Files of a process's folder, by path.
pub(super) type Folder = BTreeMap<String, Vec<u8>>;

/// Whether a file of a process's folder holds scenarios: `x.scenario.yaml`, or any YAML in `scenarios/` that begins with one.
#[must_use]
pub fn is_scenario(path: &str, bytes: &[u8]) -> bool {
    if path.ends_with(".scenario.yaml") {
        return true;
    }
    let begins = |line: &str| line.starts_with("scenario:") || line.starts_with("- scenario:");
    path.starts_with("scenarios/") && path.ends_with(".yaml") && String::from_utf8_lossy(bytes).lines().any(begins)
}

/// The scenarios of one file, which holds one or a list of them.
pub(super) fn read(path: &str, bytes: &[u8], folder: &Folder) -> Result<Vec<Scenario>, Vec<Fault>> {
    let mut reader = Reader { folder, faults: Vec::new() };
    let Some((source, tree)) = reader.parse(path, bytes) else { return Err(reader.faults) };
    let nodes: Vec<&Node> = tree.items().map_or_else(|| vec![&tree], |items| items.iter().collect());
    let scenarios: Vec<Option<Scenario>> = nodes.iter().map(|node| reader.scenario(&source, node)).collect();
    if reader.faults.is_empty() { Ok(scenarios.into_iter().flatten().collect()) } else { Err(reader.faults) }
}

pub(super) struct Reader<'f> {
    folder: &'f Folder,
    faults: Vec<Fault>,
}

type Texts = Vec<(Arc<str>, usize)>;

impl Reader<'_> {
    fn parse(&mut self, path: &str, bytes: &[u8]) -> Option<(Arc<Source>, Node)> {
        let mut sink = Sink::default();
        let (source, tree) = parse(path, bytes, &mut sink);
        let found = sink.into_sorted();
        let broken = !found.is_empty();
        for finding in found {
            self.faults.push(Fault { file: finding.file, span: finding.span, message: finding.message });
        }
        if tree.is_none() && !broken {
            self.faults.push(Fault::at(&source, 0, "文件是空的", "the file is empty"));
        }
        Some((Arc::new(source), tree.filter(|_| !broken)?))
    }

    pub(super) fn say(&mut self, source: &Source, offset: usize, zh: String, en: String) {
        self.faults.push(Fault::at(source, offset, zh, en));
    }

    /// The entries of a map that may have these keys.
    pub(super) fn entries<'n>(&mut self, source: &Source, node: &'n Node, what: &str, known: &[&str]) -> &'n [Entry] {
        let Some(entries) = node.entries() else {
            self.say(
                source,
                node.start,
                format!("{what} 应由键和值组成"),
                format!("`{what}` is made of keys and values"),
            );
            return &[];
        };
        for entry in entries.iter().filter(|entry| !known.is_empty() && !known.contains(&entry.key.as_str())) {
            let key = &entry.key;
            let (zh, en) = match nearest(key, known.iter().copied()) {
                Some(name) => (format!("；是否指 `{name}`？"), format!("; did you mean `{name}`?")),
                None => (format!("；可用：{}", known.join("、")), format!("; it has {}", known.join(", "))),
            };
            let zh = format!("`{what}` 没有 `{key}` 这个键{zh}");
            self.say(source, entry.key_start, zh, format!("`{what}` has no key `{key}`{en}"));
        }
        entries
    }

    pub(super) fn text(&mut self, source: &Source, node: &Node) -> Arc<str> {
        match node.text() {
            Some(text) => text.into(),
            None => {
                self.say(source, node.start, "这里应是文字".into(), "a text belongs here".into());
                "".into()
            }
        }
    }

    pub(super) fn texts(&mut self, source: &Source, node: &Node) -> Texts {
        match node.items() {
            Some(items) => items.iter().map(|item| (self.text(source, item), item.start)).collect(),
            None => vec![(self.text(source, node), node.start)],
        }
    }

    pub(super) fn patterns(&mut self, source: &Source, node: &Node) -> Vec<Pattern> {
        self.texts(source, node).into_iter().map(|(text, at)| Pattern::parse(&text, at)).collect()
    }

    pub(super) fn flag(&mut self, source: &Source, node: &Node) -> bool {
        match node.text() {
            Some("true") => true,
            Some("false") => false,
            _ => {
                self.say(source, node.start, "这里应是 true 或 false".into(), "`true` or `false` belongs here".into());
                false
            }
        }
    }

    pub(super) fn count(&mut self, source: &Source, node: &Node) -> u64 {
        node.text().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            self.say(source, node.start, "这里应是次数".into(), "a count belongs here".into());
            0
        })
    }

    fn moment(&mut self, source: &Source, node: &Node) -> Timestamp {
        node.text().and_then(Timestamp::parse).unwrap_or_else(|| {
            let example = "2026-03-02T09:00+08:00";
            self.say(
                source,
                node.start,
                format!("这里应是带时区的时刻，例如 {example}"),
                format!("a moment with its offset belongs here, such as {example}"),
            );
            Timestamp::EPOCH
        })
    }

    fn scenario(&mut self, source: &Arc<Source>, node: &Node) -> Option<Scenario> {
        let known = ["scenario", "at", "start", "mocks", "people", "play", "end", "not_reached"];
        let entries = self.entries(source, node, "scenario", &known);
        let mut scenario = Scenario {
            source: source.clone(),
            offset: node.start,
            name: "".into(),
            at: Timestamp::EPOCH,
            start: Start { offset: node.start, by: None, message: None, with: None, signs: false, expect_error: None },
            mocks: BTreeMap::new(),
            people: None,
            play: Vec::new(),
            end: Expectation::default(),
        };
        let mut not_reached = Vec::new();
        for Entry { key, value, .. } in entries {
            match key.as_str() {
                "scenario" => scenario.name = self.text(source, value),
                "at" => scenario.at = self.moment(source, value),
                "start" => scenario.start = self.start(source, value),
                "mocks" => self.mocks(source, value, &mut scenario.mocks),
                "people" => scenario.people = Some(self.people(source, value)),
                "play" => scenario.play = self.play(source, value),
                "end" => scenario.end = self.expectation(source, value, "end"),
                "not_reached" => not_reached = self.patterns(source, value),
                _ => {}
            }
        }
        scenario.end.not_reached.extend(not_reached);
        for needed in ["scenario", "at", "start"] {
            if node.entries().is_some() && node.get(needed).is_none() {
                self.say(source, node.start, format!("缺少 `{needed}`"), format!("`{needed}` is missing"));
            }
        }
        if scenario.people.is_none() {
            scenario.people = self.people_beside(&source.file);
        }
        Some(scenario)
    }

    fn start(&mut self, source: &Source, node: &Node) -> Start {
        let mut start =
            Start { offset: node.start, by: None, message: None, with: None, signs: false, expect_error: None };
        let known = ["by", "message", "with", "signs", "expect_error"];
        for Entry { key, value, .. } in self.entries(source, node, "start", &known) {
            match key.as_str() {
                "by" => start.by = Some(self.text(source, value)),
                "message" => start.message = Some(self.text(source, value)),
                "with" => start.with = Some(value.clone()),
                "signs" => start.signs = self.flag(source, value),
                "expect_error" => start.expect_error = Some(self.text(source, value)),
                _ => {}
            }
        }
        start
    }

    /// `{ activity: mock }`, or `{ file: mocks.yaml }`, or both.
    fn mocks(&mut self, source: &Arc<Source>, node: &Node, mocks: &mut BTreeMap<Arc<str>, Vec<Mock>>) {
        for Entry { key, value, .. } in self.entries(source, node, "mocks", &[]) {
            if let ("file", Some(name)) = (key.as_str(), value.text()) {
                if let Some((other, tree)) = self.file(source, name, value.start) {
                    let mut shared = BTreeMap::new();
                    self.mocks(&other, &tree, &mut shared);
                    // What the scenario itself says goes before what it shares.
                    shared.into_iter().for_each(|(name, list)| {
                        mocks.entry(name).or_insert(list);
                    });
                }
                continue;
            }
            let list = match value.items() {
                Some(items) => items.iter().map(|item| self.mock(source, item)).collect(),
                None => vec![self.mock(source, value)],
            };
            mocks.insert(key.as_str().into(), list);
        }
    }

    fn mock(&mut self, source: &Arc<Source>, node: &Node) -> Mock {
        let (source, offset) = (source.clone(), node.start);
        let mut mock = Mock { source, offset, returns: None, fails: 0, error: None, outcome: None };
        let source = mock.source.clone();
        let mut detail = None;
        let known = ["returns", "fails", "error", "detail", "outcome"];
        for Entry { key, value, .. } in self.entries(&source, node, "mock", &known) {
            match key.as_str() {
                "returns" => mock.returns = Some(value.clone()),
                "fails" => mock.fails = u32::try_from(self.count(&source, value)).unwrap_or(u32::MAX),
                "error" => mock.error = Some((self.text(&source, value), None)),
                "detail" => detail = Some(value.clone()),
                "outcome" => mock.outcome = Some(self.text(&source, value)),
                _ => {}
            }
        }
        if let Some((_, slot)) = &mut mock.error {
            *slot = detail;
        }
        mock
    }

    /// A file beside the scenario, or in the process's folder.
    fn file(&mut self, source: &Source, name: &str, offset: usize) -> Option<(Arc<Source>, Node)> {
        let beside =
            source.file.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"));
        let folder = self.folder;
        let found =
            [beside.as_str(), name].into_iter().find_map(|path| folder.get(path).map(|bytes| (path.to_owned(), bytes)));
        let Some((path, bytes)) = found else {
            self.say(source, offset, format!("没有文件 `{name}`"), format!("there is no file `{name}`"));
            return None;
        };
        self.parse(&path, bytes)
    }

    fn people_beside(&mut self, file: &str) -> Option<BTreeMap<UserId, PersonFact>> {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = if folder.is_empty() { "people.yaml".to_owned() } else { format!("{folder}/people.yaml") };
        let bytes = self.folder.get(&path)?;
        let (source, tree) = self.parse(&path, bytes)?;
        Some(self.people(&source, &tree))
    }

    /// `{ qa.li: [ quality_engineer ], wang: { roles: [ … ], manager: chen, active: false } }`
    fn people(&mut self, source: &Arc<Source>, node: &Node) -> BTreeMap<UserId, PersonFact> {
        let mut people = BTreeMap::new();
        for Entry { key, value, .. } in self.entries(source, node, "people", &[]) {
            if let ("file", Some(name)) = (key.as_str(), value.text()) {
                if let Some((other, tree)) = self.file(source, name, value.start) {
                    people.extend(self.people(&other, &tree));
                }
                continue;
            }
            let mut person = PersonFact { active: true, printed_name: key.as_str().into(), ..PersonFact::default() };
            if value.entries().is_none() {
                person.roles = self.roles(source, value);
            } else {
                for Entry { key, value, .. } in
                    self.entries(source, value, "person", &["roles", "manager", "active", "name"])
                {
                    match key.as_str() {
                        "roles" => person.roles = self.roles(source, value),
                        "manager" => person.manager = Some(self.text(source, value)),
                        "active" => person.active = self.flag(source, value),
                        "name" => person.printed_name = self.text(source, value),
                        _ => {}
                    }
                }
            }
            people.insert(key.as_str().into(), person);
        }
        people
    }

    /// `quality`, or `{ role: engineering, site: SZ }`.
    fn roles(&mut self, source: &Source, node: &Node) -> Vec<RoleFact> {
        let items: Vec<&Node> = node.items().map_or_else(|| vec![node], |items| items.iter().collect());
        let mut roles = Vec::new();
        for item in items {
            let NodeKind::Map { entries, .. } = &item.kind else {
                roles.push(RoleFact { role: self.text(source, item), scope: BTreeMap::new() });
                continue;
            };
            let mut role = RoleFact { role: "".into(), scope: BTreeMap::new() };
            for Entry { key, value, .. } in entries {
                let text = self.text(source, value);
                if key == "role" {
                    role.role = text;
                } else {
                    role.scope.insert(key.as_str().into(), text);
                }
            }
            roles.push(role);
        }
        roles
    }
}
