//! What people do with their work: claim, release, assign, complete, vote, sign, and all that is beside it.
//!
//! Who may is decided here, at the moment of acting, on every path; [`allowed_actions`] tells the same
//! rules to whoever asks first.

mod allowed;
mod answer;
mod back;
mod delegate;
mod seats;
mod tell;

use std::sync::Arc;

pub use self::allowed::{AllowedAction, VOTES, allowed_actions};
pub(crate) use self::answer::complete;
pub use self::answer::form_faults;
pub use self::tell::limits;
use crate::command::{Act, Actor, WorkId};
use crate::decide::{ADMIN, person, reject};
use crate::draft::{Deciding, Draft, Stop};
use crate::event::{Candidates, Did, Event, Task};
use crate::facts::{Ask, Fact, PersonFact};
use crate::id::{RunId, ScopeId, StepKey, UserId};
use crate::language::definition::{Definition, InitiatorApproves, NotWho, Step, StepKind};
use crate::rejection::Rejection;
use crate::state::{Body, Record, State};
use crate::step;
use crate::step::approve::APPROVED;

/// Does what somebody wants of a piece of work.
pub(crate) fn act(draft: &mut Draft, id: WorkId, act: &Act, actor: &Actor) -> Deciding<()> {
    draft.place = (draft.state().runs.contains_key(&id.run)).then_some(id.run);
    match act {
        Act::Transfer { to, reason } => delegate::transfer(draft, id, to, reason, actor),
        Act::Delegate { to, reason } => delegate::delegate(draft, id, to, reason.as_ref(), actor),
        Act::Resolve { outcome, answer, comment } => {
            delegate::resolve(draft, id, (outcome.as_ref(), answer, comment.as_ref()), actor)
        }
        Act::Recall { reason } => delegate::recall(draft, id, reason.as_ref(), actor),
        Act::AddApprover { who, place, reason } => seats::add(draft, id, who, *place, reason, actor),
        Act::RemoveApprover { reason } => seats::remove(draft, id, reason, actor),
        Act::Return { to, resume, reason } => back::go_back(draft, id, (to, *resume), reason, actor),
        Act::Withdraw { reason } => back::withdraw(draft, id, reason, actor),
        Act::Urge { text } => tell::urge(draft, id, text.as_ref(), actor),
        Act::Copy { to, text } => tell::copy(draft, id, to, text.as_ref(), actor),
        Act::Read { copy } => tell::read(draft, *copy, actor),
        Act::Comment { text } => tell::comment(draft, id, text, actor),
    }
}

/// Whoever acts for another must be named for it, for this process, at this moment.
pub(crate) fn substitution(draft: &mut Draft, actor: &Actor) -> Deciding<()> {
    let Actor::Person { id, on_behalf_of: Some(other) } = actor else { return Ok(()) };
    let absent = person(draft, other)?;
    let process = draft.definition.process.clone();
    if absent.substitutes.iter().any(|period| period.covers(id, &process, draft.now())) {
        return Ok(());
    }
    reject(Rejection::NotSubstitute { who: id.clone(), of: other.clone() })
}

/// Refuses what was meant for the work as it was seen, when it has changed since.
pub(crate) fn unchanged(draft: &Draft, id: WorkId, revision: u64) -> Deciding<()> {
    match draft.state().work(id) {
        Some((_, work)) if work.revision() == revision => Ok(()),
        Some((_, work)) => reject(Rejection::RevisionChanged { seen: revision, now: work.revision() }),
        None => reject(gone(draft.state(), id)),
    }
}

/// A reason that says something.
fn reasoned(reason: &Arc<str>) -> Deciding<Arc<str>> {
    if reason.trim().is_empty() { reject(Rejection::ReasonRequired) } else { Ok(reason.clone()) }
}

/// Open work with its definition, copied out so that the draft can go on.
struct OpenWork {
    step: Arc<Step>,
    task: Task,
    assignee: Option<UserId>,
    delegated_by: Option<UserId>,
    /// All that comes before it is answered.
    has_turn: bool,
    /// It is answered, and waits for those who sign it off.
    answered: bool,
}

impl OpenWork {
    /// Whose it is, as far as others may not take it: the delegator's while a delegate prepares it.
    fn owner(&self) -> Option<&UserId> {
        self.delegated_by.as_ref().or(self.assignee.as_ref())
    }

