//! One cell of a table: a test on an input, or a literal.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::rules::expression::{EvaluationError, Expression, ascii_of};
use crate::time::Timestamp;
use crate::value::Value;

/// What a cell asks of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Any,
    /// `()`: nothing is there.
    Unset,
    Equal(Value),
    Less(Value),
    LessEqual(Value),
    Greater(Value),
    GreaterEqual(Value),
    /// Both ends belong to it.
    Range(Value, Value),
    OneOf(Vec<Test>),
    Not(Box<Test>),
    Expression(Expression),
}

/// Why a cell is no test, and how many characters into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellFault {
    pub(crate) offset: usize,
    pub(crate) en: String,
    pub(crate) zh: String,
}

impl CellFault {
    fn new(offset: usize, en: impl Into<String>, zh: impl Into<String>) -> Self {
        CellFault { offset, en: en.into(), zh: zh.into() }
    }
}

type Comparison = fn(Value) -> Test;

const COMPARISONS: &[(&str, Comparison)] = &[
    (">=", Test::GreaterEqual),
    ("<=", Test::LessEqual),
    ("==", Test::Equal),
    ("!=", |value| Test::Not(Box::new(Test::Equal(value)))),
    (">", Test::Greater),
    ("<", Test::Less),
];

impl Test {
    pub(crate) fn parse(text: &str) -> Result<Self, CellFault> {
        match text {
            "" => return Err(CellFault::new(0, "a cell is empty; write `any`", "单元格为空；请写 `any`")),
            "any" | "-" => return Ok(Test::Any),
            _ => {}
        }
        if let Some(value) = text.strip_prefix("==") {
            return literal(value.trim()).map(Test::Equal);
        }
        if let Some(source) = text.strip_prefix('=') {
            return expression(source).map(Test::Expression);
        }
        if let Some(rest) = text.strip_prefix("not ") {
            let inner = rest.trim_start();
            let skipped = text.chars().count() - inner.chars().count();
            if inner.starts_with("not ") {
                return Err(CellFault::new(skipped, "one `not` is enough", "只能写一个 `not`"));
            }
            return match Test::parse(inner) {
                Ok(test) => Ok(Test::Not(Box::new(test))),
                Err(fault) => Err(CellFault { offset: fault.offset + skipped, ..fault }),
            };
        }
        refuse_wide(text)?;
        let parts = split(text)?;
        if parts.len() == 1 {
            return single(text);
        }
        let mut tests = Vec::new();
        for (offset, part) in parts {
            if matches!(part, "any" | "-") {
                return Err(CellFault::new(offset, "`any` stands alone", "`any` 只能单独使用"));
            }
            let test = single(part).map_err(|fault| CellFault { offset: offset + fault.offset, ..fault })?;
            tests.push(test);
        }
        Ok(Test::OneOf(tests))
    }

    pub(crate) fn expression(&self) -> Option<&Expression> {
        match self {
            Test::Expression(expression) => Some(expression),
            Test::Not(inner) => inner.expression(),
            _ => None,
        }
    }

    /// Whether a set value passes; unlike types fail. Expressions are not asked here.
    pub(crate) fn passes(&self, value: &Value) -> Result<bool, EvaluationError> {
        Ok(match self {
            Test::Any => true,
            Test::Unset => value.is_null(),
            Test::Equal(wanted) => compare(value, wanted)?.is_eq(),
            Test::Less(bound) => order(value, bound)?.is_lt(),
            Test::LessEqual(bound) => order(value, bound)?.is_le(),
            Test::Greater(bound) => order(value, bound)?.is_gt(),
            Test::GreaterEqual(bound) => order(value, bound)?.is_ge(),
            Test::Range(from, to) => order(value, from)?.is_ge() && order(value, to)?.is_le(),
            Test::OneOf(tests) => {
                // Whether something is unset is asked first: the other tests cannot take it.
                if value.is_null() && tests.contains(&Test::Unset) {
                    return Ok(true);
                }
                let mut passes = false;
                for test in tests.iter().filter(|test| **test != Test::Unset) {
                    passes |= test.passes(value)?;
                }
                passes
            }
            Test::Not(test) => !test.passes(value)?,
            Test::Expression(_) => return Err(EvaluationError::new("other", Value::Null)),
        })
    }

    /// The literals that cut the input's values into regions.
    pub(crate) fn bounds<'a>(&'a self, found: &mut Vec<&'a Value>) {
        match self {
            Test::Any | Test::Unset | Test::Expression(_) => {}
            Test::Equal(value)
            | Test::Less(value)
            | Test::LessEqual(value)
            | Test::Greater(value)
            | Test::GreaterEqual(value) => found.push(value),
            Test::Range(from, to) => found.extend([from, to]),
            Test::OneOf(tests) => tests.iter().for_each(|test| test.bounds(found)),
            Test::Not(test) => test.bounds(found),
        }
    }

    pub(crate) fn asks_for_unset(&self) -> bool {
        match self {
            Test::Unset => true,
            Test::OneOf(tests) => tests.iter().any(Test::asks_for_unset),
            Test::Not(test) => test.asks_for_unset(),
            _ => false,
        }
    }
}

