//! What tables mean, and what is proved of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::language::types::Type;
use crate::rules::expression::Names;

struct Given(BTreeMap<&'static str, Value>);

impl Names for Given {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
    fn visits(&self, _: &str) -> i64 {
        0
    }
    fn reached(&self, _: &str) -> bool {
        false
    }
    fn any_outcome(&self, _: &str, _: &str) -> bool {
        false
    }
}

const RISK: &str = "\
table: capa_risk_class
title: { zh: 风险等级与期限, en: Risk class and limits }
hit: first
rows: |
  severity | severity * occurrence | -> risk_class | limits.contain  | limits.investigate | limits.implement
  >= 9     | any                   | high          | 24 hours        | 20 days            | 60 days
  any      | >= 60                 | high          | 24 hours        | 20 days            | 60 days
  any      | 20..59                | medium        | 3 business days | 30 days            | 90 days
  any      | < 20                  | low           | 3 business days | 30 days            | 90 days
";

fn table(hit: &str, rows: &str) -> Table {
    let indented: String = rows.lines().map(|line| format!("  {}\n", line.trim())).collect();
    Table::parse(&format!("table: t\nhit: {hit}\nrows: |\n{indented}")).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn given(pairs: &[(&'static str, Value)]) -> Given {
    Given(pairs.iter().cloned().collect())
}

fn codes(table: &Table) -> Vec<&'static str> {
    table.analyze().into_iter().map(|finding| finding.code).collect()
}

#[test]
fn the_risk_table_rates_and_is_whole() {
    let table = Table::parse(RISK).expect("table");
    assert_eq!(table.title(), Some(("风险等级与期限", "Risk class and limits")));
    let rate = |severity: i64, occurrence: i64| {
        table.evaluate(&given(&[("severity", severity.into()), ("occurrence", occurrence.into())])).expect("hit")
    };
    let hit = rate(5, 4);
    assert_eq!(hit.rows, [2]);
    assert_eq!(hit.value.get("risk_class"), Some(&"medium".into()));
    let contain = hit.value.get("limits").and_then(|limits| limits.get("contain"));
    assert_eq!(contain, Some(&"3 business days".into()));
    assert_eq!(rate(9, 1).rows, [0]);
    assert_eq!(rate(8, 8).rows, [1]);
    assert_eq!(rate(1, 1).rows, [3]);
    assert_eq!(table.analyze(), []);
    assert_eq!(table.literals(0).map(|words| words.len()), Some(4));
}

#[test]
fn an_input_is_asked_only_when_a_cell_needs_it() {
    let table = Table::parse(RISK).expect("table");
    let names = given(&[("severity", 9.into()), ("occurrence", Value::Null)]);
    assert_eq!(table.evaluate(&names).map(|hit| hit.rows), Ok(vec![0]));
    let names = given(&[("severity", Value::Null), ("occurrence", 3.into())]);
    assert_eq!(table.evaluate(&names).map_err(|error| error.code), Err("unset_comparison"));
}

#[test]
fn fractions_open_a_gap_between_whole_bounds() {
    let table = Table::parse(RISK).expect("table");
    let findings = table.analyze_with(&|_| Some(Type::Decimal));
    assert_eq!(findings.first().map(|finding| finding.code), Some("table_gap"));
    assert!(findings[0].en.contains("59.5"), "{findings:?}");
}

#[test]
fn a_gap_has_an_example() {
    let gap = table("first", "n | -> x\n< 5 | 1\n> 5 | 2").analyze();
    assert_eq!(gap.len(), 1);
    assert_eq!(gap[0].example, [("n".to_owned(), "5".to_owned())]);
    let words = table("unique", "w | -> x\na | 1\nb | 2");
    assert_eq!(codes(&words), ["table_gap"]);
    let closed = |_: &Input| Some(Type::OneOf(vec!["a".into(), "b".into()]));
    assert_eq!(words.analyze_with(&closed), []);
    assert_eq!(codes(&table("unique", "f | -> x\ntrue | 1")), ["table_gap"]);
    assert_eq!(codes(&table("collect", "f | -> x\ntrue | 1")), [""; 0]);
    let dates = table("first", "d | -> x\n<= 2026-01-31 | 1\n>= 2026-03-01 | 2").analyze();
    assert_eq!(dates[0].example, [("d".to_owned(), "a value after \"2026-01-31\"".to_owned())]);
    assert_eq!(codes(&table("first", "d | -> x\nnot a, b | 1\na | 2")), ["table_gap"]);
}

#[test]
fn an_overlap_has_an_example() {
    let overlap = table("unique", "n | w | -> x\n< 10 | any | 1\n>= 9 | a | 2\n>= 10 | not a | 3").analyze();
    assert_eq!(overlap.len(), 1, "{overlap:?}");
    assert_eq!(overlap[0].code, "table_overlap");
    assert_eq!(overlap[0].line, 6);
    assert_eq!(overlap[0].example, [("n".to_owned(), "9".to_owned()), ("w".to_owned(), "\"a\"".to_owned())]);
    assert_eq!(codes(&table("any", "n | -> x\n< 10 | 1\nany | 1")), [""; 0]);
    assert_eq!(codes(&table("any", "n | -> x\n< 10 | 1\nany | 2")), ["table_conflict"]);
}

#[test]
fn a_row_that_never_counts_is_found() {
    let findings = table("first", "n | -> x\n< 10 | 1\n< 5 | 2\nany | 3").analyze();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].code, findings[0].line), ("table_unreachable", 6));
    assert_eq!(codes(&table("first", "n | -> x\n=value > limit | 1\nany | 2\n< 3 | 3")), ["table_unreachable"]);
}

