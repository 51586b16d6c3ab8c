//! What expressions mean.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::*;
use crate::language::types::Type;

struct Sample(BTreeMap<&'static str, Value>);

impl Names for Sample {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
    fn visits(&self, step: &str) -> i64 {
        i64::from(step == "investigate")
    }
    fn reached(&self, milestone: &str) -> bool {
        milestone == "decided"
    }
    fn any_outcome(&self, step: &str, outcome: &str) -> bool {
        step == "reviews" && outcome == "no"
    }
}

fn sample() -> Sample {
    let consignee = |market: &str, lots: i64| Value::record([("market", market.into()), ("lots", Value::Int(lots))]);
    Sample(BTreeMap::from([
        (
            "input",
            Value::record([
                ("order", Value::Int(7)),
                ("kind", "quotation".into()),
                ("change", Value::Null),
                ("price", Value::Decimal(Decimal::new(1050, 2))),
                ("until", "2026-03-01".into()),
                ("case", Value::Int(1)),
                ("批次", "L-7".into()),
            ]),
        ),
        ("consignees", Value::list(vec![consignee("US", 3), consignee("CN", 4)])),
        ("severity", Value::Null),
        ("lots_seen", Value::Int(2)),
        ("worthy", Value::Bool(false)),
        ("message", Value::record([("text", Value::text("a"))])),
        ("largest", Value::Int(i64::MAX)),
    ]))
}

fn run(source: &str) -> Result<Value, &'static str> {
    let expression = Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    expression.evaluate(&sample()).map_err(|error| error.code)
}

#[track_caller]
fn check(source: &str, wanted: impl Into<Value>) {
    assert_eq!(run(source), Ok(wanted.into()), "{source}");
}

#[track_caller]
fn fails(source: &str, code: &'static str) {
    assert_eq!(run(source), Err(code), "{source}");
}

#[test]
fn the_expressions_of_the_examples_work() {
    check("consignees.some(|c| c.market == \"US\")", true);
    check("reached(\"decided\") && consignees.some(|c| c.market == \"EU\")", false);
    check("visits(\"investigate\") < 2", true);
    check("!visited(\"order\")", true);
    check("any_no(\"reviews\")", true);
    check("any_outcome(\"reviews\", \"ok\")", false);
    check("lots_seen + 1", 3);
    check("lots_seen >= 3", false);
    check("input.change != ()", false);
    check("!worthy", true);
    check("consignees.map(|l| l.lots)", Value::list(vec![Value::Int(3), Value::Int(4)]));
    check("consignees.len() > 0", true);
    check("consignees.map(|c| c.lots).sum()", 7);
    check("input.kind == \"quotation\" || input.order > 500_000", true);
}

#[test]
fn division_is_exact() {
    check("7 / 2", Decimal::new(35, 1));
    check("7 / 2 == 3.5", true);
    check("6 / 2", Decimal::from(3));
    check("0.1 + 0.2 == 0.3", true);
    check("7 % 4", 3);
    check("2 ** 3 ** 2", 512);
    check("1.5 ** 2", Decimal::new(225, 2));
    check("2 == 2.0", true);
    check("-input.order + 8", 1);
    fails("1 / 0", "division_by_zero");
    fails("1 % 0", "division_by_zero");
    fails("1.5 / 0.0", "division_by_zero");
}

#[test]
fn overflow_is_no_wrong_number() {
    fails("largest + 1", "overflow");
    fails("largest * largest", "overflow");
    fails("9999999999999999999999999.5 * 10_000", "overflow");
    fails("10 ** 40", "overflow");
}

#[test]
fn unlike_types_are_not_compared() {
    fails("input.order == \"7\"", "unlike_types");
    fails("\"a\" < 1", "unlike_types");
    fails("\"a\" + 1", "unlike_types");
    fails("true == 1", "unlike_types");
    fails("[1] == 1", "unlike_types");
    fails("true < false", "type");
    fails("input.order && true", "type");
    fails("if 1 { 2 } else { 3 }", "type");
    fails("5.len()", "type");
}

