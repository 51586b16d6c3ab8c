//! Definitions, inputs and answers for the laws.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_engine::command::{ActivityFailure, Complete, WorkId};
use countersign_engine::language::check;
use countersign_engine::language::definition::Definition;
use countersign_engine::language::release::collect;
use countersign_engine::value::Value;

const CATALOGUE: &str = r"
activities:
  test.echo: { input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
  test.long: { mode: background, input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
  test.remote: { mode: remote, lease: 30s, input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
messages:
  paid: { fields: { order: string, amount: integer }, ttl: 7 days }
  moved: { fields: { order: string, amount: integer }, ttl: 1 hour }
  asked: { fields: { order: string, amount: integer }, ttl: 1 day, to: one }
signals:
  stopped: { fields: { line: string } }
";

const TEXTS: &str = r"
signed: { zh: 已签, en: Signed }
";

/// The definition of a process, or what the checker says of it.
pub(crate) fn compile(yaml: &str) -> Result<Arc<Definition>, String> {
    let file = |path: &str, text: &str| (path.to_owned(), text.trim_start().as_bytes().to_vec());
    let folder = BTreeMap::from([
        file("process.yaml", yaml),
        file("texts.yaml", TEXTS),
        file("catalogue/all.yaml", CATALOGUE),
        file(
            "form.form.json",
            r#"{ "type": "object", "properties": { "num": { "type": "integer" } }, "required": [ "num" ] }"#,
        ),
    ]);
    let checked = check(&collect(&folder, &BTreeMap::new()));
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| format!("{}:{} {} {}", found.span.line, found.span.column, found.code.id, found.message.en))
        .collect();
    checked.definition.map(Arc::new).ok_or_else(|| found.join("\n"))
}

/// A process around these steps; `order`, `a` and `items` are its input.
pub(crate) fn process(name: &str, rest: &str) -> Arc<Definition> {
    let yaml = yaml(name, rest);
    compile(&yaml).unwrap_or_else(|found| panic!("the test's process is wrong:\n{found}\n{yaml}"))
}

pub(crate) fn yaml(name: &str, rest: &str) -> String {
    format!(
        "process: {name}\ntitle: {{ zh: 测试, en: Test }}\nowner: boss\n\
         input: {{ order: optional string, a: {{ type: integer, initial: 0 }}, items: {{ list: {{ id: string, q: integer }} }} }}\n\
         start:\n  - {{ by: [ clerk ] }}\n{rest}"
    )
}

pub(crate) fn complete(work: WorkId, outcome: &str) -> Complete {
    Complete { work, outcome: Some(outcome.into()), answer: Value::Null, comment: None, back_to: None, signature: None }
}

/// The input: `a`, and a number of items `i1`, `i2`, …
pub(crate) fn input(a: i64, items: i64) -> Value {
    let item = |number: i64| Value::record([("id", Value::from(format!("i{number}"))), ("q", Value::Int(number))]);
    Value::record([
        ("order", Value::from("o1")),
        ("a", Value::Int(a)),
        ("items", Value::list((1..=items).map(item).collect())),
    ])
}

pub(crate) fn value(number: i64) -> Value {
    Value::record([("value", Value::Int(number))])
}

pub(crate) fn failed(code: &str, transient: bool) -> ActivityFailure {
    ActivityFailure { transient, ..ActivityFailure::business(code, "it failed") }
}

/// A task's line of YAML.
pub(crate) fn task(id: &str) -> String {
    format!("{{ id: {id}, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }} }}")
}
