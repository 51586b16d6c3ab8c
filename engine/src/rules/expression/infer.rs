//! What type an expression gives, as far as it can be known before it runs.
//!
//! Careful: where anything is unsure the answer is [`Type::Any`], which fits everything.

mod kinds;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::syntax::{Kind, Node, Operator};
use super::{Compiled, Expression};
use crate::language::types::Type;
use kinds::{Family, INTEGER, arithmetic, comparable, element, family, plain, unknown_field, word_of, wrong};

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
        Inference { types, compiled: &self.compiled, locals: BTreeMap::new(), source }.node(&self.compiled.root)
    }
}

struct Inference<'a> {
    types: &'a dyn Fn(&str) -> Option<Type>,
    compiled: &'a Compiled,
    locals: BTreeMap<usize, Type>,
    source: Vec<char>,
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
            Kind::Question(number) => {
                let place = self.compiled.questions.get(*number);
                match place.and_then(|place| self.compiled.functions.get(*place)).map(|asked| asked.name.as_ref()) {
                    Some("visits") => INTEGER,
                    Some("next") => Type::String,
                    _ => Type::Boolean,
                }
            }
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
                let (left, given) = (plain(self.node(left)?), self.node(right)?);
                let alternative = &right.kind;
                let right = match alternative {
                    // `a ?? ()` is what `a` is, or nothing.
                    Kind::Unset => return Ok(Type::Optional(Arc::new(left))),
                    _ => given,
                };
                // An empty list behind `??` says nothing of its items: they are those of the other.
                let empty = matches!(alternative, Kind::List(items) if items.is_empty());
                Ok(match (family(&left), family(&right)) {
                    _ if left == plain(right.clone()) => right,
                    (Family::List, Family::List) if empty => left,
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
            "first" | "last" => element(&first),
            "min" | "max" if kinds.len() == 1 => element(&first),
            "min" | "max" if first == second => first,
            "min" | "max" if family(&first) == Family::Number && family(&second) == Family::Number => Type::Decimal,
            "sum" => match element(&first) {
                kind @ (Type::Decimal | Type::Money(_)) => kind,
                Type::Integer { .. } => INTEGER,
                _ => Type::Any,
            },
            "split" | "keys" => Type::List(Arc::new(Type::String)),
            _ => Type::Any,
        })
    }
}