#[test]
fn an_unset_value_is_not_compared() {
    fails("severity >= 9", "unset_comparison");
    fails("severity == 9", "unset_comparison");
    fails("severity == input.change", "unset_comparison");
    fails("severity + 1", "unset_comparison");
    check("severity == ()", true);
    check("() != input.order", true);
    check("severity ?? 3", 3);
    check("(severity ?? 3) >= 3", true);
    check("severity", Value::Null);
}

#[test]
fn what_is_missing_fails_unless_asked_about() {
    fails("input.absent", "missing_field");
    fails("nobody.at_all", "missing_field");
    fails("input.absent + 1", "missing_field");
    fails("input.change.deeper", "missing_field");
    fails("consignees.map(|c| c.absent)", "missing_field");
    fails("consignees[2].market", "missing_field");
    check("input.absent ?? 1", 1);
    check("input.absent.deeper == ()", true);
    check("consignees.map(|c| c.absent ?? 0)", Value::list(vec![Value::Int(0), Value::Int(0)]));
    check("consignees[1].market", "CN");
    // What is not reached is not read.
    check("worthy && input.absent", false);
}

#[test]
fn a_failure_says_where() {
    let detail = |source: &str| Expression::parse(source).expect(source).evaluate(&sample()).expect_err(source).detail;
    assert_eq!(detail("input.absent + 1"), "input.absent".into());
    assert_eq!(detail("severity >= 9"), "severity >= 9".into());
}

#[test]
fn reserved_and_chinese_names_are_names() {
    check("input.until", "2026-03-01");
    check("input.until == \"2026-03-01\"", true);
    check("input.case + 1", 2);
    check("input.批次 + \"!\"", "L-7!");
    check("consignees.map(|批| 批.lots).max()", 4);
}

#[test]
fn lists_and_texts_have_their_helpers() {
    check("consignees.filter(|c| c.lots > 3).len()", 1);
    check("consignees.all(|c| c.lots > 2)", true);
    check("[3, 1.5, 2].min()", Decimal::new(15, 1));
    check("max(1, 2)", 2);
    check("[].is_empty()", true);
    check("[].max() == ()", true);
    check("2 in [1, 2]", true);
    check("input.kind !in [\"order\"]", true);
    check("[1] + [2]", Value::list(vec![Value::Int(1), Value::Int(2)]));
    check("#{a: 1}.keys()", Value::list(vec!["a".into()]));
    check("#{a: 1}.values().sum()", 1);
    check("#{a: 1}.a", 1);
    check("abs(-3)", 3);
    check("round(2.345, 2)", Decimal::new(235, 2));
    check("round(2.5)", Decimal::from(3));
    check("\"备案\".len()", 2);
    check("\"Abc\".to_upper() + \"Abc\".to_lower()", "ABCabc");
    check("\"abc\".starts_with(\"ab\") && \"abc\".ends_with(\"c\") && \"abc\".contains(\"b\")", true);
    check("\" a \".trim()", "a");
    check("\"a,b\".split(\",\").join(\"-\")", "a-b");
    check("if lots_seen > 1 { \"many\" } else if lots_seen == 1 { \"one\" } else { \"none\" }", "many");
    check("\"q\\\"\\\\n\"", "q\"\\n");
    check("consignees.some(|a| consignees.some(|b| a.lots < b.lots))", true);
    fails("[1, \"a\"].contains(\"a\")", "unlike_types");
}

