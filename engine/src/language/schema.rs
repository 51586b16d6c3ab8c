//! A JSON Schema of `process.yaml`, for editors: what may stand where, with words in Chinese and English.
//!
//! Which keys a part of a process may have is asked of the reader itself: it reads a process that has every part, and
//! notes the keys that it knows there. Only what a key holds is said here; a key that is not said may hold anything.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::id::Digest;
use crate::language::compile::{Compiler, Library, compile, step_keys, step_kinds};
use crate::language::diagnostics::Sink;
use crate::language::syntax;

/// Keys by the part of a process that may have them.
pub(crate) type Shapes = BTreeMap<String, BTreeSet<String>>;

/// A process in which every part stands once, so that the reader looks at each.
const PROBE: &str = include_str!("schema/probe.yaml");

/// The schema: the same build gives the same document.
#[must_use]
pub fn schema() -> Json {
    let shapes = shapes();
    let part = |what: &str, held: &[(&str, Json)], required: &[&str]| object(&shapes, what, held, required);
    let words = any([string(), list(string())]);
    let named = |kind: Json| json!({ "type": "object", "additionalProperties": kind });
    let steps = || list(refer("step"));
    let boolean = || json!({ "type": "boolean" });
    let one_of = |words: &[&str]| json!({ "enum": words });
    let count = || json!({ "type": "integer", "minimum": 1 });
    let definitions = json!({
        "text": any([string(), part("a text", &[("zh", scalar()), ("en", scalar())], &["zh", "en"])]),
        "expression": { "type": "string", "pattern": "^=" },
        "condition": any([refer("expression"), json!({ "type": "boolean" })]),
        "type": any([string(), list(string()), part("a type", &[("schema", string())], &[]), part("a field", &[("schema", string())], &[])]),
        "route": any([
            json!({ "const": "next" }),
            part("a way out", &[("end", string()), ("steps", steps()), ("at_most", count())], &[]),
            steps(),
        ]),
        "back": words.clone(),
        "candidate": any([
            json!({ "const": "initiator" }),
            json!({
                "type": "object",
                // Other keys narrow a role, by names of the process's own.
                "properties": { "rule": refer("rule"), "when": refer("condition"), "must": boolean(), "each": boolean() },
                "anyOf": [ { "required": ["role"] }, { "required": ["user"] }, { "required": ["manager_of"] }, { "required": ["who"] } ],
            }),
        ]),
        "rule": any([one_of(&["all", "any"]), part("rule", &[("at_least", count()), ("ratio", json!({ "type": "number" }))], &[])]),
        "join": any([one_of(&["all", "any"]), part("join", &[("at_least", count())], &[])]),
        "due": any([string(), part("due", &[("in", string()), ("on", string()), ("late", string())], &[])]),
        "event": part("an event", &[("title", refer("text")), ("steps", steps()), ("instead", steps()), ("when", refer("condition")), ("ends_step", boolean())], &[]),
        "task": part("task", &[("title", refer("text")), ("to", any([refer("candidate"), list(refer("candidate"))])), ("form", string()), ("sign", string()), ("not", words.clone()), ("shows", words.clone())], &["to"]),
        "approve": part("approve", &[("title", refer("text")), ("by", any([refer("candidate"), list(refer("candidate"))])), ("rule", refer("rule")), ("order", one_of(&["at_once", "in_turn"])), ("form", string()), ("sign", string()), ("not", words.clone()), ("shows", words.clone())], &["by"]),
        "branch": part("a branch", &[("when", refer("condition")), ("steps", steps()), ("end", string()), ("otherwise", refer("route")), ("at_most", count())], &[]),
        "wait": wait(&shapes),
        "alternative": part("an alternative", &[("wait", refer("wait")), ("message", string()), ("steps", steps()), ("end", string()), ("when", refer("condition"))], &[]),
        "rung": part("a rung", &[("at", string()), ("tell", words.clone())], &["at", "tell"]),
        "start": part("start", &[("by", words.clone()), ("form", string()), ("sign", string()), ("message", string()), ("schedule", string()), ("zone", string())], &[]),
        "step": step(&shapes, &|kind| kind_of(kind, &part, &named)),
    });
    let mut root = part(
        "a process",
        &[
            ("process", string()),
            ("title", refer("text")),
            ("owner", string()),
            ("intended_use", refer("text")),
            ("risk", one_of(&["low", "medium", "high"])),
            ("readers", words.clone()),
            ("search", words),
            ("key", refer("expression")),
            ("calendar", string()),
            ("calendars", named(string())),
            ("late", named(list(refer("rung")))),
            ("input", named(refer("type"))),
            ("data", named(refer("type"))),
            ("start", list(refer("start"))),
            ("steps", steps()),
            ("events", named(refer("event"))),
            ("policy", part("policy", &[], &[])),
        ],
        &["process", "title", "owner", "steps"],
    );
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Countersign process · 会签流程");
    root["$defs"] = definitions;
    root
}

/// Makes a map of a part: its name, what some of its keys hold, and those that must be there.
type Part<'a> = &'a dyn Fn(&str, &[(&str, Json)], &[&str]) -> Json;

