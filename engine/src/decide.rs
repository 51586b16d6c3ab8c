//! Deciding a command: which events it causes, or why it is refused.
//!
//! Every path to an effect goes through here, so rules of duty and fences hold on all of them.

mod input;

use std::sync::Arc;

use crate::across;
use crate::command::{Action, Actor, Command, JobResult, Start, WorkId};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{Event, Purpose, SubscriptionPurpose, TimerPurpose};
use crate::facts::{Ask, Fact, PersonFact, RoleFact};
use crate::flow::{self, Done};
use crate::id::{IncidentId, InstanceId, RunId, SubscriptionId, TimerId, UserId};
use crate::incident::IncidentCode;
use crate::language::definition::{self, DuplicateKey, Handler, Step, StepKind};
use crate::operate::hold::{self, Gate};
use crate::operate::{self, sweep};
use crate::rejection::Rejection;
use crate::state::{Body, ROOT_RUN, ROOT_SCOPE};
use crate::step;
use crate::value::{Map, Value};
use crate::work;

pub use input::{completed_input, scheduled_input};

/// The role that may operate every instance.
pub const ADMIN: &str = "admin";

/// Handles the command itself; what becomes ready by it is advanced afterwards.
pub(crate) fn handle(draft: &mut Draft, command: &Command) -> Deciding<()> {
    work::substitution(draft, &command.actor)?;
    if let Action::Start(start) = &command.action {
        if draft.has_state() {
            return reject(Rejection::Gone("the instance has started".into()));
        }
        return begin(draft, &command.actor, start);
    }
    if !draft.has_state() {
        return reject(Rejection::UnknownInstance);
    }
    if !draft.state().is_live() {
        return across::after_the_end(draft, &command.action);
    }
    match hold::gate(draft, command)? {
        Gate::Open => act(draft, command),
        Gate::Taken => Ok(()),
    }
}

/// Does what a command asks, past the gate.
pub(crate) fn act(draft: &mut Draft, command: &Command) -> Deciding<()> {
    perform(draft, &command.actor, &command.action)
}

fn perform(draft: &mut Draft, actor: &Actor, action: &Action) -> Deciding<()> {
    match action {
        Action::Start(_) => Ok(()),
        Action::Claim { work } => work::claim(draft, *work, actor),
        Action::Release { work } => work::release(draft, *work, actor),
        Action::Assign { work, to, reason } => work::assign(draft, *work, to, reason.as_ref(), actor),
        Action::Complete(complete) => work::complete(draft, complete, actor),
        Action::FinishJob { run, attempt, result } => {
            let step = current_job(draft, *run, *attempt)?;
            step::call::finished(draft, *run, &step, *attempt, result)
        }
        Action::FireTimer { timer } => fire(draft, *timer),
        Action::Deliver { subscription, message, id, payload } => deliver(draft, *subscription, message, id, payload),
        Action::EndChild { run, child, outcome, output } => across::child_ended(draft, (*run, *child), outcome, output),
        Action::ConfirmChild { run, child } => across::child_confirmed(draft, *run, *child),
        Action::ReachChild { run, child, milestone, output } => {
            across::child_reached(draft, (*run, *child), milestone, output)
        }
        Action::Watch { watcher, subscription, milestone } => {
            let (watcher, subscription, milestone) = (*watcher, *subscription, milestone.clone());
            draft.emit(Event::Watched { watcher, subscription, milestone });
            Ok(())
        }
        Action::Unwatch { .. } => across::unwatch(draft, action),
        Action::MissMilestone { subscription, outcome } => across::milestone_missed(draft, *subscription, outcome),
        Action::TakeVerdict { run, verdict, to } => across::judged(draft, *run, *verdict, to),
        Action::FinishDelivery { delivery, result } => {
            across::delivered(draft, *delivery, result);
            Ok(())
        }
        Action::RefuseChild { run, child, code, message } => {
            awaited(draft, *run, *child)?;
            draft.emit(Event::ChildEnded { run: *run, child: *child, outcome: "refused".into() });
            if draft.state().tied.contains_key(run) {
                draft.emit(Event::ChildUntied { run: *run, child: *child });
            }
            let detail = [("code", Value::Text(code.clone())), ("message", Value::Text(message.clone()))];
            draft.raise(IncidentCode::ChildRefused, Value::record(detail), Some(*run), None);
            Ok(())
        }
        Action::Raise(raise) => crate::raise::raise(draft, raise, actor),
        Action::EscalateChild { run, child, code, detail } => {
            awaited(draft, *run, *child)?;
            step::escalate::tell(draft, *run, code, detail.clone())
        }
        Action::Continue if draft.state().is_ready() => Ok(()),
        Action::Continue => reject(Rejection::Gone("nothing is ready".into())),
        Action::Cancel { reason, undo } => cancel(draft, actor, reason, *undo),
        Action::Retry { incident, reason } => retry(draft, *incident, actor, reason),
        Action::Operate { what, reason } => operate::handle(draft, actor, what, reason),
        Action::Work { work, act } => work::act(draft, *work, act, actor),
        Action::IfUnchanged { work, revision, action } => {
            work::unchanged(draft, *work, *revision)?;
            perform(draft, actor, action)
        }
    }
}