    /// A seat of those who were asked to sign a task off.
    fn is_sign_off(&self, id: WorkId) -> bool {
        id.seat > 0 && matches!(self.step.kind, StepKind::Task(_))
    }
}

fn open_work(draft: &Draft, id: WorkId) -> Deciding<OpenWork> {
    let state = draft.state();
    let Some((run, work)) = state.work(id) else {
        let seat = state.runs.get(&id.run).and_then(|run| run.body.seat(id.seat));
        if seat.is_some_and(|seat| seat.is_awaited() && seat.work.is_none()) {
            return reject(Rejection::NotYourTurn);
        }
        return reject(gone(state, id));
    };
    let Some(step) = draft.definition.step(&run.step).cloned() else { return Err(Stop::Diverged) };
    Ok(OpenWork {
        step,
        task: work.task().clone(),
        assignee: work.assignee().cloned(),
        delegated_by: work.delegated_by().cloned(),
        has_turn: run.body.has_turn(id.seat),
        answered: work.sign_offs.as_ref().is_some_and(|offs| offs.answered.is_some()),
    })
}

/// Who was first, as far as the state still knows.
pub(crate) fn gone(state: &State, id: WorkId) -> Rejection {
    let by_run = |record: &crate::state::Record| record.run == id.run;
    let items = state.scopes.values().filter_map(|scope| scope.records.as_ref());
    let record = items.chain([&state.records]).flat_map(|all| all.values()).find(|record| by_run(record));
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
    if let Some(to) = work.delegated_by.and(work.assignee.as_ref()) {
        return reject(Rejection::Delegated { to: to.clone() });
    }
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
    if work.owner() != Some(&who) {
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
    is_candidate_of(draft, &work.task.candidates, actor)
}

/// A substitute acts with the rights of the one they act for.
fn is_candidate_of(draft: &mut Draft, candidates: &[Candidates], actor: &Actor) -> Deciding<()> {
    let Some(entitled) = actor.principals().last().cloned() else {
        return reject(Rejection::NotCandidate { wanted: "a person".into() });
    };
    let own = person(draft, &entitled)?;
    among(draft, candidates, &entitled, &own)
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
    let scope = state.runs.get(&id.run)?.scope;
    let refused =
        matches!(&step.kind, StepKind::Approve(_)) && definition.policy.initiator_approves == InitiatorApproves::Refuse;
    let initiator = refused.then_some([NotWho::Initiator]);
    let named = excluded_by(definition, state, scope, not, who)
        .or_else(|| excluded_by(definition, state, scope, initiator.as_ref()?.as_slice(), who));
    if let Some(step) = named {
        return Some((who.clone(), step));
    }
    let body = state.runs.get(&id.run).map(|run| &run.body)?;
    let voted = body.seats().filter(|(_, seat)| !seat.removed).filter_map(|(_, seat)| seat.vote.as_ref());
    let mut voices: Vec<UserId> = voted.flat_map(|vote| vote.by.principals().cloned().collect::<Vec<_>>()).collect();
    if let Body::Task(work) = body {
        let answered = work.sign_offs.as_ref().and_then(|offs| offs.answered.as_ref());
        voices.extend(answered.into_iter().flat_map(|answered| answered.by.principals().cloned()));
        if id.seat == 0 {
            // Who gave an opinion before may hold the task; the sign-off of it is another's.
            voices.clear();
        }
    }
    voices.contains(who).then(|| (who.clone(), step.key.clone()))
}

/// The first of these rules that excludes this person from what stands in a scope: the step where they have acted.
pub(crate) fn excluded_by(
    definition: &Definition,
    state: &State,
    scope: ScopeId,
    not: &[NotWho],
    who: &UserId,
) -> Option<Arc<str>> {
    not.iter().find_map(|rule| match rule {
        NotWho::Initiator => state.initiator.principals().any(|one| one == who).then(|| Arc::from("start")),
        NotWho::Step(key) => has_acted_in(definition, state, scope, key, who).then(|| key.clone()),
    })
}

/// Whether somebody acted in a step, or inside it. Of a step inside the same item, in this item.
fn has_acted_in(definition: &Definition, state: &State, scope: ScopeId, key: &StepKey, who: &UserId) -> bool {
    let owner = |item: &crate::state::Scope| state.runs.get(&item.parent).map(|run| run.step.clone());
    let own = state.items_around(scope).find(|item| owner(item).is_some_and(|owner| definition.is_inside(key, &owner)));
    // A block stands for all the steps inside it, and a step for the events that were raised there.
    let within = |acted: &StepKey| {
        let step = acted.split('@').next().unwrap_or(acted);
        step == key.as_ref() || definition.is_inside(step, key)
    };
    let acted = match own {
        Some(item) => item.people.acted.as_ref(),
        None => Some(&state.acted),
    };
    acted.is_some_and(|acted| acted.iter().any(|(step, people)| within(step) && people.contains(who)))
}

/// Whether a person could complete this, as things stand.
fn is_eligible(draft: &mut Draft, id: WorkId, who: &UserId) -> Deciding<bool> {
    let work = open_work(draft, id)?;
    match may_act(draft, &work, id, &Actor::person(who)) {
        Ok(()) => Ok(true),
        Err(Stop::Rejected(_)) => Ok(false),
        Err(stop) => Err(stop),
    }
}

/// Gives the work of a run that a return led to back to whom it is for, if they may have it.
pub(crate) fn hand_to(draft: &mut Draft, run: RunId, who: &UserId) -> Deciding<()> {
    let works: Vec<WorkId> = draft
        .state()
        .runs
        .get(&run)
        .map_or_else(Vec::new, |run| run.works().into_iter().map(|(work, _)| work).collect());
    for work in works {
        if is_eligible(draft, work, who)? {
            draft.emit(Event::Assigned { work, to: who.clone(), by: Actor::System, reason: None });
            return Ok(());
        }
    }
    Ok(())
}

/// Lets an approval that the same person gave before stand for a seat that could only be theirs, where the policy
/// says so. Never for a seat that signs, and never for an approval that a return lies behind.
pub(crate) fn cite(draft: &mut Draft, id: WorkId) -> Deciding<bool> {
    if !draft.definition.policy.people.skips_same_approver {
        return Ok(false);
    }
    let state = draft.state();
    let Some(run) = state.runs.get(&id.run) else { return Ok(false) };
    let seat = run.body.seat(id.seat).filter(|seat| seat.seat.sign.is_none() && seat.added_by.is_none());
    let Some(Candidates::User { id: who }) = seat.map(|seat| &seat.seat.candidates) else { return Ok(false) };
    let (who, own) = (who.clone(), run.step.clone());
    let Some(step) = draft.definition.step(&own).cloned() else { return Ok(false) };
    let records = state.records.iter().filter(|(key, _)| **key != own);
    let found =
        records.filter(|(key, record)| approved_by(record, &who) && in_force(&draft.definition, state, key, record));
    let Some((earlier, run)) = found.map(|(key, record)| (key.clone(), record.run)).next() else { return Ok(false) };
    if excluded(&draft.definition, state, &step, id, &who).is_some() {
        return Ok(false);
    }
    match person(draft, &who) {
        Ok(_) => {}
        Err(Stop::Rejected(_)) => return Ok(false),
        Err(stop) => return Err(stop),
    }
    draft.emit(Event::Worked { work: id, by: Actor::System, did: Did::Cited { who, step: earlier, run } });
    Ok(true)
}

/// Whether a ballot's record has this person's own yes.
fn approved_by(record: &Record, who: &UserId) -> bool {
    let votes = record.output.get("votes").and_then(|votes| votes.as_list()).unwrap_or_default();
    let text =
        |vote: &crate::value::Value, name: &str| vote.get(name).and_then(|value| value.as_str().map(str::to_owned));
    votes.iter().any(|vote| {
        text(vote, "outcome").as_deref() == Some(APPROVED) && text(vote, "by").as_deref() == Some(who.as_ref())
    })
}

/// Whether no return since led to this step or to one before it.
fn in_force(definition: &Definition, state: &State, key: &StepKey, record: &Record) -> bool {
    let Some(step) = definition.step(key) else { return false };
    state.rewound.iter().all(|(target, number)| {
        let behind = *number <= record.run.0;
        let Some(target) = definition.step(target) else { return false };
        let block = definition.block(&target.block);
        let region = block.map(|block| block.steps.iter().skip(target.index)).into_iter().flatten();
        behind || !region.into_iter().any(|outer| *outer == step.key || definition.is_inside(&step.key, outer))
    })
}
