//! One decision in the making: the state as it would be, the events so far, the facts they rest on.
//!
//! Deciding goes item by item: first the command, then one ready scope after another, until quiet or
//! until the budget of a transition is spent. An item that needs something of the world stops with
//! [`Stop::Ask`]; the draft goes back to the item's start, the runtime answers, and the item runs again
//! with the answer served from the facts. So steps are written as plain functions, and deciding again from
//! a log row is the same code with all facts given.

use std::sync::Arc;

use crate::command::{Action, Command};
use crate::condition;
use crate::event::Event;
use crate::facts::{Ask, Context, Fact};
use crate::id::{IncidentId, RunId, ScopeId};
use crate::incident::IncidentCode;
use crate::language::definition::{Boundary, Definition, Step};
use crate::operate::{hold, sweep};
use crate::rejection::Rejection;
use crate::state::State;
use crate::time::Timestamp;
use crate::value::Value;

/// Steps that one transition may run; what is left goes on in the next.
pub const STEPS_PER_TRANSITION: u32 = 250;
/// Events that one transition may hold before it stops at the next item.
pub const EVENTS_PER_TRANSITION: usize = 1_500;

/// Why an item does not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Ask(Ask),
    Rejected(Rejection),
    /// An operator must act; what the item did is undone, and the incident stands in its place.
    Incident {
        code: IncidentCode,
        detail: Value,
    },
    /// Deciding again asked for more than the row holds.
    Diverged,
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Stop::Rejected(rejection)
    }
}

/// The result of a piece of deciding.
pub(crate) type Deciding<T> = Result<T, Stop>;

/// What the runtime does next.
#[derive(Debug, PartialEq)]
pub enum Progress {
    /// Answer this with [`Draft::answer`], then advance again.
    Ask(Ask),
    /// Quiet: take the [`Decision`].
    Done,
}

/// Why advancing gave no decision.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Only when deciding again: the row's facts do not answer what is asked now.
    #[error("the recorded facts do not answer what deciding asks")]
    Diverged,
}

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    pub events: Vec<Event>,
    pub facts: Vec<Fact>,
    /// The state with the events folded in.
    pub state: State,
    /// The definition that the state goes on by: another than before after a migration.
    pub definition: Arc<Definition>,
}

/// A decision in the making.
pub struct Draft {
    pub(crate) definition: Arc<Definition>,
    /// The definition that a migration goes to.
    pub(crate) target: Option<Arc<Definition>>,
    state: Option<State>,
    pub(crate) context: Context,
    command: Arc<Command>,
    facts: Vec<Fact>,
    /// The next fact to serve.
    cursor: usize,
    replaying: bool,
    events: Vec<Event>,
    handled: bool,
    steps: u32,
    /// How many events there were when conditions were judged last.
    judged: Option<usize>,
    /// The step whose activity is being asked for.
    pub(crate) asking: Option<Arc<Step>>,
    /// The run that an incident while handling the command belongs to.
    pub(crate) place: Option<RunId>,
    /// What is given up now is to be undone: children that are given up with it, too.
    pub(crate) undoes: bool,
    /// The deadline just computed lies where its calendar is provisional.
    pub(crate) provisional: bool,
}

impl Draft {
    /// Begins to decide `command` on `state`; none for a start.
    #[must_use]
    pub fn new(definition: Arc<Definition>, state: Option<State>, command: Command, context: Context) -> Self {
        Draft {
            definition,
            target: None,
            state,
            context,
            command: Arc::new(command),
            facts: Vec::new(),
            cursor: 0,
            replaying: false,
            events: Vec::new(),
            handled: false,
            steps: 0,
            judged: None,
            asking: None,
            place: None,
            undoes: false,
            provisional: false,
        }
    }

    /// Decides again from a row: every answer comes from `facts`.
    #[must_use]
    pub fn replaying(mut self, facts: Vec<Fact>) -> Self {
        self.facts = facts;
        self.replaying = true;
        self
    }

    /// Gives the definition that a migration goes to; `None` for every other command.
    #[must_use]
    pub fn to(mut self, target: Option<Arc<Definition>>) -> Self {
        self.target = target;
        self
    }

