//! RFC 8785 (JCS) in one pass over one buffer: the bytes of a transition are made here.
//!
//! An object is written as its fields come; where they did not come in order, its bytes are put in order when it ends.
//! What the log never holds (fractions, whole numbers beyond 2^53) goes the long way through the library, so that the
//! bytes are the library's in every case.

use std::cmp::Ordering;
use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

/// The largest whole number whose double prints as the number itself.
const EXACT_MAX: u64 = 1 << 53;

/// The canonical bytes of a value.
///
/// # Errors
/// The value is no JSON: a map whose keys are not texts, or come twice.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut canon = Canon { out: Vec::with_capacity(1_024), ..Canon::default() };
    match value.serialize(&mut Serializer::with_formatter(io::sink(), Writer(&mut canon))) {
        Ok(()) => Ok(canon.out),
        Err(_) => serde_json_canonicalizer::to_vec(&value),
    }
}

/// A field of an object that is being written: where its key and its value stand, without the comma before it.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    /// Behind the key's closing quote.
    key_end: usize,
    end: usize,
}

/// An object that is being written.
struct Object {
    /// Behind its opening brace.
    start: usize,
    /// Its first field in the common list.
    fields: usize,
    in_order: bool,
}

#[derive(Default)]
struct Canon {
    out: Vec<u8>,
    objects: Vec<Object>,
    /// Fields of all open objects, inner ones behind outer ones.
    fields: Vec<Field>,
    /// Where an object is put in order.
    scratch: Vec<u8>,
}

impl Canon {
    fn end_value(&mut self) -> io::Result<()> {
        let end = self.out.len();
        let (Some(object), Some(newest)) = (self.objects.last_mut(), self.fields.last_mut()) else {
            return Err(too_hard());
        };
        newest.end = end;
        let newest = *newest;
        if let [.., before, _] = self.fields[object.fields..] {
            match order(&self.out[before.start..before.key_end], &self.out[newest.start..newest.key_end])? {
                Ordering::Less => {}
                Ordering::Equal => return Err(too_hard()),
                Ordering::Greater => object.in_order = false,
            }
        }
        Ok(())
    }

    fn end_object(&mut self) -> io::Result<()> {
        let Some(object) = self.objects.pop() else { return Err(too_hard()) };
        if !object.in_order {
            let mut failed = None;
            let out = &self.out;
            self.fields[object.fields..].sort_by(|one, other| {
                order(&out[one.start..one.key_end], &out[other.start..other.key_end]).unwrap_or_else(|error| {
                    failed = Some(error);
                    Ordering::Equal
                })
            });
            if let Some(error) = failed {
                return Err(error);
            }
            let mut before: Option<Field> = None;
            self.scratch.clear();
            for field in &self.fields[object.fields..] {
                if let Some(before) = before {
                    if out[before.start..before.key_end] == out[field.start..field.key_end] {
                        return Err(too_hard());
                    }
                    self.scratch.push(b',');
                }
                self.scratch.extend_from_slice(&out[field.start..field.end]);
                before = Some(*field);
            }
            self.out.truncate(object.start);
            self.out.extend_from_slice(&self.scratch);
        }
        self.fields.truncate(object.fields);
        self.out.push(b'}');
        Ok(())
    }
}

/// The order of two keys as they are written, quotes included: by the UTF-16 units of their texts.
fn order(one: &[u8], other: &[u8]) -> io::Result<Ordering> {
    let plain = |key: &[u8]| key.is_ascii() && !key.contains(&b'\\');
    if plain(one) && plain(other) {
        // The closing quote must not take part: some characters are less than it.
        return Ok(one[..one.len() - 1].cmp(&other[..other.len() - 1]));
    }
    let text = |key: &[u8]| serde_json::from_slice::<String>(key);
    Ok(text(one)?.encode_utf16().cmp(text(other)?.encode_utf16()))
}

/// The long way is to be taken.
fn too_hard() -> io::Error {
    io::Error::from(io::ErrorKind::Unsupported)
}

/// Writes into the canon's own buffer and leaves the serializer's writer alone.
struct Writer<'a>(&'a mut Canon);

macro_rules! whole_numbers {
    ($($name:ident: $kind:ty),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, _: &mut W, value: $kind) -> io::Result<()> {
            if u64::try_from(value.unsigned_abs()).is_ok_and(|size| size <= EXACT_MAX) {
                return CompactFormatter.$name(&mut self.0.out, value);
            }
            Err(too_hard())
        }
    )*};
}

macro_rules! natural_numbers {
    ($($name:ident: $kind:ty),*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, _: &mut W, value: $kind) -> io::Result<()> {
            if u64::try_from(value).is_ok_and(|size| size <= EXACT_MAX) {
                return CompactFormatter.$name(&mut self.0.out, value);
            }
            Err(too_hard())
        }
    )*};
}

