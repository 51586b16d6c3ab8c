//! What processes compute with: JSON whose numbers are exact, whose maps are ordered and whose
//! personal values are sealed.
//!
//! Stored form (a contract, see `docs/formats/value.md`): JSON, with a decimal as
//! `{"$decimal":"12.50"}` and a sealed value as `{"$sealed":{"subject":…,"ciphertext":…}}`.
//! Whole numbers of up to 53 bits are JSON numbers. Keys beginning with `$` are refused in user data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The ordered map inside a [`Value`].
pub type Map = BTreeMap<Arc<str>, Value>;

/// One value. Cloning is cheap: texts, lists and maps are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(Arc<str>),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
    Sealed(Arc<Sealed>),
}

/// A personal value, readable only while its subject's key exists. The state never holds the plaintext.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    pub subject: Arc<str>,
    pub ciphertext: Arc<str>,
}

/// The largest whole number that every reader of JSON keeps exactly: 2^53 - 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// How deep lists and maps may nest.
pub const DEPTH_MAX: usize = 32;

impl Value {
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Text(text.into())
    }

    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(Arc::new(items))
    }

    #[must_use]
    pub fn map(entries: Map) -> Self {
        Value::Map(Arc::new(entries))
    }

    /// A map from pairs, for code that builds small ones.
    #[must_use]
    pub fn record<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Decimal(number) if number.is_integer() => i64::try_from(*number).ok(),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry `name` of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map().and_then(|entries| entries.get(name))
    }

    /// The value at a path of map entries.
    #[must_use]
    pub fn at<'a>(&'a self, path: &[Arc<str>]) -> Option<&'a Value> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// Writes at a path, making the maps on the way; what is no map there is replaced by one.
    pub fn set(&mut self, path: &[Arc<str>], value: Value) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Value::Map(_)) {
            *self = Value::map(Map::new());
        }
        let Value::Map(entries) = self else { return };
        Arc::make_mut(entries).entry(first.clone()).or_default().set(rest, value);
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        const NODE: usize = 48;
        NODE + match self {
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(Value::weight).sum(),
            Value::Map(entries) => entries.iter().map(|(key, value)| key.len() + NODE + value.weight()).sum(),
            Value::Sealed(sealed) => sealed.ciphertext.len() + sealed.subject.len(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) => 0,
        }
    }

    /// What kind of value this is, in words for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Decimal(_) => "decimal",
            Value::Text(_) => "text",
            Value::List(_) => "list",
            Value::Map(_) => "record",
            Value::Sealed(_) => "sealed value",
        }
    }

    /// Reads a caller's JSON: fractions become decimals, and what the record cannot hold is refused.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, ValueError> {
        from_json(json, 0)
    }

    /// The JSON a caller reads: decimals as strings, whole numbers as numbers, sealed values as the text `sealed`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Int(number) => (*number).into(),
            Value::Decimal(number) => number.to_string().into(),
            Value::Text(text) => text.as_ref().into(),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Map(entries) => entries.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect(),
            Value::Sealed(_) => "sealed".into(),
        }
    }
}

/// Why a caller's JSON cannot become a [`Value`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValueError {
    #[error("the number {0} is outside the range of exact numbers")]
    Number(String),
    #[error("lists and records nest deeper than {DEPTH_MAX}")]
    Depth,
    #[error("the text has the character U+0000")]
    NulCharacter,
    #[error("the key `{0}` begins with `$`, which is reserved")]
    ReservedKey(String),
}

fn text_of(text: &str) -> Result<Arc<str>, ValueError> {
    if text.contains('\0') { Err(ValueError::NulCharacter) } else { Ok(text.into()) }
}

fn from_json(json: &serde_json::Value, depth: usize) -> Result<Value, ValueError> {
    if depth > DEPTH_MAX {
        return Err(ValueError::Depth);
    }
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => number_of(&number.to_string())?,
        serde_json::Value::String(text) => Value::Text(text_of(text)?),
        serde_json::Value::Array(items) => {
            Value::list(items.iter().map(|item| from_json(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                if key.starts_with('$') {
                    return Err(ValueError::ReservedKey(key.clone()));
                }
                map.insert(text_of(key)?, from_json(value, depth + 1)?);
            }
            Value::map(map)
        }
    })
}

