//! Values into the script engine and out of it, part by part: no text in between.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::rules::expression::EvaluationError;
use crate::value::{self, Sealed, Value};

pub(crate) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Decimal(number) => (*number).into(),
        Value::Text(text) => ImmutableString::from(text.as_ref()).into(),
        Value::List(items) => Dynamic::from_array(items.iter().map(to_dynamic).collect::<Array>()),
        Value::Map(entries) => Dynamic::from_map(
            entries.iter().map(|(name, value)| (name.as_ref().into(), to_dynamic(value))).collect::<Map>(),
        ),
        // No operator takes it: a script may pass it on and do nothing else with it.
        Value::Sealed(sealed) => Dynamic::from(sealed.clone()),
    }
}

/// What a script or expression gave, unless it is something that no record can hold.
pub(crate) fn from_dynamic(value: &Dynamic) -> Result<Value, EvaluationError> {
    convert(value, 0)
}

fn convert(value: &Dynamic, depth: usize) -> Result<Value, EvaluationError> {
    let refuse = || EvaluationError::new("type", Value::Null);
    if depth > value::DEPTH_MAX {
        return Err(EvaluationError::new("limit", "depth"));
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::Int(number));
    }
    if let Ok(number) = value.as_decimal() {
        return Ok(Value::Decimal(number));
    }
    if let Ok(c) = value.as_char() {
        return Ok(Value::text(c.to_string()));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return if text.contains('\0') { Err(refuse()) } else { Ok(Value::text(text.as_str())) };
    }
    if let Ok(items) = value.as_array_ref() {
        return Ok(Value::list(items.iter().map(|item| convert(item, depth + 1)).collect::<Result<_, _>>()?));
    }
    if let Ok(entries) = value.as_map_ref() {
        let mut map = value::Map::new();
        for (name, value) in entries.iter() {
            if name.starts_with('$') || name.contains('\0') {
                return Err(EvaluationError::new("type", name.as_str()));
            }
            map.insert(name.as_str().into(), convert(value, depth + 1)?);
        }
        return Ok(Value::map(map));
    }
    value.read_lock::<Arc<Sealed>>().map(|sealed| Value::Sealed(sealed.clone())).ok_or_else(refuse)
}
