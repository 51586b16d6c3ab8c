//! Evaluating rules while deciding: each result is a fact, and each failure an incident with our own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::draft::{Deciding, Draft, Stop, incident};
use crate::facts::{Ask, Fact};
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Definition, Path, Piece, Template, Text, TextTemplate, Write};
use crate::rules::expression::{EvaluationError, Expression};
use crate::state::{At, Extra};
use crate::value::{Map, Value};

/// Where something is evaluated, and with which extra variables.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) scope: ScopeId,
    pub(crate) extra: Extra,
}

impl Place {
    pub(crate) fn scope(scope: ScopeId) -> Self {
        Place { scope, extra: Extra::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.push((name.into(), value));
        self
    }
}

impl Draft {
    pub(crate) fn names<'a>(&'a self, place: &'a Place) -> At<'a> {
        At {
            definition: &self.definition,
            state: self.state(),
            scope: place.scope,
            now: self.now(),
            extra: &place.extra,
        }
    }

    /// The value of an expression. A mere path is read by our own code and needs no fact.
    pub(crate) fn value(&mut self, expression: &Expression, place: &Place) -> Deciding<Value> {
        if expression.as_path().is_some() {
            let result = expression.evaluate(&self.names(place));
            return result.or_else(|error| expression_failed(expression, error.code.into(), error.detail));
        }
        let fact = self.fact(|draft| computed(expression.evaluate(&draft.names(place))))?;
        match fact {
            Fact::Value { value } => Ok(value),
            Fact::Failed { code, detail } => expression_failed(expression, code, detail),
            _ => Err(Stop::Diverged),
        }
    }

    /// A condition: anything but a boolean is an incident.
    pub(crate) fn holds(&mut self, expression: &Expression, place: &Place) -> Deciding<bool> {
        match self.value(expression, place)? {
            Value::Bool(flag) => Ok(flag),
            other => expression_failed(
                expression,
                "not_a_boolean".into(),
                Value::record([("found", Value::from(other.kind()))]),
            ),
        }
    }

    pub(crate) fn template(&mut self, template: &Template, place: &Place) -> Deciding<Value> {
        Ok(match template {
            Template::Literal(value) => value.clone(),
            Template::Expression(expression) => self.value(expression, place)?,
            Template::Text(pieces) => Value::text(self.pieces(pieces, place)?),
            Template::List(items) => {
                Value::list(items.iter().map(|item| self.template(item, place)).collect::<Deciding<_>>()?)
            }
            Template::Record(entries) => self.record(entries, place)?,
        })
    }

    pub(crate) fn record(&mut self, entries: &BTreeMap<Arc<str>, Template>, place: &Place) -> Deciding<Value> {
        let mut map = Map::new();
        for (name, template) in entries {
            map.insert(name.clone(), self.template(template, place)?);
        }
        Ok(Value::map(map))
    }

    /// A template that must give a text.
    pub(crate) fn text(&mut self, template: &Template, place: &Place) -> Deciding<Arc<str>> {
        match self.template(template, place)? {
            Value::Text(text) => Ok(text),
            other => incident(
                IncidentCode::TypeMismatch,
                Value::record([("wanted", Value::from("text")), ("found", Value::from(other.kind()))]),
            ),
        }
    }

    fn pieces(&mut self, pieces: &[Piece], place: &Place) -> Deciding<String> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Hole(expression) => text.push_str(&printed(&self.value(expression, place)?)),
            }
        }
        Ok(text)
    }

    pub(crate) fn both_texts(&mut self, template: &TextTemplate, place: &Place) -> Deciding<Text> {
        Ok(Text { zh: self.pieces(&template.zh, place)?.into(), en: self.pieces(&template.en, place)?.into() })
    }

    /// What `into`/`fills` write of an output; the first that does not fit its field's type is named.
    pub(crate) fn writes(&self, writes: &[Write], output: &Value) -> Result<Vec<crate::event::FieldWrite>, Misfit> {
        self.definition.writes(writes, output)
    }

    pub(crate) fn check_field(&self, path: &Path, value: &Value) -> Result<(), Misfit> {
        self.definition.check_field(path, value)
    }
}

impl Definition {
    /// What `into`/`fills` write of an output; the first that does not fit its field's type is named.
    pub(crate) fn writes(&self, writes: &[Write], output: &Value) -> Result<Vec<crate::event::FieldWrite>, Misfit> {
        writes
            .iter()
            .map(|write| {
                let value = output.at(&write.from).cloned().unwrap_or_default();
                self.check_field(&write.to, &value)?;
                Ok(crate::event::FieldWrite { path: write.to.clone(), value })
            })
            .collect()
    }

