//! Conditions that are decided before anything runs: by literals, by declared ranges, by what contradicts itself.
//!
//! Careful: where anything is unsure there is no answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Expression;
use super::syntax::{Kind, Node, Operator};
use crate::language::types::Type;

/// What a conjunction says of one path so far.
#[derive(Clone, Debug, Default)]
struct Known {
    least: Option<i64>,
    most: Option<i64>,
    is: Option<Arc<str>>,
    is_not: Vec<Arc<str>>,
    flag: Option<bool>,
}

/// The type of a path.
type Types<'a> = &'a dyn Fn(&[Arc<str>]) -> Option<Type>;

impl Expression {
    /// `Some(true)` if it always holds, `Some(false)` if it never does.
    #[must_use]
    pub fn always(&self, types: Types<'_>) -> Option<bool> {
        truth(&self.compiled.root, types)
    }
}

fn truth(node: &Node, types: Types<'_>) -> Option<bool> {
    match &node.kind {
        Kind::Bool(flag) => Some(*flag),
        Kind::Not(of) => truth(of, types).map(|flag| !flag),
        Kind::Binary(Operator::And, left, right) => match (truth(left, types), truth(right, types)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ if contradicts(node, types) => Some(false),
            _ => None,
        },
        Kind::Binary(Operator::Or, left, right) => match (truth(left, types), truth(right, types)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Kind::Binary(operator, left, right) => compared(*operator, left, right, types),
        _ => None,
    }
}

/// A comparison of a whole number of a declared range, or of two literals.
fn compared(operator: Operator, left: &Node, right: &Node, types: Types<'_>) -> Option<bool> {
    let ((low, high), (least, most)) = (range(left, types)?, range(right, types)?);
    // Each side is at least and at most these; unknown ends never decide.
    let less = |a: Option<i64>, b: Option<i64>| matches!((a, b), (Some(a), Some(b)) if a < b);
    let less_equal = |a: Option<i64>, b: Option<i64>| matches!((a, b), (Some(a), Some(b)) if a <= b);
    match operator {
        Operator::Less if less(high, least) => Some(true),
        Operator::Less if less_equal(most, low) => Some(false),
        Operator::LessEqual if less_equal(high, least) => Some(true),
        Operator::LessEqual if less(most, low) => Some(false),
        Operator::Greater if less(most, low) => Some(true),
        Operator::Greater if less_equal(high, least) => Some(false),
        Operator::GreaterEqual if less_equal(most, low) => Some(true),
        Operator::GreaterEqual if less(high, least) => Some(false),
        Operator::Equal if less(high, least) || less(most, low) => Some(false),
        Operator::Differ if less(high, least) || less(most, low) => Some(true),
        _ => None,
    }
}

/// The smallest and the largest that a side can be.
fn range(node: &Node, types: Types<'_>) -> Option<(Option<i64>, Option<i64>)> {
    match &node.kind {
        Kind::Int(number) => Some((Some(*number), Some(*number))),
        Kind::Name(_) | Kind::Field(..) => match types(&node.path()?)? {
            Type::Integer { min, max } => Some((min, max)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the parts of a conjunction exclude each other: `a > 5 && a < 3`, `b == "x" && b == "y"`.
fn contradicts(node: &Node, types: Types<'_>) -> bool {
    let mut parts = Vec::new();
    conjuncts(node, &mut parts);
    let mut known: BTreeMap<Vec<Arc<str>>, Known> = BTreeMap::new();
    for part in parts {
        let (part, wanted) = match &part.kind {
            Kind::Not(of) => (&**of, false),
            _ => (part, true),
        };
        if let Some(path) = part.path() {
            let flag = known.entry(path).or_default().flag.get_or_insert(wanted);
            if *flag != wanted {
                return true;
            }
        } else if let (true, Kind::Binary(operator, left, right)) = (wanted, &part.kind)
            && let Some(path) = left.path()
            && said(known.entry(path.clone()).or_default(), *operator, right, types(&path)).is_err()
        {
            return true;
        }
    }
    false
}

fn conjuncts<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match &node.kind {
        Kind::Binary(Operator::And, left, right) => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(node),
    }
}

/// A comparison that cannot hold beside those before it.
struct Excluded;

/// Notes what a comparison of a path with a literal says of it.
fn said(known: &mut Known, operator: Operator, right: &Node, kind: Option<Type>) -> Result<(), Excluded> {
    match (&right.kind, operator) {
        (Kind::Text(text), Operator::Equal) => {
            if known.is.as_ref().is_some_and(|is| is != text) || known.is_not.contains(text) {
                return Err(Excluded);
            }
            known.is = Some(text.clone());
        }
        (Kind::Text(text), Operator::Differ) => {
            known.is_not.push(text.clone());
            let words = match &kind {
                Some(Type::OneOf(words)) => words.as_slice(),
                _ => &[],
            };
            let none_left = !words.is_empty() && words.iter().all(|word| known.is_not.contains(word));
            if known.is.as_ref() == Some(text) || none_left {
                return Err(Excluded);
            }
        }
        (Kind::Int(number), _) => {
            // Between 3 and 4 there are decimals: bounds of those are taken as they are, without a step.
            let whole = i64::from(matches!(kind, Some(Type::Integer { .. })));
            let (least, most) = match operator {
                Operator::Equal => (Some(*number), Some(*number)),
                Operator::Greater => (number.checked_add(whole), None),
                Operator::GreaterEqual => (Some(*number), None),
                Operator::Less => (None, number.checked_sub(whole)),
                Operator::LessEqual => (None, Some(*number)),
                _ => (None, None),
            };
            known.least = known.least.max(least);
            known.most = match (known.most, most) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if matches!((known.least, known.most), (Some(least), Some(most)) if least > most) {
                return Err(Excluded);
            }
        }
        _ => {}
    }
    Ok(())
}
