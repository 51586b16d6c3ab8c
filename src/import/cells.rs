//! One row after cleaning: the fields of our table as texts, read as numbers, days, words where the table wants them.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::day::Day;
use engine::quantity::{Money, Quantity, Ratio};
use engine::word::Word;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::import::mapping::{Clean, Field, Lookup, Skip, holds};
use crate::import::report::Reason;
use crate::import::source::SourceRow;

/// Rows of other files, by the value of their key column.
pub type Kept = BTreeMap<(String, String), BTreeMap<String, SourceRow>>;

/// The fields of one row; a field is missing where its cell is empty and has no default.
#[derive(Clone, Debug)]
pub struct Cells {
    pub line: u64,
    pub file: Arc<str>,
    /// What `today` means in a cell.
    today: Day,
    fields: BTreeMap<String, String>,
}

/// The reason of the first rule by which the row is left out.
#[must_use]
pub fn skipped(row: &SourceRow, rules: &[Skip]) -> Option<Reason> {
    let rule = rules.iter().find(|rule| holds(row.get(&rule.column).unwrap_or(""), rule.is, &rule.one_of))?;
    Some(Reason::new(rule.reason.en.as_str(), rule.reason.zh.as_str()))
}

impl Cells {
    pub fn of(
        file: &Arc<str>,
        row: &SourceRow,
        fields: &BTreeMap<String, Field>,
        kept: &Kept,
        today: Day,
    ) -> Result<Self, Reason> {
        let mut cells = BTreeMap::new();
        for (name, field) in fields {
            if let Some(text) = value(row, field, kept)? {
                cells.insert(name.clone(), text);
            }
        }
        Ok(Cells { line: row.line, file: file.clone(), today, fields: cells })
    }

    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub fn text(&self, name: &str) -> Result<String, Reason> {
        self.optional(name)
            .map(str::to_owned)
            .ok_or_else(|| Reason::new(format!("the field `{name}` is empty"), format!("字段 `{name}` 为空")))
    }

    pub fn decimal(&self, name: &str) -> Result<Decimal, Reason> {
        let text = self.text(name)?;
        number(&text).ok_or_else(|| wrong(name, &text, "a number", "数值"))
    }

    pub fn money(&self, name: &str) -> Result<Money, Reason> {
        let amount = Money::from_decimal(self.decimal(name)?).ok().filter(|amount| !amount.is_negative());
        amount.ok_or_else(|| {
            wrong(name, &self.shown(name), "an amount from 0 with at most six decimals", "非负且最多六位小数的金额")
        })
    }

    pub fn quantity(&self, name: &str) -> Result<Quantity, Reason> {
        let amount = Quantity::from_decimal(self.decimal(name)?).ok().filter(|amount| !amount.is_negative());
        amount.ok_or_else(|| {
            wrong(name, &self.shown(name), "a quantity from 0 with at most six decimals", "非负且最多六位小数的数量")
        })
    }

    pub fn ratio(&self, name: &str) -> Result<Ratio, Reason> {
        let share = |ratio: &Ratio| !ratio.is_negative() && *ratio <= Ratio::ONE;
        let ratio = Ratio::from_decimal(self.decimal(name)?).ok().filter(share);
        ratio.ok_or_else(|| wrong(name, &self.shown(name), "a share from 0 to 1", "0 到 1 之间的比率"))
    }

    pub fn integer(&self, name: &str) -> Result<i64, Reason> {
        let text = self.text(name)?;
        let whole = number(&text).filter(Decimal::is_integer).and_then(|number| i64::try_from(number).ok());
        whole.filter(|whole| *whole >= 0).ok_or_else(|| wrong(name, &text, "a whole number from 0", "非负整数"))
    }

    pub fn day(&self, name: &str) -> Result<Day, Reason> {
        let text = self.text(name)?;
        self.relative(&text)
            .or_else(|| Day::parse(&text))
            .ok_or_else(|| wrong(name, &text, "a day such as 2026-03-20", "日期（如 2026-03-20）"))
    }

    /// `today`, `today+30`, `today-10`.
    fn relative(&self, text: &str) -> Option<Day> {
        let offset = text.strip_prefix("today")?;
        let days = if offset.is_empty() { 0 } else { offset.parse::<i64>().ok().filter(|_| offset.len() <= 6)? };
        Day::from_number(self.today.number() + days)
    }

    pub fn optional_day(&self, name: &str) -> Result<Option<Day>, Reason> {
        if self.optional(name).is_none() { Ok(None) } else { self.day(name).map(Some) }
    }

    /// `t`, `true`, `1`, `y`, `yes` and their opposites, in any case.
    pub fn boolean(&self, name: &str) -> Result<bool, Reason> {
        let text = self.text(name)?;
        match text.to_lowercase().as_str() {
            "t" | "true" | "1" | "y" | "yes" => Ok(true),
            "f" | "false" | "0" | "n" | "no" => Ok(false),
            _ => Err(wrong(name, &text, "true or false", "是或否（true/false）")),
        }
    }

