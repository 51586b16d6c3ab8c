//! What people do with their work: claim, release, assign, complete, vote, sign.
//!
//! Who may is decided here, at the moment of acting, on every path; [`allowed_actions`] tells the same
//! rules to whoever asks first.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::command::{Actor, Complete, WorkId};
use crate::decide::{ADMIN, person, reject};
use crate::draft::{Deciding, Draft, Stop};
use crate::event::{Candidates, Event, Task};
use crate::facts::{Ask, Fact, PersonFact};
use crate::flow::{self, Done};
use crate::id::UserId;
use crate::language::definition::{Definition, InitiatorApproves, NotWho, Route, Step, StepKind};
use crate::rejection::{FieldFault, Rejection};
use crate::signing;
use crate::state::{Body, State};
use crate::step;
use crate::step::approve::{APPROVED, REJECTED};
use crate::value::{Map, Value};

/// Open work with its definition, copied out so that the draft can go on.
struct OpenWork {
    step: Arc<Step>,
    task: Task,
    assignee: Option<UserId>,
}

fn open_work(draft: &Draft, id: WorkId) -> Deciding<OpenWork> {
    let found =
        draft.state().work(id).map(|(run, work)| (run.step.clone(), work.task().clone(), work.assignee().cloned()));
    let Some((key, task, assignee)) = found else {
        let waits = matches!(draft.state().runs.get(&id.run).map(|run| &run.body),
            Some(Body::Ballot { seats, .. }) if seats.get(id.seat as usize).is_some_and(|seat| seat.work.is_none()));
        if waits {
            return reject(Rejection::NotYourTurn);
        }
        return reject(gone(draft.state(), id));
    };
    let Some(step) = draft.definition.step(&key).cloned() else { return Err(Stop::Diverged) };
    Ok(OpenWork { step, task, assignee })
}

/// Who was first, as far as the state still knows.
pub(crate) fn gone(state: &State, id: WorkId) -> Rejection {
    let by_run = |record: &crate::state::Record| record.run == id.run;
    let record = state.records.values().find(|record| by_run(record));
    let who = record.and_then(|record| record.by.as_ref()).and_then(Actor::id);
    let why = match (record, who) {
        (Some(record), Some(who)) => format!("{who} completed it with `{}`", record.outcome),
        (Some(record), None) => format!("it ended with `{}`", record.outcome),
        (None, _) => "it was withdrawn".to_owned(),
    };
    Rejection::Gone(why.into())
}

pub(crate) fn claim(draft: &mut Draft, id: WorkId, actor: &Actor) -> Deciding<()> {
    let work = open_work(draft, id)?;
    let who = acting(draft, actor)?;
    may_act(draft, &work, id, actor)?;
    match &work.assignee {
        Some(holder) if *holder == who => Ok(()),
        Some(holder) => reject(Rejection::ClaimedBy { holder: holder.clone() }),
        None => {
            draft.emit(Event::Claimed { work: id, by: who });
            Ok(())
        }
    }
}

pub(crate) fn release(draft: &mut Draft, id: WorkId, actor: &Actor) -> Deciding<()> {
    let work = open_work(draft, id)?;
    let who = acting(draft, actor)?;
    match &work.assignee {
        None => reject(Rejection::NotClaimed),
        Some(holder) if *holder == who => {
            draft.emit(Event::Released { work: id, by: who });
            Ok(())
        }
        Some(holder) => reject(Rejection::ClaimedBy { holder: holder.clone() }),
    }
}

/// The holder gives it on; the process's owner and administrators give anybody's.
pub(crate) fn assign(
    draft: &mut Draft,
    id: WorkId,
    to: &UserId,
    reason: Option<&Arc<str>>,
    actor: &Actor,
) -> Deciding<()> {
    let work = open_work(draft, id)?;
    let who = acting(draft, actor)?;
    if work.assignee.as_ref() != Some(&who) {
        let own = person(draft, &who)?;
        let owner = draft.definition.owner.clone();
        if !own.roles.iter().any(|held| held.role.as_ref() == ADMIN || held.role == owner) {
            return reject(Rejection::Forbidden(owner));
        }
        if reason.is_none_or(|reason| reason.trim().is_empty()) {
            return reject(Rejection::ReasonRequired);
        }
    }
    let target = Actor::Person { id: to.clone(), on_behalf_of: None };
    may_act(draft, &work, id, &target)?;
    draft.emit(Event::Assigned { work: id, to: to.clone(), by: actor.clone(), reason: reason.cloned() });
    Ok(())
}