/// What a command uses up even when handling it ends in an incident: a timer does not fire twice.
pub(crate) fn consume(draft: &mut Draft, action: &Action) -> Result<(), Rejection> {
    match action {
        Action::IfUnchanged { action, .. } => consume(draft, action),
        Action::FireTimer { timer } => {
            if let Some(due) = draft.state().timers.get(timer).map(|timer| timer.due) {
                draft.emit(Event::TimerFired { timer: *timer, due });
            }
            Ok(())
        }
        Action::Deliver { subscription, message, id, payload } => {
            draft.emit(Event::MessageReceived {
                subscription: *subscription,
                message: message.clone(),
                id: id.clone(),
                payload: payload.clone(),
            });
            Ok(())
        }
        Action::EndChild { run, child, outcome, .. } => {
            draft.emit(Event::ChildEnded { run: *run, child: *child, outcome: outcome.clone() });
            Ok(())
        }
        Action::ConfirmChild { run, child } => {
            draft.emit(Event::ChildConfirmed { run: *run, child: *child });
            Ok(())
        }
        Action::ReachChild { run, child, milestone, .. } => {
            draft.emit(Event::ChildReached { run: *run, child: *child, milestone: milestone.clone() });
            Ok(())
        }
        Action::MissMilestone { subscription, outcome } => {
            draft.emit(Event::MilestoneMissed { subscription: *subscription, outcome: outcome.clone() });
            Ok(())
        }
        Action::TakeVerdict { run, verdict, to } => {
            draft.emit(Event::MessageJudged { run: *run, verdict: *verdict, to: to.clone() });
            Ok(())
        }
        // A start has nothing yet that an operator could mend.
        Action::Start(_) if !draft.has_state() => Err(Rejection::InvalidInput(
            "the business key, or what an event of the process waits for, cannot be computed from this input".into(),
        )),
        // The attempt is over, so its job must not be done again.
        Action::FinishJob { run, attempt, result: JobResult::Failed { failure } } => {
            draft.emit(Event::JobFailed { run: *run, attempt: *attempt, failure: failure.clone() });
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(crate) fn reject<T>(rejection: Rejection) -> Deciding<T> {
    Err(Stop::Rejected(rejection))
}

fn begin(draft: &mut Draft, actor: &Actor, start: &Start) -> Deciding<()> {
    let definition = draft.definition.clone();
    let rule = match start.cause {
        crate::command::Cause::Person => may_start(draft, actor)?,
        _ => None,
    };
    let input = completed_input(&definition.input, &start.input)?;
    let signature = match &rule {
        Some(rule) => crate::signing::start_signature(draft, rule, start, &input, actor)?,
        None => None,
    };
    let data: Map = definition.data.iter().map(|field| (field.name.clone(), field.initial.clone())).collect();
    let started = |key: Option<Arc<str>>| Event::Started {
        process: definition.process.clone(),
        release: definition.release,
        key,
        input: input.clone(),
        data: Value::map(data.clone()),
        initiator: actor.clone(),
        cause: start.cause.clone(),
    };
    // The key is computed over the started state, so the event comes first without it and is made again with it.
    let key = match &definition.key {
        None => None,
        Some(expression) => {
            let mut trial = draft.trial(&started(None));
            let value = draft.value_in(&mut trial, expression)?;
            match value {
                Value::Text(text) => Some(draft.numbered(&text, expression)?),
                Value::Int(number) => Some(Arc::from(number.to_string())),
                Value::Null => None,
                other => {
                    let why = format!("the business key must be a text, but is {}", other.kind());
                    return reject(Rejection::InvalidInput(why.into()));
                }
            }
        }
    };
    if let Some(key) = &key {
        let ask = Ask::Key { process: definition.process.clone(), key: key.clone() };
        match draft.ask(ask)? {
            Fact::Key { owner } if owner == draft.context.instance => {}
            Fact::Key { owner } => return reject(Rejection::DuplicateKey { key: key.clone(), instance: owner }),
            _ => return Err(Stop::Diverged),
        }
    }
    draft.emit(started(key));
    draft.place = Some(ROOT_RUN);
    if let Some(signature) = signature {
        let work = WorkId { run: ROOT_RUN, seat: 0 };
        draft.emit(Event::Signed { work, signature: Box::new(signature) });
    }
    draft.open_scope(ROOT_RUN, &Arc::from(""), Purpose::Body, None);
    draft.arm_handlers(ROOT_RUN, &definition.handlers, &Place::scope(ROOT_SCOPE))
}

/// Whether a returning caller gets the running instance instead of a refusal.
#[must_use]
pub fn returns_existing(definition: &definition::Definition) -> bool {
    definition.policy.duplicate_key == DuplicateKey::ReturnExisting
}

/// The rule by which this person may start; none when the platform starts in a person's place.
fn may_start(draft: &mut Draft, actor: &Actor) -> Deciding<Option<StartRule>> {
    let Some(id) = actor.id() else { return Ok(None) };
    let person = person(draft, id)?;
    match start_rule(&draft.definition, &person.roles) {
        Ok(rule) => Ok(rule),
        Err(rejection) => reject(rejection),
    }
}

/// What a start by a person needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartRule {
    pub form: Option<Arc<str>>,
    /// The meaning of the signature that it demands.
    pub sign: Option<Arc<str>>,
}

/// The first rule that lets a holder of these roles start; administrators start by the first of all, if there is one.
pub fn start_rule(definition: &definition::Definition, roles: &[RoleFact]) -> Result<Option<StartRule>, Rejection> {
    let rules = definition.starts.iter().filter_map(|start| match start {
        definition::Start::People { roles, form, sign } => {
            Some((roles, StartRule { form: form.clone(), sign: sign.clone() }))
        }
        _ => None,
    });
    let holds = |role: &str| roles.iter().any(|held| held.role.as_ref() == role);
    let mut rules: Vec<_> = rules.collect();
    match rules.iter().position(|(allowed, _)| allowed.iter().any(|role| holds(role))) {
        Some(place) => Ok(Some(rules.swap_remove(place).1)),
        None if holds(ADMIN) => Ok(rules.into_iter().next().map(|(_, rule)| rule)),
        None => Err(Rejection::MayNotStart),
    }
}

/// The account, which must exist and be active.
pub(crate) fn person(draft: &mut Draft, id: &UserId) -> Deciding<PersonFact> {
    match draft.ask(Ask::Person(id.clone()))? {
        Fact::Person { person: Some(person) } if person.active => Ok(person),
        Fact::Person { .. } => reject(Rejection::InactiveAccount(id.clone())),
        _ => Err(Stop::Diverged),
    }
}

/// The step that awaits this child.
fn awaited(draft: &mut Draft, run: RunId, child: InstanceId) -> Deciding<Arc<Step>> {
    let own = match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(Body::Child { child, .. }) => Some(*child),
        _ => None,
    };
    match draft.step_of(run).filter(|_| own == Some(child)) {
        Some(step) => {
            draft.place = Some(run);
            Ok(step)
        }
        None => reject(Rejection::Gone("the step that awaited this child was given up".into())),
    }
}

/// The step of a job whose fence and attempt are current.
fn current_job(draft: &mut Draft, run: RunId, attempt: u32) -> Deciding<Arc<Step>> {
    let current = match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(Body::Job { attempt: current, queued: true, .. }) => Some(*current),
        _ => None,
    };
    match (current, draft.step_of(run)) {
        (Some(current), Some(step)) if current == attempt => {
            draft.place = Some(run);
            Ok(step)
        }
        _ => reject(Rejection::Gone("the job is no longer waited for".into())),
    }
}

