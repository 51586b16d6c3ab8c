//! Completing a task and voting on a seat: the outcome, the form, the signature, and what follows.

use std::sync::Arc;

use super::{OpenWork, acting, is_candidate_of, may_act, open_work};
use crate::command::{Actor, Complete};
use crate::decide::reject;
use crate::draft::{Deciding, Draft};
use crate::event::{Did, Event, Task};
use crate::facts::Fact;
use crate::flow::{self, Done};
use crate::language::definition::{Route, Step, StepKind};
use crate::rejection::{FieldFault, Rejection};
use crate::signing;
use crate::step;
use crate::step::approve::{APPROVED, REJECTED};
use crate::value::{Map, Value};

pub(crate) fn complete(draft: &mut Draft, complete: &Complete, actor: &Actor) -> Deciding<()> {
    let id = complete.work;
    if late_vote(draft, complete, actor)? {
        return Ok(());
    }
    draft.place = Some(id.run);
    let work = open_work(draft, id)?;
    let who = acting(draft, actor)?;
    if let Some(to) = work.delegated_by.as_ref().and(work.assignee.as_ref()) {
        return reject(Rejection::Delegated { to: to.clone() });
    }
    // A substitute does the work of the one they act for, claimed or not.
    if let Some(holder) = work.assignee.as_ref().filter(|holder| actor.principals().all(|one| one != *holder)) {
        return reject(Rejection::ClaimedBy { holder: holder.clone() });
    }
    may_act(draft, &work, id, actor)?;
    if !work.has_turn || work.answered {
        return reject(Rejection::NotYourTurn);
    }
    let outcome = chosen_outcome(&work.task, complete.outcome.as_ref())?;
    check_answer(draft, &work, &outcome, &complete.answer)?;
    choose_target(&work.step, &outcome, complete)?;
    if let Some(meaning) = work.task.sign.clone() {
        signs_in_person(draft, actor)?;
        signing::sign(draft, complete, &outcome, &who, &work.task, &meaning)?;
    }
    match &work.step.kind {
        StepKind::Approve(_) => {
            vote(draft, complete, outcome, actor);
            step::approve::settle(draft, id.run, &work.step, Some(actor), complete.back_to.clone())
        }
        _ if work.is_sign_off(id) => {
            vote(draft, complete, outcome, actor);
            step::task::settle_sign_offs(draft, id.run, &work.step)
        }
        _ => answer(draft, complete, outcome, &work, actor),
    }
}

fn vote(draft: &mut Draft, complete: &Complete, outcome: Arc<str>, actor: &Actor) {
    draft.emit(Event::Voted {
        work: complete.work,
        outcome,
        by: actor.clone(),
        answer: complete.answer.clone(),
        comment: complete.comment.clone(),
    });
}

/// The holder's answer to a task: it is done, unless somebody has yet to sign it off.
fn answer(draft: &mut Draft, complete: &Complete, outcome: Arc<str>, work: &OpenWork, actor: &Actor) -> Deciding<()> {
    let id = complete.work;
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
    let judged = draft.state().runs.get(&id.run).is_some_and(|run| {
        run.body.seats().any(|(number, seat)| !seat.removed && !run.body.waits(0).contains(&number))
    });
    if judged {
        let (answer, back_to) = (complete.answer.clone(), complete.back_to.clone());
        draft.emit(Event::Worked { work: id, by: actor.clone(), did: Did::Answered { outcome, answer, back_to } });
        return step::task::settle_sign_offs(draft, id.run, &work.step);
    }
    let done = Done {
        outcome,
        output: complete.answer.clone(),
        writes,
        by: Some(actor.clone()),
        back_to: complete.back_to.clone(),
    };
    flow::complete(draft, id.run, &work.step, done)
}

/// A vote for a ballot that is decided is put on record where the policy says so, and changes nothing.
fn late_vote(draft: &mut Draft, complete: &Complete, actor: &Actor) -> Deciding<bool> {
    let id = complete.work;
    let late = draft.state().decided.get(&id.run).and_then(|decided| decided.open.get(&id.seat)).cloned();
    let Some(candidates) = late else { return Ok(false) };
    acting(draft, actor)?;
    is_candidate_of(draft, &candidates, actor)?;
    let allowed: Vec<Arc<str>> = vec![APPROVED.into(), REJECTED.into()];
    let Some(outcome) = complete.outcome.clone().filter(|outcome| allowed.contains(outcome)) else {
        return reject(Rejection::UnknownOutcome { given: complete.outcome.clone().unwrap_or_default(), allowed });
    };
    let did = Did::LateVote { outcome, comment: complete.comment.clone() };
    draft.emit(Event::Worked { work: id, by: actor.clone(), did });
    Ok(true)
}

/// Whoever signs does so for themselves, unless the process lets substitutes sign.
fn signs_in_person(draft: &Draft, actor: &Actor) -> Deciding<()> {
    match actor {
        Actor::Person { id, on_behalf_of: Some(of) } if !draft.definition.policy.people.substitutes_sign => {
            reject(Rejection::NotSubstitute { who: id.clone(), of: of.clone() })
        }
        _ => Ok(()),
    }
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
