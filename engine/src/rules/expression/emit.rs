//! From the tree to the script engine's text.
//!
//! Paths become calls of `read` (or `seek`, where an absent value is what is asked about), so that reserved
//! words and Chinese names need no spelling of the engine's, and only what is read is converted. Everything
//! is in parentheses: the engine's precedence does not matter.

use std::fmt::Write;
use std::sync::Arc;

use super::syntax::{Kind, Node, Operator};

/// The engine's text, and the paths that it reads by number.
pub(crate) struct Emitted {
    pub(crate) text: String,
    pub(crate) paths: Vec<Vec<Arc<str>>>,
}

/// The function that the emitted text defines.
pub(crate) const ENTRY: &str = "entry";

pub(crate) fn emit(root: &Node) -> Emitted {
    let mut emitter = Emitted { text: format!("fn {ENTRY}() {{ "), paths: vec![] };
    emitter.node(root);
    emitter.text.push_str(" }");
    emitter
}

impl Emitted {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn call(&mut self, name: &str, arguments: &[&Node]) {
        self.push(name);
        self.push("(");
        for (place, argument) in arguments.iter().enumerate() {
            self.push(if place == 0 { "" } else { ", " });
            self.node(argument);
        }
        self.push(")");
    }

    fn number(&mut self, path: Vec<Arc<str>>) -> usize {
        self.paths.iter().position(|known| *known == path).unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        })
    }

    /// A node whose absence is no error: what stands before `??`, or beside `()`.
    fn lenient(&mut self, node: &Node) {
        if let Some(path) = node.path() {
            let number = self.number(path);
            // Writing to a String cannot fail.
            let _ = write!(self.text, "seek({number})");
        } else if let Kind::Field(of, name, _) = &node.kind {
            self.push("field_or_unset(");
            self.lenient(of);
            self.push(", ");
            self.literal(name);
            self.push(")");
        } else {
            self.node(node);
        }
    }

    /// A node that must be boolean; what is so by its form is not asked again.
    fn condition(&mut self, node: &Node) {
        let boolean = match &node.kind {
            Kind::Bool(_) | Kind::Not(_) => true,
            Kind::Binary(operator, ..) => operator.precedence() < Operator::Coalesce.precedence(),
            _ => false,
        };
        if boolean {
            self.node(node);
        } else {
            self.call("condition", &[node]);
        }
    }

    fn literal(&mut self, text: &str) {
        self.push("\"");
        for c in text.chars() {
            match c {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\t' => self.push("\\t"),
                '\r' => self.push("\\r"),
                c => self.text.push(c),
            }
        }
        self.push("\"");
    }

    fn node(&mut self, node: &Node) {
        if let Some(path) = node.path() {
            let number = self.number(path);
            let _ = write!(self.text, "read({number})");
            return;
        }
        match &node.kind {
            Kind::Unset => self.push("()"),
            Kind::Bool(flag) => self.push(if *flag { "true" } else { "false" }),
            Kind::Int(number) => {
                let _ = write!(self.text, "({number})");
            }
            Kind::Decimal(number) => {
                let _ = write!(self.text, "({number})");
            }
            Kind::Text(text) => self.literal(text),
            Kind::List(items) => {
                self.push("[");
                for item in items {
                    self.node(item);
                    self.push(", ");
                }
                self.push("]");
            }
            Kind::Record(entries) => {
                self.push("#{");
                for (name, value) in entries {
                    self.literal(name);
                    self.push(": ");
                    self.node(value);
                    self.push(", ");
                }
                self.push("}");
            }
            Kind::Name(_) => {}
            Kind::Local(number) => {
                let _ = write!(self.text, "local_{number}");
            }
            Kind::Question(number) => {
                let _ = write!(self.text, "ask({number})");
            }
            Kind::Field(of, name, _) => {
                self.push("field(");
                self.node(of);
                self.push(", ");
                self.literal(name);
                self.push(")");
            }
            Kind::Index(of, index) => self.call("element", &[of, index]),
            Kind::Not(of) => self.call("not", &[of]),
            Kind::Negate(of) => self.call("negate", &[of]),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right),
            Kind::If(test, yes, no) => {
                self.push("(if ");
                self.condition(test);
                self.push(" { ");
                self.node(yes);
                self.push(" } else { ");
                self.node(no);
                self.push(" })");
            }
            Kind::Call(name, arguments) => self.call(name, &arguments.iter().collect::<Vec<_>>()),
            Kind::Closure(parameters, body) => {
                let names: Vec<String> = parameters.iter().map(|number| format!("local_{number}")).collect();
                let _ = write!(self.text, "|{}| ", names.join(", "));
                self.push("{ ");
                self.node(body);
                self.push(" }");
            }
        }
    }

    fn binary(&mut self, operator: Operator, left: &Node, right: &Node) {
        let unset = |node: &Node| matches!(node.kind, Kind::Unset);
        match operator {
            Operator::Equal | Operator::Differ if unset(left) || unset(right) => {
                self.push(if operator == Operator::Equal { "is_unset(" } else { "is_set(" });
                self.lenient(if unset(left) { right } else { left });
                self.push(")");
            }
            Operator::Equal => self.call("equal", &[left, right]),
            Operator::Differ => self.call("differ", &[left, right]),
            Operator::In => self.call("contains", &[right, left]),
            Operator::NotIn => {
                self.push("not(");
                self.call("contains", &[right, left]);
                self.push(")");
            }
            Operator::And | Operator::Or => {
                self.push("(");
                self.condition(left);
                self.push(" ");
                self.push(operator.symbol());
                self.push(" ");
                self.condition(right);
                self.push(")");
            }
            Operator::Coalesce => {
                self.push("(");
                self.lenient(left);
                self.push(" ?? ");
                self.node(right);
                self.push(")");
            }
            _ => {
                self.push("(");
                self.node(left);
                self.push(" ");
                self.push(operator.symbol());
                self.push(" ");
                self.node(right);
                self.push(")");
            }
        }
    }
}
