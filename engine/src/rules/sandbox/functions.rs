//! The functions of expressions and scripts that the engine's packages lack or do otherwise.

use std::cmp::Ordering;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use rust_decimal::{Decimal, RoundingStrategy};

use super::operators::{Arithmetic, arithmetic, compare};
use super::{fault, raise, to_dynamic};
use crate::rules::expression::Reader;
use crate::value::Value;

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// Decimal places that rounding may keep; a decimal has no more.
const PLACES_MAX: u32 = 28;

pub(super) fn register(engine: &mut Engine) {
    reading(engine);
    lists(engine);
    numbers(engine);
    texts(engine);
}

fn reader(context: &NativeCallContext) -> Answer<Arc<Reader>> {
    context
        .tag()
        .and_then(|tag| tag.read_lock::<Arc<Reader>>().map(|reader| reader.clone()))
        .ok_or_else(|| fault("other", "no reader"))
}

fn place(number: i64) -> Answer<usize> {
    usize::try_from(number).map_err(|_| fault("missing_field", number))
}

/// What the emitted text of an expression calls: see `expression/emit.rs`.
fn reading(engine: &mut Engine) {
    engine.register_fn("read", |context: NativeCallContext, number: i64| -> Answer<Dynamic> {
        reader(&context)?.read(place(number)?).map(|value| to_dynamic(&value)).map_err(raise)
    });
    engine.register_fn("seek", |context: NativeCallContext, number: i64| -> Answer<Dynamic> {
        Ok(to_dynamic(&reader(&context)?.seek(place(number)?)))
    });
    engine.register_fn("ask", |context: NativeCallContext, number: i64| -> Answer<Dynamic> {
        Ok(to_dynamic(&reader(&context)?.answer(place(number)?)))
    });
    engine.register_fn("field", |of: &mut Map, name: ImmutableString| -> Answer<Dynamic> {
        of.get(name.as_str()).cloned().ok_or_else(|| fault("missing_field", name.as_str()))
    });
    engine.register_fn("field", |_: Dynamic, name: ImmutableString| -> Answer<Dynamic> {
        Err(fault("missing_field", name.as_str()))
    });
    engine.register_fn("field_or_unset", |of: Dynamic, name: ImmutableString| -> Dynamic {
        of.as_map_ref().ok().and_then(|of| of.get(name.as_str()).cloned()).unwrap_or(Dynamic::UNIT)
    });
    engine.register_fn("element", |of: &mut Array, at: i64| -> Answer<Dynamic> {
        of.get(place(at)?).cloned().ok_or_else(|| fault("missing_field", at))
    });
    engine.register_fn("element", |of: &mut Map, name: ImmutableString| -> Answer<Dynamic> {
        of.get(name.as_str()).cloned().ok_or_else(|| fault("missing_field", name.as_str()))
    });
}

fn lists(engine: &mut Engine) {
    engine.register_fn("contains", |list: &mut Array, wanted: Dynamic| -> Answer<bool> {
        for item in list.iter() {
            if compare(item, &wanted, false)?.is_eq() {
                return Ok(true);
            }
        }
        Ok(false)
    });
    engine.register_fn("contains", |record: &mut Map, name: ImmutableString| record.contains_key(name.as_str()));
    engine.register_fn("sum", |list: &mut Array| -> Answer<Dynamic> {
        list.iter().try_fold(Dynamic::from(0_i64), |sum, item| arithmetic(Arithmetic::Add, &sum, item))
    });
    engine.register_fn("min", |list: &mut Array| extreme(list.iter(), Ordering::Less));
    engine.register_fn("max", |list: &mut Array| extreme(list.iter(), Ordering::Greater));
    engine.register_fn("min", |left: Dynamic, right: Dynamic| extreme([&left, &right], Ordering::Less));
    engine.register_fn("max", |left: Dynamic, right: Dynamic| extreme([&left, &right], Ordering::Greater));
    engine.register_fn("first", |list: &mut Array| list.first().cloned().unwrap_or(Dynamic::UNIT));
    engine.register_fn("last", |list: &mut Array| list.last().cloned().unwrap_or(Dynamic::UNIT));
    engine.register_fn("join", |list: &mut Array, between: ImmutableString| -> Answer<String> {
        let texts = list.iter().map(text_of).collect::<Answer<Vec<_>>>()?;
        Ok(texts.join(&between))
    });
    engine.register_fn("keys", |record: &mut Map| -> Array {
        record.keys().map(|name| ImmutableString::from(name.as_str()).into()).collect()
    });
    engine.register_fn("values", |record: &mut Map| -> Array { record.values().cloned().collect() });
    engine.register_fn("is_empty", |record: &mut Map| record.is_empty());
    engine.register_fn("is_empty", |list: &mut Array| list.is_empty());
}

/// The least or greatest; of nothing there is none, which is unset.
fn extreme<'a>(items: impl IntoIterator<Item = &'a Dynamic>, wanted: Ordering) -> Answer<Dynamic> {
    let mut best: Option<&Dynamic> = None;
    for item in items {
        let better = match best {
            Some(best) => compare(item, best, true)? == wanted,
            // Compared with itself, so that a list of one is judged like a longer one.
            None => compare(item, item, true)?.is_eq(),
        };
        if better {
            best = Some(item);
        }
    }
    Ok(best.cloned().unwrap_or(Dynamic::UNIT))
}

fn numbers(engine: &mut Engine) {
    engine.register_fn("abs", |number: i64| number.checked_abs().ok_or_else(|| fault("overflow", Value::Null)));
    engine.register_fn("abs", |number: Decimal| number.abs());
    engine.register_fn("round", |number: i64| number);
    engine.register_fn("round", |number: i64, _: i64| number);
    engine.register_fn("round", |number: Decimal| round(number, 0));
    engine.register_fn("round", |number: Decimal, places: i64| -> Answer<Decimal> {
        let places = u32::try_from(places).ok().filter(|places| *places <= PLACES_MAX);
        Ok(round(number, places.ok_or_else(|| fault("type", "round"))?))
    });
    engine.register_fn("floor", |number: i64| number);
    engine.register_fn("ceiling", |number: i64| number);
    engine.register_fn("floor", |number: Decimal| number.floor());
    engine.register_fn("ceiling", |number: Decimal| number.ceil());
}

/// Half away from zero, as invoices are rounded.
fn round(number: Decimal, places: u32) -> Decimal {
    number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

fn texts(engine: &mut Engine) {
    engine.register_fn("is_empty", |text: ImmutableString| text.is_empty());
    engine.register_fn("contains", |text: ImmutableString, part: ImmutableString| text.contains(part.as_str()));
    engine.register_fn("starts_with", |text: ImmutableString, part: ImmutableString| text.starts_with(part.as_str()));
    engine.register_fn("ends_with", |text: ImmutableString, part: ImmutableString| text.ends_with(part.as_str()));
    engine.register_fn("trim", |text: ImmutableString| text.trim().to_owned());
    engine.register_fn("split", |text: ImmutableString, between: ImmutableString| -> Array {
        text.split(between.as_str()).map(|part| ImmutableString::from(part).into()).collect()
    });
    engine.register_fn("to_text", |value: Dynamic| text_of(&value));
}

fn text_of(value: &Dynamic) -> Answer<String> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.to_string());
    }
    let text = value.as_int().map(|number| number.to_string());
    let text = text.or_else(|_| value.as_decimal().map(|number| number.to_string()));
    let text = text.or_else(|_| value.as_bool().map(|flag| flag.to_string()));
    text.or_else(|_| value.as_char().map(|c| c.to_string())).map_err(|_| fault("type", "to_text"))
}
