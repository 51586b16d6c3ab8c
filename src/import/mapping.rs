//! The mapping file: for each table of ours the file it comes from, and for each field what becomes of which column.
//!
//! Meant to be edited by whoever knows the other system. Unknown keys, fields and columns are refused by name.

use std::collections::BTreeMap;

use engine::language::diagnostics::nearest;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::import::error::ImportError;
use crate::import::report::Reason;
use crate::import::target::Target;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub mapping: String,
    pub title: Texts,
    /// In the order in which they are loaded: what is named before what names it.
    pub tables: Vec<TableMapping>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub zh: String,
    pub en: String,
}

/// One table and the file it comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    pub table: Target,
    pub from: String,
    #[serde(default)]
    pub skip: Vec<Skip>,
    pub fields: BTreeMap<String, Field>,
    /// The lines of an order, in a file of their own.
    #[serde(default)]
    pub lines: Option<LinesMapping>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesMapping {
    pub from: String,
    /// The column of the lines' file and that of the orders' file which hold the same.
    pub key: String,
    pub of: String,
    #[serde(default)]
    pub skip: Vec<Skip>,
    pub fields: BTreeMap<String, Field>,
}

/// Rows that are left out on purpose, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    pub column: String,
    #[serde(default)]
    pub is: Option<Is>,
    #[serde(default)]
    pub one_of: Vec<String>,
    pub reason: Texts,
}

/// A condition on a column; `one_of` beside it lists texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    Empty,
    Present,
}

/// Whether a cell meets a condition.
#[must_use]
pub fn holds(cell: &str, is: Option<Is>, one_of: &[String]) -> bool {
    let cell = cell.trim();
    match is {
        Some(Is::Empty) => cell.is_empty(),
        Some(Is::Present) => !cell.is_empty(),
        None => one_of.iter().any(|text| text == cell),
    }
}

/// Where a field comes from and how it is cleaned. Steps happen in the order of this list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column of the same row.
    #[serde(default)]
    pub column: Option<String>,
    /// A fixed value.
    #[serde(default)]
    pub constant: Option<String>,
    /// A text with columns in braces: `C{CustomerID}`.
    #[serde(default)]
    pub text: Option<String>,
    /// A column of the row of another file that this row names.
    #[serde(default)]
    pub lookup: Option<Lookup>,
    /// The first case that holds.
    #[serde(default)]
    pub cases: Vec<Case>,
    #[serde(default)]
    pub clean: Vec<Clean>,
    /// Words of theirs and of ours.
    #[serde(default)]
    pub words: Option<BTreeMap<String, String>>,
    /// What an empty cell means.
    #[serde(default)]
    pub default: Option<String>,
    /// A number is multiplied by this, and rounded half to even to six decimals.
    #[serde(default)]
    pub times: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    pub file: String,
    /// The column of the other file, and the column here, which hold the same.
    pub key: String,
    pub by: String,
    pub column: String,
    /// Whether a row that is not there means an empty cell rather than a fault.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// None: otherwise.
    #[serde(default)]
    pub column: Option<String>,
    #[serde(default)]
    pub is: Option<Is>,
    #[serde(default)]
    pub one_of: Vec<String>,
    #[serde(default)]
    pub constant: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub lookup: Option<Lookup>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clean {
    /// Cuts blanks at both ends.
    Trim,
    Upper,
    Lower,
    /// One blank where there are several.
    Collapse,
    /// The day of a date with a time: `2022-05-30 00:00:00.000` → `2022-05-30`.
    Day,
}