pub(crate) fn complete(draft: &mut Draft, complete: &Complete, actor: &Actor) -> Deciding<()> {
    let id = complete.work;
    draft.place = Some(id.run);
    let work = open_work(draft, id)?;
    let who = acting(draft, actor)?;
    // A substitute does the work of the one they act for, claimed or not.
    if let Some(holder) = work.assignee.as_ref().filter(|holder| actor.principals().all(|one| one != *holder)) {
        return reject(Rejection::ClaimedBy { holder: holder.clone() });
    }
    may_act(draft, &work, id, actor)?;
    let outcome = chosen_outcome(&work.task, complete.outcome.as_ref())?;
    check_answer(draft, &work, &outcome, &complete.answer)?;
    choose_target(&work.step, &outcome, complete)?;
    if let Some(meaning) = work.task.sign.clone() {
        signing::sign(draft, complete, &outcome, &who, &work.task, &meaning)?;
    }
    match &work.step.kind {
        StepKind::Approve(_) => {
            draft.emit(Event::Voted {
                work: id,
                outcome,
                by: actor.clone(),
                answer: complete.answer.clone(),
                comment: complete.comment.clone(),
            });
            step::approve::voted(draft, id, &work.step, actor, complete.back_to.clone())
        }
        _ => {
            if let Some(text) = &complete.comment {
                draft.emit(Event::Commented { work: id, by: actor.clone(), text: text.clone() });
            }
            let writes = match draft.writes(&work.step.writes, &complete.answer) {
                Ok(writes) => writes,
                Err(misfit) => {
                    let fault = FieldFault {
                        field: format!("/{}", misfit.field.replace('.', "/")),
                        message: format!("must be {}, but is {}", misfit.wanted, misfit.found),
                    };
                    return reject(Rejection::InvalidAnswer(vec![fault]));
                }
            };
            let done = Done {
                outcome,
                output: complete.answer.clone(),
                writes,
                by: Some(actor.clone()),
                back_to: complete.back_to.clone(),
            };
            flow::complete(draft, id.run, &work.step, done)
        }
    }
}

/// People act; the platform and services do not do people's work.
pub(crate) fn acting(draft: &mut Draft, actor: &Actor) -> Deciding<UserId> {
    let Some(id) = actor.id().cloned() else {
        return reject(Rejection::NotCandidate { wanted: "a person".into() });
    };
    person(draft, &id)?;
    Ok(id)
}

/// A candidate, and nobody who is excluded: both for the actor and for whom they act.
fn may_act(draft: &mut Draft, work: &OpenWork, id: WorkId, actor: &Actor) -> Deciding<()> {
    let principals: Vec<UserId> = actor.principals().cloned().collect();
    for principal in &principals {
        if let Some((who, step)) = excluded(&draft.definition, draft.state(), &work.step, id, principal) {
            return reject(Rejection::SeparationOfDuties { who, step });
        }
    }
    // A substitute acts with the rights of the one they act for.
    let Some(entitled) = principals.last().cloned() else {
        return reject(Rejection::NotCandidate { wanted: "a person".into() });
    };
    let own = person(draft, &entitled)?;
    among(draft, &work.task.candidates, &entitled, &own)
}

/// Refuses whoever is none of the candidates.
pub(crate) fn among(draft: &mut Draft, candidates: &[Candidates], entitled: &UserId, own: &PersonFact) -> Deciding<()> {
    for group in candidates {
        let fits = match group {
            Candidates::ManagerOf { id } => match draft.ask(Ask::Person(id.clone()))? {
                Fact::Person { person } => person.and_then(|person| person.manager).as_ref() == Some(entitled),
                _ => return Err(Stop::Diverged),
            },
            other => is_candidate(other, entitled, own),
        };
        if fits {
            return Ok(());
        }
    }
    reject(Rejection::NotCandidate { wanted: wanted(candidates) })
}

