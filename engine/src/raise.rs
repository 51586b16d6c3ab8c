//! Events that people raise: who may, when, by which form, signed over what.
//!
//! The rules are those of a task, judged at the moment of acting on every path; [`allowed_events`] tells the same to
//! whoever asks first.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::command::{Actor, Assertion, Raise, WorkId};
use crate::decide::{person, reject};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::{Misfit, Place};
use crate::event::{Candidates, Event, Item, Signature};
use crate::facts::{Fact, PersonFact};
use crate::flow;
use crate::id::{RunId, StepKey, UserId};
use crate::language::definition::{Candidate, Definition, Handler, Path, PersonEvent, Template, Text, Trigger};
use crate::rejection::{FieldFault, Rejection};
use crate::rules::expression::Names;
use crate::signing::{meaning_text, record_digest};
use crate::state::{At, Extra, Phase, ROOT_RUN, ROOT_SCOPE, State};
use crate::step::task;
use crate::time::Timestamp;
use crate::value::{Map, Value};
use crate::work;

/// An event of something that is open, as the definition has it.
struct Open<'d> {
    /// Empty for the process's own.
    step: StepKey,
    place: Place,
    handler: &'d Handler,
    event: &'d PersonEvent,
}

pub(crate) fn raise(draft: &mut Draft, raise: &Raise, actor: &Actor) -> Deciding<()> {
    draft.place = Some(raise.host);
    let definition = draft.definition.clone();
    let open = match find(&definition, draft.state(), raise.host, &raise.event) {
        Ok(open) => open,
        Err(rejection) => return reject(rejection),
    };
    let who = work::acting(draft, actor)?;
    may_raise(draft, &open, actor)?;
    if let Some(condition) = &open.event.open_while {
        match draft.holds(condition, &open.place) {
            Ok(true) => {}
            Ok(false) => return reject(Rejection::EventNotNow { event: raise.event.clone() }),
            Err(stop) => return unjudged(stop, &raise.event),
        }
    }
    if open.event.reason_required && raise.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
        return reject(Rejection::ReasonRequired);
    }
    check_answer(draft, open.event, &raise.answer)?;
    let writes = match definition.writes(&open.event.writes, &raise.answer) {
        Ok(writes) => writes,
        Err(misfit) => return reject(invalid(misfit)),
    };
    if let Some(meaning) = &open.event.sign {
        sign(draft, raise, meaning, open.event, &who)?;
    }
    draft.emit(Event::Raised {
        run: raise.host,
        handler: raise.event.clone(),
        by: actor.clone(),
        answer: raise.answer.clone(),
        reason: raise.reason.clone(),
        writes,
    });
    let item = Item { name: "form".into(), index: 0, key: raise.event.clone(), value: raise.answer.clone() };
    flow::begin_event(draft, raise.host, open.handler, Some(item))?;
    Ok(())
}

/// The event of this name, if its host is open.
fn find<'d>(definition: &'d Definition, state: &State, host: RunId, name: &str) -> Result<Open<'d>, Rejection> {
    let (step, scope, handlers) = if host == ROOT_RUN {
        if state.operations.closing.is_some() {
            return Err(Rejection::Gone("the instance is being closed".into()));
        }
        if state.ending().is_some() {
            return Err(Rejection::Gone("the process is ending: only what must be done alongside goes on".into()));
        }
        (StepKey::from(""), ROOT_SCOPE, &definition.handlers)
    } else {
        let open = state.runs.get(&host).filter(|run| run.phase == Phase::Open && !state.is_given_up(host));
        let Some(run) = open else { return Err(work::gone(state, WorkId { run: host, seat: 0 })) };
        let Some(step) = definition.step(&run.step) else { return Err(Rejection::Gone("its step is no more".into())) };
        (run.step.clone(), run.scope, &step.handlers)
    };
    let people = handlers.iter().filter_map(|handler| match &handler.on {
        Trigger::Person(event) => Some((handler, event.as_ref())),
        _ => None,
    });
    match people.clone().find(|(handler, _)| *handler.name == *name) {
        Some((handler, event)) => Ok(Open { step, place: Place::scope(scope), handler, event }),
        None => Err(Rejection::UnknownEvent {
            given: name.into(),
            known: people.map(|(handler, _)| handler.name.clone()).collect(),
        }),
    }
}