/// Two values in order; what is unlike or unset fails as it does in expressions.
pub(crate) fn compare(left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Err(EvaluationError::new("unset_comparison", Value::Null)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        _ => match (left.as_decimal(), right.as_decimal()) {
            (Some(left), Some(right)) => Ok(left.cmp(&right)),
            _ => Err(EvaluationError::new("unlike_types", Value::Null)),
        },
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    match (left, right) {
        (Value::Bool(_), Value::Bool(_)) => Err(EvaluationError::new("type", Value::Null)),
        _ => compare(left, right),
    }
}

pub(crate) fn expression(source: &str) -> Result<Expression, CellFault> {
    Expression::parse(source).map_err(|error| CellFault { offset: error.offset + 1, en: error.en, zh: error.zh })
}

/// A value, a comparison or a range.
fn single(text: &str) -> Result<Test, CellFault> {
    if text == "()" {
        return Ok(Test::Unset);
    }
    for (symbol, comparison) in COMPARISONS {
        if let Some(rest) = text.strip_prefix(symbol) {
            if rest.trim().is_empty() {
                return Err(CellFault::new(0, format!("`{symbol}` needs a value"), format!("`{symbol}` 后面缺少值")));
            }
            let rest = rest.trim();
            let bound = if symbol.ends_with("==") || *symbol == "!=" { literal(rest)? } else { ordered(rest)? };
            return Ok(comparison(bound));
        }
    }
    if !text.starts_with('"')
        && let Some((from, to)) = text.split_once("..")
    {
        let (low, high) = (ordered(from.trim())?, ordered(to.trim())?);
        return match compare(&low, &high) {
            Ok(order) if order.is_le() => Ok(Test::Range(low, high)),
            Ok(_) => Err(CellFault::new(0, "the range ends before it begins", "区间的终点小于起点")),
            Err(_) => Err(CellFault::new(
                0,
                "a range needs two values of one kind, such as `20..59`",
                "区间需要两个同类的值，例如 `20..59`",
            )),
        };
    }
    literal(text).map(Test::Equal)
}

/// A literal that others may be smaller than. Texts are compared letter by letter, so that `10 hours` would be
/// less than `4 hours`: only numbers, dates, moments and quoted texts are let through.
fn ordered(text: &str) -> Result<Value, CellFault> {
    let value = literal(text)?;
    let Value::Text(word) = &value else { return Ok(value) };
    if let Some(moment) = Timestamp::parse(word) {
        return Ok(Value::text(moment.to_string()));
    }
    if text.starts_with('"') || NaiveDate::parse_from_str(word, "%Y-%m-%d").is_ok() {
        return Ok(value);
    }
    Err(CellFault::new(
        0,
        format!("`{text}` has no order: only numbers, dates, moments and quoted texts have"),
        format!("`{text}` 不能比较大小：只有数字、日期、时刻和加引号的文本可以"),
    ))
}

/// Reads a literal: a number, `true` or `false`, a quoted text, or the words that stand there.
pub(crate) fn literal(text: &str) -> Result<Value, CellFault> {
    match text {
        "" => return Err(CellFault::new(0, "a value is missing", "缺少值")),
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if let Some(rest) = text.strip_prefix('"') {
        return match rest.strip_suffix('"') {
            Some(inner) if !inner.contains('"') => Ok(Value::text(inner)),
            _ => Err(CellFault::new(0, "this text has no closing `\"`", "文本缺少结尾的 `\"`")),
        };
    }
    refuse_wide(text)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'))
    {
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let refuse = || {
            CellFault::new(
                0,
                format!("`{text}` is no number that can be held exactly"),
                format!("`{text}` 不是可精确表示的数字"),
            )
        };
        // A code such as 007 is not the number 7.
        if digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.") {
            return Err(CellFault::new(
                0,
                format!("`{text}` begins with 0: quote it if it is a code"),
                format!("`{text}` 以 0 开头：若是编码请加引号"),
            ));
        }
        return match plain.parse::<i64>() {
            Ok(whole) => Ok(Value::Int(whole)),
            Err(_) => Decimal::from_str_exact(&plain).map(Value::Decimal).map_err(|_| refuse()),
        };
    }
    Ok(Value::text(text))
}

/// Full-width operators, digits and commas look right and mean nothing.
fn refuse_wide(text: &str) -> Result<(), CellFault> {
    let mut quoted = false;
    for (offset, c) in text.chars().enumerate() {
        quoted ^= c == '"';
        let suspicious = matches!(
            c,
            '＞' | '＜' | '＝' | '≥' | '≤' | '≠' | '，' | '、' | '“' | '”' | '｜' | '．' | '－' | '０'..='９'
        );
        if !quoted
            && suspicious
            && let Some(ascii) = ascii_of(c)
        {
            return Err(CellFault::new(
                offset,
                format!("`{c}` is a full-width character; write `{ascii}`, or quote the text"),
                format!("`{c}` 是全角字符；请改为 `{ascii}`，或给文本加引号"),
            ));
        }
    }
    Ok(())
}

/// The parts between commas outside quotes, with the characters before each.
fn split(text: &str) -> Result<Vec<(usize, &str)>, CellFault> {
    let mut parts = Vec::new();
    let (mut quoted, mut start, mut start_chars) = (false, 0, 0);
    for (chars, (at, c)) in text.char_indices().enumerate() {
        quoted ^= c == '"';
        if c == ',' && !quoted {
            parts.push((start_chars, &text[start..at]));
            (start, start_chars) = (at + 1, chars + 1);
        }
    }
    parts.push((start_chars, &text[start..]));
    let trimmed = parts.into_iter().map(|(offset, part)| {
        let lead = part.chars().take_while(|c| c.is_whitespace()).count();
        match part.trim() {
            "" => Err(CellFault::new(offset, "a value is missing beside the comma", "逗号旁缺少值")),
            part => Ok((offset + lead, part)),
        }
    });
    trimmed.collect()
}
