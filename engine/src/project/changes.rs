//! From the events of one transition to the rows it changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{IncidentRow, InstanceRow, JobRow, Outgoing, RowChange, TaskRow, TaskStatus, TimerRow};
use crate::command::{Action, Actor, Command, Start, WorkId};
use crate::event::Event;
use crate::id::{RunId, StepKey, UserId};
use crate::language::definition::{ActivityMode, Definition};
use crate::state::{Body, Incident, Run, State, Work};
use crate::time::Timestamp;
use crate::value::Value;

/// The outcome of work whose holder went back to an earlier step.
const RETURNED: &str = "returned";

/// The row changes of a transition: `before` (none for a start) and `after` it, with its number in the instance.
#[must_use]
pub fn changes(
    definition: &Definition,
    before: Option<&State>,
    after: &State,
    events: &[Event],
    version: u64,
) -> Vec<RowChange> {
    let mut rows = vec![RowChange::Instance(instance_row(after, version))];
    if let Some(values) = attributes(definition, before, after) {
        rows.push(RowChange::Attributes { instance: after.id, process: after.process.clone(), values });
    }
    let mut touched = touched_runs(events);
    if let Some(Event::Migrated { steps, .. }) = events.iter().find(|event| matches!(event, Event::Migrated { .. })) {
        let renamed = |step: &StepKey| steps.values().any(|to| to == step);
        let concerned = after.runs.values().filter(|run| renamed(&run.step) || queued(Some(*run)));
        touched.extend(concerned.map(|run| run.id));
        rows.extend(after.incidents.values().map(|incident| incident_row(after, incident, None)));
    }
    for run in touched {
        run_rows(definition, before, after, events, run, &mut rows);
    }
    for event in events {
        event_rows(definition, before, after, event, &mut rows);
    }
    super::across::rows(definition, before, after, events, version, &mut rows);
    // What is heard after the end tells nobody again.
    if !after.is_live() && before.is_none_or(State::is_live) {
        if let Some(key) = &after.key {
            let (process, key) = (after.process.clone(), key.clone());
            rows.push(RowChange::FreeKey { process, key, instance: after.id });
        }
        if let Some((parent, run)) = after.parent() {
            let action = Action::EndChild {
                run,
                child: after.id,
                outcome: after.outcome.clone().unwrap_or_default(),
                output: after.data.clone(),
            };
            rows.push(outgoing(parent, action));
        }
    }
    rows
}

pub(super) fn outgoing(to: crate::id::InstanceId, action: Action) -> RowChange {
    RowChange::Outgoing(Outgoing::Command { to, command: Command { actor: Actor::System, action } })
}

/// The instance's own row, as it stands after `version` transitions.
#[must_use]
pub(crate) fn instance_row(state: &State, version: u64) -> InstanceRow {
    InstanceRow {
        instance: state.id,
        process: state.process.clone(),
        release: state.release,
        key: state.key.clone(),
        status: state.status,
        outcome: state.outcome.clone(),
        version,
        ready: state.is_live() && state.is_ready(),
        open_incidents: u32::try_from(state.incidents.size()).unwrap_or(u32::MAX),
        initiator: state.initiator.id().cloned(),
        parent: state.parent().map(|(parent, _)| parent),
        started_at: state.started_at,
        updated_at: state.updated_at,
        ended_at: (!state.is_live()).then_some(state.updated_at),
    }
}

/// Business data to find it by, if it changed.
fn attributes(definition: &Definition, before: Option<&State>, after: &State) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    let of = |state: &State| -> Vec<(Arc<str>, Arc<str>)> {
        let found = definition.search.iter().filter_map(|name| {
            let value = state.data.get(name).filter(|value| !value.is_null()).or_else(|| state.input.get(name))?;
            searchable(value).map(|text| (name.clone(), text))
        });
        found.collect()
    };
    let now = of(after);
    let changed = before.map_or(!now.is_empty(), |before| before.release != after.release || of(before) != now);
    changed.then_some(now)
}