pub(crate) fn wanted(candidates: &[Candidates]) -> Arc<str> {
    candidates.iter().map(step::task::describe).collect::<Vec<_>>().join(" / ").into()
}

pub(crate) fn is_candidate(group: &Candidates, who: &UserId, person: &PersonFact) -> bool {
    match group {
        Candidates::Role { role, scope } => person.roles.iter().any(|held| held.covers(role, scope)),
        Candidates::User { id } => id == who,
        Candidates::ManagerOf { .. } => false,
    }
}

/// Who of the past excludes this person, and in which step: the step's `not`, and one voice a person in a ballot.
fn excluded(
    definition: &Definition,
    state: &State,
    step: &Step,
    id: WorkId,
    who: &UserId,
) -> Option<(UserId, Arc<str>)> {
    let not = match &step.kind {
        StepKind::Task(task) => &task.not,
        StepKind::Approve(ballot) => &ballot.not,
        _ => return None,
    };
    let refused =
        matches!(&step.kind, StepKind::Approve(_)) && definition.policy.initiator_approves == InitiatorApproves::Refuse;
    let initiator = refused.then_some([NotWho::Initiator]);
    let named = excluded_by(definition, state, not, who)
        .or_else(|| excluded_by(definition, state, initiator.as_ref()?.as_slice(), who));
    if let Some(step) = named {
        return Some((who.clone(), step));
    }
    if let Some(Body::Ballot { seats, .. }) = state.runs.get(&id.run).map(|run| &run.body) {
        let voted = seats.iter().filter_map(|seat| seat.vote.as_ref());
        if voted.flat_map(|vote| vote.by.principals()).any(|one| one == who) {
            return Some((who.clone(), step.key.clone()));
        }
    }
    None
}

/// The first of these rules that excludes this person: the step where they have acted.
pub(crate) fn excluded_by(definition: &Definition, state: &State, not: &[NotWho], who: &UserId) -> Option<Arc<str>> {
    not.iter().find_map(|rule| match rule {
        NotWho::Initiator => state.initiator.principals().any(|one| one == who).then(|| Arc::from("start")),
        NotWho::Step(key) => {
            // A block stands for all the steps inside it, and a step for the events that were raised there.
            let within = |acted: &str| {
                let step = acted.split('@').next().unwrap_or(acted);
                step == key.as_ref() || definition.is_inside(step, key)
            };
            let acted = state.acted.iter().any(|(acted, people)| within(acted) && people.contains(who));
            acted.then(|| key.clone())
        }
    })
}

fn chosen_outcome(task: &Task, given: Option<&Arc<str>>) -> Deciding<Arc<str>> {
    match given {
        Some(given) if task.outcomes.contains(given) => Ok(given.clone()),
        None if task.outcomes.len() == 1 => Ok(task.outcomes[0].clone()),
        given => reject(Rejection::UnknownOutcome {
            given: given.cloned().unwrap_or_default(),
            allowed: task.outcomes.clone(),
        }),
    }
}

/// The form's schema judges the answer. What passed once is on record, so deciding again takes that as a fact.
fn check_answer(draft: &mut Draft, work: &OpenWork, outcome: &Arc<str>, answer: &Value) -> Deciding<()> {
    let Some(form) = work.task.form.as_ref().and_then(|name| draft.definition.forms.get(name)).cloned() else {
        return Ok(());
    };
    let mut faults = Vec::new();
    draft.fact(|_| {
        // A no may be said without the form.
        if !(answer.is_null() && outcome.as_ref() == REJECTED) {
            let whole = if answer.is_null() { Value::map(Map::new()) } else { answer.clone() };
            faults = form_faults(&form.schema, &whole);
        }
        Fact::Value { value: Value::Bool(faults.is_empty()) }
    })?;
    if faults.is_empty() { Ok(()) } else { reject(Rejection::InvalidAnswer(faults)) }
}

