//! `task`: work for a person, by a form, with outcomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::command::{Actor, WorkId};
use crate::deadline::LATE;
use crate::draft::{Deciding, Draft, Stop, incident};
use crate::evaluate::Place;
use crate::event::{self, Body, Candidates, Did, Event};
use crate::facts::{Ask, Fact};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{Candidate, NobodyEligible, Step, TaskSpec};
use crate::state;
use crate::step::approve::{APPROVED, REJECTED};
use crate::value::Value;
use crate::work;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, task: &TaskSpec, place: &Place) -> Deciding<()> {
    let mut candidates = Vec::with_capacity(task.to.len());
    for candidate in &task.to {
        candidates.push(resolve(draft, candidate, place)?);
    }
    somebody(draft, step, &candidates)?;
    let title = draft.both_texts(&task.title, place)?;
    let holder = super::returning_holder(draft, scope, step);
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
    match holder {
        Some(holder) => work::hand_to(draft, run, &holder),
        None => Ok(()),
    }
}

/// What follows when somebody who was to sign a task off has spoken, or is not asked any more.
pub(crate) fn settle_sign_offs(draft: &mut Draft, run: RunId, step: &Step) -> Deciding<()> {
    draft.attempt(run, |draft| sign_offs(draft, run, step))
}

fn sign_offs(draft: &mut Draft, run: RunId, step: &Step) -> Deciding<()> {
    open_sign_offs(draft, run);
    let Some(state::Body::Task(task)) = draft.state().runs.get(&run).map(|run| &run.body) else { return Ok(()) };
    let Some(offs) = task.sign_offs.as_ref() else { return Ok(()) };
    let Some(answered) = offs.answered.clone() else { return Ok(()) };
    // What came before the answer was for the holder to weigh.
    let judges = (1u32..).zip(&offs.seats).filter(|(number, seat)| !seat.removed && !offs.waits.contains(number));
    let votes: Vec<_> =
        judges.map(|(_, seat)| seat.vote.as_ref().map(|vote| vote.outcome.as_ref() == APPROVED)).collect();
    let work = WorkId { run, seat: 0 };
    if votes.contains(&Some(false)) {
        draft.emit(Event::Worked { work, by: Actor::System, did: Did::Reopened });
        let signed = draft.state().signatures.get(&step.key).is_some_and(|all| all.iter().any(|one| one.work == work));
        if signed {
            draft.emit(Event::SignatureVoided { work, step: step.key.clone() });
        }
        open_sign_offs(draft, run);
        return Ok(());
    }
    if votes.contains(&None) {
        return Ok(());
    }
    let writes = match draft.writes(&step.writes, &answered.answer) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    let state::Answered { outcome, by, answer, back_to } = answered;
    flow::complete(draft, run, step, Done { outcome, output: answer, writes, by: Some(by), back_to })
}

/// Opens the seats of those whose turn to sign off has come.
fn open_sign_offs(draft: &mut Draft, run: RunId) {
    let Some(open) = draft.state().runs.get(&run) else { return };
    let state::Body::Task(task) = &open.body else { return };
    let (title, due) = (task.task().title.clone(), task.task().due);
    let fresh: Vec<_> = open.body.due_seats();
    let seats = fresh.into_iter().filter_map(|seat| Some((seat, open.body.seat(seat)?.seat.candidates.clone())));
    for (seat, candidates) in seats.collect::<Vec<_>>() {
        let task = Box::new(event::Task {
            title: title.clone(),
            candidates: vec![candidates],
            form: None,
            sign: None,
            outcomes: vec![APPROVED.into(), REJECTED.into()],
            due,
        });
        draft.emit(Event::SeatOpened { work: WorkId { run, seat }, task });
    }
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