/// A candidate, and nobody who is excluded: both for the actor and for whom they act.
fn may_raise(draft: &mut Draft, open: &Open<'_>, actor: &Actor) -> Deciding<()> {
    let principals: Vec<UserId> = actor.principals().cloned().collect();
    let definition = draft.definition.clone();
    for principal in &principals {
        if let Some(step) = work::excluded_by(&definition, draft.state(), open.place.scope, &open.event.not, principal)
        {
            return reject(Rejection::SeparationOfDuties { who: principal.clone(), step });
        }
    }
    let mut candidates = Vec::with_capacity(open.event.by.len());
    for candidate in &open.event.by {
        // Nobody has started it: then the initiator is nobody.
        if matches!(candidate, Candidate::Initiator) && draft.state().initiator.id().is_none() {
            continue;
        }
        match task::resolve(draft, candidate, &open.place) {
            Ok(candidate) => candidates.push(candidate),
            Err(stop) => return unjudged(stop, &open.handler.name),
        }
    }
    let Some(entitled) = principals.last().cloned() else {
        return reject(Rejection::NotCandidate { wanted: work::wanted(&candidates) });
    };
    let own = person(draft, &entitled)?;
    work::among(draft, &candidates, &entitled, &own)
}

/// What cannot be judged refuses the one who asks; nothing in the instance stops because of it.
fn unjudged<T>(stop: Stop, event: &Arc<str>) -> Deciding<T> {
    match stop {
        Stop::Incident { detail, .. } => {
            let why = detail.get("why").and_then(Value::as_str).map_or_else(|| "no value".into(), Arc::from);
            reject(Rejection::EventUnjudged { event: event.clone(), why })
        }
        other => Err(other),
    }
}

fn check_answer(draft: &mut Draft, event: &PersonEvent, answer: &Value) -> Deciding<()> {
    let Some(form) = event.form.as_ref().and_then(|name| draft.definition.forms.get(name)).cloned() else {
        return Ok(());
    };
    let mut faults = Vec::new();
    draft.fact(|_| {
        let whole = if answer.is_null() { Value::map(Map::new()) } else { answer.clone() };
        faults = work::form_faults(&form.schema, &whole);
        Fact::Value { value: Value::Bool(faults.is_empty()) }
    })?;
    if faults.is_empty() { Ok(()) } else { reject(Rejection::InvalidAnswer(faults)) }
}

fn invalid(misfit: Misfit) -> Rejection {
    let fault = FieldFault {
        field: format!("/{}", misfit.field.replace('.', "/")),
        message: format!("must be {}, but is {}", misfit.wanted, misfit.found),
    };
    Rejection::InvalidAnswer(vec![fault])
}

fn sign(draft: &mut Draft, raise: &Raise, meaning: &Arc<str>, event: &PersonEvent, who: &UserId) -> Deciding<()> {
    let Some(assertion) = raise.signature.as_ref() else { return reject(Rejection::SignatureRequired) };
    let definition = draft.definition.clone();
    let shown = to_sign_event(&definition, draft.state(), raise).unwrap_or_default();
    let record = record_digest(&shown);
    if assertion.record != record || assertion.signer != *who {
        return reject(Rejection::ContentChanged);
    }
    let form = event.form.as_ref().and_then(|name| definition.forms.get(name)).map(|form| form.digest);
    let signature = Box::new(Signature {
        meaning: meaning.clone(),
        meaning_text: meaning_text(&definition, meaning),
        record,
        shown,
        definition: definition.release,
        form,
        assertion: Assertion::clone(assertion),
    });
    draft.emit(Event::Signed { work: WorkId { run: raise.host, seat: 0 }, signature });
    Ok(())
}

/// The meaning of the signature that raising this demands, if it demands one.
pub fn event_meaning(definition: &Definition, state: &State, raise: &Raise) -> Result<Option<Arc<str>>, Rejection> {
    find(definition, state, raise.host, &raise.event).map(|open| open.event.sign.clone())
}

