//! Shared rhai functions of `scripts/`: pure, bounded, called by `script` steps.
//!
//! A script is a file with a function `run(input)` and whatever functions help it. It has no statements of its
//! own: nothing happens before `run` is called, and nothing outlives the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{AST, Dynamic};

use crate::rules::expression::{EvaluationError, Reader};
use crate::rules::sandbox;
use crate::value::Value;

/// How large a script may be, in bytes.
pub const SCRIPT_MAX: usize = 64 * 1024;

const ENTRY: &str = "run";

/// A compiled script. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Script {
    name: Arc<str>,
    ast: Arc<AST>,
}

/// A text is no script, and where; line and column begin at 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    pub line: u32,
    pub column: u32,
    pub en: String,
    pub zh: String,
}

impl Script {
    /// Compiles a file and checks its shape.
    pub fn compile(name: &str, source: &str) -> Result<Self, ScriptError> {
        let top = |en: String, zh: String| ScriptError { line: 1, column: 1, en, zh };
        if source.len() > SCRIPT_MAX {
            return Err(top(format!("a script has at most {SCRIPT_MAX} bytes"), format!("脚本最多 {SCRIPT_MAX} 字节")));
        }
        let ast = sandbox::compile_script(source).map_err(|error| {
            let place = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
            ScriptError {
                line: place(error.position().line()),
                column: place(error.position().position()),
                en: format!("this is no script: {}", error.err_type()),
                zh: format!("脚本有语法错误（引擎原文：{}）", error.err_type()),
            }
        })?;
        if !has_entry(&ast) {
            return Err(top(
                "a script has a function `fn run(input) { … }`".to_owned(),
                "脚本必须有函数 `fn run(input) { … }`".to_owned(),
            ));
        }
        if let Some((line, column)) = statement(source) {
            return Err(ScriptError {
                line,
                column,
                en: "a script consists of functions only; move this statement into `run`".to_owned(),
                zh: "脚本只能由函数组成；请把此语句移到 `run` 中".to_owned(),
            });
        }
        Ok(Script { name: name.into(), ast: Arc::new(ast) })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls `run` with a record of `with`.
    pub fn run(&self, with: &BTreeMap<Arc<str>, Value>) -> Result<Value, EvaluationError> {
        let entries = with.iter().map(|(name, value)| (name.as_ref().into(), sandbox::to_dynamic(value)));
        let input = Dynamic::from_map(entries.collect());
        sandbox::call(&self.ast, ENTRY, Reader::empty(), (input,)).map_err(|error| error.within(&self.name))
    }
}

fn has_entry(ast: &AST) -> bool {
    ast.iter_functions().any(|function| function.name == ENTRY && function.params.len() == 1)
}

/// Where a statement stands outside all functions. The engine would leave it out without a word.
fn statement(source: &str) -> Option<(u32, u32)> {
    let (mut line, mut column, mut depth) = (1, 0, 0_usize);
    // What stands before the next block, and where it begins.
    let (mut head, mut start) = (String::new(), (1, 1));
    let mut chars = source.chars().peekable();
    let mut closing: Option<char> = None;
    let mut comments = 0_usize;
    while let Some(c) = chars.next() {
        (line, column) = if c == '\n' { (line + 1, 0) } else { (line, column + 1) };
        match (c, chars.peek(), closing) {
            ('\\', Some(_), Some('"' | '\'')) => {
                chars.next();
                column += 1;
            }
            (_, _, Some(end)) if c == end => closing = None,
            (_, _, Some(_)) => {}
            ('*', Some('/'), None) if comments > 0 => {
                comments -= 1;
                chars.next();
                column += 1;
            }
            ('/', Some('*'), None) => {
                comments += 1;
                chars.next();
                column += 1;
            }
            _ if comments > 0 => {}
            ('/', Some('/'), None) => closing = Some('\n'),
            ('"' | '`' | '\'', _, None) => {
                closing = Some(c);
                if depth == 0 {
                    head.push(c);
                }
            }
            ('{', _, None) => {
                if depth == 0 && !is_function(&head) {
                    return Some(start);
                }
                depth += 1;
            }
            ('}', _, None) => {
                depth = depth.saturating_sub(1);
                head.clear();
            }
            _ if depth > 0 || (head.is_empty() && (c.is_whitespace() || c == ';')) => {}
            _ => {
                if head.is_empty() {
                    start = (line, column);
                }
                head.push(c);
            }
        }
    }
    (!head.is_empty()).then_some(start)
}

fn is_function(head: &str) -> bool {
    let head = head.strip_prefix("private").map_or(head, str::trim_start);
    head.starts_with("fn ") && head.trim_end().ends_with(')') && !head.contains(';')
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    fn run(source: &str, input: Value) -> Result<Value, EvaluationError> {
        let script = Script::compile("t", source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        script.run(&BTreeMap::from([("x".into(), input)]))
    }

    fn code(source: &str) -> &'static str {
        run(source, Value::Int(1)).expect_err(source).code
    }

    #[test]
    fn a_script_computes_by_the_operators_of_expressions() {
        assert_eq!(run("fn run(input) { input.x / 2 }", 7.into()), Ok(Decimal::new(35, 1).into()));
        assert_eq!(run("fn run(input) { let a = 7; a /= 2; a }", 1.into()), Ok(Decimal::new(35, 1).into()));
        assert_eq!(run("fn run(input) { let a = 1; a += 2; a *= 3; a -= 1; a }", 1.into()), Ok(8.into()));
        assert_eq!(run("fn run(input) { input.x == () }", Value::Null), Ok(true.into()));
        assert_eq!(code("fn run(input) { \"a\" + 1 }"), "unlike_types");
        assert_eq!(code("fn run(input) { let a = \"a\"; a += 1; a }"), "unlike_types");
        assert_eq!(code("fn run(input) { input.x == \"1\" }"), "unlike_types");
        assert_eq!(code("fn run(input) { input.x < () }"), "unset_comparison");
        assert_eq!(code("fn run(input) { input.absent }"), "missing_field");
        assert_eq!(code("fn run(input) { input.x / 0 }"), "division_by_zero");
        assert_eq!(code("fn run(input) { 9223372036854775807 + input.x }"), "overflow");
    }

    #[test]
    fn a_script_has_helpers_loops_and_records() {
        let source = "
            fn share(list) { let failed = list.filter(|one| one.outcome == \"not_effective\"); failed.len() / list.len() }
            fn run(input) { #{ share: share(input.x), names: input.x.map(|one| one.outcome) } }";
        let check = |outcome: &str| Value::record([("outcome", Value::text(outcome))]);
        let result = run(source, Value::list(vec![check("effective"), check("not_effective")])).expect("record");
        assert_eq!(result.get("share"), Some(&Decimal::new(5, 1).into()));
        let sum = "fn run(input) { let sum = 0; for n in 0..10 { sum += n; } sum }";
        assert_eq!(run(sum, Value::Null), Ok(45.into()));
    }

    #[test]
    fn nothing_escapes_the_sandbox() {
        assert_eq!(code("fn run(input) { loop {} }"), "limit");
        assert_eq!(code("fn run(input) { run(input) }"), "limit");
        assert_eq!(code("fn run(input) { let s = \"aaaaaaaa\"; loop { s += s; } }"), "limit");
        assert_eq!(code("fn run(input) { let a = []; loop { a.push(1); } }"), "limit");
        assert_eq!(code("fn run(input) { sleep(1) }"), "other");
        assert_eq!(code("fn run(input) { timestamp() }"), "type");
        for source in
            ["fn run(input) { eval(\"1\") }", "fn run(input) { print(1) }", "fn run(input) { import \"a\" as b; }"]
        {
            assert!(Script::compile("t", source).is_err(), "{source}");
        }
        // With the optimizer on these two made the engine panic.
        assert_eq!(code("fn run(input) { const X = #{a: 1}; X.a = 2; X.a }"), "other");
        assert_eq!(code("fn run(input) { throw \"REFUSED\" }"), "other");
        let thrown = run("fn run(input) { throw \"REFUSED\" }", Value::Null).expect_err("thrown");
        assert_eq!(thrown.detail, "REFUSED".into());
    }

    #[test]
    fn the_deepest_script_fits_the_stack() {
        for (open, close) in
            [("[", "]"), ("(1 + ", ")"), ("#{a: ", "}"), ("abs(", ")"), ("if true { ", " } else { 1 }"), ("-", "")]
        {
            let nest = |depth: usize| {
                let inner = format!("{}f(n + 1){}", open.repeat(depth), close.repeat(depth));
                Script::compile("t", &format!("fn f(n) {{ {inner} }} fn run(input) {{ f(1) }}"))
            };
            let deepest = (1..80).rev().find_map(|depth| nest(depth).ok()).expect("some depth compiles");
            assert_eq!(deepest.run(&BTreeMap::new()).expect_err("it calls itself").code, "limit", "{open}");
        }
    }

    #[test]
    fn no_text_exhausts_the_stack_of_the_compiler() {
        for piece in [
            "{",
            "if true {",
            "(",
            "[",
            "#{a:",
            "!",
            "-",
            "a.",
            "a[",
            "f(",
            "|x|",
            "x = ",
            "fn a() {",
            "switch 1 { 1 => ",
            "1 +",
            "`${",
            "/*",
            "while a {",
        ] {
            let _ = Script::compile("t", &format!("fn run(input) {{ {} }}", piece.repeat(3_000)));
            let _ = Script::compile("t", &piece.repeat(3_000));
        }
        // A chain does not nest in the text, but in the tree.
        for (piece, last) in [("1 + ", "1"), ("a.b.", "c"), ("a ?? ", "1"), ("true && ", "true"), ("1; ", "1")] {
            if let Ok(script) =
                Script::compile("t", &format!("fn run(input) {{ let a = 1; {}{last} }}", piece.repeat(3_000)))
            {
                let _ = script.run(&BTreeMap::new());
            }
        }
    }

    #[test]
    fn what_no_record_can_hold_does_not_come_out() {
        assert_eq!(code("fn run(input) { |x| x }"), "type");
        assert_eq!(code("fn run(input) { \"\\x00\" }"), "type");
        assert_eq!(code("fn run(input) { let m = #{}; m[\"$decimal\"] = \"1\"; m }"), "type");
        assert_eq!(code("fn run(input) { let a = []; for n in 0..60 { a = [a]; } a }"), "limit");
    }

    #[test]
    fn a_script_is_functions_with_run_among_them() {
        for (source, line, part) in [
            ("fn walk(input) { 1 }", 1, "fn run(input)"),
            ("fn run(a, b) { 1 }", 1, "fn run(input)"),
            ("let a = 1; fn run(input) { 1 }", 1, "functions only"),
            ("fn run(input) { 1 }\n\n  run(1);", 3, "functions only"),
            ("fn run(input) { 1 }\nif true { 1 }", 2, "functions only"),
            ("/* { */ fn run(input) { \"}\" } // {\n let b = 2;", 2, "functions only"),
            ("fn run(input) {\n  1 +\n}", 3, "no script"),
        ] {
            let error = Script::compile("t", source).expect_err(source);
            assert_eq!(error.line, line, "{source}: {error:?}");
            assert!(error.en.contains(part) && !error.zh.is_ascii(), "{source}: {error:?}");
        }
    }

    #[test]
    fn comments_and_texts_are_no_statements() {
        let source = "// a {\n/* b /* c */ } */\nprivate fn help(a) { \"\\\"}\" }\n\nfn run(input) { help(1) } // end";
        assert_eq!(run(source, Value::Null), Ok("\"}".into()));
    }

    #[test]
    fn a_sealed_value_passes_through_and_nothing_else() {
        let sealed = Value::Sealed(Arc::new(crate::value::Sealed { subject: "p1".into(), ciphertext: "c".into() }));
        assert_eq!(run("fn run(input) { [input.x] }", sealed.clone()), Ok(Value::list(vec![sealed.clone()])));
        assert!(run("fn run(input) { input.x == \"c\" }", sealed.clone()).is_err());
        assert!(run("fn run(input) { input.x + \"c\" }", sealed).is_err());
    }

    #[test]
    fn scripts_can_be_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Script>();
        shared::<crate::rules::expression::Expression>();
        shared::<crate::rules::table::Table>();
    }
}
