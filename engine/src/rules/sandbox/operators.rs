//! The operators of expressions and scripts: exact, and strict about what they are given.
//!
//! Numbers are whole (64 bits) or decimal; `/` is exact division and gives a decimal. Unlike types and unset
//! values fail; so do overflow and division by zero. The engine's own operators are never reached.

use std::any::TypeId;
use std::cmp::Ordering;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map};
use rust_decimal::Decimal;

use super::fault;
use crate::value::{Sealed, Value};

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// Factors of a power; more only overflow.
const POWER_MAX: i64 = 1_000;

/// What an operand is, as far as operators tell things apart.
enum Operand<'a> {
    Unset,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(ImmutableString),
    List(&'a Dynamic),
    Record(&'a Dynamic),
    Other,
}

fn operand(value: &Dynamic) -> Operand<'_> {
    if value.is_unit() {
        Operand::Unset
    } else if let Ok(number) = value.as_int() {
        Operand::Int(number)
    } else if let Ok(number) = value.as_decimal() {
        Operand::Decimal(number)
    } else if let Ok(flag) = value.as_bool() {
        Operand::Bool(flag)
    } else if let Ok(text) = value.as_immutable_string_ref() {
        Operand::Text(text.clone())
    } else if let Ok(c) = value.as_char() {
        Operand::Text(c.to_string().into())
    } else if value.is_array() {
        Operand::List(value)
    } else if value.is_map() {
        Operand::Record(value)
    } else {
        Operand::Other
    }
}

fn number(value: &Dynamic) -> Option<Decimal> {
    value.as_int().map(Decimal::from).or_else(|_| value.as_decimal()).ok()
}

/// Puts two comparable values in order; `ordered` says that equality is not enough.
pub(super) fn compare(left: &Dynamic, right: &Dynamic, ordered: bool) -> Answer<Ordering> {
    match (operand(left), operand(right)) {
        (Operand::Unset, _) | (_, Operand::Unset) => Err(fault("unset_comparison", Value::Null)),
        (Operand::Int(left), Operand::Int(right)) => Ok(left.cmp(&right)),
        (Operand::Int(_) | Operand::Decimal(_), Operand::Int(_) | Operand::Decimal(_)) => {
            Ok(number(left).cmp(&number(right)))
        }
        (Operand::Text(left), Operand::Text(right)) => Ok(left.as_str().cmp(right.as_str())),
        (Operand::Bool(left), Operand::Bool(right)) if !ordered => Ok(left.cmp(&right)),
        (Operand::List(_), Operand::List(_)) | (Operand::Record(_), Operand::Record(_)) if !ordered => {
            Ok(if same(left, right) { Ordering::Equal } else { Ordering::Less })
        }
        (Operand::Bool(_), Operand::Bool(_))
        | (Operand::List(_), Operand::List(_))
        | (Operand::Record(_), Operand::Record(_)) => Err(fault("type", "order")),
        _ => Err(fault("unlike_types", Value::Null)),
    }
}

