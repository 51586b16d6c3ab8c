//! The kinds of steps: what each does when it is entered, and when something inside it ends.
//!
//! A kind is a file here and an arm below; the compiler finds the rest.

pub(crate) mod add;
pub(crate) mod approve;
pub(crate) mod back;
pub(crate) mod call;
pub(crate) mod choose;
pub(crate) mod compensate;
pub(crate) mod each;
pub(crate) mod escalate;
pub(crate) mod first;
pub(crate) mod parallel;
pub(crate) mod part;
pub(crate) mod repeat;
pub(crate) mod rule;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod task;
pub(crate) mod wait;

use crate::draft::{Deciding, Draft};
use crate::evaluate::Place;
use crate::event::{Body, Event, Purpose, Then};
use crate::flow::{self, DONE, Done};
use crate::id::{RunId, ScopeId, UserId};
use crate::language::definition::{Step, StepKind};
use crate::time::Timestamp;
use crate::value::Value;

/// Enters a step whose `when` holds.
pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, place: &Place) -> Deciding<()> {
    match &step.kind {
        StepKind::Call(call) => call::enter(draft, scope, step, call, place),
        StepKind::Task(task) => task::enter(draft, scope, step, task, place),
        StepKind::Approve(ballot) => approve::enter(draft, scope, step, ballot, place),
        StepKind::Decide { table, with } => rule::decide(draft, scope, step, table, with, place),
        StepKind::Script { script, with } => rule::script(draft, scope, step, script, with, place),
        StepKind::Set { values } => rule::set(draft, scope, step, values, place),
        StepKind::Add { values } => add::enter(draft, scope, step, values, place),
        StepKind::Choose { branches } => choose::enter(draft, scope, step, branches, place),
        StepKind::Parallel { branches, join, rest } => {
            parallel::enter(draft, scope, step, branches, (*join, *rest), place)
        }
        StepKind::Each(each) => each::enter(draft, scope, step, each, place),
        StepKind::Repeat(repeat) => repeat::enter(draft, scope, step, repeat, place),
        StepKind::Wait(wait) => wait::enter(draft, scope, step, wait, place),
        StepKind::First { alternatives } => first::enter(draft, scope, step, alternatives, place),
        StepKind::Run(child) => run::enter(draft, scope, step, child, false, place),
        StepKind::Start(child) => run::enter(draft, scope, step, child, true, place),
        StepKind::Send(send) => send::message(draft, scope, step, send, place),
        StepKind::Signal(signal) => send::signal(draft, scope, step, signal, place),
        StepKind::Notify(notify) => send::notify(draft, scope, step, notify, place),
        StepKind::Steps { block } | StepKind::Do { block, .. } => {
            let run = open(draft, scope, step, Body::Plain, place)?;
            draft.open_scope(run, block, Purpose::Body, None);
            Ok(())
        }
        StepKind::End { outcome } => {
            let run = draft.enter(scope, step, Body::Plain);
            draft.emit(Event::StepCompleted {
                run,
                outcome: outcome.clone(),
                output: Value::Null,
                by: None,
                writes: Vec::new(),
                milestone: step.milestone.clone(),
                then: Then::Stop,
            });
            crate::alongside::end(draft, scope, outcome.clone())
        }
        StepKind::Fail { error, message } => call::fail(draft, scope, step, error, message.as_ref(), place),
        StepKind::BackTo(back) => back::enter(draft, scope, step, back),
        StepKind::Compensate { of, parallel } => compensate::enter(draft, scope, step, of.as_ref(), *parallel, place),
        StepKind::Escalate { code, with } => escalate::enter(draft, scope, step, (code, with), place),
    }
}

/// A block under a composite step was walked to its end.
pub(crate) fn child_ended(draft: &mut Draft, run: RunId, step: &Step) -> Deciding<()> {
    match &step.kind {
        StepKind::Parallel { .. } => parallel::branch_ended(draft, run, step),
        StepKind::Each(each) => each::item_ended(draft, run, step, each),
        StepKind::Repeat(repeat) => repeat::round_ended(draft, run, step, repeat),
        StepKind::Do { block, .. } => part::ended(draft, run, step, block),
        _ => flow::complete(draft, run, step, Done::plain(DONE)),
    }
}

/// Who gets the work of a step that a return leads to; read before the step is entered.
pub(crate) fn returning_holder(draft: &Draft, scope: ScopeId, step: &Step) -> Option<UserId> {
    let holder = draft.state().scopes.get(&scope)?.people.holder.clone();
    holder.filter(|(index, _)| *index == step.index).map(|(_, who)| who)
}

/// Opens a step that stays open: its events and the ladder of its deadline are armed.
pub(crate) fn open(draft: &mut Draft, scope: ScopeId, step: &Step, body: Body, place: &Place) -> Deciding<RunId> {
    open_due(draft, scope, step, body, place).map(|(run, _)| run)
}

/// The same, with the moment it is due.
pub(crate) fn open_due(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    body: Body,
    place: &Place,
) -> Deciding<(RunId, Option<Timestamp>)> {
    let run = draft.enter(scope, step, body);
    draft.arm_handlers(run, &step.handlers, place)?;
    let Some(due) = step.due.as_ref().filter(|due| !due.each_seat) else { return Ok((run, None)) };
    let deadline = draft.deadline(step, due, place)?;
    draft.note_deadline(run, step, deadline);
    draft.arm_deadline(run, step, due, deadline)?;
    Ok((run, Some(deadline)))
}
