//! What type an expression gives, as far as it can be known before it runs.
//!
//! Careful: where anything is unsure the answer is [`Type::Any`], which fits everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Expression;
use super::syntax::{Kind, Node, Operator, nearest};
use crate::language::types::Type;

/// Something that can never work, and where (in characters, from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFault {
    pub kind: TypeFaultKind,
    pub offset: usize,
    pub en: String,
    pub zh: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeFaultKind {
    /// No variable has this name; who knows all names may add the nearest.
    UnknownVariable(Arc<str>),
    UnknownField(Arc<str>),
    UnlikeTypes,
    /// An operator or function was given what it cannot take.
    WrongType,
}

impl TypeFault {
    fn new(kind: TypeFaultKind, offset: usize, en: impl Into<String>, zh: impl Into<String>) -> Self {
        TypeFault { kind, offset, en: en.into(), zh: zh.into() }
    }
}

impl Expression {
    /// The type of the result, or the first fault. `types` gives the type of a variable, or `None` if there is none.
    pub fn infer(&self, types: &dyn Fn(&str) -> Option<Type>) -> Result<Type, TypeFault> {
        let source = self.source().chars().collect();
        Inference { types, locals: BTreeMap::new(), source }.node(&self.compiled.root)
    }
}

struct Inference<'a> {
    types: &'a dyn Fn(&str) -> Option<Type>,
    locals: BTreeMap<usize, Type>,
    source: Vec<char>,
}

/// What values are comparable with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
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

