//! Reads an activity's input, and says exactly which field is wrong.

use rust_decimal::Decimal;

use crate::command::ActivityFailure;
use crate::day::Day;
use crate::quantity::{AmountError, Money, Quantity, Ratio};
use crate::value::Value;

/// A record of an activity's input and where it stands in the whole.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Input<'a> {
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        Input { value, path: String::new() }
    }

    /// A text that must be there and must not be blank.
    pub fn text(&self, name: &str) -> Result<&'a str, ActivityFailure> {
        self.optional_text(name)?.ok_or_else(|| self.fault(name, "a text", "文本"))
    }

    /// A text, or nothing where it is missing, null or blank.
    pub fn optional_text(&self, name: &str) -> Result<Option<&'a str>, ActivityFailure> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Text(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "a text", "文本")),
        }
    }

    pub fn decimal(&self, name: &str) -> Result<Decimal, ActivityFailure> {
        self.optional_decimal(name)?.ok_or_else(|| self.fault(name, "a number", "数值"))
    }

    pub fn optional_decimal(&self, name: &str) -> Result<Option<Decimal>, ActivityFailure> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => value.as_decimal().map(Some).ok_or_else(|| self.fault(name, "a number", "数值")),
        }
    }

    pub fn integer(&self, name: &str) -> Result<i64, ActivityFailure> {
        self.optional_integer(name)?.ok_or_else(|| self.fault(name, "a whole number", "整数"))
    }

    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>, ActivityFailure> {
        match self.present(name) {
            None => Ok(None),
            Some(value) => value.as_int().map(Some).ok_or_else(|| self.fault(name, "a whole number", "整数")),
        }
    }

    /// A quantity above zero.
    pub fn quantity(&self, name: &str) -> Result<Quantity, ActivityFailure> {
        let quantity = self.stored(name, Quantity::from_decimal(self.decimal(name)?))?;
        if quantity.is_positive() {
            Ok(quantity)
        } else {
            Err(self.fault(name, "a quantity above zero", "大于零的数量"))
        }
    }

    pub fn money(&self, name: &str) -> Result<Money, ActivityFailure> {
        self.stored(name, Money::from_decimal(self.decimal(name)?))
    }

    /// A share from 0 to 1.
    pub fn ratio(&self, name: &str) -> Result<Ratio, ActivityFailure> {
        let ratio = self.stored(name, Ratio::from_decimal(self.decimal(name)?))?;
        if ratio.is_negative() || ratio > Ratio::ONE {
            return Err(self.fault(name, "a share from 0 to 1", "0 到 1 之间的比率"));
        }
        Ok(ratio)
    }

    pub fn day(&self, name: &str) -> Result<Day, ActivityFailure> {
        self.optional_day(name)?.ok_or_else(|| self.fault(name, "a date such as 2026-03-20", "日期，例如 2026-03-20"))
    }

    pub fn optional_day(&self, name: &str) -> Result<Option<Day>, ActivityFailure> {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        Day::parse(text).map(Some).ok_or_else(|| self.fault(name, "a date such as 2026-03-20", "日期，例如 2026-03-20"))
    }

    pub fn optional_boolean(&self, name: &str) -> Result<Option<bool>, ActivityFailure> {
        match self.present(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.fault(name, "true or false", "true 或 false")),
        }
    }

    /// The records of a list that must be there.
    pub fn list(&self, name: &str) -> Result<Vec<Input<'a>>, ActivityFailure> {
        let items = self.present(name).and_then(Value::as_list).ok_or_else(|| self.fault(name, "a list", "列表"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(place, value)| Input { value, path: format!("{}[{place}]", self.at(name)) })
            .collect())
    }

    /// The records of a list; none where it is missing.
    pub fn optional_list(&self, name: &str) -> Result<Vec<Input<'a>>, ActivityFailure> {
        if self.present(name).is_none() { Ok(Vec::new()) } else { self.list(name) }
    }

    pub fn record(&self, name: &str) -> Result<Input<'a>, ActivityFailure> {
        match self.present(name) {
            Some(value @ Value::Map(_)) => Ok(Input { value, path: self.at(name) }),
            _ => Err(self.fault(name, "a record", "记录")),
        }
    }

    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The error of a field that is not what it must be.
    #[must_use]
    pub fn fault(&self, name: &str, wanted: &str, wanted_zh: &str) -> ActivityFailure {
        let field = self.at(name);
        ActivityFailure::business("VALIDATION", format!("`{field}` must be {wanted}")).with_detail(Value::record([
            ("field", Value::text(field.as_str())),
            ("en", Value::text(format!("`{field}` must be {wanted}"))),
            ("zh", Value::text(format!("字段 `{field}` 必须是{wanted_zh}"))),
        ]))
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn stored<T>(&self, name: &str, amount: Result<T, AmountError>) -> Result<T, ActivityFailure> {
        amount.map_err(|_| self.fault(name, "a number of at most six decimals", "最多六位小数的数值"))
    }
}

impl From<AmountError> for ActivityFailure {
    fn from(error: AmountError) -> Self {
        ActivityFailure::business("VALIDATION", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_with_its_place() {
        let value = Value::record([("lines", Value::list(vec![Value::record([("quantity", Value::Int(0))])]))]);
        let lines = Input::new(&value).list("lines").expect("a list");
        let failure = lines[0].quantity("quantity").expect_err("zero is no quantity");
        assert_eq!(failure.code.as_ref(), "VALIDATION");
        assert_eq!(failure.message.as_ref(), "`lines[0].quantity` must be a quantity above zero");
    }

    #[test]
    fn null_and_blank_are_nothing() {
        let value = Value::record([("a", Value::Null), ("b", Value::from("  "))]);
        assert_eq!(Input::new(&value).optional_text("a"), Ok(None));
        assert_eq!(Input::new(&value).optional_text("b"), Ok(None));
        assert!(Input::new(&value).text("b").is_err());
    }
}