    /// Goes on until something must be asked or nothing is left to do.
    pub fn advance(&mut self) -> Result<Progress, DecideError> {
        loop {
            let item = if self.handled { self.next_item() } else { Some(Item::Command) };
            let Some(item) = item else { return Ok(Progress::Done) };
            let (state, events, cursor) = (self.state.clone(), self.events.len(), self.cursor);
            let definition = self.definition.clone();
            self.place = None;
            self.undoes = false;
            self.provisional = false;
            let result = match item {
                Item::Command => {
                    let command = self.command.clone();
                    crate::decide::handle(self, &command)
                }
                Item::Scope(scope) => crate::flow::advance(self, scope),
                Item::Idle(run) => crate::step::each::close(self, run),
                Item::Conditions => condition::judge(self),
                Item::Stalled(run) => {
                    condition::stall(self, run);
                    Ok(())
                }
                Item::Sweep => {
                    sweep::go_on(self);
                    Ok(())
                }
                Item::Resume => {
                    hold::go_on_resuming(self);
                    Ok(())
                }
                Item::Parked(number) => hold::parked(self, number),
                Item::Grow(run) => {
                    crate::step::each::grow(self, run);
                    Ok(())
                }
            };
            match result {
                Ok(()) => {}
                Err(Stop::Ask(ask)) => {
                    self.state = state;
                    self.events.truncate(events);
                    self.definition = definition;
                    self.cursor = cursor;
                    if self.replaying {
                        return Err(DecideError::Diverged);
                    }
                    return Ok(Progress::Ask(ask));
                }
                Err(Stop::Rejected(rejection)) => {
                    let Item::Parked(number) = item else { return Err(rejection.into()) };
                    // What it was for is gone meanwhile.
                    self.state = state;
                    self.events.truncate(events);
                    self.emit(Event::ParkedTaken { number });
                }
                Err(Stop::Diverged) => return Err(DecideError::Diverged),
                Err(Stop::Incident { code, detail }) => {
                    self.state = state;
                    self.events.truncate(events);
                    self.definition = definition;
                    if let (Item::Command, Action::Operate { .. }) = (item, &self.command.action) {
                        // Nothing has stopped: what was wanted cannot be done.
                        let (why_en, why_zh) = code.title();
                        let (en, zh) =
                            (format!("{why_en}: {}", detail.to_json()), format!("{why_zh}：{}", detail.to_json()));
                        return Err(Rejection::NotLegal { en: en.into(), zh: zh.into() }.into());
                    }
                    match item {
                        Item::Command => {
                            let command = self.command.clone();
                            crate::decide::consume(self, &command.action)?;
                            let place = self.place;
                            self.raise(code, detail, place, None);
                        }
                        Item::Scope(scope) => self.raise(code, detail, None, Some(scope)),
                        Item::Idle(run) => self.raise(code, detail, Some(run), None),
                        Item::Conditions | Item::Stalled(_) => {
                            let place = self.place;
                            self.raise(code, detail, place, None);
                        }
                        Item::Parked(number) => {
                            let command = hold::parked_command(self, number);
                            self.emit(Event::ParkedTaken { number });
                            if let Some(command) = command {
                                crate::decide::consume(self, &command.action)?;
                            }
                            let place = self.place;
                            self.raise(code, detail, place, None);
                        }
                        // They ask nothing and evaluate nothing.
                        Item::Sweep | Item::Resume | Item::Grow(_) => return Err(DecideError::Diverged),
                    }
                }
            }
            match item {
                Item::Command => self.handled = true,
                Item::Scope(_) | Item::Idle(_) | Item::Sweep | Item::Resume | Item::Parked(_) | Item::Grow(_) => {
                    self.steps += 1
                }
                Item::Conditions => self.judged = Some(events),
                Item::Stalled(_) => {}
            }
        }
    }

    fn next_item(&self) -> Option<Item> {
        let spent = self.steps >= STEPS_PER_TRANSITION
            || self.events.len() >= EVENTS_PER_TRANSITION
            || (self.definition.policy.boundary == Boundary::Commit && self.steps > 0);
        let state = self.state.as_ref()?;
        match state.next_item() {
            Some(item) => (!spent).then_some(item),
            // All is quiet. Nothing else would ask again, so what follows is no matter of the budget.
            None if self.must_judge() => Some(Item::Conditions),
            None => self.idle().map(Item::Idle).or_else(|| condition::stalled(self).map(Item::Stalled)),
        }
    }

    /// A list that grows and that nothing can add to any more.
    fn idle(&self) -> Option<RunId> {
        let state = self.state.as_ref().filter(|state| state.is_live() && state.operations.hold.is_none())?;
        let may_close = |run: &&RunId| {
            let stopped = state.runs.get(run).is_none_or(|run| run.incident.is_some());
            !stopped && !state.is_given_up(**run) && crate::step::each::may_close(&self.definition, state, **run)
        };
        state.idle.iter().find(may_close).copied()
    }