    /// Whether a value fits the declared type of the field at `path`. Variables of items have no declared type.
    pub(crate) fn check_field(&self, path: &Path, value: &Value) -> Result<(), Misfit> {
        let Some((root, rest)) = path.split_first() else { return Ok(()) };
        let Some(field) = self.data_field(root) else { return Ok(()) };
        let kind = rest.iter().try_fold(field.kind.clone(), |kind, name| kind.field(name));
        let Some(kind) = kind else { return Ok(()) };
        if value.is_null() {
            return Ok(());
        }
        kind.check(value).map_err(|mismatch| Misfit {
            field: path.join("."),
            wanted: mismatch.wanted,
            found: mismatch.found,
        })
    }
}

/// A value that does not fit its field.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) field: String,
    pub(crate) wanted: String,
    pub(crate) found: &'static str,
}

impl Misfit {
    pub(crate) fn into_incident<T>(self) -> Deciding<T> {
        incident(IncidentCode::TypeMismatch, self.detail())
    }

    pub(crate) fn detail(self) -> Value {
        Value::record([
            ("field", Value::from(self.field)),
            ("wanted", Value::from(self.wanted)),
            ("found", Value::from(self.found)),
        ])
    }
}

/// An evaluation as a fact.
pub(crate) fn computed(result: Result<Value, EvaluationError>) -> Fact {
    match result {
        Ok(value) => Fact::Value { value },
        Err(error) => Fact::Failed { code: error.code.into(), detail: error.detail },
    }
}

fn expression_failed<T>(expression: &Expression, why: Arc<str>, detail: Value) -> Deciding<T> {
    let entries = [("expression", Value::from(expression.source())), ("why", Value::Text(why)), ("detail", detail)];
    incident(IncidentCode::ExpressionFailed, Value::record(entries))
}

/// A value as it stands in a text.
pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        other => other.to_json().to_string(),
    }
}

impl Draft {
    /// The state as a start would make it, to compute its key over.
    pub(crate) fn trial(&self, started: &crate::event::Event) -> Option<crate::state::State> {
        crate::state::State::started(self.context.instance, started, self.now())
    }

    /// A business key with the numbers that it asks for: `next("CAPA")` gives `CAPA-000001`.
    pub(crate) fn numbered(&mut self, key: &str, expression: &Expression) -> Deciding<Arc<str>> {
        let mut key = key.to_owned();
        for used in expression.functions().iter().filter(|used| used.name.as_ref() == "next") {
            let Some((sequence, _)) = used.texts.first() else { continue };
            let place = crate::rules::expression::undrawn(sequence);
            if !key.contains(&place) {
                continue;
            }
            let Fact::Number { number } = self.ask(Ask::Number { sequence: sequence.clone() })? else {
                return Err(Stop::Diverged);
            };
            key = key.replace(&place, &format!("{sequence}-{number:06}"));
        }
        Ok(key.into())
    }

    /// The value of an expression over a trial state.
    pub(crate) fn value_in(
        &mut self,
        trial: &mut Option<crate::state::State>,
        expression: &Expression,
    ) -> Deciding<Value> {
        let Some(trial) = trial else { return Err(Stop::Diverged) };
        let now = self.now();
        let definition = self.definition.clone();
        let extra = Extra::new();
        let evaluate = || expression.evaluate(&trial.at_root(&definition, now, &extra));
        if expression.as_path().is_some() {
            return evaluate().or_else(|error| expression_failed(expression, error.code.into(), error.detail));
        }
        match self.fact(|_| computed(evaluate()))? {
            Fact::Value { value } => Ok(value),
            Fact::Failed { code, detail } => expression_failed(expression, code, detail),
            _ => Err(Stop::Diverged),
        }
    }
}

/// What the expressions of a schedule may read.
struct Due(Value);

impl crate::rules::expression::Names for Due {
    fn lookup(&self, name: &str) -> Option<Value> {
        matches!(name, "due" | "now").then(|| self.0.clone())
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

/// The values of a schedule's `with`, before there is an instance.
pub(crate) fn of_schedule(
    with: &BTreeMap<Arc<str>, Template>,
    due: crate::time::Timestamp,
    process: &str,
) -> Result<Value, String> {
    let names = Due(Value::text(due.to_string()));
    let mut input = Map::new();
    for (name, template) in with {
        let value =
            without_instance(template, &names).map_err(|error| format!("{process}, `{name}`: {}", error.code))?;
        input.insert(name.clone(), value);
    }
    Ok(Value::map(input))
}

fn without_instance(template: &Template, names: &Due) -> Result<Value, EvaluationError> {
    Ok(match template {
        Template::Literal(value) => value.clone(),
        Template::Expression(expression) => expression.evaluate(names)?,
        Template::Text(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Literal(literal) => text.push_str(literal),
                    Piece::Hole(expression) => text.push_str(&printed(&expression.evaluate(names)?)),
                }
            }
            Value::text(text)
        }
        Template::List(items) => {
            Value::list(items.iter().map(|item| without_instance(item, names)).collect::<Result<_, _>>()?)
        }
        Template::Record(entries) => {
            let mut map = Map::new();
            for (name, template) in entries {
                map.insert(name.clone(), without_instance(template, names)?);
            }
            Value::map(map)
        }
    })
}
