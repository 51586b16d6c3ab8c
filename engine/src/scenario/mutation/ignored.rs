//! `mutations.yaml`: changes that nobody need notice, each with its reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::report::Fault;
use crate::language::diagnostics::Sink;
use crate::language::syntax::{self, Node};

/// The file beside `process.yaml`.
const FILE: &str = "mutations.yaml";

/// A change that may survive, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    pub change: Arc<str>,
    pub reason: Arc<str>,
}

/// Reads the list beside a process: `- { change: …, reason: … }`. No file is an empty list.
pub fn ignored(folder: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Ignored>, Vec<Fault>> {
    let Some(bytes) = folder.get(FILE) else { return Ok(Vec::new()) };
    let mut sink = Sink::default();
    let (source, tree) = syntax::parse(FILE, bytes, &mut sink);
    let mut faults: Vec<Fault> = sink
        .into_sorted()
        .into_iter()
        .map(|finding| Fault { file: finding.file, span: finding.span, message: finding.message })
        .collect();
    let Some(items) = tree.as_ref().and_then(Node::items) else {
        if faults.is_empty() {
            let (zh, en) = ("应为 { change, reason } 的列表", "this must be a list of { change, reason }");
            faults.push(Fault::at(&source, 0, zh, en));
        }
        return Err(faults);
    };
    let mut list = Vec::new();
    for item in items {
        let text = |key: &str| item.get(key).and_then(Node::text).map(str::trim).filter(|text| !text.is_empty());
        let known = |key: &str| matches!(key, "change" | "reason");
        if let Some(stranger) = item.entries().unwrap_or_default().iter().find(|entry| !known(&entry.key)) {
            let key = &stranger.key;
            let (zh, en) = (format!("没有 `{key}` 这个键"), format!("there is no key `{key}` here"));
            faults.push(Fault::at(&source, stranger.key_start, zh, en));
        }
        match (text("change"), text("reason")) {
            (Some(change), Some(reason)) => list.push(Ignored { change: change.into(), reason: reason.into() }),
            _ => faults.push(Fault::at(
                &source,
                item.start,
                "每一条须有 change 和 reason",
                "each entry has a `change` and a `reason`",
            )),
        }
    }
    if faults.is_empty() { Ok(list) } else { Err(faults) }
}
