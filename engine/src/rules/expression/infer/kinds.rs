//! Which types go together, and what to say where they do not.

use std::sync::Arc;

use super::{TypeFault, TypeFaultKind};
use crate::language::types::Type;
use crate::rules::expression::syntax::{Kind, Node, Operator, nearest};

/// What values are comparable with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Number,
    Text,
    Date,
    DateTime,
    Duration,
    Boolean,
    List,
    Record,
    Unsure,
}

pub(super) fn family(kind: &Type) -> Family {
    match kind {
        Type::Integer { .. } | Type::Decimal | Type::Money(_) => Family::Number,
        Type::String | Type::User | Type::Role | Type::File | Type::OneOf(_) => Family::Text,
        Type::Date => Family::Date,
        Type::DateTime => Family::DateTime,
        Type::Duration => Family::Duration,
        Type::Boolean => Family::Boolean,
        Type::List(_) => Family::List,
        Type::Record(_) | Type::AnyRecord => Family::Record,
        Type::Optional(inner) => family(inner),
        Type::Any => Family::Unsure,
    }
}

pub(super) const INTEGER: Type = Type::Integer { min: None, max: None };

pub(super) fn plain(kind: Type) -> Type {
    match kind {
        Type::Optional(inner) => plain(inner.as_ref().clone()),
        kind => kind,
    }
}

/// What a list holds.
pub(super) fn element(kind: &Type) -> Type {
    match kind {
        Type::List(inner) => plain(inner.as_ref().clone()),
        _ => Type::Any,
    }
}

pub(super) fn wrong(offset: usize, en: &str, zh: &str) -> TypeFault {
    TypeFault::new(TypeFaultKind::WrongType, offset, en, zh)
}

pub(super) fn comparable(offset: usize, operator: Operator, left: &Type, right: &Type) -> Result<(), TypeFault> {
    let (a, b) = (family(left), family(right));
    let texts = |family: Family| matches!(family, Family::Date | Family::DateTime | Family::Duration);
    // A literal text may be a date; two declared types of time are never alike.
    let like = a == b
        || a == Family::Unsure
        || b == Family::Unsure
        || (texts(a) && matches!(right, Type::String))
        || (texts(b) && matches!(left, Type::String));
    let currencies = match (left, right) {
        (Type::Money(a), Type::Money(b)) => a == b,
        _ => true,
    };
    if like && currencies {
        return Ok(());
    }
    let symbol = operator.symbol();
    Err(TypeFault::new(
        TypeFaultKind::UnlikeTypes,
        offset,
        format!("`{symbol}` compares unlike types: `{left}` and `{right}`"),
        format!("`{symbol}` 比较了不同类型：`{left}` 与 `{right}`"),
    ))
}

/// A literal that is compared with a field of fixed words must be one of them.
pub(super) fn word_of(kind: &Type, literal: &Node) -> Result<(), TypeFault> {
    let kind = plain(kind.clone());
    let (Type::OneOf(words), Kind::Text(text)) = (&kind, &literal.kind) else { return Ok(()) };
    if words.contains(text) {
        return Ok(());
    }
    let (en, zh) = match nearest(text, words.iter().map(AsRef::as_ref)) {
        Some(near) => (format!("; did you mean `{near}`?"), format!("；是否想写 `{near}`？")),
        None => (String::new(), String::new()),
    };
    Err(TypeFault::new(
        TypeFaultKind::UnlikeTypes,
        literal.offset,
        format!("`{text}` is never equal to one of {kind}{en}"),
        format!("`{text}` 不在可选值 {kind} 之中{zh}"),
    ))
}

pub(super) fn unknown_field(kind: &Type, name: &Arc<str>, offset: usize) -> TypeFault {
    let kind = plain(kind.clone());
    let Type::Record(fields) = &kind else {
        return TypeFault::new(
            TypeFaultKind::UnknownField(name.clone()),
            offset,
            format!("`{kind}` has no fields, so there is no `.{name}`"),
            format!("`{kind}` 没有字段，因此没有 `.{name}`"),
        );
    };
    let (en, zh) = match nearest(name, fields.keys().map(AsRef::as_ref)) {
        Some(near) => (format!("; did you mean `{near}`?"), format!("；是否想写 `{near}`？")),
        None => (String::new(), String::new()),
    };
    TypeFault::new(
        TypeFaultKind::UnknownField(name.clone()),
        offset,
        format!("there is no field `{name}` in this record{en}"),
        format!("此记录没有字段 `{name}`{zh}"),
    )
}

pub(super) fn arithmetic(offset: usize, operator: Operator, left: Type, right: Type) -> Result<Type, TypeFault> {
    let both = |family: Family, a: Family, b: Family| matches!((a, b), (x, y) if (x == family || x == Family::Unsure) && (y == family || y == Family::Unsure));
    let (a, b) = (family(&left), family(&right));
    if a == Family::Unsure && b == Family::Unsure {
        return Ok(Type::Any);
    }
    let integers = matches!((&left, &right), (Type::Integer { .. }, Type::Integer { .. }));
    if both(Family::Number, a, b) {
        return Ok(match (&left, &right, operator) {
            (Type::Any, ..) | (_, Type::Any, _) => Type::Any,
            (Type::Money(x), Type::Money(y), Operator::Add | Operator::Subtract) if x != y => {
                return Err(TypeFault::new(
                    TypeFaultKind::UnlikeTypes,
                    offset,
                    format!("`{}` mixes two currencies: {x} and {y}", operator.symbol()),
                    format!("`{}` 混用了两种货币：{x} 与 {y}", operator.symbol()),
                ));
            }
            (Type::Money(_), Type::Money(_), Operator::Add | Operator::Subtract) => left,
            (Type::Money(_), Type::Integer { .. } | Type::Decimal, Operator::Multiply | Operator::Divide) => left,
            (Type::Integer { .. } | Type::Decimal, Type::Money(_), Operator::Multiply) => right,
            (_, _, Operator::Divide) => Type::Decimal,
            _ if integers => INTEGER,
            _ => Type::Decimal,
        });
    }
    if operator == Operator::Add && both(Family::Text, a, b) {
        return Ok(Type::String);
    }
    if operator == Operator::Add && both(Family::List, a, b) {
        return Ok(if left == right { left } else { Type::List(Arc::new(Type::Any)) });
    }
    let symbol = operator.symbol();
    Err(TypeFault::new(
        TypeFaultKind::UnlikeTypes,
        offset,
        format!("`{symbol}` does not take `{left}` and `{right}`"),
        format!("`{symbol}` 不能用于 `{left}` 与 `{right}`"),
    ))
}
