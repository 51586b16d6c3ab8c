//! E-signatures: what exactly is signed, and whether a signature is over that.
//!
//! The record is what was displayed: values, form, step, meaning, fence. Its SHA-256 over RFC 8785 bytes is
//! what the signer was shown and what the event is bound to; anything changed meanwhile is refused.

use std::sync::Arc;

use crate::command::{Actor, Assertion, Complete, Start, WorkId};
use crate::decide::{StartRule, reject};
use crate::draft::{Deciding, Draft};
use crate::event::{Event, Signature, Task};
use crate::facts::Fact;
use crate::id::{Digest, UserId};
use crate::language::definition::{Definition, Path, StepKind, Text};
use crate::rejection::Rejection;
use crate::state::State;
use crate::value::{Map, Value};
use crate::work::form_faults;

/// Checks the signature that completing this work demands, and records it.
pub(crate) fn sign(
    draft: &mut Draft,
    complete: &Complete,
    outcome: &Arc<str>,
    who: &UserId,
    task: &Task,
    meaning: &Arc<str>,
) -> Deciding<()> {
    let Some(assertion) = complete.signature.as_ref() else { return reject(Rejection::SignatureRequired) };
    let definition = draft.definition.clone();
    let shown = to_sign(&definition, draft.state(), complete.work, outcome, &complete.answer).unwrap_or_default();
    let record = record_digest(&shown);
    if assertion.record != record || assertion.signer != *who {
        return reject(Rejection::ContentChanged);
    }
    let form = task.form.as_ref().and_then(|name| definition.forms.get(name)).map(|form| form.digest);
    let signature = Box::new(Signature {
        meaning: meaning.clone(),
        meaning_text: meaning_text(&definition, meaning),
        record,
        shown,
        definition: definition.release,
        form,
        assertion: Assertion::clone(assertion),
    });
    draft.emit(Event::Signed { work: complete.work, signature });
    Ok(())
}

/// Judges a start by its form, and checks the signature that its rule demands.
pub(crate) fn start_signature(
    draft: &mut Draft,
    rule: &StartRule,
    start: &Start,
    input: &Value,
    actor: &Actor,
) -> Deciding<Option<Signature>> {
    let definition = draft.definition.clone();
    let form = rule.form.as_ref().and_then(|name| definition.forms.get(name));
    if let Some(form) = form {
        let mut faults = Vec::new();
        draft.fact(|_| {
            faults = form_faults(&form.schema, &start.input);
            Fact::Value { value: Value::Bool(faults.is_empty()) }
        })?;
        if !faults.is_empty() {
            return reject(Rejection::InvalidAnswer(faults));
        }
    }
    let Some(meaning) = &rule.sign else { return Ok(None) };
    let Some(assertion) = start.signature.as_ref() else { return reject(Rejection::SignatureRequired) };
    let shown = to_sign_start(&definition, meaning, input);
    let record = record_digest(&shown);
    if assertion.record != record || actor.id() != Some(&assertion.signer) {
        return reject(Rejection::ContentChanged);
    }
    Ok(Some(Signature {
        meaning: meaning.clone(),
        meaning_text: meaning_text(&definition, meaning),
        record,
        shown,
        definition: definition.release,
        form: form.map(|form| form.digest),
        assertion: Assertion::clone(assertion),
    }))
}

/// The record that starting with this input would sign, where the start signs.
#[must_use]
pub fn to_sign_start(definition: &Definition, meaning: &Arc<str>, input: &Value) -> Value {
    let words = meaning_text(definition, meaning);
    Value::record([
        ("process", Value::Text(definition.process.clone())),
        ("release", Value::from(definition.release.to_string())),
        ("meaning", Value::Text(meaning.clone())),
        ("meaning_text", Value::record([("zh", Value::Text(words.zh)), ("en", Value::Text(words.en))])),
        ("input", input.clone()),
    ])
}

/// The meaning's words in both languages, from the process's texts.
#[must_use]
pub fn meaning_text(definition: &Definition, meaning: &Arc<str>) -> Text {
    definition.texts.get(meaning).cloned().unwrap_or_else(|| Text { zh: meaning.clone(), en: meaning.clone() })
}

/// SHA-256 over the record's RFC 8785 bytes.
///
/// # Panics
/// Never: a value is plain JSON.
#[must_use]
pub fn record_digest(record: &Value) -> Digest {
    Digest::of(&crate::canonical::to_vec(record).expect("a value holds only texts, integers, lists and maps"))
}

/// The record that completing this work with this outcome and answer would sign: exactly what is displayed.
/// `None` if the work is not open or needs no signature.
#[must_use]
pub fn to_sign(
    definition: &Definition,
    state: &State,
    id: WorkId,
    outcome: &Arc<str>,
    answer: &Value,
) -> Option<Value> {
    let (run, work) = state.work(id)?;
    let meaning = work.task().sign.as_ref()?;
    let step = definition.step(&run.step)?;
    let shows: &[Path] = match &step.kind {
        StepKind::Task(task) => &task.shows,
        StepKind::Approve(ballot) => &ballot.shows,
        _ => &[],
    };
    let shown: Map = shows.iter().map(|path| (path.join(".").into(), state.shown(definition, path))).collect();
    let meaning_text = meaning_text(definition, meaning);
    let text =
        |text: &Text| Value::record([("zh", Value::Text(text.zh.clone())), ("en", Value::Text(text.en.clone()))]);
    Some(Value::record([
        ("instance", Value::from(state.id().to_string())),
        ("process", Value::Text(state.process().clone())),
        ("release", Value::from(state.release().to_string())),
        ("key", state.key().map_or(Value::Null, |key| Value::Text(key.clone()))),
        ("step", Value::Text(run.step.clone())),
        ("fence", Value::from(format!("{}.{}", id.run, id.seat))),
        ("title", text(&work.task().title)),
        ("meaning", Value::Text(meaning.clone())),
        ("meaning_text", text(&meaning_text)),
        ("outcome", Value::Text(outcome.clone())),
        ("answer", answer.clone()),
        ("shown", Value::map(shown)),
    ]))
}