#[test]
fn a_fault_has_its_place_and_its_words_in_both_languages() {
    for (source, offset, part) in [
        ("severity ＞ 9", 9, "`>`"),
        ("risk == “高”", 8, "`\"`"),
        ("a：b", 1, "`:`"),
        ("a １", 2, "`1`"),
        ("a = 1", 2, "=="),
        ("a && ", 5, "end"),
        ("(a", 2, "`)`"),
        ("lenn(a)", 0, "`len`"),
        ("visits(step)", 0, "literal"),
        ("a.map(1)", 6, "function"),
        ("a and b", 2, "&&"),
        ("\"open", 0, "closing"),
        ("99999999999999999999", 0, "exactly"),
        ("if a { 1 }", 10, "else"),
        ("#{a: 1, a: 2}", 11, "two entries"),
    ] {
        let error = Expression::parse(source).expect_err(source);
        assert_eq!(error.offset, offset, "{source}: {error:?}");
        assert!(error.en.contains(part), "{source}: {error:?}");
        assert!(!error.zh.is_ascii(), "{source}: {error:?}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    for source in ["(".repeat(3_000), "!".repeat(3_000), "1+".repeat(1_000) + "1", "a".repeat(5_000), "-".repeat(2_000)]
    {
        assert!(Expression::parse(&source).is_err());
    }
    let chain = vec!["lots_seen > 0"; 40].join(" && ");
    check(&chain, true);
}

#[test]
fn the_deepest_expression_fits_the_stack() {
    for (open, inner, close) in [
        ("(1 + ", "lots_seen", ")"),
        ("!(worthy && ", "worthy", ")"),
        ("[1].map(|x| ", "x", ").sum()"),
        ("[", "1", "].first()"),
        ("#{a: ", "1", "}.a"),
        ("if true { ", "1", " } else { 2 }"),
        ("(severity ?? ", "1", ")"),
        ("-", "lots_seen", ""),
    ] {
        let nest = |depth: usize| Expression::parse(&format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)));
        let deepest = (1..=DEPTH_MAX).rev().find_map(|depth| nest(depth).ok()).expect("some depth is allowed");
        // A closure in a closure is a call in a call, of which the engine allows fewer.
        let found = deepest.evaluate(&sample()).map_err(|error| error.code);
        assert!(found.is_ok() || found == Err("limit"), "{open}: {found:?}");
    }
}

#[test]
fn a_path_is_recognised() {
    let path = Expression::parse("input.order").expect("path");
    assert_eq!(path.as_path().map(<[_]>::len), Some(2));
    assert_eq!(path.evaluate(&sample()), Ok(Value::Int(7)));
    assert_eq!(Expression::parse("input.order + 1").expect("sum").as_path(), None);
    assert!(Expression::parse("input[\"order\"]").expect("path").as_path().is_some());
}

#[test]
fn references_leave_out_parameters() {
    let expression = Expression::parse("a.b + c.map(|x| x.d + e.f).sum() + visits(\"s\")").expect("expression");
    let found: Vec<(String, usize)> =
        expression.references().iter().map(|reference| (reference.path.join("."), reference.offset)).collect();
    assert_eq!(found, [("a.b".into(), 0), ("c".into(), 6), ("e.f".into(), 22)]);
    let asked = expression.functions().iter().find(|function| function.name.as_ref() == "visits").expect("visits");
    assert_eq!(asked.texts, [("s".into(), 42)]);
}

fn types(name: &str) -> Option<Type> {
    Some(match name {
        "severity" => Type::Integer { min: Some(1), max: Some(10) },
        "cost" => Type::Money("CNY".into()),
        "paid" => Type::Money("EUR".into()),
        "class" => Type::OneOf(vec!["low".into(), "high".into()]),
        "due" => Type::Date,
        "now" => Type::DateTime,
        "lots" => Type::List(std::sync::Arc::new(Type::Record(std::sync::Arc::new(BTreeMap::from([
            ("made".into(), Type::Decimal),
            ("id".into(), Type::String),
        ]))))),
        "anything" => Type::Any,
        _ => return None,
    })
}

#[test]
fn what_can_never_work_is_found_before_it_runs() {
    for (source, offset, part) in [
        ("severty > 1", 0, "severty"),
        ("lots.map(|l| l.mad)", 15, "`made`"),
        ("severity == \"9\"", 9, "unlike"),
        ("class == \"hihg\"", 9, "`high`"),
        ("class in [\"low\", \"hig\"]", 17, "`high`"),
        ("due < now", 4, "unlike"),
        ("cost + paid", 5, "currencies"),
        ("severity && true", 0, "condition"),
        ("severity.len()", 9, "len"),
        ("severity.part", 9, "no fields"),
        ("severity + \"a\"", 9, "`+`"),
        ("visits(\"s\") && true", 0, "condition"),
        ("reached(\"s\") > 2", 13, "unlike"),
        ("approve-plan", 0, "approve"),
        ("severity-plan", 9, "snake_case"),
    ] {
        let fault = Expression::parse(source).expect(source).infer(&types).expect_err(source);
        assert_eq!(fault.offset, offset, "{source}: {fault:?}");
        assert!(fault.en.contains(part), "{source}: {fault:?}");
        assert!(!fault.zh.is_ascii(), "{source}: {fault:?}");
    }
}

#[test]
fn what_may_work_passes() {
    for (source, kind) in [
        ("severity > 4.5", Type::Boolean),
        ("cost > 500_000", Type::Boolean),
        ("due < \"2026-01-01\"", Type::Boolean),
        ("anything.x.y == 3", Type::Boolean),
        ("lots.map(|l| l.made).sum()", Type::Decimal),
        ("(lots ?? []).map(|l| l.made).sum()", Type::Decimal),
        ("severity / 2", Type::Decimal),
        ("severity + 1", Type::Integer { min: None, max: None }),
        ("cost * 2", Type::Money("CNY".into())),
        ("class == ()", Type::Boolean),
        ("class ?? \"low\"", Type::String),
    ] {
        assert_eq!(Expression::parse(source).expect(source).infer(&types), Ok(kind), "{source}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::script::Script;

    /// Texts that are expressions and script at once.
    fn common() -> impl Strategy<Value = String> {
        let texts = vec!["true", "false", "\"a\"", "\"b\"", "[]", "[1, 2]", "9_223_372_036_854_775_807"];
        let leaf = prop_oneof![
            (0i64..9).prop_map(|number| number.to_string()),
            (0i64..99).prop_map(|number| format!("{}.{number:02}", number / 7)),
            prop::sample::select(texts).prop_map(str::to_owned),
        ];
        leaf.prop_recursive(4, 24, 2, |inner| {
            let operators = vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];
            prop_oneof![
                (inner.clone(), prop::sample::select(operators), inner.clone())
                    .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
                inner.clone().prop_map(|of| format!("!{of}")),
                inner.clone().prop_map(|of| format!("(-{of})")),
                inner.prop_map(|of| format!("max([{of}])")),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_expression_means_the_same_in_a_script(source in common()) {
            let script = Script::compile("t", &format!("fn run(input) {{ {source} }}"));
            // The engine refuses a literal that is no condition while it compiles, we while we compute.
            if let (Ok(expression), Ok(script)) = (Expression::parse(&source), script) {
                let scripted = script.run(&BTreeMap::new()).map_err(|error| error.code);
                prop_assert_eq!(expression.evaluate(&sample()).map_err(|error| error.code), scripted);
            }
        }

        #[test]
        fn no_text_panics(source in "\\PC{0,60}") {
            if let Ok(expression) = Expression::parse(&source) {
                let _ = expression.evaluate(&sample());
                let _ = expression.infer(&types);
            }
        }

        #[test]
        fn no_soup_of_tokens_panics(tokens in prop::collection::vec(prop::sample::select(vec![
            "input", ".order", "consignees", ".map(|x|", "x", ".lots", ")", "(", "[", "]", "1", "2.5", "\"a\"", "+", "-", "*", "/", "**",
            "==", "!=", "<", ">=", "&&", "||", "!", "??", "()", " in ", "if ", "{", "}", " else ", "visits(\"a\")", "#{", "a:", ",",
        ]), 0..14)) {
            let source: String = tokens.concat();
            if let Ok(expression) = Expression::parse(&source) {
                let first = expression.evaluate(&sample());
                prop_assert_eq!(first, expression.evaluate(&sample()));
            }
        }

        #[test]
        fn sums_are_those_of_exact_numbers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, scale in 0u32..6) {
            let (left, right) = (Decimal::new(a, scale), Decimal::new(b, 2));
            let source = format!("({left:.6}) + ({right:.6})");
            prop_assert_eq!(run(&source).ok().and_then(|sum| sum.as_decimal()), Some(left + right));
        }
    }
}
