//! What is bound to `$1`, `$2` … of a statement: few types, and a null that still has one.

use engine::id::{Digest, InstanceId};
use engine::time::Timestamp;

/// One bound value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param<'a> {
    I64(i64),
    OptI64(Option<i64>),
    Bool(bool),
    Text(&'a str),
    OptText(Option<&'a str>),
    Bytes(&'a [u8]),
    OptBytes(Option<&'a [u8]>),
}

impl<'a> Param<'a> {
    /// The number within, if it is of that kind; bulk statements gather columns with these.
    pub(crate) fn as_i64(self) -> Option<i64> {
        match self {
            Param::I64(number) => Some(number),
            Param::OptI64(number) => number,
            _ => None,
        }
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        match self {
            Param::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    pub(crate) fn as_text(self) -> Option<&'a str> {
        match self {
            Param::Text(text) => Some(text),
            Param::OptText(text) => text,
            _ => None,
        }
    }

    pub(crate) fn as_bytes(self) -> Option<&'a [u8]> {
        match self {
            Param::Bytes(bytes) => Some(bytes),
            Param::OptBytes(bytes) => bytes,
            _ => None,
        }
    }
}

/// Builds the parameters of a statement: `params![id, name, 3]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Param::from($value)),*] };
}

macro_rules! param_from {
    ($($kind:ty => |$value:ident| $param:expr;)*) => {
        $(impl<'a> From<$kind> for Param<'a> {
            fn from($value: $kind) -> Self {
                $param
            }
        })*
    };
}

param_from! {
    i64 => |value| Param::I64(value);
    i32 => |value| Param::I64(i64::from(value));
    u32 => |value| Param::I64(i64::from(value));
    u16 => |value| Param::I64(i64::from(value));
    Option<i64> => |value| Param::OptI64(value);
    bool => |value| Param::Bool(value);
    &'a str => |value| Param::Text(value);
    &'a String => |value| Param::Text(value);
    &'a std::sync::Arc<str> => |value| Param::Text(value);
    Option<&'a str> => |value| Param::OptText(value);
    &'a Option<String> => |value| Param::OptText(value.as_deref());
    &'a Option<std::sync::Arc<str>> => |value| Param::OptText(value.as_deref());
    &'a [u8] => |value| Param::Bytes(value);
    &'a Vec<u8> => |value| Param::Bytes(value);
    Option<&'a [u8]> => |value| Param::OptBytes(value);
    &'a InstanceId => |value| Param::Bytes(value.as_bytes());
    &'a Option<InstanceId> => |value| Param::OptBytes(value.as_ref().map(|id| id.as_bytes().as_slice()));
    &'a Digest => |value| Param::Bytes(&value.0);
    Timestamp => |value| Param::I64(value.micros());
    Option<Timestamp> => |value| Param::OptI64(value.map(Timestamp::micros));
}

impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Param::Bytes(value)
    }
}