/// The record that raising an event with this answer and reason would sign: exactly what is displayed. The fence counts
/// how often it was raised, so that a signature is good for once. `None` if it is not open or needs no signature.
#[must_use]
pub fn to_sign_event(definition: &Definition, state: &State, raise: &Raise) -> Option<Value> {
    let open = find(definition, state, raise.host, &raise.event).ok()?;
    let meaning = open.event.sign.as_ref()?;
    let shown: Map =
        open.event.shows.iter().map(|path: &Path| (path.join(".").into(), state.shown(definition, path))).collect();
    let text =
        |text: &Text| Value::record([("zh", Value::Text(text.zh.clone())), ("en", Value::Text(text.en.clone()))]);
    let times = state.times_raised(&open.step, &raise.event);
    Some(Value::record([
        ("instance", Value::from(state.id().to_string())),
        ("process", Value::Text(state.process().clone())),
        ("release", Value::from(state.release().to_string())),
        ("key", state.key().map_or(Value::Null, |key| Value::Text(key.clone()))),
        ("step", Value::Text(open.step.clone())),
        ("event", Value::Text(raise.event.clone())),
        ("fence", Value::from(format!("{}.{}.{times}", raise.host, raise.event))),
        ("title", text(&title(definition, state, &open))),
        ("meaning", Value::Text(meaning.clone())),
        ("meaning_text", text(&meaning_text(definition, meaning))),
        ("answer", raise.answer.clone()),
        ("reason", raise.reason.clone().map_or(Value::Null, Value::Text)),
        ("shown", Value::map(shown)),
    ]))
}

/// The event's title; without one, or where it has no value, its name.
fn title(definition: &Definition, state: &State, open: &Open<'_>) -> Text {
    use crate::language::definition::Piece;
    let extra = Extra::new();
    // A title shows what the process holds, and never the clock: what is signed must not change by looking.
    let names = At { definition, state, scope: open.place.scope, now: state.updated_at(), extra: &extra };
    let pieces = |pieces: &[Piece]| -> Option<Arc<str>> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Hole(hole) => text.push_str(&crate::evaluate::printed(&hole.evaluate(&names).ok()?)),
            }
        }
        Some(text.into())
    };
    let written = open.event.title.as_ref();
    let written = written.and_then(|title| Some(Text { zh: pieces(&title.zh)?, en: pieces(&title.en)? }));
    written.unwrap_or_else(|| meaning_text(definition, &open.handler.name))
}

/// Whether an event that is open now is for this person, whatever else keeps them from raising it.
#[must_use]
pub fn is_for(event: &AllowedEvent) -> bool {
    !matches!(event.refused, Some(Rejection::NotCandidate { .. } | Rejection::InactiveAccount(_)))
}

/// One event that is open, and why this person may not raise it now, if they may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedEvent {
    /// The open step it belongs to; 0 for the process's own.
    pub host: RunId,
    /// Empty for the process's own.
    pub step: StepKey,
    /// The keys of the items around its step, innermost first.
    pub items: Vec<Arc<str>>,
    pub event: Arc<str>,
    pub title: Text,
    pub form: Option<Arc<str>>,
    /// Raising needs a signature with this meaning.
    pub sign: Option<Arc<str>>,
    pub reason_required: bool,
    pub refused: Option<Rejection>,
}

/// Every event of people that is open now, with what `who` may do about it. `managed` says whose manager they are.
#[must_use]
pub fn allowed_events(
    definition: &Definition,
    state: &State,
    now: Timestamp,
    who: &UserId,
    person: &PersonFact,
    managed: &BTreeSet<UserId>,
) -> Vec<AllowedEvent> {
    if !state.is_live() {
        return Vec::new();
    }
    let root = definition.handlers.iter().map(|handler| (ROOT_RUN, Vec::new(), handler));
    let steps = state.open_steps().flat_map(|(step, run, items)| {
        let handlers = definition.step(step).map(|step| step.handlers.as_slice()).unwrap_or_default();
        handlers.iter().map(move |handler| (run, items.clone(), handler))
    });
    let mut events = Vec::new();
    for (host, items, handler) in root.chain(steps) {
        let Ok(open) = find(definition, state, host, &handler.name) else { continue };
        events.push(AllowedEvent {
            host,
            step: open.step.clone(),
            items,
            event: handler.name.clone(),
            title: title(definition, state, &open),
            form: open.event.form.clone(),
            sign: open.event.sign.clone(),
            reason_required: open.event.reason_required,
            refused: refusal(definition, state, now, &open, (who, person, managed)),
        });
    }
    events
}

