//! The one script engine: what scripts and expressions may do, and how far.
//!
//! Nothing here reads a clock, draws a number, prints, sleeps or evaluates text. The engine's optimizer is off
//! and every run is guarded against panics, since a script alone can make the engine panic.
//! Invariant: what leaves here is our own codes and values, never the engine's text.

mod convert;
mod functions;
mod operators;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use rhai::packages::{
    BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage, BasicStringPackage,
    LanguageCorePackage, MoreStringPackage, Package,
};
use rhai::{
    AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FuncArgs, OptimizationLevel, ParseError, Position, Scope,
};

use crate::rules::expression::{self, EvaluationError, Reader};
use crate::value::Value;

pub(crate) use convert::{from_dynamic, to_dynamic};

/// Operations of one evaluation.
pub const OPERATIONS_MAX: u64 = 500_000;
/// How deep functions may call each other.
pub const CALLS_MAX: usize = 16;
/// Bytes of a text.
pub const TEXT_MAX: usize = 256 * 1024;
/// Items of a list; growing one costs the square of its length.
pub const LIST_MAX: usize = 10_000;
/// Entries of a record.
pub const RECORD_MAX: usize = 10_000;
/// How deep the text of an expression may nest: three of the engine's levels for each of our own parser's.
const EXPRESSION_NESTING_MAX: usize = 3 * expression::DEPTH_MAX + 8;
/// How deep an expression of a script may nest; with [`CALLS_MAX`] it bounds the stack.
pub const SCRIPT_NESTING_MAX: usize = 24;
/// Variables of a script.
pub const VARIABLES_MAX: usize = 256;
/// Functions of a script.
pub const FUNCTIONS_MAX: usize = 128;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| engine(EXPRESSION_NESTING_MAX));
/// The same engine, but for how deep a text may nest, which is judged while compiling.
static SCRIPT_COMPILER: LazyLock<Engine> = LazyLock::new(|| engine(SCRIPT_NESTING_MAX));

fn engine(nesting_max: usize) -> Engine {
    let mut engine = Engine::new_raw();
    LanguageCorePackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_fast_operators(false);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_strict_variables(true);
    engine.set_max_operations(OPERATIONS_MAX);
    engine.set_max_call_levels(CALLS_MAX);
    engine.set_max_string_size(TEXT_MAX);
    engine.set_max_array_size(LIST_MAX);
    engine.set_max_map_size(RECORD_MAX);
    engine.set_max_expr_depths(nesting_max, nesting_max);
    engine.set_max_variables(VARIABLES_MAX);
    engine.set_max_functions(FUNCTIONS_MAX);
    engine.set_max_strings_interned(0);
    for word in ["eval", "print", "debug", "import", "export"] {
        engine.disable_symbol(word);
    }
    // Disabling the symbol does not stop it: a function of the same name does.
    engine.register_fn("sleep", |_: i64| -> Result<(), Box<EvalAltResult>> { Err(fault("other", "sleep")) });
    engine.register_fn("sleep", |_: rust_decimal::Decimal| -> Result<(), Box<EvalAltResult>> {
        Err(fault("other", "sleep"))
    });
    operators::register(&mut engine);
    functions::register(&mut engine);
    engine
}

/// Compiles the text of a script.
pub(crate) fn compile_script(text: &str) -> Result<AST, ParseError> {
    SCRIPT_COMPILER.compile(text)
}

/// Compiles the text that an expression was turned into.
pub(crate) fn compile(text: &str) -> Result<AST, ParseError> {
    ENGINE.compile(text)
}

/// Calls a function of a compiled text.
pub(crate) fn call(
    ast: &AST,
    name: &str,
    reader: Arc<Reader>,
    arguments: impl FuncArgs,
) -> Result<Value, EvaluationError> {
    let run = || {
        let options = CallFnOptions::new().eval_ast(false).with_tag(reader);
        ENGINE.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, name, arguments)
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => from_dynamic(&result),
        Ok(Err(error)) => Err(explain(*error)),
        Err(_) => Err(EvaluationError::new("other", "panic")),
    }
}

/// Our own failure, on its way through the engine.
#[derive(Clone, Debug)]
struct Fault(EvaluationError);

fn fault(code: &'static str, detail: impl Into<Value>) -> Box<EvalAltResult> {
    raise(EvaluationError::new(code, detail))
}

fn raise(error: EvaluationError) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Fault(error)), Position::NONE).into()
}

/// Turns the engine's error into our code.
fn explain(error: EvalAltResult) -> EvaluationError {
    use EvalAltResult as E;
    match error {
        E::ErrorInFunctionCall(_, _, inner, _) | E::ErrorInModule(_, inner, _) => explain(*inner),
        E::ErrorRuntime(thrown, _) => match thrown.clone().try_cast::<Fault>() {
            Some(Fault(error)) => error,
            None => EvaluationError { code: "other", detail: from_dynamic(&thrown).unwrap_or_default() },
        },
        E::ErrorTooManyOperations(_)
        | E::ErrorTooManyVariables(_)
        | E::ErrorTooManyModules(_)
        | E::ErrorStackOverflow(_)
        | E::ErrorDataTooLarge(..)
        | E::ErrorTerminated(..) => EvaluationError::new("limit", Value::Null),
        E::ErrorPropertyNotFound(name, _) => EvaluationError::new("missing_field", name),
        E::ErrorIndexNotFound(index, _) => {
            EvaluationError { code: "missing_field", detail: from_dynamic(&index).unwrap_or_default() }
        }
        E::ErrorArrayBounds(_, index, _) | E::ErrorStringBounds(_, index, _) => {
            EvaluationError::new("missing_field", index)
        }
        E::ErrorArithmetic(..) => EvaluationError::new("overflow", Value::Null),
        // The engine's text names the function and the types; only the function's name is ours to keep.
        E::ErrorFunctionNotFound(signature, _) => {
            let name: String = signature.chars().take_while(|c| !c.is_whitespace() && *c != '(').collect();
            EvaluationError::new("type", name)
        }
        E::ErrorMismatchDataType(..)
        | E::ErrorMismatchOutputType(..)
        | E::ErrorIndexingType(..)
        | E::ErrorFor(_)
        | E::ErrorDotExpr(..) => EvaluationError::new("type", Value::Null),
        _ => EvaluationError::new("other", Value::Null),
    }
}
