//! Expressions of the language: what stands behind `=` and inside `${…}`.
//!
//! Our own parser reads them, so that every fault has its place and its words in both languages and the
//! checker knows what is read; the script engine computes them, by the operators of [`super::sandbox`], so
//! that an expression means the same in a script. A pure path is read by our own code.

mod emit;
mod infer;
mod lex;
mod parse;
mod read;
mod syntax;
mod truth;

use std::sync::Arc;

pub use infer::{TypeFault, TypeFaultKind};
pub use parse::{DEPTH_MAX, LENGTH_MAX};
pub(crate) use read::Reader;
pub(crate) use syntax::{ascii_of, nearest};

use crate::rules::sandbox;
use crate::value::Value;
use syntax::Node;

/// What an expression may read. Implemented by the engine's state and by the checker's tests.
pub trait Names {
    /// A variable: `input`, a data field, `key`, `steps`, `item`, `message`, `form`, `output`, `now`…; `None` if it does not exist here.
    fn lookup(&self, name: &str) -> Option<Value>;
    /// How often the step was entered.
    fn visits(&self, step: &str) -> i64;
    /// Whether the milestone was reached.
    fn reached(&self, milestone: &str) -> bool;
    /// Whether a step inside `step` was completed with `outcome` since `step` was last entered.
    fn any_outcome(&self, step: &str, outcome: &str) -> bool;
}

/// A parsed expression. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Expression {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    source: Arc<str>,
    root: Node,
    /// Set if the expression is nothing but a path.
    path: Option<Vec<Arc<str>>>,
    program: Option<Program>,
    references: Vec<Reference>,
    functions: Vec<FunctionUse>,
    /// Which of `functions` ask the instance.
    questions: Vec<usize>,
}

#[derive(Debug)]
struct Program {
    ast: rhai::AST,
    paths: Arc<[Vec<Arc<str>>]>,
}

/// A variable that an expression reads, with the fields of it that stand in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub path: Vec<Arc<str>>,
    pub offset: usize,
}

/// A function that an expression calls, with those of its arguments that are literal texts and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUse {
    pub name: Arc<str>,
    pub texts: Vec<(Arc<str>, usize)>,
    pub offset: usize,
}

/// Why a text is no expression, and where in it (in characters, from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    pub offset: usize,
    pub en: String,
    pub zh: String,
}

impl ExpressionError {
    pub(crate) fn new(offset: usize, en: impl Into<String>, zh: impl Into<String>) -> Self {
        ExpressionError { offset, en: en.into(), zh: zh.into() }
    }
}

/// Why an expression has no value. Our own words, stable for ever: they are recorded.
///
/// `unset_comparison`, `unlike_types`, `missing_field`, `overflow`, `division_by_zero`, `limit`, `type`, `other`;
/// tables add `no_row`, `several_rows` and `unlike_rows`. The detail is the path that is missing, the rows at fault,
/// what a script threw, or else the text of the expression or the name of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    pub code: &'static str,
    pub detail: Value,
}

impl EvaluationError {
    pub(crate) fn new(code: &'static str, detail: impl Into<Value>) -> Self {
        EvaluationError { code, detail: detail.into() }
    }

    /// Says where it happened, unless it says more already.
    pub(crate) fn within(self, place: &str) -> Self {
        if self.detail.is_null() { EvaluationError { detail: place.into(), ..self } } else { self }
    }
}

impl Expression {
    /// Reads an expression, without the `=` that begins it in the YAML.
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        let parsed = parse::parse(source)?;
        let path = parsed.root.path();
        let program = match path {
            Some(_) => None,
            None => {
                let emitted = emit::emit(&parsed.root);
                let ast = sandbox::compile(&emitted.text).map_err(|_| {
                    ExpressionError::new(
                        parsed.root.offset,
                        "the expression is too large or nests too deep; split it with `set`, or use a script",
                        "表达式过大或嵌套过深；请用 `set` 拆开，或用脚本",
                    )
                })?;
                Some(Program { ast, paths: emitted.paths.into() })
            }
        };
        let mut references = Vec::new();
        collect(&parsed.root, &mut references);
        let compiled = Compiled {
            source: source.into(),
            root: parsed.root,
            path,
            program,
            references,
            functions: parsed.functions,
            questions: parsed.questions,
        };
        Ok(Expression { compiled: Arc::new(compiled) })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.compiled.source
    }

    /// The path, if it is nothing but one (`input.order`): our own code reads it, and no fact is recorded.
    #[must_use]
    pub fn as_path(&self) -> Option<&[Arc<str>]> {
        self.compiled.path.as_deref()
    }

    /// The variables that it reads, in the order of the text; parameters of its own functions are not among them.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.compiled.references
    }

    /// Every variable and field that it names, in closures too, and where the name stands.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<(Arc<str>, usize)> {
        fn walk(node: &Node, names: &mut Vec<(Arc<str>, usize)>) {
            match &node.kind {
                syntax::Kind::Name(name) => names.push((name.clone(), node.offset)),
                syntax::Kind::Field(_, name, offset) => names.push((name.clone(), *offset)),
                _ => {}
            }
            node.children().into_iter().for_each(|child| walk(child, names));
        }
        let mut names = Vec::new();
        walk(&self.compiled.root, &mut names);
        names
    }

    /// The functions that it calls, in the order of the text.
    #[must_use]
    pub fn functions(&self) -> &[FunctionUse] {
        &self.compiled.functions
    }

    /// What it gives, or why it gives nothing. A path whose last part is unset gives [`Value::Null`].
    pub fn evaluate(&self, names: &dyn Names) -> Result<Value, EvaluationError> {
        let compiled = &*self.compiled;
        let Some(program) = &compiled.program else {
            let path = compiled.path.as_deref().unwrap_or_default();
            let root = path.first().and_then(|name| names.lookup(name));
            return read::strict(root.as_ref(), path);
        };
        let answers = compiled.questions.iter().map(|place| answer(&compiled.functions[*place], names)).collect();
        let reader = Reader::new(program.paths.clone(), answers, names);
        sandbox::call(&program.ast, emit::ENTRY, reader, ()).map_err(|error| error.within(&compiled.source))
    }
}

/// Two expressions are equal if their texts are.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.compiled.source == other.compiled.source
    }
}

impl Eq for Expression {}

fn answer(question: &FunctionUse, names: &dyn Names) -> Value {
    let text = |place: usize| question.texts.get(place).map_or("", |(text, _)| text.as_ref());
    match question.name.as_ref() {
        "visits" => names.visits(text(0)).into(),
        "visited" => (names.visits(text(0)) > 0).into(),
        "reached" => names.reached(text(0)).into(),
        "any_no" => names.any_outcome(text(0), "no").into(),
        _ => names.any_outcome(text(0), text(1)).into(),
    }
}

fn collect(node: &Node, references: &mut Vec<Reference>) {
    if let Some(path) = node.path() {
        references.push(Reference { path, offset: node.offset });
        return;
    }
    for child in node.children() {
        collect(child, references);
    }
}

#[cfg(test)]
mod tests;
