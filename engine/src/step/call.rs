//! `call`: an activity of a service, in the same transaction, in the background, or by a remote worker.
//! `fail`: raising a business error of one's own.

use std::sync::Arc;

use crate::command::{ActivityFailure, JobResult, failure};
use crate::draft::{Deciding, Draft, Stop};
use crate::evaluate::Place;
use crate::event::{Body, Event, TimerPurpose};
use crate::facts::{ActivityResult, Ask, Fact};
use crate::flow::{self, DONE, Done};
use crate::id::{Digest, RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{ActivityMode, Call, Definition, Step, StepKind, TextTemplate};
use crate::state::{self, State};
use crate::value::Value;

pub(crate) fn enter(draft: &mut Draft, scope: ScopeId, step: &Step, call: &Call, place: &Place) -> Deciding<()> {
    let input = draft.record(&call.with, place)?;
    let run = super::open(draft, scope, step, Body::Plain, place)?;
    match mode(draft, call) {
        ActivityMode::Inline => inline(draft, run, step, call, input, 1),
        mode => {
            let (activity, available_at) = (call.activity.clone(), draft.now());
            draft.emit(Event::JobQueued { run, attempt: 1, activity, mode, input, available_at });
            Ok(())
        }
    }
}

fn mode(draft: &Draft, call: &Call) -> ActivityMode {
    draft.definition.activities.get(&call.activity).map_or(ActivityMode::Inline, |activity| activity.mode)
}

/// Runs an inline activity. Nothing after its success can stop this item, so its effects never outlive their event.
fn inline(draft: &mut Draft, run: RunId, step: &Step, call: &Call, input: Value, attempt: u32) -> Deciding<()> {
    let key = format!("{}/{run}", draft.context.instance).into();
    draft.asking = draft.definition.step(&step.key).cloned();
    let fact = draft.ask(Ask::Activity { run, activity: call.activity.clone(), input, key })?;
    match fact {
        Fact::Activity { result: ActivityResult::Succeeded { output } } => succeed(draft, run, step, output),
        Fact::Activity { result: ActivityResult::Failed { failure } } => {
            fail_attempt(draft, run, step, attempt, failure)
        }
        _ => Err(Stop::Diverged),
    }
}

fn succeed(draft: &mut Draft, run: RunId, step: &Step, output: Value) -> Deciding<()> {
    let writes = match draft.writes(&step.writes, &output) {
        Ok(writes) => writes,
        Err(misfit) => return misfit.into_incident(),
    };
    flow::complete(draft, run, step, Done { output, writes, ..Done::plain(DONE) })
}

/// An attempt failed: again later, another way out, or an operator.
fn fail_attempt(draft: &mut Draft, run: RunId, step: &Step, attempt: u32, failure: ActivityFailure) -> Deciding<()> {
    draft.emit(Event::JobFailed { run, attempt, failure: failure.clone() });
    let retry = step.retry.unwrap_or_default();
    if failure.transient && attempt < retry.attempts {
        let due = draft.now().plus_micros(pause(draft, run, attempt, &retry));
        let StepKind::Call(call) = &step.kind else { return Ok(()) };
        match mode(draft, call) {
            ActivityMode::Inline => draft.arm(run, TimerPurpose::Retry { attempt: attempt + 1 }, due),
            mode => {
                let input = job_input(draft, run);
                let activity = call.activity.clone();
                draft.emit(Event::JobQueued { run, attempt: attempt + 1, activity, mode, input, available_at: due });
            }
        }
        return Ok(());
    }
    if !failure.transient && flow::raise_error(draft, run, step, &failure)? {
        return Ok(());
    }
    let code = if failure.code.as_ref() == failure::PANICKED {
        IncidentCode::ActivityPanicked
    } else {
        IncidentCode::ActivityFailed
    };
    let detail = Value::record([
        ("code", Value::Text(failure.code)),
        ("message", Value::Text(failure.message)),
        ("detail", failure.detail),
        ("attempts", Value::Int(i64::from(attempt))),
    ]);
    draft.raise(code, detail, Some(run), None);
    Ok(())
}

fn job_input(draft: &Draft, run: RunId) -> Value {
    match draft.state().runs.get(&run).map(|run| &run.body) {
        Some(state::Body::Job { input, .. }) => input.clone(),
        _ => Value::Null,
    }
}

/// The pause before the next attempt: exponential, with up to a quarter more drawn from the run's own name.
fn pause(draft: &Draft, run: RunId, attempt: u32, retry: &crate::language::definition::Retry) -> i64 {
    let factor = i64::from(retry.factor).saturating_pow(attempt.saturating_sub(1));
    let plain = retry.wait_micros.saturating_mul(factor).min(retry.max_micros);
    let draw = Digest::of(format!("{}/{run}/{attempt}", draft.context.instance).as_bytes()).0[0];
    plain.saturating_add(plain / 4 * i64::from(draw) / 255)
}

/// An inline activity is tried again: its timer fired, or an operator asked.
pub(crate) fn again(draft: &mut Draft, run: RunId, step: &Step, attempt: u32) -> Deciding<()> {
    let StepKind::Call(call) = &step.kind else { return Ok(()) };
    let Some(scope) = draft.state().runs.get(&run).map(|run| run.scope) else { return Ok(()) };
    let place = Place::scope(scope);
    let input = draft.record(&call.with, &place)?;
    match mode(draft, call) {
        ActivityMode::Inline => inline(draft, run, step, call, input, attempt),
        mode => {
            let (activity, available_at) = (call.activity.clone(), draft.now());
            draft.emit(Event::JobQueued { run, attempt, activity, mode, input, available_at });
            Ok(())
        }
    }
}

/// A worker's result for an attempt that is still the current one.
pub(crate) fn finished(draft: &mut Draft, run: RunId, step: &Step, attempt: u32, result: &JobResult) -> Deciding<()> {
    match result {
        JobResult::Succeeded { output } => match draft.fits(run, output) {
            Ok(()) => succeed(draft, run, step, output.clone()),
            Err(failure) => fail_attempt(draft, run, step, attempt, failure),
        },
        JobResult::Failed { failure } => fail_attempt(draft, run, step, attempt, failure.clone()),
    }
}

pub(crate) fn fail(
    draft: &mut Draft,
    scope: ScopeId,
    step: &Step,
    error: &Arc<str>,
    message: Option<&TextTemplate>,
    place: &Place,
) -> Deciding<()> {
    let text = match message {
        Some(template) => draft.both_texts(template, place)?.en,
        None => error.clone(),
    };
    let run = draft.enter(scope, step, Body::Plain);
    let failure = ActivityFailure::business(error, text);
    if flow::raise_error(draft, run, step, &failure)? {
        return Ok(());
    }
    let detail = Value::record([("code", Value::Text(failure.code)), ("message", Value::Text(failure.message))]);
    draft.raise(IncidentCode::UnhandledError, detail, Some(run), None);
    Ok(())
}

impl Draft {
    /// Whether an activity's output fits its catalogue entry and the fields it is written to. The runtime asks
    /// before it keeps the effects of an inline activity: a misfit undoes them.
    pub fn fits(&self, run: RunId, output: &Value) -> Result<(), ActivityFailure> {
        match self.step_of_any(run) {
            Some(step) => self.definition.fits(&step, output),
            None => Ok(()),
        }
    }
}

impl State {
    /// The same for a job outside the transition, before its effects are kept.
    pub fn fits(&self, definition: &Definition, run: RunId, output: &Value) -> Result<(), ActivityFailure> {
        match self.runs.get(&run).and_then(|run| definition.step(&run.step)) {
            Some(step) => definition.fits(step, output),
            None => Ok(()),
        }
    }
}

impl Definition {
    fn fits(&self, step: &Step, output: &Value) -> Result<(), ActivityFailure> {
        let misfit = |detail: Value| {
            ActivityFailure::business(failure::OUTPUT_MISFIT, "the activity's output does not fit").with_detail(detail)
        };
        if let StepKind::Call(call) = &step.kind
            && let Some(spec) = self.activities.get(&call.activity)
            && let Err(mismatch) = spec.output.check(output)
        {
            return Err(misfit(Value::record([("why", Value::from(mismatch.to_string()))])));
        }
        self.writes(&step.writes, output).map(|_| ()).map_err(|fault| misfit(fault.detail()))
    }
}
