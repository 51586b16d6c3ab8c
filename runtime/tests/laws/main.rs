//! The runtime's laws on both databases: what is sent arrives once, time is kept, failures cost nothing but time.
//! Every test ends by replaying the whole record.

mod clock;
mod faults;
mod jobs;
mod messages;
mod node;
mod operations;
mod support;
mod time;

/// A process around these lines.
fn process(name: &str, rest: &str) -> std::sync::Arc<engine::language::definition::Definition> {
    support::define(&format!(
        "process: {name}\ntitle: {{ zh: 测试, en: Test }}\nowner: boss\ninput: {{ order: optional string, amount: optional integer }}\n{rest}"
    ))
}

const PEOPLE: &str = "start: [ { by: [ sales ] } ]\n";

fn order(name: &str) -> engine::value::Value {
    engine::value::Value::record([("order", engine::value::Value::from(name))])
}