#[test]
fn every_policy_puts_rows_together_its_way() {
    let rows = "n | -> x\n>= 1 | 1\n>= 2 | 2.5\n>= 3 | 2";
    let run = |hit: &str, n: i64| {
        table(hit, rows).evaluate(&given(&[("n", n.into())])).map(|hit| hit.value).map_err(|e| e.code)
    };
    let list = |items: &[Value]| Ok(Value::list(items.to_vec()));
    let half = Value::Decimal(Decimal::new(25, 1));
    assert_eq!(run("unique", 1), Ok(1.into()));
    assert_eq!(run("unique", 2), Err("several_rows"));
    assert_eq!(run("first", 3), Ok(1.into()));
    assert_eq!(run("any", 2), Err("unlike_rows"));
    assert_eq!(run("rule_order", 3), list(&[1.into(), half.clone(), 2.into()]));
    assert_eq!(run("collect", 0), list(&[]));
    assert_eq!(run("collect sum", 3), Ok(Decimal::new(55, 1).into()));
    assert_eq!(run("collect sum", 0), Ok(0.into()));
    assert_eq!(run("collect min", 3), Ok(1.into()));
    assert_eq!(run("collect max", 3), Ok(half));
    assert_eq!(run("collect count", 3), Ok(3.into()));
    assert_eq!(run("first", 0), Err("no_row"));
    let priority = "table: t\nhit: priority\npriority: [ high, low ]\nrows: |\n  n | -> x\n  any | low\n  > 5 | high\n";
    let hit = Table::parse(priority).expect("table").evaluate(&given(&[("n", 9.into())])).expect("hit");
    assert_eq!((hit.rows, hit.value), (vec![1], "high".into()));
}