/// Reads a JSON number exactly, or says that it cannot.
fn number_of(text: &str) -> Result<Value, ValueError> {
    if let Ok(whole) = text.parse::<i64>()
        && whole.abs() <= INTEGER_MAX
    {
        return Ok(Value::Int(whole));
    }
    let exact = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
    exact.map(Value::Decimal).map_err(|_| ValueError::Number(text.to_owned()))
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Value::Decimal(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::text(text)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) if number.abs() <= INTEGER_MAX => serializer.serialize_i64(*number),
            Value::Int(number) => tagged(serializer, "$decimal", &number.to_string()),
            Value::Decimal(number) => tagged(serializer, "$decimal", &number.to_string()),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter()),
            Value::Map(entries) => serializer.collect_map(entries.iter()),
            Value::Sealed(sealed) => tagged(serializer, "$sealed", sealed.as_ref()),
        }
    }
}

fn tagged<S: Serializer, T: Serialize + ?Sized>(serializer: S, tag: &str, content: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(tag, content)?;
    map.end()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StoredValue)
    }
}

/// Reads the stored form.
struct StoredValue;

impl<'de> Visitor<'de> for StoredValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| E::custom("a whole number is out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::list(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Arc<str>>()? {
            match key.as_ref() {
                "$decimal" => {
                    let text = entries.next_value::<String>()?;
                    return Decimal::from_str_exact(&text).map(Value::Decimal).map_err(de::Error::custom);
                }
                "$sealed" => return entries.next_value::<Sealed>().map(|sealed| Value::Sealed(Arc::new(sealed))),
                // How serde_json hands over a number that is kept exactly.
                "$serde_json::private::Number" => {
                    let text = entries.next_value::<String>()?;
                    return number_of(&text).map_err(de::Error::custom);
                }
                _ => {
                    let value = entries.next_value()?;
                    map.insert(key, value);
                }
            }
        }
        Ok(Value::map(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::Int),
            (any::<i64>(), 0u32..12).prop_map(|(number, scale)| Value::Decimal(Decimal::new(number, scale))),
            "[^\\x00]{0,12}".prop_map(Value::from),
            ("[a-z]{1,4}", "[a-z]{1,4}").prop_map(|(subject, ciphertext)| Value::Sealed(Arc::new(Sealed {
                subject: subject.into(),
                ciphertext: ciphertext.into()
            }))),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
                prop::collection::btree_map("[a-z]{1,5}", inner, 0..6).prop_map(Value::record),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_survives_storing(value in any_value()) {
            let bytes = serde_json_canonicalizer::to_vec(&value).expect("values are JSON");
            let read: Value = serde_json::from_slice(&bytes).expect("what was stored can be read");
            prop_assert_eq!(read, value);
        }
    }

    #[test]
    fn a_fraction_is_exact() {
        let json: serde_json::Value = serde_json::from_str("[0.1, 1e2, 7, 12345678901234567890.5]").expect("JSON");
        let value = Value::from_json(&json).expect("exact");
        assert_eq!(value.as_list().expect("list")[0], Value::Decimal(Decimal::new(1, 1)));
        assert_eq!(value.as_list().expect("list")[2], Value::Int(7));
    }

    #[test]
    fn what_the_record_cannot_hold_is_refused() {
        let number: serde_json::Value = serde_json::from_str("1e308").expect("JSON");
        assert_eq!(Value::from_json(&number), Err(ValueError::Number("1e+308".into())));
        assert_eq!(Value::from_json(&serde_json::json!({"a": "\0"})), Err(ValueError::NulCharacter));
        assert!(matches!(Value::from_json(&serde_json::json!({"$decimal": "1"})), Err(ValueError::ReservedKey(_))));
    }

    #[test]
    fn a_path_is_written_through_new_maps() {
        let mut value = Value::Null;
        value.set(&["a".into(), "b".into()], Value::Int(1));
        assert_eq!(value.at(&["a".into(), "b".into()]), Some(&Value::Int(1)));
    }
}