fn fire(draft: &mut Draft, id: TimerId) -> Deciding<()> {
    let Some(timer) = draft.state().timers.get(&id).cloned() else {
        return reject(Rejection::Gone("the timer was disarmed".into()));
    };
    if timer.due > draft.now() {
        return reject(Rejection::Gone("the timer is not due yet".into()));
    }
    // Of two that fall on the same moment the outer one wins, and what it takes away does not fire.
    if let Some(outer) = draft.first_around(&timer) {
        fire(draft, outer)?;
        if !draft.state().timers.contains_key(&id) {
            return Ok(());
        }
    }
    draft.place = Some(timer.run);
    draft.emit(Event::TimerFired { timer: id, due: timer.due });
    let step = draft.step_of(timer.run);
    match (&timer.purpose, step) {
        (TimerPurpose::After { handler, .. }, step) => {
            let handlers = step.map_or_else(|| draft.definition.handlers.clone(), |step| step.handlers.clone());
            match handlers.iter().find(|known| known.name == *handler) {
                Some(known) => flow::trigger(draft, timer.run, known, None),
                None => Ok(()),
            }
        }
        (TimerPurpose::Rung { rung }, Some(step)) => {
            let ladder = step.due.as_ref().and_then(|due| due.ladder.clone()).unwrap_or_else(|| "usual".into());
            let rungs = draft.definition.ladders.get(&ladder);
            let tell =
                rungs.and_then(|rungs| rungs.get(*rung as usize)).map(|rung| rung.tell.clone()).unwrap_or_default();
            draft.emit(Event::Reminded { run: timer.run, rung: *rung, tell });
            Ok(())
        }
        (TimerPurpose::Due, Some(step)) => flow::complete(draft, timer.run, &step, Done::plain(crate::deadline::LATE)),
        (TimerPurpose::Wait, Some(step)) => match &step.kind {
            StepKind::Repeat(repeat) => {
                step::repeat::next_round(draft, timer.run, repeat);
                Ok(())
            }
            _ => step::wait::over(draft, timer.run, &step, Value::Null),
        },
        (TimerPurpose::Alternative { name }, Some(step)) => {
            step::first::won(draft, timer.run, &step, name, Value::Null)
        }
        (TimerPurpose::Retry { attempt }, Some(step)) => step::call::again(draft, timer.run, &step, *attempt),
        (_, None) => Ok(()),
    }
}