#[test]
fn cells_say_what_they_mean() {
    let passes = |cell: &str, value: Value| {
        let table = table("first", &format!("v | -> x\n{cell} | 1\nany | 0"));
        let hit = table.evaluate(&given(&[("v", value), ("limit", 3.into())]));
        hit.map(|hit| hit.value == Value::Int(1)).map_err(|error| error.code)
    };
    for (cell, value, wanted) in [
        ("-", Value::Null, Ok(true)),
        ("20..59", 59.into(), Ok(true)),
        ("20..59", Decimal::new(591, 1).into(), Ok(false)),
        ("-5..5", (-5).into(), Ok(true)),
        ("a, b", "b".into(), Ok(true)),
        ("1, 5..7, > 100", 6.into(), Ok(true)),
        ("1, 5..7, > 100", 101.into(), Ok(true)),
        ("not a, b", "c".into(), Ok(true)),
        ("\"a, b\"", "a, b".into(), Ok(true)),
        ("!= 3", 4.into(), Ok(true)),
        ("true", true.into(), Ok(true)),
        ("备案", "备案".into(), Ok(true)),
        ("letter-to-file", "letter-to-file".into(), Ok(true)),
        ("2026-01-01..2026-01-31", "2026-01-15".into(), Ok(true)),
        ("=value > limit", 4.into(), Ok(true)),
        ("not =value > limit", 4.into(), Ok(false)),
        ("()", Value::Null, Ok(true)),
        ("(), 3", Value::Null, Ok(true)),
        ("not ()", 1.into(), Ok(true)),
        (">= 2026-03-02T09:00+08:00", "2026-03-02T01:00:00.000000Z".into(), Ok(true)),
        ("< \"b\"", "a".into(), Ok(true)),
        ("10_000", 10_000.into(), Ok(true)),
        ("1.50", Decimal::new(15, 1).into(), Ok(true)),
        ("5", "5".into(), Err("unlike_types")),
        ("a", 5.into(), Err("unlike_types")),
        (">= 9", Value::Null, Err("unset_comparison")),
        ("> true", true.into(), Err("type")),
    ] {
        assert_eq!(passes(cell, value.clone()), wanted, "{cell} on {value:?}");
    }
}

#[test]
fn outputs_may_be_computed() {
    let table = table("first", "n | -> double | part.half\nany | =n * 2 | =n / 2");
    let hit = table.evaluate(&given(&[("n", 3.into())])).expect("hit");
    assert_eq!(hit.value.get("double"), Some(&6.into()));
    assert_eq!(hit.value.get("part").and_then(|part| part.get("half")), Some(&Decimal::new(15, 1).into()));
    assert_eq!(table.expressions().len(), 3);
}

#[test]
fn decoration_of_pasted_tables_is_skipped() {
    let table = table("first", "| n | -> x |\n|---|---|\n| any | \"a | b\" |");
    assert_eq!(table.evaluate(&given(&[("n", 3.into())])).expect("hit").value, "a | b".into());
}

#[test]
fn a_fault_has_its_line_and_column() {
    let head = "table: t\nhit: first\nrows: |\n";
    for (source, line, column, code) in [
        (format!("{head}  a | -> x\n  ＞ 9 | 1\n"), 5, 3, "table_cell"),
        (format!("{head}  a | -> x\n  备案, ，| 1\n"), 5, 7, "table_cell"),
        (format!("{head}  a | -> x\n  > 4 hours | 1\n"), 5, 3, "table_cell"),
        (format!("{head}  a | -> x\n  3, any | 1\n"), 5, 6, "table_cell"),
        (format!("{head}  a | -> x\n  not not 3 | 1\n"), 5, 7, "table_cell"),
        (format!("{head}  a | -> x\n  9 | 1 | 2\n"), 5, 3, "table_cells"),
        (format!("{head}  a | -> x\n  9..1 | 1\n"), 5, 3, "table_cell"),
        (format!("{head}  a | -> x\n      | 1\n"), 5, 7, "table_cell"),
        (format!("{head}  a | -> x\n  9 | =1 +\n"), 5, 11, "table_cell"),
        (format!("{head}  a +* b | -> x\n  9 | 1\n"), 4, 6, "table_expression"),
        (format!("{head}  a | x\n  9 | 1\n"), 4, 3, "table_header"),
        (format!("{head}  a | -> x | x.y\n  9 | 1 | 2\n"), 4, 14, "table_output"),
        (format!("{head}  a | -> x y\n  9 | 1\n"), 4, 10, "table_output"),
        ("table: t\nhit: frist\nrows: |\n  a | -> x\n  9 | 1\n".into(), 2, 6, "table_hit"),
        ("table: t\nhit: first\nrow: 1\nrows: |\n  a | -> x\n  9 | 1\n".into(), 3, 1, "table_key"),
        ("table: t\nhit: first\nrows: \"a\"\n".into(), 3, 7, "table_rows"),
        ("table: t\nhit: priority\nrows: |\n  a | -> x\n  9 | 1\n".into(), 2, 1, "table_priority"),
        ("table: [\n".into(), 2, 1, "yaml_syntax"),
    ] {
        let faults = Table::parse(&source).expect_err(&source);
        let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column, fault.code)).collect();
        assert!(found.contains(&(line, column, code)), "{source}\n{faults:?}");
        assert!(faults.iter().all(|fault| !fault.zh.is_ascii()));
    }
}