    /// Conditions are waited for, and something may have changed since they were judged.
    fn must_judge(&self) -> bool {
        let since = self.judged.unwrap_or(0);
        let first = self.judged.is_none() && condition::goes_on(&self.command.action);
        condition::is_waited_for(self)
            && (first || self.events.get(since..).is_some_and(|events| events.iter().any(condition::may_change)))
    }

    /// How many events there are so far.
    pub(crate) fn recorded(&self) -> usize {
        self.events.len()
    }

    /// Gives the answer to the question that advancing stopped at.
    pub fn answer(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// The decision, once advancing is done. `None` if there is no state: the command made no start.
    #[must_use]
    pub fn finish(mut self) -> Option<Decision> {
        self.facts.truncate(self.cursor);
        let (events, facts, definition) = (self.events, self.facts, self.definition);
        self.state.map(|state| Decision { events, facts, state, definition })
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The state as decided so far.
    ///
    /// # Panics
    /// Never once the start was decided; `decide` refuses every other command without a state first.
    pub(crate) fn state(&self) -> &State {
        self.state.as_ref().expect("a command on nothing was refused before anything read the state")
    }

    pub(crate) fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Records an event and folds it.
    pub(crate) fn emit(&mut self, event: Event) {
        match &mut self.state {
            Some(state) => state.apply(&event, self.context.now),
            None => self.state = State::started(self.context.instance, &event, self.context.now),
        }
        self.events.push(event);
    }

    /// The next free number of the instance.
    pub(crate) fn number(&self) -> u64 {
        self.state().next
    }

    /// Computes a fact here, or serves the one that was recorded.
    pub(crate) fn fact(&mut self, compute: impl FnOnce(&Self) -> Fact) -> Deciding<Fact> {
        if let Some(fact) = self.facts.get(self.cursor) {
            self.cursor += 1;
            return Ok(fact.clone());
        }
        if self.replaying {
            return Err(Stop::Diverged);
        }
        let fact = compute(self);
        self.facts.push(fact.clone());
        self.cursor += 1;
        Ok(fact)
    }

    /// Serves the world's answer, or stops to ask for it.
    pub(crate) fn ask(&mut self, ask: Ask) -> Deciding<Fact> {
        let Some(fact) = self.facts.get(self.cursor) else { return Err(Stop::Ask(ask)) };
        self.cursor += 1;
        Ok(fact.clone())
    }

    /// Does something that may end in an incident, which then stands at `run`: what was recorded before it stays.
    pub(crate) fn attempt(&mut self, run: RunId, work: impl FnOnce(&mut Self) -> Deciding<()>) -> Deciding<()> {
        let (state, events) = (self.state.clone(), self.events.len());
        match work(self) {
            Err(Stop::Incident { code, detail }) => {
                self.state = state;
                self.events.truncate(events);
                self.raise(code, detail, Some(run), None);
                Ok(())
            }
            result => result,
        }
    }

    /// Raises an incident at a run or a scope.
    pub(crate) fn raise(&mut self, code: IncidentCode, detail: Value, run: Option<RunId>, scope: Option<ScopeId>) {
        let incident = IncidentId(self.number());
        self.emit(Event::IncidentRaised { incident, run, scope, code, detail });
    }
}

/// What is decided in one go.
#[derive(Clone, Copy)]
enum Item {
    Command,
    Scope(ScopeId),
    /// Items of a list that grows, all ended.
    Idle(RunId),
    /// What is waited for in the instance's own data.
    Conditions,
    /// Nothing is left that could change what is waited for.
    Stalled(RunId),
    /// A chunk of what was cut off is closed.
    Sweep,
    /// A chunk of what resuming sets right.
    Resume,
    /// A result that came while the instance was held.
    Parked(u64),
    /// Further items of an `each`.
    Grow(RunId),
}

impl State {
    /// What goes on by itself. What was given up comes first, so that nothing grows that is being closed.
    fn next_item(&self) -> Option<Item> {
        let operations = &self.operations;
        if !self.is_live() || operations.is_stopped() {
            return None;
        }
        if !operations.condemned.is_empty() || operations.closing.is_some() {
            return Some(Item::Sweep);
        }
        if let Some(hold) = &operations.hold {
            return hold.resuming.as_ref().map(|_| Item::Resume);
        }
        if let Some(number) = operations.parked.keys().next() {
            return Some(Item::Parked(*number));
        }
        let ready = self.ready.values().next().copied().map(Item::Scope);
        ready.or_else(|| operations.growing.iter().next().copied().map(Item::Grow))
    }
}

/// An incident, as a stop.
pub(crate) fn incident<T>(code: IncidentCode, detail: Value) -> Deciding<T> {
    Err(Stop::Incident { code, detail })
}
