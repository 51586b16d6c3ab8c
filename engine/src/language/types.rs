//! The types of fields: what the process may hold, and what expressions over it may do.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::Value;

/// A field's type. Dates, moments and durations are texts in their sorted form, told apart here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    String,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Decimal,
    /// An amount in one currency, by its ISO 4217 code.
    Money(Arc<str>),
    Boolean,
    /// `2026-03-20`.
    Date,
    /// RFC 3339 in UTC with six decimals, as [`crate::time::Timestamp`] prints it.
    DateTime,
    /// `5 business days`.
    Duration,
    User,
    Role,
    File,
    /// One of these words.
    OneOf(Vec<Arc<str>>),
    List(Arc<Type>),
    /// Declared fields; a value may have no others.
    Record(Arc<BTreeMap<Arc<str>, Type>>),
    /// Any record: fields are not known before it runs.
    AnyRecord,
    Optional(Arc<Type>),
    /// Anything: the output of an activity whose catalogue entry does not say.
    Any,
}

impl Type {
    /// Checks a value against the type. The path of the first part that does not fit, and what was wanted there.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        let mut path = Vec::new();
        check(self, value, &mut path).map_err(|wanted| Mismatch { path: path.join("."), wanted, found: value.kind() })
    }

    /// The type of a record's field; `None` if it can have none of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Type> {
        match self {
            Type::Record(fields) => fields.get(name).cloned(),
            Type::AnyRecord | Type::Any => Some(Type::Any),
            Type::Optional(inner) => inner.field(name),
            _ => None,
        }
    }
}

/// A value does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} must be {wanted}, but is {found}", if path.is_empty() { "the value" } else { path })]
pub struct Mismatch {
    pub path: String,
    pub wanted: String,
    pub found: &'static str,
}

fn check(wanted: &Type, value: &Value, path: &mut Vec<String>) -> Result<(), String> {
    let fits = match (wanted, value) {
        (Type::Any, _) | (Type::Optional(_), Value::Null) | (_, Value::Sealed(_)) => true,
        (Type::Optional(inner), _) => return check(inner, value, path),
        (Type::String | Type::User | Type::Role | Type::File, Value::Text(_)) | (Type::Boolean, Value::Bool(_)) => true,
        (Type::AnyRecord, Value::Map(_)) => true,
        (Type::Integer { min, max }, _) => value
            .as_int()
            .is_some_and(|number| min.is_none_or(|least| number >= least) && max.is_none_or(|most| number <= most)),
        (Type::Decimal | Type::Money(_), _) => value.as_decimal().is_some(),
        (Type::Date, Value::Text(text)) => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        (Type::DateTime, Value::Text(text)) => crate::time::Timestamp::parse(text).is_some(),
        (Type::Duration, Value::Text(text)) => crate::rules::span::DurationSpec::parse(text).is_ok(),
        (Type::OneOf(words), Value::Text(text)) => words.contains(text),
        (Type::List(inner), Value::List(items)) => {
            for (place, item) in items.iter().enumerate() {
                path.push(place.to_string());
                check(inner, item, path)?;
                path.pop();
            }
            true
        }
        (Type::Record(fields), Value::Map(entries)) => {
            if let Some(stranger) = entries.keys().find(|key| !fields.contains_key(*key)) {
                path.push(stranger.to_string());
                return Err("absent: the record has no such field".into());
            }
            for (name, inner) in fields.iter() {
                path.push(name.to_string());
                check(inner, entries.get(name).unwrap_or(&Value::Null), path)?;
                path.pop();
            }
            true
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(wanted.to_string()) }
}

/// As it is written in the YAML.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::String => f.write_str("string"),
            Type::Integer { min: None, max: None } => f.write_str("integer"),
            Type::Integer { min, max } => {
                let side = |bound: &Option<i64>| bound.map_or_else(String::new, |number| number.to_string());
                write!(f, "integer {}..{}", side(min), side(max))
            }
            Type::Decimal => f.write_str("decimal"),
            Type::Money(currency) => write!(f, "money {currency}"),
            Type::Boolean => f.write_str("boolean"),
            Type::Date => f.write_str("date"),
            Type::DateTime => f.write_str("datetime"),
            Type::Duration => f.write_str("duration"),
            Type::User => f.write_str("user"),
            Type::Role => f.write_str("role"),
            Type::File => f.write_str("file"),
            Type::OneOf(words) => write!(f, "[ {} ]", words.join(", ")),
            Type::List(inner) => write!(f, "list of {inner}"),
            Type::Record(_) | Type::AnyRecord => f.write_str("record"),
            Type::Optional(inner) => write!(f, "optional {inner}"),
            Type::Any => f.write_str("anything"),
        }
    }
}
