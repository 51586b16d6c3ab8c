//! The input of a start: with every declared field, and as a schedule gives it.

use std::sync::Arc;

use crate::language::definition;
use crate::rejection::Rejection;
use crate::value::{Map, Value};

/// The input with every declared field, as a start records it; strangers and misfits are refused.
pub fn completed_input(fields: &[definition::Field], input: &Value) -> Result<Value, Rejection> {
    let empty = Map::new();
    let given = match input {
        Value::Null => &empty,
        Value::Map(given) => given.as_ref(),
        other => {
            return Err(Rejection::InvalidInput(format!("it must be a record, but is {}", other.kind()).into()));
        }
    };
    if let Some(stranger) = given.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
        let known: Vec<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
        let why = format!("there is no field `{stranger}`; the fields are {}", known.join(", "));
        return Err(Rejection::InvalidInput(why.into()));
    }
    let mut whole = Map::new();
    for field in fields {
        let value = given.get(&field.name).cloned().unwrap_or_else(|| field.initial.clone());
        if let Err(mismatch) = field.kind.check(&value) {
            let inside = if mismatch.path.is_empty() { String::new() } else { format!(".{}", mismatch.path) };
            let why = format!("`{}{inside}` must be {}, but is {}", field.name, mismatch.wanted, mismatch.found);
            return Err(Rejection::InvalidInput(why.into()));
        }
        whole.insert(field.name.clone(), value);
    }
    Ok(Value::map(whole))
}

/// What a schedule starts its process with: expressions read `due` and `now`, the moment that the schedule names.
pub fn scheduled_input(
    definition: &definition::Definition,
    with: &std::collections::BTreeMap<Arc<str>, definition::Template>,
    due: crate::time::Timestamp,
) -> Result<Value, String> {
    crate::evaluate::of_schedule(with, due, &definition.process)
}
