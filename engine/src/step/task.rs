//! `task`: work for a person, by a form, with outcomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::deadline::LATE;
use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::Place;
use crate::event::{self, Body, Candidates, Event};
use crate::facts::{Ask, Fact};
use crate::flow::DONE;
use crate::id::ScopeId;
use crate::incident::IncidentCode;
use crate::language::definition::{Candidate, NobodyEligible, Step, TaskSpec};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, task: &TaskSpec, place: &Place) -> Deciding<()> {
    let mut candidates = Vec::with_capacity(task.to.len());
    for candidate in &task.to {
        candidates.push(resolve(draft, candidate, place)?);
    }
    somebody(draft, step, &candidates)?;
    let title = draft.both_texts(&task.title, place)?;
    let (run, due) = super::open_due(draft, scope, step, Body::Plain, place)?;
    let task = Box::new(event::Task {
        title,
        candidates,
        form: task.form.clone(),
        sign: task.sign.clone(),
        outcomes: outcomes(task),
        due,
    });
    draft.emit(Event::TaskOpened { run, task });
    Ok(())
}

/// The outcomes a person may choose; `late` is the deadline's.
pub(crate) fn outcomes(task: &TaskSpec) -> Vec<Arc<str>> {
    let chosen: Vec<Arc<str>> = task.outcomes.iter().filter(|outcome| outcome.as_ref() != LATE).cloned().collect();
    if chosen.is_empty() { vec![DONE.into()] } else { chosen }
}

/// Who is meant, with expressions evaluated.
pub(crate) fn resolve(draft: &mut Draft, candidate: &Candidate, place: &Place) -> Deciding<Candidates> {
    Ok(match candidate {
        Candidate::Role { role, scope } => {
            let role = draft.text(role, place)?;
            let mut within = BTreeMap::new();
            for (name, template) in scope {
                within.insert(name.clone(), draft.text(template, place)?);
            }
            Candidates::Role { role, scope: within }
        }
        Candidate::User(template) => Candidates::User { id: draft.text(template, place)? },
        Candidate::ManagerOf(template) => Candidates::ManagerOf { id: draft.text(template, place)? },
        Candidate::Initiator => match draft.state().initiator.id() {
            Some(id) => Candidates::User { id: id.clone() },
            None => return nobody(step_detail("the instance was started by no person")),
        },
    })
}

/// Unless the policy waits for somebody to come: an incident when nobody may take it.
pub(crate) fn somebody(draft: &mut Draft, step: &Step, candidates: &[Candidates]) -> Deciding<()> {
    if draft.definition.policy.nobody_eligible == NobodyEligible::Wait {
        return Ok(());
    }
    for group in candidates {
        match draft.ask(Ask::Holders { candidates: group.clone(), at_most: 1 })? {
            Fact::Holders { holders } if !holders.is_empty() => return Ok(()),
            Fact::Holders { .. } => {}
            _ => return Err(Stop::Diverged),
        }
    }
    let wanted = candidates.iter().map(|group| Value::from(describe(group))).collect();
    nobody(Value::record([("step", Value::Text(step.key.clone())), ("wanted", Value::list(wanted))]))
}

fn step_detail(why: &str) -> Value {
    Value::record([("why", Value::from(why))])
}

pub(crate) fn nobody<T>(detail: Value) -> Deciding<T> {
    incident(IncidentCode::NobodyEligible, detail)
}

/// Who is meant, in words of the language.
#[must_use]
pub(crate) fn describe(candidates: &Candidates) -> String {
    match candidates {
        Candidates::Role { role, scope } if scope.is_empty() => format!("role {role}"),
        Candidates::Role { role, scope } => {
            let scope: Vec<String> = scope.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("role {role} ({})", scope.join(", "))
        }
        Candidates::User { id } => format!("{id}"),
        Candidates::ManagerOf { id } => format!("the manager of {id}"),
    }
}
