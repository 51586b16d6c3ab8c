//! How control moves through nested blocks: into a step, out of it, out of a block, backwards, and away.
//!
//! A block counts its own branches, so no counter can go wrong and nothing waits for a token that cannot
//! come. Everything that is given up is closed by an event of its own: timers, subscriptions, children.

mod events;
pub(crate) mod rest;

use std::sync::Arc;

pub(crate) use self::events::{begin_event, body_scope, catcher, close_list_that_caused, raise_error, trigger};
use crate::alongside;
use crate::command::Actor;
use crate::condition;
use crate::draft::{Deciding, Draft, incident};
use crate::evaluate::Place;
use crate::event::{self, Event, FieldWrite, Item, Purpose, SubscriptionPurpose, Then, TimerPurpose};
use crate::id::{BlockKey, IncidentId, RunId, ScopeId, StepKey, SubscriptionId};
use crate::incident::IncidentCode;
use crate::language::definition::{Handler, HandlerAction, MessageWait, Route, Step, Trigger};
use crate::operate::sweep;
use crate::state::{Body, Cursor, Phase, ROOT_RUN, ROOT_SCOPE};
use crate::step;
use crate::value::Value;

/// The outcome of a step that has no other.
pub(crate) const DONE: &str = "done";
/// The outcome of a process whose steps are all done and that names no end.
pub(crate) const COMPLETED: &str = "completed";
/// How often one step may be entered in one instance.
pub(crate) const VISITS_MAX: u32 = 1_000_000;

/// Runs the next step of a ready scope, or ends the scope.
pub(crate) fn advance(draft: &mut Draft, id: ScopeId) -> Deciding<()> {
    let Some(scope) = draft.state().scopes.get(&id) else { return Ok(()) };
    let Cursor::Ready { index, forced, .. } = scope.cursor else { return Ok(()) };
    let definition = draft.definition.clone();
    let step =
        definition.block(&scope.block).and_then(|block| block.steps.get(index)).and_then(|key| definition.step(key));
    let Some(step) = step else { return end_scope(draft, id) };
    if alongside::is_left_out(draft, scope, &step.key) {
        draft.emit(Event::StepSkipped { scope: id, step: step.key.clone(), index });
        return Ok(());
    }
    let place = Place::scope(id);
    if let Some(when) = step.when.as_ref().filter(|_| !forced)
        && !draft.holds(when, &place)?
    {
        draft.emit(Event::StepSkipped { scope: id, step: step.key.clone(), index });
        return Ok(());
    }
    if draft.state().visits.get(&step.key).copied().unwrap_or(0) >= VISITS_MAX {
        let (code, detail) = bound(&step.key, VISITS_MAX);
        return incident(code, detail);
    }
    step::enter(draft, id, step, &place)
}

/// An incident that says which bound of which step was reached.
pub(crate) fn bound(step: &StepKey, most: u32) -> (IncidentCode, Value) {
    let detail = [("step", Value::Text(step.clone())), ("at_most", Value::Int(i64::from(most)))];
    (IncidentCode::BoundReached, Value::record(detail))
}

impl Draft {
    /// Opens a step in a scope and arms its events; its number is the fence of all its waits.
    pub(crate) fn enter(&mut self, scope: ScopeId, step: &Step, body: event::Body) -> RunId {
        let run = RunId(self.number());
        self.emit(Event::StepEntered { run, scope, step: step.key.clone(), index: step.index, body });
        run
    }

    /// Opens a block under a run.
    pub(crate) fn open_scope(
        &mut self,
        parent: RunId,
        block: &BlockKey,
        purpose: Purpose,
        item: Option<Item>,
    ) -> ScopeId {
        let scope = ScopeId(self.number());
        self.emit(Event::ScopeOpened { scope, block: block.clone(), parent, purpose, item });
        scope
    }

