//! `decide`, `script` and `set`: values from a table, from a pure function, or from expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::{Place, computed};
use crate::event::{Body, FieldWrite};
use crate::facts::Fact;
use crate::flow::{self, DONE, Done};
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Path, Step, Template};
use crate::value::Value;

pub(crate) fn decide(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    name: &Arc<str>,
    with: &BTreeMap<Arc<str>, Template>,
    place: &Place,
) -> Deciding<()> {
    let mut surroundings = place.clone();
    for (variable, template) in with {
        let value = draft.template(template, place)?;
        surroundings = surroundings.with(variable, value);
    }
    let Some(table) = draft.definition.tables.get(name).cloned() else {
        return failed(IncidentCode::TableFailed, name, "no_such_table".into(), Value::Null);
    };
    let fact = draft.fact(|draft| match table.evaluate(&draft.names(&surroundings)) {
        Ok(hit) => Fact::Rows { rows: hit.rows, value: hit.value },
        Err(error) => Fact::Failed { code: error.code.into(), detail: error.detail },
    })?;
    match fact {
        Fact::Rows { value, .. } => done(draft, scope, step, value),
        Fact::Failed { code, detail } => failed(IncidentCode::TableFailed, name, code, detail),
        _ => Err(Stop::Diverged),
    }
}

pub(crate) fn script(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    name: &Arc<str>,
    with: &BTreeMap<Arc<str>, Template>,
    place: &Place,
) -> Deciding<()> {
    let mut arguments = BTreeMap::new();
    for (argument, template) in with {
        arguments.insert(argument.clone(), draft.template(template, place)?);
    }
    let Some(script) = draft.definition.scripts.get(name).cloned() else {
        return failed(IncidentCode::ScriptFailed, name, "no_such_script".into(), Value::Null);
    };
    match draft.fact(|_| computed(script.run(&arguments)))? {
        Fact::Value { value } => done(draft, scope, step, value),
        Fact::Failed { code, detail } => failed(IncidentCode::ScriptFailed, name, code, detail),
        _ => Err(Stop::Diverged),
    }
}

/// All values are computed before any is written.
pub(crate) fn set(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    values: &[(Path, Template)],
    place: &Place,
) -> Deciding<()> {
    let mut writes = Vec::with_capacity(values.len());
    for (path, template) in values {
        let value = draft.template(template, place)?;
        if let Err(misfit) = draft.check_field(path, &value) {
            return misfit.into_incident();
        }
        writes.push(FieldWrite { path: path.clone(), value });
    }
    let run = draft.enter(scope, step, Body::Plain);
    flow::complete(draft, run, step, Done { writes, ..Done::plain(DONE) })
}

fn done(draft: &mut Draft, scope: ScopeId, step: &Step, output: Value) -> Deciding<()> {
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let run = draft.enter(scope, step, Body::Plain);
    flow::complete(draft, run, step, Done { output, writes, ..Done::plain(DONE) })
}

fn failed<T>(code: IncidentCode, name: &Arc<str>, why: Arc<str>, detail: Value) -> Deciding<T> {
    let entries = [("name", Value::Text(name.clone())), ("why", Value::Text(why)), ("detail", detail)];
    incident(code, Value::record(entries))
}
