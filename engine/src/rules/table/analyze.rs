//! Proving that a table has no gap and no overlap, with an example where it has.
//!
//! The literals of a column cut its input's values into finitely many regions, within which no cell can tell
//! values apart; so trying one value of each region is trying all. Cells with expressions are not looked into:
//! they are taken to match wherever that avoids a false alarm.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::cell::{Test, compare};
use super::{Give, HitPolicy, Input, Row, Table};
use crate::language::types::Type;
use crate::value::Value;

/// How many sets of rows are looked at before the proof is given up.
const STEPS_MAX: usize = 200_000;
/// How many findings of one kind are told.
const FINDINGS_MAX: usize = 20;

/// What a table does that its author did not mean, with an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `table_gap`, `table_overlap`, `table_conflict`, `table_unreachable`, `table_unproved`.
    pub code: &'static str,
    pub line: u32,
    pub column: u32,
    /// The inputs of the example, as `expression = value`; empty where there is none.
    pub example: Vec<(String, String)>,
    pub en: String,
    pub zh: String,
}

/// Values of one input that no cell of its column tells apart.
#[derive(Clone, Debug)]
struct Region {
    /// How a reader sees it: a value of the region, or words for it.
    shown: String,
    /// Which rows match it for sure, and which perhaps.
    sure: Rows,
    perhaps: Rows,
}

/// A set of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rows(Vec<u64>);

impl Rows {
    fn none(count: usize) -> Self {
        Rows(vec![0; count.div_ceil(64)])
    }

    fn all(count: usize) -> Self {
        let mut rows = Rows::none(count);
        (0..count).for_each(|row| rows.add(row));
        rows
    }

    fn add(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    fn and(&self, other: &Rows) -> Rows {
        Rows(self.0.iter().zip(&other.0).map(|(left, right)| left & right).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * 64).filter(|row| self.0.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0))
    }
}

impl Table {
    /// Gaps, overlaps and rows that never count. Numbers of a column of whole numbers are taken to be whole.
    #[must_use]
    pub fn analyze(&self) -> Vec<Finding> {
        self.analyze_with(&|_| None)
    }

    /// The same, knowing the types of the inputs where `types` can tell them.
    #[must_use]
    pub fn analyze_with(&self, types: &dyn Fn(&Input) -> Option<Type>) -> Vec<Finding> {
        let columns = self.inputs.iter().enumerate().map(|(place, input)| self.regions(place, types(input))).collect();
        let mut proof = Proof {
            table: self,
            columns,
            seen: BTreeSet::new(),
            path: vec![],
            gaps: vec![],
            overlaps: BTreeMap::new(),
            reached: Rows::none(self.rows.len()),
            steps: 0,
        };
        proof.walk(Rows::all(self.rows.len()), Rows::all(self.rows.len()));
        let words =
            self.inputs.iter().enumerate().flat_map(|(place, input)| self.strange_words(place, types(input).as_ref()));
        let words: Vec<Finding> = words.collect();
        // A row with a strange word never counts: that is said once.
        let told =
            |finding: &Finding| words.iter().any(|word| (word.line, word.column) == (finding.line, finding.column));
        let rest: Vec<Finding> = proof.findings().into_iter().filter(|finding| !told(finding)).collect();
        words.iter().cloned().chain(rest).collect()
    }

    /// Words in the cells of a column that its type does not have: the row, the word, and the words there are.
    fn strange_words(&self, column: usize, kind: Option<&Type>) -> Vec<Finding> {
        let words = match kind {
            Some(Type::OneOf(words)) => words,
            Some(Type::Optional(inner)) => return self.strange_words(column, Some(inner)),
            _ => return Vec::new(),
        };
        let mut found = Vec::new();
        for row in &self.rows {
            let mut bounds = Vec::new();
            if let Some(test) = row.tests.get(column) {
                test.bounds(&mut bounds);
            }
            let strange = bounds
                .iter()
                .filter_map(|bound| bound.as_str())
                .find(|word| !words.iter().any(|known| known.as_ref() == *word));
            let Some(strange) = strange else { continue };
            let (list_en, list_zh) = (words.join(", "), words.join("、"));
            found.push(self.finding(
                "table_word",
                Some(row),
                vec![],
                format!("`{strange}` is none of the words of this column: {list_en}"),
                format!("`{strange}` 不是此列的词：{list_zh}"),
            ));
        }
        found
    }