fn family(kind: &Type) -> Family {
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

const INTEGER: Type = Type::Integer { min: None, max: None };

fn plain(kind: Type) -> Type {
    match kind {
        Type::Optional(inner) => plain(inner.as_ref().clone()),
        kind => kind,
    }
}

impl Inference<'_> {
    fn node(&mut self, node: &Node) -> Result<Type, TypeFault> {
        Ok(match &node.kind {
            Kind::Unset => Type::Optional(Arc::new(Type::Any)),
            Kind::Bool(_) => Type::Boolean,
            Kind::Int(_) => INTEGER,
            Kind::Decimal(_) => Type::Decimal,
            Kind::Text(_) => Type::String,
            Kind::List(items) => {
                let mut kinds = Vec::new();
                for item in items {
                    kinds.push(self.node(item)?);
                }
                match kinds.first() {
                    Some(first) if kinds.iter().all(|kind| kind == first) => Type::List(Arc::new(first.clone())),
                    _ => Type::List(Arc::new(Type::Any)),
                }
            }
            Kind::Record(entries) => {
                let mut fields = BTreeMap::new();
                for (name, value) in entries {
                    fields.insert(name.clone(), self.node(value)?);
                }
                Type::Record(Arc::new(fields))
            }
            Kind::Name(name) => match (self.types)(name) {
                Some(kind) => kind,
                None => return Err(self.unknown_variable(name, node.offset)),
            },
            Kind::Local(number) => self.locals.get(number).cloned().unwrap_or(Type::Any),
            Kind::Question(_) => Type::Any,
            Kind::Field(of, name, offset) => {
                let kind = self.node(of)?;
                match kind.field(name) {
                    Some(field) => field,
                    None => return Err(unknown_field(&kind, name, *offset)),
                }
            }
            Kind::Index(of, index) => {
                let kind = plain(self.node(of)?);
                let by = self.node(index)?;
                match (kind, family(&by)) {
                    (Type::List(inner), Family::Number | Family::Unsure) => inner.as_ref().clone(),
                    (Type::Record(_) | Type::AnyRecord, Family::Text | Family::Unsure) | (Type::Any, _) => Type::Any,
                    (kind, _) => {
                        return Err(wrong(
                            node.offset,
                            &format!("`{kind}` with an index of `{by}`"),
                            &format!("`{kind}` 不能用 `{by}` 作下标"),
                        ));
                    }
                }
            }
            Kind::Not(of) => {
                self.condition(of)?;
                Type::Boolean
            }
            Kind::Negate(of) => match self.node(of)? {
                kind if matches!(family(&kind), Family::Number | Family::Unsure) => plain(kind),
                kind => {
                    return Err(wrong(
                        node.offset,
                        &format!("`-` does not take `{kind}`"),
                        &format!("`-` 不能用于 `{kind}`"),
                    ));
                }
            },
            Kind::Binary(operator, left, right) => self.binary(node, *operator, left, right)?,
            Kind::If(test, yes, no) => {
                self.condition(test)?;
                let (yes, no) = (self.node(yes)?, self.node(no)?);
                if yes == no { yes } else { Type::Any }
            }
            Kind::Call(name, arguments) => self.call(node.offset, name, arguments)?,
            Kind::Closure(_, body) => self.node(body)?,
        })
    }

    fn unknown_variable(&self, name: &Arc<str>, offset: usize) -> TypeFault {
        // `approve-plan` is a subtraction; who writes it without spaces meant a name.
        let glued = offset >= 2
            && self.source.get(offset - 1) == Some(&'-')
            && self.source.get(offset - 2).is_some_and(|c| c.is_alphanumeric());
        let (en, zh) = if glued {
            (" (`-` subtracts; names are written in snake_case)", "（`-` 是减号；名称请用 snake_case）")
        } else {
            ("", "")
        };
        TypeFault::new(
            TypeFaultKind::UnknownVariable(name.clone()),
            offset,
            format!("there is no variable `{name}` here{en}"),
            format!("此处没有变量 `{name}`{zh}"),
        )
    }

    fn condition(&mut self, node: &Node) -> Result<(), TypeFault> {
        match self.node(node)? {
            kind if matches!(family(&kind), Family::Boolean | Family::Unsure) => Ok(()),
            kind => Err(wrong(
                node.offset,
                &format!("a condition is `boolean`, but this is `{kind}`"),
                &format!("条件应为 `boolean`，而这里是 `{kind}`"),
            )),
        }
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &Node, right: &Node) -> Result<Type, TypeFault> {
        let offset = node.offset;
        match operator {
            Operator::And | Operator::Or => {
                self.condition(left)?;
                self.condition(right)?;
                Ok(Type::Boolean)
            }
            Operator::Coalesce => {
                let (left, right) = (plain(self.node(left)?), self.node(right)?);
                Ok(match (family(&left), family(&right)) {
                    _ if left == plain(right.clone()) => right,
                    (Family::Number, Family::Number) => Type::Decimal,
                    (Family::Text, Family::Text) => Type::String,
                    _ => Type::Any,
                })
            }
            Operator::Equal | Operator::Differ => {
                let (a, b) = (self.node(left)?, self.node(right)?);
                if !matches!(left.kind, Kind::Unset) && !matches!(right.kind, Kind::Unset) {
                    comparable(offset, operator, &a, &b)?;
                    word_of(&a, right)?;
                    word_of(&b, left)?;
                }
                Ok(Type::Boolean)
            }
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
                let (a, b) = (self.node(left)?, self.node(right)?);
                comparable(offset, operator, &a, &b)?;
                for kind in [&a, &b] {
                    if matches!(family(kind), Family::Boolean | Family::List | Family::Record | Family::Duration) {
                        let symbol = operator.symbol();
                        return Err(wrong(
                            offset,
                            &format!("`{symbol}` does not order `{kind}`"),
                            &format!("`{symbol}` 不能给 `{kind}` 排序"),
                        ));
                    }
                }
                Ok(Type::Boolean)
            }
            Operator::In | Operator::NotIn => {
                let (item, list) = (self.node(left)?, plain(self.node(right)?));
                if let Type::List(inner) = &list {
                    comparable(offset, operator, &item, inner)?;
                    if let Kind::List(items) = &right.kind {
                        items.iter().try_for_each(|literal| word_of(&item, literal))?;
                    }
                }
                Ok(Type::Boolean)
            }
            _ => {
                let (a, b) = (plain(self.node(left)?), plain(self.node(right)?));
                arithmetic(offset, operator, a, b)
            }
        }
    }

    fn call(&mut self, offset: usize, name: &str, arguments: &[Node]) -> Result<Type, TypeFault> {
        let mut kinds = Vec::new();
        for argument in arguments {
            if let Kind::Closure(parameters, _) = &argument.kind {
                let item = match kinds.first().cloned().map(plain) {
                    Some(Type::List(inner)) => inner.as_ref().clone(),
                    _ => Type::Any,
                };
                for number in parameters {
                    self.locals.insert(*number, item.clone());
                }
            }
            kinds.push(plain(self.node(argument)?));
        }
        let first = kinds.first().cloned().unwrap_or(Type::Any);
        let second = kinds.get(1).cloned().unwrap_or(Type::Any);
        let takes: &[Family] = match name {
            "map" | "filter" | "some" | "all" | "sum" | "first" | "last" | "join" => &[Family::List],
            "keys" | "values" => &[Family::Record],
            "abs" | "round" | "floor" | "ceiling" => &[Family::Number],
            "starts_with" | "ends_with" | "to_upper" | "to_lower" | "trim" | "split" => {
                &[Family::Text, Family::Date, Family::DateTime, Family::Duration]
            }
            "len" | "is_empty" | "contains" => &[Family::List, Family::Record, Family::Text],
            _ => &[],
        };
        let found = family(&first);
        if !takes.is_empty() && found != Family::Unsure && !takes.contains(&found) {
            return Err(wrong(
                offset,
                &format!("`{name}` does not take `{first}`"),
                &format!("`{name}` 不能用于 `{first}`"),
            ));
        }
        Ok(match name {
            "len" => INTEGER,
            "some" | "all" if !matches!(family(&second), Family::Boolean | Family::Unsure) => {
                return Err(wrong(offset, &format!("`{name}` needs a condition"), &format!("`{name}` 需要一个条件")));
            }
            "some" | "all" | "is_empty" | "contains" | "starts_with" | "ends_with" => Type::Boolean,
            "filter" => first,
            "map" => Type::List(Arc::new(second)),
            "abs" | "round" | "floor" | "ceiling" => first,
            "to_upper" | "to_lower" | "trim" | "join" | "to_text" => Type::String,
            "split" | "keys" => Type::List(Arc::new(Type::String)),
            _ => Type::Any,
        })
    }
}

fn wrong(offset: usize, en: &str, zh: &str) -> TypeFault {
    TypeFault::new(TypeFaultKind::WrongType, offset, en, zh)
}

fn comparable(offset: usize, operator: Operator, left: &Type, right: &Type) -> Result<(), TypeFault> {
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
fn word_of(kind: &Type, literal: &Node) -> Result<(), TypeFault> {
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

fn unknown_field(kind: &Type, name: &Arc<str>, offset: usize) -> TypeFault {
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

fn arithmetic(offset: usize, operator: Operator, left: Type, right: Type) -> Result<Type, TypeFault> {
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