/// Whether two values are equal, part by part; what is unlike is not equal.
pub(super) fn same(left: &Dynamic, right: &Dynamic) -> bool {
    match (operand(left), operand(right)) {
        (Operand::Unset, Operand::Unset) => true,
        (Operand::Int(_) | Operand::Decimal(_), Operand::Int(_) | Operand::Decimal(_)) => number(left) == number(right),
        (Operand::Text(left), Operand::Text(right)) => left == right,
        (Operand::Bool(left), Operand::Bool(right)) => left == right,
        (Operand::List(left), Operand::List(right)) => match (left.as_array_ref(), right.as_array_ref()) {
            (Ok(left), Ok(right)) => {
                left.len() == right.len() && left.iter().zip(right.iter()).all(|(l, r)| same(l, r))
            }
            _ => false,
        },
        (Operand::Record(left), Operand::Record(right)) => match (left.as_map_ref(), right.as_map_ref()) {
            (Ok(left), Ok(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|((name, l), (other, r))| name == other && same(l, r))
            }
            _ => false,
        },
        _ => false,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

pub(super) fn arithmetic(operator: Arithmetic, left: &Dynamic, right: &Dynamic) -> Answer<Dynamic> {
    let overflow = || fault("overflow", Value::Null);
    match (operand(left), operand(right)) {
        (Operand::Unset, _) | (_, Operand::Unset) => Err(fault("unset_comparison", Value::Null)),
        (Operand::Int(left), Operand::Int(right)) if operator != Arithmetic::Divide => {
            let result = match operator {
                Arithmetic::Add => left.checked_add(right),
                Arithmetic::Subtract => left.checked_sub(right),
                Arithmetic::Multiply => left.checked_mul(right),
                Arithmetic::Remainder if right == 0 => return Err(fault("division_by_zero", Value::Null)),
                Arithmetic::Divide | Arithmetic::Remainder => left.checked_rem(right),
                Arithmetic::Power if right < 0 => return Err(fault("type", "power")),
                Arithmetic::Power => u32::try_from(right).ok().and_then(|right| left.checked_pow(right)),
            };
            result.map(Dynamic::from).ok_or_else(overflow)
        }
        (Operand::Int(_) | Operand::Decimal(_), Operand::Int(_) | Operand::Decimal(_)) => {
            let (Some(base), Some(other)) = (number(left), number(right)) else { return Err(overflow()) };
            let result = match operator {
                Arithmetic::Add => base.checked_add(other),
                Arithmetic::Subtract => base.checked_sub(other),
                Arithmetic::Multiply => base.checked_mul(other),
                Arithmetic::Divide | Arithmetic::Remainder if other.is_zero() => {
                    return Err(fault("division_by_zero", Value::Null));
                }
                Arithmetic::Divide => base.checked_div(other),
                Arithmetic::Remainder => base.checked_rem(other),
                Arithmetic::Power => match right.as_int() {
                    Ok(exponent) if (0..=POWER_MAX).contains(&exponent) => {
                        (0..exponent).try_fold(Decimal::ONE, |product, _| product.checked_mul(base))
                    }
                    Ok(exponent) if exponent > POWER_MAX => None,
                    _ => return Err(fault("type", "power")),
                },
            };
            result.map(Dynamic::from).ok_or_else(overflow)
        }
        (Operand::Text(left), Operand::Text(right)) if operator == Arithmetic::Add => Ok((left + right).into()),
        (Operand::List(left), Operand::List(right)) if operator == Arithmetic::Add => {
            match (left.as_array_ref(), right.as_array_ref()) {
                (Ok(left), Ok(right)) => Ok(Dynamic::from_array(left.iter().chain(right.iter()).cloned().collect())),
                _ => Err(fault("unlike_types", Value::Null)),
            }
        }
        (Operand::Other, _) | (_, Operand::Other) => Err(fault("type", Value::Null)),
        _ => Err(fault("unlike_types", Value::Null)),
    }
}

const ARITHMETIC: &[(&str, &str, Arithmetic)] = &[
    ("+", "+=", Arithmetic::Add),
    ("-", "-=", Arithmetic::Subtract),
    ("*", "*=", Arithmetic::Multiply),
    ("/", "/=", Arithmetic::Divide),
    ("%", "%=", Arithmetic::Remainder),
    ("**", "**=", Arithmetic::Power),
];

type Judge = fn(Ordering) -> bool;

const ORDERS: &[(&str, Judge)] =
    &[("<", Ordering::is_lt), ("<=", Ordering::is_le), (">", Ordering::is_gt), (">=", Ordering::is_ge)];

/// Registers every operator for one pair of types; the exact pair is what the engine looks for first.
fn pair<A: Clone + Send + Sync + 'static, B: Clone + Send + Sync + 'static>(engine: &mut Engine) {
    for (symbol, assign, operator) in ARITHMETIC {
        let operator = *operator;
        engine.register_fn(*symbol, move |left: A, right: B| {
            arithmetic(operator, &Dynamic::from(left), &Dynamic::from(right))
        });
        // A whole number may become a decimal, so what is assigned replaces the value and not only its content.
        let types = [TypeId::of::<A>(), TypeId::of::<B>()];
        engine.register_raw_fn(*assign, types, move |_, arguments| -> Answer<()> {
            let [left, right] = arguments else { return Err(fault("other", Value::Null)) };
            **left = arithmetic(operator, left, right)?;
            Ok(())
        });
    }
    for (symbol, judge) in ORDERS {
        let judge = *judge;
        engine.register_fn(*symbol, move |left: A, right: B| {
            compare(&Dynamic::from(left), &Dynamic::from(right), true).map(judge)
        });
    }
    // The same as for any two values below, but found at once.
    engine.register_fn("equal", |left: A, right: B| {
        compare(&Dynamic::from(left), &Dynamic::from(right), false).map(Ordering::is_eq)
    });
    engine.register_fn("differ", |left: A, right: B| {
        compare(&Dynamic::from(left), &Dynamic::from(right), false).map(Ordering::is_ne)
    });
    engine.register_fn("==", |left: A, right: B| script_equal(&Dynamic::from(left), &Dynamic::from(right)));
    engine.register_fn("!=", |left: A, right: B| {
        script_equal(&Dynamic::from(left), &Dynamic::from(right)).map(|equal| !equal)
    });
}

/// Equality in scripts, where `x == ()` is how one asks whether `x` is set.
fn script_equal(left: &Dynamic, right: &Dynamic) -> Answer<bool> {
    if left.is_unit() || right.is_unit() {
        return Ok(left.is_unit() && right.is_unit());
    }
    compare(left, right, false).map(Ordering::is_eq)
}

fn row<A: Clone + Send + Sync + 'static>(engine: &mut Engine) {
    pair::<A, ()>(engine);
    pair::<A, bool>(engine);
    pair::<A, i64>(engine);
    pair::<A, Decimal>(engine);
    pair::<A, char>(engine);
    pair::<A, ImmutableString>(engine);
    pair::<A, Array>(engine);
    pair::<A, Map>(engine);
    pair::<A, FnPtr>(engine);
    pair::<A, Arc<Sealed>>(engine);
}

fn negate(value: &Dynamic) -> Answer<Dynamic> {
    match operand(value) {
        Operand::Int(number) => number.checked_neg().map(Dynamic::from).ok_or_else(|| fault("overflow", Value::Null)),
        Operand::Decimal(number) => Ok((-number).into()),
        _ => Err(fault("type", "negate")),
    }
}

/// A condition is a boolean; nothing is true by courtesy.
fn condition(value: Dynamic) -> Answer<bool> {
    match operand(&value) {
        Operand::Bool(flag) => Ok(flag),
        Operand::Unset => Err(fault("unset_comparison", Value::Null)),
        _ => Err(fault("type", "condition")),
    }
}

pub(super) fn register(engine: &mut Engine) {
    row::<()>(engine);
    row::<bool>(engine);
    row::<i64>(engine);
    row::<Decimal>(engine);
    row::<char>(engine);
    row::<ImmutableString>(engine);
    row::<Array>(engine);
    row::<Map>(engine);
    row::<FnPtr>(engine);
    row::<Arc<Sealed>>(engine);
    engine.register_fn("-", |value: i64| negate(&value.into()));
    engine.register_fn("-", |value: Decimal| negate(&value.into()));
    engine.register_fn("condition", |flag: bool| flag);
    engine.register_fn("not", |flag: bool| !flag);
    engine.register_fn("!", |flag: bool| !flag);
    engine.register_fn("!", |value: Dynamic| condition(value).map(|flag| !flag));
    engine.register_fn("not", |value: Dynamic| condition(value).map(|flag| !flag));
    engine.register_fn("negate", |value: Dynamic| negate(&value));
    engine.register_fn("condition", condition);
    engine.register_fn("equal", |left: Dynamic, right: Dynamic| compare(&left, &right, false).map(Ordering::is_eq));
    engine.register_fn("differ", |left: Dynamic, right: Dynamic| compare(&left, &right, false).map(Ordering::is_ne));
    engine.register_fn("is_unset", |value: Dynamic| value.is_unit());
    engine.register_fn("is_set", |value: Dynamic| !value.is_unit());
}