    fn regions(&self, column: usize, kind: Option<Type>) -> Vec<Region> {
        let tests: Vec<&Test> = self.rows.iter().filter_map(|row| row.tests.get(column)).collect();
        let points = points(&tests, kind.as_ref());
        points.into_iter().map(|(value, shown)| region(&tests, &value, shown)).collect()
    }
}

fn region(tests: &[&Test], value: &Value, shown: String) -> Region {
    let (mut sure, mut perhaps) = (Rows::none(tests.len()), Rows::none(tests.len()));
    for (row, test) in tests.iter().enumerate() {
        if test.expression().is_some() {
            perhaps.add(row);
        } else if passes(test, value) {
            sure.add(row);
            perhaps.add(row);
        }
    }
    Region { shown, sure, perhaps }
}

/// A test that cannot take the value fails when the table runs; here it does not match.
fn passes(test: &Test, value: &Value) -> bool {
    match (test, value) {
        (Test::Any, _) => true,
        (Test::OneOf(tests), _) => tests.iter().any(|test| passes(test, value)),
        (Test::Not(inner), Value::Null) => !inner.asks_for_unset() && **inner != Test::Any,
        (Test::Not(inner), _) => !passes(inner, value),
        (_, Value::Null) => *test == Test::Unset,
        _ => test.passes(value).unwrap_or(false),
    }
}

/// One value of every region of a column, with how to show it.
fn points(tests: &[&Test], kind: Option<&Type>) -> Vec<(Value, String)> {
    let kind = match kind {
        Some(Type::Optional(inner)) => Some(inner.as_ref()),
        kind => kind,
    };
    let mut bounds = Vec::new();
    tests.iter().for_each(|test| test.bounds(&mut bounds));
    let mut points = match (kind, bounds.first()) {
        (Some(Type::Boolean), _) | (_, Some(Value::Bool(_))) => {
            [true, false].map(|flag| (Value::Bool(flag), flag.to_string())).into()
        }
        (Some(Type::OneOf(words)), _) => {
            words.iter().map(|word| (Value::Text(word.clone()), word.to_string())).collect()
        }
        (_, Some(Value::Int(_) | Value::Decimal(_))) => numbers(&bounds, kind),
        (_, Some(Value::Text(_))) => texts(tests, &bounds),
        _ => vec![(Value::Bool(true), "any value".to_owned())],
    };
    if tests.iter().any(|test| test.asks_for_unset()) {
        points.push((Value::Null, "()".to_owned()));
    }
    points
}

/// Each bound, and a number before, between and after them; whole numbers have nothing between 1 and 2.
fn numbers(bounds: &[&Value], kind: Option<&Type>) -> Vec<(Value, String)> {
    let sorted: BTreeSet<Decimal> = bounds.iter().filter_map(|bound| bound.as_decimal()).collect();
    let whole = match kind {
        Some(Type::Integer { .. }) => true,
        Some(Type::Decimal | Type::Money(_)) => false,
        _ => sorted.iter().all(Decimal::is_integer),
    };
    let (least, most) = match kind {
        Some(Type::Integer { min, max }) => (min.map(Decimal::from), max.map(Decimal::from)),
        _ => (None, None),
    };
    let mut values: BTreeSet<Decimal> = sorted.iter().copied().chain(least).chain(most).collect();
    let edges: Vec<Decimal> = values.iter().copied().collect();
    for edge in &edges {
        // Beside a bound lies the next whole number, or any number short of the next bound.
        values.extend([edge.checked_sub(Decimal::ONE), edge.checked_add(Decimal::ONE)].into_iter().flatten());
    }
    if !whole {
        let pairs = edges.windows(2).filter_map(|pair| match pair {
            [low, high] => high.checked_sub(*low)?.checked_div(Decimal::TWO)?.checked_add(*low),
            _ => None,
        });
        values.extend(pairs.collect::<Vec<_>>());
    }
    values
        .into_iter()
        .filter(|value| least.is_none_or(|least| *value >= least) && most.is_none_or(|most| *value <= most))
        .map(|value| (Value::Decimal(value), value.normalize().to_string()))
        .collect()
}