fn searchable(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Decimal(number) => Some(number.normalize().to_string().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

fn touched_runs(events: &[Event]) -> BTreeSet<RunId> {
    let of = |event: &Event| match event {
        Event::StepEntered { run, .. }
        | Event::StepCompleted { run, .. }
        | Event::StepLeft { run }
        | Event::StepCancelled { run }
        | Event::JobQueued { run, .. }
        | Event::JobFailed { run, .. }
        | Event::TaskOpened { run, .. }
        | Event::BallotOpened { run, .. }
        | Event::DueMoved { run, .. } => Some(*run),
        Event::ResultParked { run, .. } => *run,
        Event::SeatOpened { work, .. }
        | Event::Claimed { work, .. }
        | Event::Released { work, .. }
        | Event::Assigned { work, .. }
        | Event::Worked { work, .. }
        | Event::Voted { work, .. } => Some(work.run),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// The open works of a run.
fn works(run: Option<&Run>) -> Vec<(WorkId, &Work)> {
    run.map(Run::works).unwrap_or_default()
}

fn run_rows(
    definition: &Definition,
    before: Option<&State>,
    after: &State,
    events: &[Event],
    id: RunId,
    rows: &mut Vec<RowChange>,
) {
    let was = before.and_then(|state| state.runs.get(&id));
    let is = after.runs.get(&id);
    let open = works(is);
    for (work, content) in &open {
        let step = is.map(|run| run.step.clone()).unwrap_or_default();
        rows.push(RowChange::Task(task_row(after, *work, step, content)));
    }
    for (work, content) in works(was) {
        if open.iter().any(|(still, _)| *still == work) {
            continue;
        }
        let step = was.map(|run| run.step.clone()).unwrap_or_default();
        let mut row = task_row(after, work, step, content);
        row.revision += 1;
        row.closed_at = Some(after.updated_at);
        let is_task = matches!(was.map(|run| &run.body), Some(Body::Task(_))) && work.seat == 0;
        match completion(events, work, is_task) {
            Some((outcome, by)) => {
                row.status = TaskStatus::Completed;
                row.outcome = Some(outcome);
                row.completed_by = Some(by);
            }
            None => row.status = TaskStatus::Withdrawn,
        }
        rows.push(RowChange::Task(row));
    }
    match (queued(was), is.and_then(|run| job_row(definition, after, run))) {
        (_, Some(row)) => rows.push(RowChange::Job(row)),
        (true, None) => rows.push(RowChange::RemoveJob { instance: after.id, run: id }),
        (false, None) => {}
    }
}

/// Who closed a piece of work by an act of their own, and how.
fn completion(events: &[Event], id: WorkId, is_task: bool) -> Option<(Arc<str>, UserId)> {
    // What an operator decided in somebody's place was withdrawn from their inbox.
    if events.iter().any(|event| matches!(event, Event::Overridden { run, .. } if *run == id.run)) {
        return None;
    }
    events.iter().find_map(|event| match event {
        Event::Voted { work, outcome, by, .. } if *work == id => Some((outcome.clone(), by.id()?.clone())),
        // A ballot's last vote completes its step: only that seat was voted on.
        Event::StepCompleted { run, outcome, by: Some(by), .. } if is_task && *run == id.run => {
            Some((outcome.clone(), by.id()?.clone()))
        }
        Event::Returned { chosen: Some(chosen), .. } if chosen.work == id => {
            Some((RETURNED.into(), chosen.by.id()?.clone()))
        }
        _ => None,
    })
}

fn task_row(state: &State, id: WorkId, step: StepKey, work: &Work) -> TaskRow {
    let task = &work.task;
    TaskRow {
        instance: state.id,
        work: id,
        process: state.process.clone(),
        step,
        title: task.title.clone(),
        status: TaskStatus::Open,
        candidates: task.candidates.clone(),
        assignee: work.assignee.clone(),
        form: task.form.clone(),
        sign: task.sign.clone(),
        outcomes: task.outcomes.clone(),
        due: task.due,
        key: state.key.clone(),
        revision: work.revision,
        opened_at: work.opened_at,
        closed_at: None,
        outcome: None,
        completed_by: None,
    }
}

fn queued(run: Option<&Run>) -> bool {
    matches!(run.map(|run| &run.body), Some(Body::Job { queued: true, mode, .. }) if *mode != ActivityMode::Inline)
}

fn job_row(definition: &Definition, state: &State, run: &Run) -> Option<JobRow> {
    let Body::Job { activity, mode, attempt, input, queued: true, available_at } = &run.body else { return None };
    // The result of one that was parked is here: nobody shall do it again.
    if *mode == ActivityMode::Inline || state.operations.parked_runs.contains(&run.id) {
        return None;
    }
    Some(JobRow {
        instance: state.id,
        run: run.id,
        activity: activity.clone(),
        mode: *mode,
        attempt: *attempt,
        input: input.clone(),
        idempotency_key: format!("{}/{}", state.id, run.id).into(),
        available_at: *available_at,
        lease_micros: definition.activities.get(activity).map_or(60_000_000, |spec| spec.lease_micros),
    })
}

fn incident_row(state: &State, incident: &Incident, resolved: Option<(Timestamp, Option<UserId>)>) -> RowChange {
    let at_scope = || {
        let scope = state.scopes.get(&incident.scope?)?;
        let crate::state::Cursor::Blocked { .. } = scope.cursor else { return None };
        Some(scope.block.clone())
    };
    let (resolved_at, resolved_by) = resolved.map_or((None, None), |(at, by)| (Some(at), by));
    RowChange::Incident(IncidentRow {
        instance: state.id,
        incident: incident.id,
        process: state.process.clone(),
        step: incident.step.clone().or_else(at_scope),
        code: incident.code,
        detail: incident.detail.clone(),
        raised_at: incident.raised_at,
        resolved_at,
        resolved_by,
    })
}

fn timer_row(state: &State, timer: &crate::state::Timer) -> TimerRow {
    let (run, purpose, due) = (timer.run, timer.purpose.clone(), timer.due);
    TimerRow { instance: state.id, timer: timer.id, run, purpose, due }
}

fn event_rows(
    definition: &Definition,
    before: Option<&State>,
    after: &State,
    event: &Event,
    rows: &mut Vec<RowChange>,
) {
    let instance = after.id;
    match event {
        Event::TimerArmed { timer, run, purpose, due } if after.timers.contains_key(timer) => {
            let row = TimerRow { instance, timer: *timer, run: *run, purpose: purpose.clone(), due: *due };
            rows.push(RowChange::Timer(row));
        }
        Event::TimerFired { timer, .. } | Event::TimerDisarmed { timer }
            if before.is_some_and(|state| state.timers.contains_key(timer)) =>
        {
            rows.push(RowChange::RemoveTimer { instance, timer: *timer });
        }
        Event::Subscribed { subscription, message, matches, .. } if after.subscriptions.contains_key(subscription) => {
            rows.push(super::across::subscribe(instance, *subscription, message, matches));
        }
        Event::TimerMoved { timer, .. } => {
            rows.extend(after.timers.get(timer).map(|timer| RowChange::Timer(timer_row(after, timer))));
        }
        // Whoever fires timers and does jobs has passed them by: the first of each wakes them.
        Event::Resumed {} => {
            let earliest = after.timers.values().min_by_key(|timer| timer.due);
            rows.extend(earliest.map(|timer| RowChange::Timer(timer_row(after, timer))));
            let job = after.runs.values().find_map(|run| job_row(definition, after, run));
            rows.extend(job.map(RowChange::Job));
        }
        Event::DeliveryDeferred { message, id, .. } => {
            let (message, id) = (message.clone(), id.clone());
            rows.push(RowChange::Outgoing(Outgoing::GiveBack { message, id }));
        }
        Event::Resubscribed { subscription } => {
            if let Some(held) = after.subscriptions.get(subscription) {
                rows.push(super::across::subscribe(instance, *subscription, &held.message, &held.matches));
            }
        }
        Event::Unsubscribed { subscription } => {
            if let Some(held) = before.and_then(|state| state.subscriptions.get(subscription)) {
                rows.push(super::across::unsubscribe(instance, *subscription, &held.message, &held.matches));
            }
        }
        // The owner of the message gave the subscription away with the delivery: one that goes on asks again.
        Event::MessageReceived { subscription, message, .. } => {
            if let Some(held) = after.subscriptions.get(subscription) {
                let (message, matches) = (message.clone(), held.matches.clone());
                let again = Outgoing::Subscribe { message, matches, instance, subscription: *subscription };
                rows.push(RowChange::Outgoing(again));
            }
        }
        Event::ChildStarted { run, child, process, release, input, tie } => {
            let start = Start {
                process: process.clone(),
                release: *release,
                input: input.clone(),
                cause: super::across::cause(after, *run, tie.as_ref()),
                signature: None,
            };
            rows.push(outgoing(*child, Action::Start(start)));
        }
        Event::ChildAbandoned { child, undo, .. } => {
            let reason = "the step that awaited it was given up".into();
            rows.push(outgoing(*child, Action::Cancel { reason, undo: *undo }));
        }
        // Nobody in this instance took it: it is for those around the step that awaits this instance.
        Event::Escalated { code, detail, host: None, .. } => {
            if let Some((parent, run)) = after.parent() {
                let mut detail = detail.clone();
                detail.set(&["output".into()], after.data.clone());
                let action = Action::EscalateChild { run, child: after.id, code: code.clone(), detail };
                rows.push(outgoing(parent, action));
            }
        }
        Event::IncidentRaised { incident, .. } => {
            if let Some(open) = after.incidents.get(incident) {
                rows.push(incident_row(after, open, None));
            }
        }
        Event::IncidentResolved { incident, by, .. } => {
            if let Some((state, was)) = before.and_then(|state| state.incidents.get(incident).map(|was| (state, was))) {
                rows.push(incident_row(state, was, Some((after.updated_at, by.id().cloned()))));
            }
        }
        _ => {}
    }
}

/// Every derived row that a live state must have, whatever way led there: its own row, open work, queued jobs,
/// armed timers, open incidents. What the store holds is compared with this.
#[must_use]
pub fn standing(definition: &Definition, state: &State, version: u64) -> Vec<RowChange> {
    let mut rows = vec![RowChange::Instance(instance_row(state, version))];
    for run in state.runs.values() {
        for (work, content) in works(Some(run)) {
            rows.push(RowChange::Task(task_row(state, work, run.step.clone(), content)));
        }
        rows.extend(job_row(definition, state, run).map(RowChange::Job));
    }
    for timer in state.timers.values() {
        rows.push(RowChange::Timer(timer_row(state, timer)));
    }
    rows.extend(state.incidents.values().map(|incident| incident_row(state, incident, None)));
    rows
}