impl Mapping {
    /// Reads a mapping and checks it against the tables.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let mapping: Mapping = serde_yaml::from_str(text).map_err(ImportError::Mapping)?;
        for table in &mapping.tables {
            let rules = table.skip.iter().chain(table.lines.iter().flat_map(|lines| &lines.skip));
            if let Some(rule) = rules.into_iter().find(|rule| rule.is.is_some() != rule.one_of.is_empty()) {
                let column = &rule.column;
                let en = format!("the rule on `{column}` needs `is` or `one_of`, and not both");
                let zh = format!("列 `{column}` 的规则需要 `is` 或 `one_of` 之一，不能同时给出");
                return Err(fault(table.table.as_str(), "skip", en, zh));
            }
            check(table.table.as_str(), table.table.fields(), &table.fields)?;
            match (&table.lines, table.table) {
                (Some(lines), Target::SalesOrder) => {
                    check("sales_order_line", crate::import::target::LINE_FIELDS, &lines.fields)?;
                }
                (None, Target::SalesOrder) => {
                    let (en, zh) = ("an order needs `lines`, the file of its lines", "订单需要 `lines`，即订单行文件");
                    return Err(fault("sales_order", "lines", en, zh));
                }
                (Some(_), other) => {
                    return Err(fault(other.as_str(), "lines", "only orders have `lines`", "只有订单有 `lines`"));
                }
                (None, _) => {}
            }
        }
        Ok(mapping)
    }
}

fn fault(table: &str, field: &str, en: impl Into<String>, zh: impl Into<String>) -> ImportError {
    ImportError::Field { table: table.to_owned(), field: field.to_owned(), why: Reason::new(en, zh) }
}

fn check(table: &str, known: &[(&str, bool)], fields: &BTreeMap<String, Field>) -> Result<(), ImportError> {
    for (name, field) in fields {
        if !known.iter().any(|(known, _)| known == name) {
            let names = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let near = nearest(name, known.iter().map(|(known, _)| *known));
            let (en, zh) = match near {
                Some(near) => (format!("; did you mean `{near}`?"), format!("，是否为 `{near}`？")),
                None => (String::new(), String::new()),
            };
            let en = format!("the table has no such field; it has {names}{en}");
            return Err(fault(table, name, en, format!("该表没有此字段；已有字段：{names}{zh}")));
        }
        let sources = [
            field.column.is_some(),
            field.constant.is_some(),
            field.text.is_some(),
            field.lookup.is_some(),
            !field.cases.is_empty(),
        ];
        if sources.iter().filter(|given| **given).count() != 1 {
            let en = "give exactly one of `column`, `constant`, `text`, `lookup` and `cases`";
            return Err(fault(table, name, en, "请在 `column`、`constant`、`text`、`lookup`、`cases` 中只给出一个"));
        }
        for case in &field.cases {
            let values = [case.constant.is_some(), case.text.is_some(), case.lookup.is_some()];
            if values.iter().filter(|given| **given).count() != 1
                || case.column.is_some() != (case.is.is_some() == case.one_of.is_empty())
            {
                let en = "a case has `column` with `is` or `one_of` (or none: otherwise), and one of `constant`, `text`, `lookup`";
                let zh = "每个 case 由 `column` 加 `is` 或 `one_of`（都不写表示其他情况），以及 `constant`、`text`、`lookup` 之一组成";
                return Err(fault(table, name, en, zh));
            }
        }
    }
    match known.iter().find(|(name, required)| *required && !fields.contains_key(*name)) {
        None => Ok(()),
        Some((name, _)) => {
            let (en, zh) = ("the table needs this field; say where it comes from", "该表必须有此字段，请说明其来源");
            Err(fault(table, name, en, zh))
        }
    }
}

impl Field {
    /// Every column of the row's own file that the field reads.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = self.column.as_deref().into_iter().chain(by(&self.lookup)).collect();
        columns.extend(self.text.iter().flat_map(|text| holes(text)));
        for case in &self.cases {
            columns.extend(case.column.as_deref());
            columns.extend(by(&case.lookup));
            columns.extend(case.text.iter().flat_map(|text| holes(text)));
        }
        columns
    }

    /// The lookups of the field.
    pub fn lookups(&self) -> impl Iterator<Item = &Lookup> {
        self.lookup.iter().chain(self.cases.iter().filter_map(|case| case.lookup.as_ref()))
    }
}

fn by(lookup: &Option<Lookup>) -> Option<&str> {
    lookup.as_ref().map(|lookup| lookup.by.as_str())
}

/// The columns in the braces of a text.
fn holes(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(column, _)| column))
}