/// What the key of a kind of step holds.
fn kind_of(kind: &str, part: Part<'_>, named: &dyn Fn(Json) -> Json) -> Option<Json> {
    Some(match kind {
        "call" | "decide" | "script" | "run" | "end" => string(),
        "task" | "approve" => refer(kind),
        "set" => json!({ "type": "object" }),
        "choose" => list(refer("branch")),
        "parallel" => named(any([list(refer("step")), refer("branch")])),
        "each" => part("each", &[("of", refer("expression")), ("as", string())], &["of"]),
        "repeat" => part("repeat", &[("while", refer("expression")), ("until", refer("expression"))], &[]),
        "wait" => refer("wait"),
        "first" => named(refer("alternative")),
        "fail" => any([string(), part("fail", &[("error", string()), ("message", refer("text"))], &["error"])]),
        "back_to" => refer("back"),
        "steps" => list(refer("step")),
        _ => return None,
    })
}

/// A step: an id, exactly one kind, and what stands beside it.
fn step(shapes: &Shapes, kind: &dyn Fn(&str) -> Option<Json>) -> Json {
    let beside = [
        ("id", string()),
        ("title", refer("text")),
        ("when", refer("condition")),
        ("into", any([string(), json!({ "type": "object" })])),
        ("fills", list(string())),
        ("outcomes", json!({ "type": "object", "additionalProperties": refer("route") })),
        ("events", json!({ "type": "object", "additionalProperties": refer("event") })),
        ("due", refer("due")),
        ("retry", object(shapes, "retry", &[], &[])),
        ("milestone", string()),
        ("with", json!({ "type": "object" })),
        ("join", refer("join")),
        ("rest", json!({ "enum": ["cancel", "finish"] })),
        ("steps", list(refer("step"))),
    ];
    let kinds = step_kinds();
    let mut properties = Map::new();
    for key in step_keys() {
        let held = beside.iter().find(|(name, _)| *name == key).map(|(_, held)| held.clone());
        properties
            .insert(key.to_owned(), described("a step", key, held.or_else(|| kind(key)).unwrap_or_else(|| json!({}))));
    }
    let has = |key: &str| json!({ "required": [key] });
    let mut one: Vec<Json> = kinds.iter().map(|kind| has(kind)).collect();
    let none = kinds.iter().map(|kind| has(kind)).collect::<Vec<_>>();
    one.push(json!({ "required": ["steps"], "not": { "anyOf": none } }));
    json!({
        "type": "object",
        "properties": properties,
        "required": ["id"],
        "oneOf": one,
        "additionalProperties": false,
    })
}

/// A map with the keys that the reader knows.
fn object(shapes: &Shapes, what: &str, held: &[(&str, Json)], required: &[&str]) -> Json {
    let mut properties = Map::new();
    for key in shapes.get(what).into_iter().flatten() {
        let content = held.iter().find(|(name, _)| name == key).map_or_else(|| anywhere(key), |(_, held)| held.clone());
        properties.insert(key.clone(), described(what, key, content));
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// What a key holds wherever it stands, if nothing more is said.
fn anywhere(key: &str) -> Json {
    match key {
        "match" | "with" => json!({ "type": "object" }),
        _ => json!({}),
    }
}

/// A wait: for a duration, or a map that says what for; `when` and `match` only narrow.
fn wait(shapes: &Shapes) -> Json {
    let mut map = object(shapes, "wait", &[("message", string()), ("when", refer("condition"))], &[]);
    let keys = shapes.get("wait").into_iter().flatten();
    let said: Vec<Json> =
        keys.filter(|key| !matches!(key.as_str(), "when" | "match")).map(|key| json!({ "required": [key] })).collect();
    map["anyOf"] = json!(said);
    any([string(), map])
}

fn described(what: &str, key: &str, mut content: Json) -> Json {
    if let (Some((zh, en)), Some(content)) = (words::of(what, key), content.as_object_mut()) {
        content.insert("description".to_owned(), json!(format!("{zh} · {en}")));
    }
    content
}

fn string() -> Json {
    json!({ "type": "string" })
}

/// A text that some readers of YAML take for a number or a boolean.
fn scalar() -> Json {
    json!({ "type": ["string", "number", "boolean"] })
}

fn list(of: Json) -> Json {
    json!({ "type": "array", "items": of })
}

fn any<const N: usize>(kinds: [Json; N]) -> Json {
    json!({ "anyOf": kinds.to_vec() })
}

fn refer(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The keys that the reader knows, part by part.
fn shapes() -> Shapes {
    let mut sink = Sink::default();
    let library = Library::default();
    let (source, tree) = syntax::parse("process.yaml", PROBE.as_bytes(), &mut sink);
    let mut compiler = Compiler::new(&source, &library, &mut sink);
    if let Some(tree) = tree {
        // What it finds does not matter: the names in it mean nothing.
        let _ = compile(&mut compiler, &tree, Digest::of(PROBE.as_bytes()));
    }
    compiler.shapes
}