/// Each text that stands in a cell and another; where texts are ordered (dates), also one beside each bound.
fn texts(tests: &[&Test], bounds: &[&Value]) -> Vec<(Value, String)> {
    let sorted: BTreeSet<&str> = bounds.iter().filter_map(|bound| bound.as_str()).collect();
    let mut points: Vec<(Value, String)> =
        sorted.iter().map(|text| (Value::text(*text), format!("\"{text}\""))).collect();
    if tests.iter().any(|test| is_ordered(test)) {
        points
            .push((Value::text(""), sorted.first().map_or(String::new(), |text| format!("a value before \"{text}\""))));
        // No text lies between a text and itself followed by U+0001 that a cell could tell apart from it.
        points.extend(
            sorted.iter().map(|text| (Value::text(format!("{text}\u{1}")), format!("a value after \"{text}\""))),
        );
    } else {
        points.push((Value::text("\u{1}"), "any other text".to_owned()));
    }
    points
}

fn is_ordered(test: &Test) -> bool {
    match test {
        Test::Less(_) | Test::LessEqual(_) | Test::Greater(_) | Test::GreaterEqual(_) | Test::Range(..) => true,
        Test::OneOf(tests) => tests.iter().any(is_ordered),
        Test::Not(test) => is_ordered(test),
        Test::Any | Test::Unset | Test::Equal(_) | Test::Expression(_) => false,
    }
}

type Example = Vec<String>;

struct Proof<'a> {
    table: &'a Table,
    columns: Vec<Vec<Region>>,
    /// Sets of rows that were followed from a column before: what comes of them is known.
    seen: BTreeSet<(usize, Rows, Rows)>,
    path: Example,
    gaps: Vec<Example>,
    overlaps: BTreeMap<(usize, usize), Example>,
    reached: Rows,
    steps: usize,
}

impl Proof<'_> {
    fn walk(&mut self, sure: Rows, perhaps: Rows) {
        let column = self.path.len();
        self.steps += 1;
        if self.steps > STEPS_MAX || !self.seen.insert((column, sure.clone(), perhaps.clone())) {
            return;
        }
        if perhaps.is_empty() {
            self.gaps.push(self.path.clone());
            return;
        }
        let Some(regions) = self.columns.get(column).cloned() else {
            self.leaf(&sure, &perhaps);
            return;
        };
        for region in regions {
            self.path.push(region.shown.clone());
            self.walk(sure.and(&region.sure), perhaps.and(&region.perhaps));
            self.path.pop();
        }
    }

    /// All inputs are chosen: these rows match.
    fn leaf(&mut self, sure: &Rows, perhaps: &Rows) {
        let matching: Vec<usize> = sure.iter().collect();
        for (place, row) in matching.iter().enumerate() {
            for other in matching.iter().skip(place + 1) {
                self.overlaps.entry((*row, *other)).or_insert_with(|| self.path.clone());
            }
        }
        let first_sure = matching.first().copied().unwrap_or(usize::MAX);
        perhaps.iter().filter(|row| *row <= first_sure).for_each(|row| self.reached.add(row));
    }

    fn findings(self) -> Vec<Finding> {
        let table = self.table;
        let mut findings = Vec::new();
        if self.steps > STEPS_MAX {
            findings.push(table.finding(
                "table_unproved",
                None,
                vec![],
                "the table is too large to prove that it has no gap and no overlap; split it".to_owned(),
                "表过大，无法证明没有空缺与重叠；请拆分".to_owned(),
            ));
        }
        let one_row = matches!(table.hit, HitPolicy::Unique | HitPolicy::First | HitPolicy::Any | HitPolicy::Priority);
        if one_row {
            findings.extend(self.gaps.iter().take(FINDINGS_MAX).map(|example| table.gap(example)));
        }
        let overlaps = self.overlaps.iter();
        match table.hit {
            HitPolicy::Unique => {
                findings.extend(overlaps.take(FINDINGS_MAX).map(|(rows, example)| table.overlap(*rows, example)))
            }
            HitPolicy::Any => {
                let unlike = overlaps.filter(|((row, other), _)| table.conflict(*row, *other));
                findings.extend(unlike.take(FINDINGS_MAX).map(|(rows, example)| table.overlap(*rows, example)));
            }
            HitPolicy::First if self.steps <= STEPS_MAX => {
                let reached: BTreeSet<usize> = self.reached.iter().collect();
                let rows = table.rows.iter().enumerate().filter(|(place, _)| !reached.contains(place));
                findings.extend(rows.take(FINDINGS_MAX).map(|(place, row)| table.unreachable(place, row)));
            }
            HitPolicy::First | HitPolicy::Priority | HitPolicy::Collect(_) | HitPolicy::RuleOrder => {}
        }
        findings
    }
}

