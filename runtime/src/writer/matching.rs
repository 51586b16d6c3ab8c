//! What a wait wants of a message, and under what a message can be found.

use std::sync::Arc;

use engine::id::Digest;
use engine::value::{Map, Value};

/// Fields of a message that waits are looked up by.
const FIELDS_MAX: usize = 16;

/// The fields of a wait in order, and the hash of their values.
pub(super) fn wanted(matches: &Value) -> (Arc<str>, Digest) {
    let fields: Vec<&str> = matches.as_map().into_iter().flatten().map(|(field, _)| field.as_ref()).collect();
    (fields.join(",").into(), engine::signing::record_digest(matches))
}

pub(super) fn single(field: &Arc<str>, value: &Value) -> (Arc<str>, Digest) {
    wanted(&Value::record([(field.clone(), value.clone())]))
}

pub(super) fn everything() -> (Arc<str>, Digest) {
    wanted(&Value::map(Map::new()))
}

/// Under what a message that waits can be found: by nothing, and by each of its first plain fields.
pub(super) fn findable(payload: &Value) -> Vec<(Arc<str>, Digest)> {
    let plain = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_));
    let fields = payload.as_map().into_iter().flatten().filter(|(_, value)| plain(value)).take(FIELDS_MAX);
    std::iter::once(everything()).chain(fields.map(|(field, value)| single(field, value))).collect()
}

/// Whether a payload has the wanted values.
pub(super) fn fits(matches: &Value, payload: &Value) -> bool {
    let mut wanted = matches.as_map().into_iter().flatten();
    wanted.all(|(field, value)| payload.get(field).unwrap_or(&Value::Null) == value)
}

/// The hash of the values that a message has in a list of fields.
pub(super) fn hash_of(fields: &str, payload: &Value) -> Digest {
    let mut values = Map::new();
    for field in fields.split(',').filter(|field| !field.is_empty()) {
        values.insert(field.into(), payload.get(field).cloned().unwrap_or_default());
    }
    wanted(&Value::map(values)).1
}