fn deliver(
    draft: &mut Draft,
    id: SubscriptionId,
    message: &Arc<str>,
    sent: &Arc<str>,
    payload: &Value,
) -> Deciding<()> {
    let Some(held) = draft.state().subscriptions.get(&id).cloned() else {
        return reject(Rejection::Gone("nobody waits for this message any more".into()));
    };
    draft.place = Some(held.run);
    let step = draft.step_of(held.run);
    let wait = message_wait(draft, &held.purpose, step.as_deref());
    if let Some(when) = wait.as_ref().and_then(|wait| wait.when.as_ref()) {
        let place = Place::scope(flow::body_scope(draft, held.run)).with("message", payload.clone());
        if !draft.holds(when, &place)? {
            return reject(Rejection::Gone("the wait's `when` does not take this message".into()));
        }
    }
    draft.emit(Event::MessageReceived {
        subscription: id,
        message: message.clone(),
        id: sent.clone(),
        payload: payload.clone(),
    });
    match (&held.purpose, step) {
        (SubscriptionPurpose::Wait, Some(step)) => step::wait::over(draft, held.run, &step, payload.clone()),
        (SubscriptionPurpose::Alternative { name }, Some(step)) => {
            step::first::won(draft, held.run, &step, name, payload.clone())
        }
        (SubscriptionPurpose::Handler { handler }, step) => {
            let handlers = step.map_or_else(|| draft.definition.handlers.clone(), |step| step.handlers.clone());
            match handlers.iter().find(|known| known.name == *handler) {
                Some(known) => flow::trigger(draft, held.run, known, Some(("message", payload.clone()))),
                None => Ok(()),
            }
        }
        (_, None) => Ok(()),
    }
}