impl Table {
    /// An example has no value for the columns that do not matter.
    fn named(&self, example: &[String]) -> Vec<(String, String)> {
        self.inputs
            .iter()
            .zip(example)
            .map(|(input, shown)| (input.expression.source().to_owned(), shown.clone()))
            .collect()
    }

    fn finding(
        &self,
        code: &'static str,
        row: Option<&Row>,
        example: Vec<(String, String)>,
        en: String,
        zh: String,
    ) -> Finding {
        let (line, column) = row.map_or((self.line, self.column), |row| (row.line, row.column));
        Finding { code, line, column, example, en, zh }
    }

    fn gap(&self, example: &[String]) -> Finding {
        let example = self.named(example);
        let shown = show(&example);
        self.finding(
            "table_gap",
            None,
            example,
            format!("no row matches {shown}; add a row for it, or one with `any`"),
            format!("没有任何一行命中 {}；请补一行，或加一行 `any`", chinese(&shown)),
        )
    }

    fn overlap(&self, (row, other): (usize, usize), example: &[String]) -> Finding {
        let example = self.named(example);
        let shown = show(&example);
        let line = |place: usize| self.rows.get(place).map_or(0, |row| row.line);
        let (first, second) = (line(row), line(other));
        let code = if self.hit == HitPolicy::Any { "table_conflict" } else { "table_overlap" };
        let (en, zh) =
            if self.hit == HitPolicy::Any { (" and say different things", "，且结果不同") } else { ("", "") };
        self.finding(
            code,
            self.rows.get(other),
            example,
            format!("the rows of lines {first} and {second} both match {shown}{en}"),
            format!("第 {first} 行与第 {second} 行都命中 {}{zh}", chinese(&shown)),
        )
    }

    fn unreachable(&self, place: usize, row: &Row) -> Finding {
        self.finding(
            "table_unreachable",
            Some(row),
            vec![],
            format!("row {} never counts: the rows above match all that it matches, or it matches nothing", place + 1),
            format!("第 {} 条永远不会生效：上面的行已覆盖它，或它什么都不命中", place + 1),
        )
    }

    /// Whether two rows give different literals.
    fn conflict(&self, row: usize, other: usize) -> bool {
        let gives = |place: usize| self.rows.get(place).map(|row| row.gives.as_slice()).unwrap_or_default();
        gives(row).iter().zip(gives(other)).any(|pair| match pair {
            (Give::Literal(left), Give::Literal(right)) => {
                left != right && !compare(left, right).is_ok_and(|order| order.is_eq())
            }
            _ => false,
        })
    }
}

fn show(example: &[(String, String)]) -> String {
    if example.is_empty() {
        return "any input".to_owned();
    }
    example.iter().map(|(name, value)| format!("`{name}` = {value}")).collect::<Vec<_>>().join(", ")
}

/// The words of an example in Chinese; names and values stay.
fn chinese(shown: &str) -> String {
    [
        ("any input", "任意输入"),
        ("any value", "任意值"),
        ("any other text", "其他文字"),
        ("a value before", "小于"),
        ("a value after", "大于"),
    ]
    .into_iter()
    .fold(shown.to_owned(), |shown, (en, zh)| shown.replace(en, zh))
}