    pub fn word<W: Word>(&self, name: &str) -> Result<W, Reason> {
        let text = self.text(name)?;
        W::parse(&text).ok_or_else(|| {
            let listed = W::listed();
            wrong(name, &text, &format!("one of {listed}"), &format!("以下之一：{listed}"))
        })
    }

    fn shown(&self, name: &str) -> String {
        self.optional(name).unwrap_or_default().to_owned()
    }
}

fn wrong(name: &str, text: &str, wanted: &str, wanted_zh: &str) -> Reason {
    Reason::new(
        format!("`{text}` in the field `{name}` is not {wanted}"),
        format!("字段 `{name}` 的值 `{text}` 不是{wanted_zh}"),
    )
}

/// A number as exports write it: `.5`, `-3`, `1200.50`.
fn number(text: &str) -> Option<Decimal> {
    let text = text.trim();
    match text.strip_prefix('-').map_or((false, text), |rest| (true, rest)) {
        (negative, rest) if rest.starts_with('.') => {
            Decimal::from_str_exact(&format!("{}0{rest}", if negative { "-" } else { "" })).ok()
        }
        _ => Decimal::from_str_exact(text).ok(),
    }
}

fn value(row: &SourceRow, field: &Field, kept: &Kept) -> Result<Option<String>, Reason> {
    let raw = match (&field.column, &field.constant, &field.text, &field.lookup) {
        (Some(column), ..) => row.get(column).map(str::to_owned),
        (_, Some(constant), ..) => Some(constant.clone()),
        (_, _, Some(text), _) => Some(filled(row, text)),
        (_, _, _, Some(lookup)) => found(row, lookup, kept)?,
        _ => cased(row, field, kept)?,
    };
    let mut text = raw.unwrap_or_default();
    for clean in &field.clean {
        text = cleaned(&text, *clean);
    }
    if text.trim().is_empty() {
        return Ok(field.default.clone());
    }
    if let Some(words) = &field.words {
        let ours = words.get(text.trim());
        text = ours.cloned().ok_or_else(|| {
            let known = words.keys().cloned().collect::<Vec<_>>().join(", ");
            Reason::new(
                format!("the mapping has no word for `{text}`; it knows {known}"),
                format!("映射文件没有 `{text}` 的对应值；已有：{known}"),
            )
        })?;
    }
    if let Some(factor) = field.times {
        let product = number(&text)
            .and_then(|number| number.checked_mul(factor))
            .ok_or_else(|| Reason::new(format!("`{text}` is not a number"), format!("`{text}` 不是数值")))?;
        text = product.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven).to_string();
    }
    Ok(Some(text))
}

fn cased(row: &SourceRow, field: &Field, kept: &Kept) -> Result<Option<String>, Reason> {
    let case = field.cases.iter().find(|case| {
        let cell = case.column.as_ref().map(|column| row.get(column).unwrap_or(""));
        cell.is_none_or(|cell| holds(cell, case.is, &case.one_of))
    });
    let Some(case) = case else { return Ok(None) };
    match (&case.constant, &case.text, &case.lookup) {
        (Some(constant), ..) => Ok(Some(constant.clone())),
        (_, Some(text), _) => Ok(Some(filled(row, text))),
        (_, _, Some(lookup)) => found(row, lookup, kept),
        _ => Ok(None),
    }
}

/// The text with the row's cells in its braces.
fn filled(row: &SourceRow, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((column, after)) = after.split_once('}') else { break };
        out.push_str(row.get(column).unwrap_or("").trim());
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The cell of the other file's row that this row names; none where this row names none.
fn found(row: &SourceRow, lookup: &Lookup, kept: &Kept) -> Result<Option<String>, Reason> {
    let by = row.get(&lookup.by).unwrap_or("").trim();
    if by.is_empty() {
        return Ok(None);
    }
    let rows = kept.get(&(lookup.file.clone(), lookup.key.clone()));
    match rows.and_then(|rows| rows.get(by)) {
        Some(other) => Ok(other.get(&lookup.column).map(str::to_owned)),
        None if lookup.optional => Ok(None),
        None => {
            let (file, key) = (&lookup.file, &lookup.key);
            let zh = format!("{file} 中没有 {key} = `{by}` 的行");
            Err(Reason::new(format!("no row of {file} has {key} = `{by}`"), zh))
        }
    }
}

fn cleaned(text: &str, clean: Clean) -> String {
    match clean {
        Clean::Trim => text.trim().to_owned(),
        Clean::Upper => text.to_uppercase(),
        Clean::Lower => text.to_lowercase(),
        Clean::Collapse => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Clean::Day => text.trim().split([' ', 'T']).next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_exports_write_them() {
        assert_eq!(number(".5000"), Some(Decimal::new(5, 1)));
        assert_eq!(number("-.5"), Some(Decimal::new(-5, 1)));
        assert_eq!(number(" 12 "), Some(Decimal::from(12)));
        assert_eq!(number("1,200"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn cleaning_keeps_what_is_not_blank() {
        assert_eq!(cleaned("  a  b ", Clean::Collapse), "a b");
        assert_eq!(cleaned("2022-05-30 00:00:00.000", Clean::Day), "2022-05-30");
        assert_eq!(cleaned("2022-05-30T08:00", Clean::Day), "2022-05-30");
    }
}