#[test]
fn nesting_is_refused_before_the_parser_descends() {
    for source in [
        "[".repeat(20_000),
        "{a: ".repeat(20_000),
        "- ".repeat(20_000),
        format!("a: {}{}", "[]".repeat(9), "[".repeat(99)),
    ] {
        assert_eq!(Table::parse(&source).expect_err("too deep")[0].code, "yaml_too_deep");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults =
        Table::parse("table: t\nhit: first\nrows: |\n  a | -> x\n  ＞ 9 | =1 +\n  9..1 | 2\n").expect_err("faults");
    assert_eq!(faults.len(), 3, "{faults:?}");
}

fn cell() -> impl Strategy<Value = String> {
    let n = -3i64..4;
    prop_oneof![
        Just("any".to_owned()),
        n.clone().prop_map(|n| format!("> {n}")),
        n.clone().prop_map(|n| format!("<= {n}")),
        n.clone().prop_map(|n| n.to_string()),
        (n.clone(), 0i64..3).prop_map(|(n, more)| format!("{n}..{}", n + more)),
        (n.clone(), n).prop_map(|(a, b)| format!("not {a}, {b}")),
    ]
}

proptest! {
    #[test]
    fn the_proof_agrees_with_trying_every_value(rows in prop::collection::vec((cell(), cell()), 1..6)) {
        let body: String = rows.iter().enumerate().map(|(n, (a, b))| format!("\n{a} | {b} | {n}")).collect();
        let text = format!("a | b | -> x{body}");
        let (unique, first) = (table("unique", &text), table("first", &text));
        let (mut gap, mut overlap, mut counted) = (false, false, vec![false; rows.len()]);
        for a in -6i64..8 {
            for b in -6i64..8 {
                let names = given(&[("a", a.into()), ("b", b.into())]);
                match unique.evaluate(&names).map_err(|error| error.code) {
                    Err("no_row") => gap = true,
                    Err(_) => overlap = true,
                    Ok(_) => {}
                }
                if let Ok(hit) = first.evaluate(&names) {
                    counted[hit.rows[0] as usize] = true;
                }
            }
        }
        prop_assert_eq!(codes(&unique).contains(&"table_gap"), gap);
        prop_assert_eq!(codes(&unique).contains(&"table_overlap"), overlap);
        let unreachable = codes(&first).iter().filter(|code| **code == "table_unreachable").count();
        prop_assert_eq!(unreachable, counted.iter().filter(|counted| !**counted).count());
    }

    #[test]
    fn no_text_panics(rows in "[a-z0-9|>,.=\"() \\-\\n＞]{0,80}") {
        let indented: String = rows.lines().map(|line| format!("  {line}\n")).collect();
        if let Ok(table) = Table::parse(&format!("table: t\nhit: unique\nrows: |\n{indented}")) {
            let _ = table.analyze();
            let _ = table.evaluate(&given(&[("a", 1.into())]));
        }
    }

    #[test]
    fn no_file_panics(source in "\\PC{0,200}") {
        let _ = Table::parse(&source);
    }
}
