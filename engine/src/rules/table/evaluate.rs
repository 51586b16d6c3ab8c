//! Finding the rows that match, and what they give.

use std::cell::OnceCell;

use rust_decimal::Decimal;

use super::cell::{Test, compare};
use super::{Collect, Give, Hit, HitPolicy, Row, Table};
use crate::rules::expression::{EvaluationError, Names};
use crate::value::{Map, Value};

/// The names an expression in a test cell sees: those of the process, and `value`, what the column tests.
struct WithValue<'a> {
    names: &'a dyn Names,
    value: &'a Value,
}

impl Names for WithValue<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        if name == "value" { Some(self.value.clone()) } else { self.names.lookup(name) }
    }
    fn visits(&self, step: &str) -> i64 {
        self.names.visits(step)
    }
    fn reached(&self, milestone: &str) -> bool {
        self.names.reached(milestone)
    }
    fn any_outcome(&self, step: &str, outcome: &str) -> bool {
        self.names.any_outcome(step, outcome)
    }
}

/// An input is computed when the first cell needs it, so that `any` asks nothing of what is not known yet.
type Inputs = Vec<OnceCell<Result<Value, EvaluationError>>>;

impl Table {
    /// The rows that match, put together by the hit policy.
    ///
    /// Codes of its own: `no_row`, `several_rows` (`unique`), `unlike_rows` (`any`).
    pub fn evaluate(&self, names: &dyn Names) -> Result<Hit, EvaluationError> {
        let inputs: Inputs = self.inputs.iter().map(|_| OnceCell::new()).collect();
        let mut found = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            if self.matches(row, &inputs, names)? {
                found.push(place);
                if self.hit == HitPolicy::First {
                    break;
                }
            }
        }
        let value = self.put_together(&mut found, names)?;
        let rows = found.into_iter().filter_map(|place| u32::try_from(place).ok()).collect();
        Ok(Hit { rows, value })
    }

    fn matches(&self, row: &Row, inputs: &Inputs, names: &dyn Names) -> Result<bool, EvaluationError> {
        for ((test, input), computed) in row.tests.iter().zip(&self.inputs).zip(inputs) {
            if *test == Test::Any {
                continue;
            }
            let value = computed.get_or_init(|| input.expression.evaluate(names)).as_ref().map_err(Clone::clone)?;
            if !passes(test, value, names).map_err(|error| error.within(input.expression.source()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the found rows give; for one-row policies `found` keeps the row that counts.
    fn put_together(&self, found: &mut Vec<usize>, names: &dyn Names) -> Result<Value, EvaluationError> {
        let give = |place: usize| match self.rows.get(place) {
            Some(row) => self.outcome(row, names),
            None => Err(EvaluationError::new("no_row", Value::Null)),
        };
        let first = || found.first().copied().ok_or_else(|| EvaluationError::new("no_row", &*self.name));
        match self.hit {
            HitPolicy::Unique if found.len() > 1 => {
                let rows = found.iter().filter_map(|place| i64::try_from(*place).ok()).map(Value::Int).collect();
                Err(EvaluationError::new("several_rows", Value::list(rows)))
            }
            HitPolicy::Unique | HitPolicy::First => give(first()?),
            HitPolicy::Any => {
                let value = give(first()?)?;
                for place in found.iter().skip(1) {
                    if give(*place)? != value {
                        return Err(EvaluationError::new("unlike_rows", i64::try_from(*place).unwrap_or(i64::MAX)));
                    }
                }
                Ok(value)
            }
            HitPolicy::Priority => {
                let rank = |place: &usize| match self.rows.get(*place).and_then(|row| row.gives.first()) {
                    Some(Give::Literal(value)) => self.priority.iter().position(|wanted| wanted == value),
                    _ => None,
                };
                first()?;
                // Of equals the first row counts.
                let best =
                    found.iter().copied().min_by_key(|place| rank(place).unwrap_or(usize::MAX)).unwrap_or_default();
                *found = vec![best];
                give(best)
            }
            HitPolicy::RuleOrder | HitPolicy::Collect(Collect::List) => {
                found.iter().map(|place| give(*place)).collect::<Result<_, _>>().map(Value::list)
            }
            HitPolicy::Collect(Collect::Count) => Ok(Value::Int(i64::try_from(found.len()).unwrap_or(i64::MAX))),
            HitPolicy::Collect(collect) => {
                let values = found.iter().map(|place| give(*place)).collect::<Result<Vec<_>, _>>()?;
                aggregate(collect, values)
            }
        }
    }

    fn outcome(&self, row: &Row, names: &dyn Names) -> Result<Value, EvaluationError> {
        let mut record = Value::map(Map::new());
        for (output, give) in self.outputs.iter().zip(&row.gives) {
            let value = match give {
                Give::Literal(value) => value.clone(),
                Give::Expression(expression) => expression.evaluate(names)?,
            };
            if self.outputs.len() == 1 {
                return Ok(value);
            }
            record.set(&output.path, value);
        }
        Ok(record)
    }
}

fn passes(test: &Test, value: &Value, names: &dyn Names) -> Result<bool, EvaluationError> {
    match test {
        Test::Expression(expression) => match expression.evaluate(&WithValue { names, value })? {
            Value::Bool(passes) => Ok(passes),
            Value::Null => Err(EvaluationError::new("unset_comparison", Value::Null)),
            other => Err(EvaluationError::new("type", other.kind())),
        },
        Test::Not(inner) if test.expression().is_some() => passes(inner, value, names).map(|passes| !passes),
        test => test.passes(value),
    }
}

fn aggregate(collect: Collect, values: Vec<Value>) -> Result<Value, EvaluationError> {
    let mut values = values.into_iter();
    let Some(first) = values.next() else {
        return Ok(if collect == Collect::Sum { Value::Int(0) } else { Value::Null });
    };
    if collect == Collect::Sum {
        add(Value::Int(0), &first)?;
    } else {
        compare(&first, &first)?;
    }
    values.try_fold(first, |best, value| match collect {
        Collect::Sum => add(best, &value),
        Collect::Min => Ok(if compare(&value, &best)?.is_lt() { value } else { best }),
        _ => Ok(if compare(&value, &best)?.is_gt() { value } else { best }),
    })
}

fn add(sum: Value, value: &Value) -> Result<Value, EvaluationError> {
    let overflow = || EvaluationError::new("overflow", Value::Null);
    if let (Value::Int(sum), Value::Int(value)) = (&sum, value) {
        return sum.checked_add(*value).map(Value::Int).ok_or_else(overflow);
    }
    let number = |value: &Value| -> Result<Decimal, EvaluationError> {
        value.as_decimal().ok_or_else(|| EvaluationError::new("type", value.kind()))
    };
    number(&sum)?.checked_add(number(value)?).map(Value::Decimal).ok_or_else(overflow)
}