/// People whose managers may raise something that is open now: the directory is asked who their managers are.
#[must_use]
pub fn managed_in_events(definition: &Definition, state: &State, now: Timestamp) -> BTreeSet<UserId> {
    let hosts = std::iter::once(ROOT_RUN).chain(state.open_steps().map(|(_, run, _)| run));
    let mut people = BTreeSet::new();
    for host in hosts {
        let handlers = match state.runs.get(&host).and_then(|run| definition.step(&run.step)) {
            Some(step) => &step.handlers,
            None => &definition.handlers,
        };
        for handler in handlers {
            let Ok(open) = find(definition, state, host, &handler.name) else { continue };
            people.extend(candidates(definition, state, now, &open).into_iter().filter_map(|group| match group {
                Candidates::ManagerOf { id } => Some(id),
                _ => None,
            }));
        }
    }
    people
}

fn refusal(
    definition: &Definition,
    state: &State,
    now: Timestamp,
    open: &Open<'_>,
    (who, person, managed): (&UserId, &PersonFact, &BTreeSet<UserId>),
) -> Option<Rejection> {
    if let Some(hold) = &state.operations.hold {
        return Some(hold.rejection());
    }
    if !person.active {
        return Some(Rejection::InactiveAccount(who.clone()));
    }
    if let Some(step) = work::excluded_by(definition, state, open.place.scope, &open.event.not, who) {
        return Some(Rejection::SeparationOfDuties { who: who.clone(), step });
    }
    let candidates = candidates(definition, state, now, open);
    let fits = candidates.iter().any(|group| match group {
        Candidates::ManagerOf { id } => managed.contains(id),
        other => work::is_candidate(other, who, person),
    });
    if !fits {
        return Some(Rejection::NotCandidate { wanted: work::wanted(&candidates) });
    }
    let condition = open.event.open_while.as_ref()?;
    let extra = Extra::new();
    let names = At { definition, state, scope: open.place.scope, now, extra: &extra };
    let event = open.handler.name.clone();
    match condition.evaluate(&names as &dyn Names) {
        Ok(Value::Bool(true)) => None,
        Ok(_) => Some(Rejection::EventNotNow { event }),
        Err(error) => Some(Rejection::EventUnjudged { event, why: error.code.into() }),
    }
}

/// Who is meant, as far as it can be said now.
fn candidates(definition: &Definition, state: &State, now: Timestamp, open: &Open<'_>) -> Vec<Candidates> {
    let extra = Extra::new();
    let names = At { definition, state, scope: open.place.scope, now, extra: &extra };
    let text = |template: &Template| -> Option<Arc<str>> {
        match template {
            Template::Literal(Value::Text(text)) => Some(text.clone()),
            Template::Expression(expression) => expression.evaluate(&names).ok()?.as_str().map(Arc::from),
            Template::Text(pieces) => {
                let mut whole = String::new();
                for piece in pieces {
                    match piece {
                        crate::language::definition::Piece::Literal(literal) => whole.push_str(literal),
                        crate::language::definition::Piece::Hole(hole) => {
                            whole.push_str(&crate::evaluate::printed(&hole.evaluate(&names).ok()?));
                        }
                    }
                }
                Some(whole.into())
            }
            _ => None,
        }
    };
    let resolve = |candidate: &Candidate| -> Option<Candidates> {
        Some(match candidate {
            Candidate::Role { role, scope } => Candidates::Role {
                role: text(role)?,
                scope: scope
                    .iter()
                    .map(|(name, template)| Some((name.clone(), text(template)?)))
                    .collect::<Option<_>>()?,
            },
            Candidate::User(template) => Candidates::User { id: text(template)? },
            Candidate::ManagerOf(template) => Candidates::ManagerOf { id: text(template)? },
            Candidate::Initiator => Candidates::User { id: state.initiator.id()?.clone() },
        })
    };
    open.event.by.iter().filter_map(resolve).collect()
}