    /// Arms the events of a host: subscriptions and timers. Errors need none.
    pub(crate) fn arm_handlers(&mut self, run: RunId, handlers: &[Handler], place: &Place) -> Deciding<()> {
        for handler in handlers {
            match &handler.on {
                Trigger::Message(wait) => {
                    self.subscribe(run, SubscriptionPurpose::Handler { handler: handler.name.clone() }, wait, place)?;
                }
                // Whoever raises it, or throws it, looks for it.
                Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Person(_) => {}
                Trigger::Condition(condition) => condition::arm_handler(self, run, handler, condition, place)?,
                Trigger::After(spans) => {
                    let opened = match self.state().runs.get(&run) {
                        Some(host) if run != ROOT_RUN => {
                            self.state().first_opened(&host.step, host.scope).unwrap_or(host.entered_at)
                        }
                        _ => self.state().started_at,
                    };
                    // What runs beside and lies behind was done before the return that opened the host again.
                    let once = matches!(handler.action, HandlerAction::Steps(_)) && self.is_reopened(run);
                    for (count, span) in (0u32..).zip(spans) {
                        let value = self.template(span, place)?;
                        let due = self.moment(&value, opened, None)?;
                        if due > self.now() || !once {
                            self.arm(run, TimerPurpose::After { handler: handler.name.clone(), count }, due);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Subscribes a run to a message.
    pub(crate) fn subscribe(
        &mut self,
        run: RunId,
        purpose: SubscriptionPurpose,
        wait: &MessageWait,
        place: &Place,
    ) -> Deciding<()> {
        let matches = self.record(&wait.matches, place)?;
        let subscription = SubscriptionId(self.number());
        self.emit(Event::Subscribed { subscription, run, purpose, message: wait.message.clone(), matches });
        Ok(())
    }

    /// The step of a run that is being entered in this very item; the draft may have gone back to its start.
    pub(crate) fn step_of_any(&self, run: RunId) -> Option<Arc<Step>> {
        self.step_of(run).or_else(|| self.asking.clone())
    }

    /// The step a run is an activation of; none for the process itself.
    pub(crate) fn step_of(&self, run: RunId) -> Option<Arc<Step>> {
        let run = self.state().runs.get(&run)?;
        self.definition.step(&run.step).cloned()
    }
}

/// What a step gave when its own work was done.
pub(crate) struct Done {
    pub(crate) outcome: Arc<str>,
    pub(crate) output: Value,
    pub(crate) writes: Vec<FieldWrite>,
    pub(crate) by: Option<Actor>,
    /// Which of several targets of a `back_to` the person chose.
    pub(crate) back_to: Option<StepKey>,
}

impl Done {
    pub(crate) fn plain(outcome: &str) -> Self {
        Done { outcome: outcome.into(), output: Value::Null, writes: Vec::new(), by: None, back_to: None }
    }
}

/// Completes a run whose work is done, and follows the route of its outcome.
pub(crate) fn complete(draft: &mut Draft, run: RunId, step: &Step, done: Done) -> Deciding<()> {
    let route = step.outcomes.get(&done.outcome).cloned().unwrap_or(Route::Next);
    finish(draft, run, step, done, &route)
}

/// Completes a run and follows a route that the step's kind chose.
pub(crate) fn finish(draft: &mut Draft, run: RunId, step: &Step, done: Done, route: &Route) -> Deciding<()> {
    close_contents(draft, run);
    crate::undo::note(draft, run, step, &done);
    let then = match route {
        Route::Next => Then::Next,
        Route::Steps(_) => Then::Into,
        Route::End { .. } | Route::Back(_) => Then::Stop,
    };
    let scope = draft.state().runs.get(&run).map_or(ROOT_SCOPE, |run| run.scope);
    draft.emit(Event::StepCompleted {
        run,
        outcome: done.outcome,
        output: done.output,
        by: done.by,
        writes: done.writes,
        milestone: step.milestone.clone(),
        then,
    });
    match route {
        Route::Next => {}
        Route::Steps(block) => {
            draft.open_scope(run, block, Purpose::Route, None);
        }
        Route::End { outcome } => alongside::end(draft, scope, outcome.clone())?,
        Route::Back(back) => {
            let chosen = done.back_to.as_ref().filter(|chosen| back.targets.contains(chosen));
            let Some(target) = chosen.or(back.targets.first()) else { return Ok(()) };
            step::back::jump(draft, scope, &step.key, target, back)?;
        }
    }
    Ok(())
}

/// A scope has no step left: it ends, and the run that holds it goes on.
fn end_scope(draft: &mut Draft, id: ScopeId) -> Deciding<()> {
    let Some(scope) = draft.state().scopes.get(&id).cloned() else { return Ok(()) };
    if rest::holds_open(draft, &scope) {
        draft.emit(Event::ScopeRested { scope: id });
        return Ok(());
    }
    draft.emit(Event::ScopeEnded { scope: id });
    let parent = scope.parent;
    match &scope.purpose {
        Purpose::Route => {
            draft.emit(Event::StepLeft { run: parent });
            Ok(())
        }
        Purpose::Instead { handler } if parent == ROOT_RUN => alongside::end(draft, id, handler.clone()),
        Purpose::Instead { .. } => {
            draft.emit(Event::StepLeft { run: parent });
            Ok(())
        }
        Purpose::Beside { handler } => end_beside(draft, parent, handler),
        Purpose::Undo { .. } => crate::undo::go_on(draft, parent),
        Purpose::Alongside { .. } => {
            alongside::list_ended(draft);
            Ok(())
        }
        Purpose::Body if parent == ROOT_RUN => alongside::end(draft, id, COMPLETED.into()),
        Purpose::Body | Purpose::Branch { .. } | Purpose::Item => {
            let Some(step) = draft.step_of(parent) else { return Ok(()) };
            step::child_ended(draft, parent, &step)
        }
    }
}

/// Steps beside a host have ended; with `ends_step` they end the host's step.
fn end_beside(draft: &mut Draft, host: RunId, name: &Arc<str>) -> Deciding<()> {
    let Some(step) = draft.step_of(host) else { return Ok(()) };
    let ends = step.handlers.iter().any(|handler| handler.name == *name && handler.ends_step);
    if ends && draft.state().runs.get(&host).is_some_and(|run| run.phase == Phase::Open) {
        // Items that are ended early leave what they have become.
        let output = step::each::output(draft, host);
        return complete(draft, host, &step, Done { output, ..Done::plain(name) });
    }
    Ok(())
}

/// Incidents that are still open when nothing is left for them to stop.
pub(crate) fn close_incidents(draft: &mut Draft) {
    close_incidents_but(draft, &[]);
}

/// The same, but for those that hold the end.
pub(crate) fn close_incidents_but(draft: &mut Draft, held: &[IncidentId]) {
    let open: Vec<_> = draft.state().incidents.keys().copied().filter(|id| !held.contains(id)).collect();
    for incident in open {
        draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
    }
}

/// Gives up everything a run holds: scopes, timers, subscriptions, a child. The run itself stays.
pub(crate) fn close_contents(draft: &mut Draft, id: RunId) {
    let Some(run) = draft.state().runs.get(&id) else { return };
    let waits = draft.state().conditions_of(id).next().is_some();
    if run.children.is_empty()
        && run.timers.is_empty()
        && run.subscriptions.is_empty()
        && run.incident.is_none()
        && !waits
    {
        if let Body::Child { child, .. } = run.body {
            abandon(draft, id, child);
        }
        return;
    }
    // What can be undone is known only when all inside is closed: such a process is not cut.
    let heavy = !draft.definition.has_compensations() && sweep::is_heavy(draft.state(), run);
    let run = run.clone();
    if heavy && !run.children.is_empty() {
        let before = ScopeId(draft.number());
        draft.emit(Event::ContentsCut { run: id, before });
    } else {
        for scope in run.children {
            close_scope(draft, scope);
        }
    }
    disarm(draft, id);
    if let Body::Child { child, .. } = run.body {
        abandon(draft, id, child);
    }
}

/// Gives up what a run waits for by itself: timers, messages, conditions, operators.
pub(crate) fn disarm(draft: &mut Draft, id: RunId) {
    let Some(run) = draft.state().runs.get(&id).cloned() else { return };
    for timer in run.timers {
        draft.emit(Event::TimerDisarmed { timer });
    }
    for subscription in run.subscriptions {
        draft.emit(Event::Unsubscribed { subscription });
    }
    condition::disarm_all(draft, id);
    if run.incident.is_some() {
        let own = draft.state().incidents.values().filter(|incident| incident.run == Some(id));
        let own: Vec<_> = own.map(|incident| incident.id).collect();
        for incident in own {
            draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
        }
    }
}

fn abandon(draft: &mut Draft, run: RunId, child: crate::id::InstanceId) {
    if draft.state().runs.get(&run).is_some_and(|run| run.phase == Phase::Open) {
        let undo = draft.undoes;
        draft.emit(Event::ChildAbandoned { run, child, undo });
    }
}

/// Gives up a scope with all that is open in it.
pub(crate) fn close_scope(draft: &mut Draft, id: ScopeId) {
    let Some(scope) = draft.state().scopes.get(&id) else { return };
    match scope.cursor {
        Cursor::Open { run } => cancel_run(draft, run),
        Cursor::Blocked { incident, .. } => {
            draft.emit(Event::IncidentResolved { incident, by: Actor::System, reason: None });
        }
        Cursor::Ready { .. } | Cursor::Held | Cursor::Resting { .. } => {}
    }
    rest::withdraw(draft, id, 0);
    draft.emit(Event::ScopeClosed { scope: id });
}

/// Gives up a run.
pub(crate) fn cancel_run(draft: &mut Draft, run: RunId) {
    close_contents(draft, run);
    draft.emit(Event::StepCancelled { run });
}