/// What of an answer does not fit a form.
#[must_use]
pub fn form_faults(schema: &jsonschema::Validator, answer: &Value) -> Vec<FieldFault> {
    let json = schema_json(answer);
    schema
        .iter_errors(&json)
        .take(50)
        .map(|error| FieldFault { field: error.instance_path().to_string(), message: error.to_string() })
        .collect()
}

/// The answer as JSON whose decimals are numbers, as schemas expect them.
fn schema_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Decimal(number) => {
            serde_json::from_str(&number.to_string()).unwrap_or_else(|_| number.to_string().into())
        }
        Value::List(items) => items.iter().map(schema_json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.to_string(), schema_json(value))).collect(),
        other => other.to_json(),
    }
}

/// Where several steps may be gone back to, the person says which.
fn choose_target(step: &Step, outcome: &Arc<str>, complete: &Complete) -> Deciding<()> {
    let Some(Route::Back(back)) = step.outcomes.get(outcome) else { return Ok(()) };
    match &complete.back_to {
        Some(target) if back.targets.contains(target) => Ok(()),
        None if back.targets.len() == 1 => Ok(()),
        _ => reject(Rejection::ChooseTarget { allowed: back.targets.clone() }),
    }
}

/// One thing a person could do with a piece of work, and why not if they may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAction {
    /// `claim`, `release`, `assign`, or `complete`.
    pub action: &'static str,
    /// For `complete`: the outcomes to choose from.
    pub outcomes: Vec<Arc<str>>,
    /// Where to go back to, by outcome, where the person chooses.
    pub back_to: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// Completing needs a signature with this meaning.
    pub sign: Option<Arc<str>>,
    pub refused: Option<Rejection>,
}

/// What `who` may do with this work now. `managed` says whose manager they are, among the candidates' people.
#[must_use]
pub fn allowed_actions(
    definition: &Definition,
    state: &State,
    id: WorkId,
    who: &UserId,
    person: &PersonFact,
    managed: &BTreeSet<UserId>,
) -> Vec<AllowedAction> {
    let Some((run, work)) = state.work(id) else { return Vec::new() };
    let Some(step) = definition.step(&run.step) else { return Vec::new() };
    let task = work.task();
    let candidate = task.candidates.iter().any(|group| match group {
        Candidates::ManagerOf { id } => managed.contains(id),
        other => is_candidate(other, who, person),
    });
    let holder = work.assignee().filter(|holder| *holder != who).cloned();
    let mine = work.assignee() == Some(who);
    let barred = if !person.active {
        Some(Rejection::InactiveAccount(who.clone()))
    } else if let Some((who, step)) = excluded(definition, state, step, id, who) {
        Some(Rejection::SeparationOfDuties { who, step })
    } else if !candidate {
        Some(Rejection::NotCandidate { wanted: wanted(&task.candidates) })
    } else {
        None
    };
    let taken = holder.map(|holder| Rejection::ClaimedBy { holder });
    let operator = person.roles.iter().any(|held| held.role.as_ref() == ADMIN || held.role == definition.owner);
    let back_to = step.outcomes.iter().filter_map(|(outcome, route)| match route {
        Route::Back(back) if back.targets.len() > 1 => Some((outcome.clone(), back.targets.clone())),
        _ => None,
    });
    let plain =
        |action, refused| AllowedAction { action, outcomes: Vec::new(), back_to: Vec::new(), sign: None, refused };
    vec![
        plain("claim", barred.clone().or_else(|| taken.clone())),
        plain("release", if mine { None } else { taken.clone().or(Some(Rejection::NotClaimed)) }),
        plain("assign", (!mine && !operator).then(|| Rejection::Forbidden(definition.owner.clone()))),
        AllowedAction {
            action: "complete",
            outcomes: task.outcomes.clone(),
            back_to: back_to.collect(),
            sign: task.sign.clone(),
            refused: barred.or(taken),
        },
    ]
}

/// The two words of a ballot, for whoever draws buttons.
pub const VOTES: [&str; 2] = [APPROVED, REJECTED];