impl Formatter for Writer<'_> {
    whole_numbers!(write_i64: i64, write_i128: i128);
    natural_numbers!(write_u64: u64, write_u128: u128);

    fn write_f32<W: ?Sized + io::Write>(&mut self, _: &mut W, _: f32) -> io::Result<()> {
        Err(too_hard())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, _: &mut W, _: f64) -> io::Result<()> {
        Err(too_hard())
    }

    fn write_number_str<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(too_hard())
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(too_hard())
    }

    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        CompactFormatter.write_null(&mut self.0.out)
    }

    fn write_bool<W: ?Sized + io::Write>(&mut self, _: &mut W, value: bool) -> io::Result<()> {
        CompactFormatter.write_bool(&mut self.0.out, value)
    }

    fn write_i8<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i8) -> io::Result<()> {
        CompactFormatter.write_i8(&mut self.0.out, value)
    }

    fn write_i16<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i16) -> io::Result<()> {
        CompactFormatter.write_i16(&mut self.0.out, value)
    }

    fn write_i32<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i32) -> io::Result<()> {
        CompactFormatter.write_i32(&mut self.0.out, value)
    }

    fn write_u8<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u8) -> io::Result<()> {
        CompactFormatter.write_u8(&mut self.0.out, value)
    }

    fn write_u16<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u16) -> io::Result<()> {
        CompactFormatter.write_u16(&mut self.0.out, value)
    }

    fn write_u32<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u32) -> io::Result<()> {
        CompactFormatter.write_u32(&mut self.0.out, value)
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b'"');
        Ok(())
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b'"');
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, fragment: &str) -> io::Result<()> {
        self.0.out.extend_from_slice(fragment.as_bytes());
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, _: &mut W, escape: CharEscape) -> io::Result<()> {
        CompactFormatter.write_char_escape(&mut self.0.out, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b'[');
        Ok(())
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b']');
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        if !first {
            self.0.out.push(b',');
        }
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b'{');
        let (start, fields) = (self.0.out.len(), self.0.fields.len());
        self.0.objects.push(Object { start, fields, in_order: true });
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.end_object()
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        if !first {
            self.0.out.push(b',');
        }
        let start = self.0.out.len();
        self.0.fields.push(Field { start, key_end: start, end: start });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let end = self.0.out.len();
        self.0.fields.last_mut().ok_or_else(too_hard)?.key_end = end;
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.out.push(b':');
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.end_value()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-100i64..100).prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |number| serde_json::Number::from_f64(number).map(Value::Number)),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,8}".prop_map(Value::from),
        ];
        // Few letters, so that keys share beginnings, with the characters that sort otherwise than one would think.
        let key = "[ !\"a\\\\\u{1}\u{7f}é\u{ffff}\u{10000}]{0,3}";
        leaf.prop_recursive(5, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..8)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    /// JSON without what `arbitrary_precision` adds: numbers as a struct would hold them.
    struct Plain<'a>(&'a Value);

    impl Serialize for Plain<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                Value::Number(number) => match number.as_i64() {
                    Some(whole) => serializer.serialize_i64(whole),
                    None => number.serialize(serializer),
                },
                Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
                Value::Object(entries) => {
                    serializer.collect_map(entries.iter().map(|(key, value)| (key, Plain(value))))
                }
                other => other.serialize(serializer),
            }
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_the_librarys(value in any_json()) {
            let plain = Plain(&value);
            prop_assert_eq!(to_vec(&plain).expect("JSON"), serde_json_canonicalizer::to_vec(&plain).expect("JSON"));
            prop_assert_eq!(to_vec(&value).expect("JSON"), serde_json_canonicalizer::to_vec(&value).expect("JSON"));
        }
    }

    #[test]
    fn keys_are_in_the_order_of_their_utf_16_units() {
        let value =
            json!({"\u{ffff}": 1, "\u{10000}": 2, "b": 3, "a!": 4, "a": 5, "\n": [{"z": 1, "y": {"d": 0, "c": 0}}]});
        let text = String::from_utf8(to_vec(&value).expect("JSON")).expect("UTF-8");
        assert_eq!(
            text,
            "{\"\\n\":[{\"y\":{\"c\":0,\"d\":0},\"z\":1}],\"a\":5,\"a!\":4,\"b\":3,\"\u{10000}\":2,\"\u{ffff}\":1}"
        );
    }

    #[test]
    fn a_key_that_comes_twice_is_refused() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("b", 1), ("a", 2), ("b", 3)])
            }
        }
        assert!(to_vec(&Twice).is_err());
    }
}