/// The wait of the definition behind a subscription.
fn message_wait(draft: &Draft, purpose: &SubscriptionPurpose, step: Option<&Step>) -> Option<definition::MessageWait> {
    let of = |wait: &definition::WaitFor| match wait {
        definition::WaitFor::Message(wait) => Some(wait.clone()),
        _ => None,
    };
    match (purpose, step.map(|step| &step.kind)) {
        (SubscriptionPurpose::Wait, Some(StepKind::Wait(wait))) => of(wait),
        (SubscriptionPurpose::Alternative { name }, Some(StepKind::First { alternatives })) => {
            alternatives.iter().find(|alternative| alternative.name == *name).and_then(|found| of(&found.wait))
        }
        (SubscriptionPurpose::Handler { handler }, _) => {
            let handlers: &[Handler] = step.map_or(&draft.definition.handlers, |step| &step.handlers);
            handlers.iter().find(|known| known.name == *handler).and_then(|known| match &known.on {
                definition::Trigger::Message(wait) => Some(wait.clone()),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Operating an instance is for its process's owner and administrators; the platform may always.
pub(crate) fn operator(draft: &mut Draft, actor: &Actor) -> Deciding<()> {
    let Some(id) = actor.id() else { return Ok(()) };
    let person = person(draft, id)?;
    let owner = draft.definition.owner.clone();
    if person.roles.iter().any(|held| held.role.as_ref() == ADMIN || held.role == owner) {
        return Ok(());
    }
    reject(Rejection::Forbidden(owner))
}

fn cancel(draft: &mut Draft, actor: &Actor, reason: &Arc<str>, undo: bool) -> Deciding<()> {
    if reason.trim().is_empty() {
        return reject(Rejection::ReasonRequired);
    }
    operator(draft, actor)?;
    if undo && draft.state().is_cancelled_by_undoing() {
        return reject(Rejection::Gone("what it has done is being undone already".into()));
    }
    if undo && draft.definition.has_compensations() {
        return crate::undo::cancel(draft, actor, reason);
    }
    draft.undoes = undo;
    sweep::close_process(draft, sweep::cancelled(actor, reason));
    draft.undoes = false;
    Ok(())
}

/// Tries again what an incident stopped: the block goes on at its step, or a step that nothing carries on is done anew.
fn retry(draft: &mut Draft, id: IncidentId, actor: &Actor, reason: &Arc<str>) -> Deciding<()> {
    let Some(open) = draft.state().incidents.get(&id).cloned() else { return reject(Rejection::UnknownIncident) };
    if reason.trim().is_empty() {
        return reject(Rejection::ReasonRequired);
    }
    operator(draft, actor)?;
    draft.place = open.run;
    draft.emit(Event::IncidentResolved { incident: id, by: actor.clone(), reason: Some(reason.clone()) });
    let Some(run) = open.run.filter(|run| *run != ROOT_RUN) else {
        if let Some(delivery) = across::delivery_of(&open.detail).filter(|_| open.code == IncidentCode::DeliveryFailed)
        {
            draft.emit(Event::DeliveryRetried { delivery });
        }
        across::settle_end(draft);
        return Ok(());
    };
    let (Some(step), Some(current)) = (draft.step_of(run), draft.state().runs.get(&run).cloned()) else {
        return Ok(());
    };
    // A ballot keeps its votes: what follows from them is done again.
    if matches!(current.body, Body::Ballot { .. }) {
        return step::approve::settle(draft, run, &step, None, None);
    }
    // What goes on all the same was not stopped: open work keeps its votes, a running job is not doubled.
    if draft.state().goes_on(&current) {
        return Ok(());
    }
    if let (StepKind::Call(_), Body::Job { attempt, .. }) = (&step.kind, &current.body) {
        return step::call::again(draft, run, &step, attempt + 1);
    }
    flow::cancel_run(draft, run);
    draft.emit(Event::Returned {
        scope: current.scope,
        to: step.key.clone(),
        index: current.index,
        // It is no jump of the step's own, and none that bounds count.
        from: Arc::from(""),
        chosen: None,
    });
    Ok(())
}
