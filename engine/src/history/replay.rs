//! Folding a history, and deciding it again.
//!
//! Folding is the truth for ever. Deciding again takes every answer from the row and must give the same
//! events, byte for byte; where it does not, the engine's law has changed or the row was altered.

use std::sync::Arc;

use super::transition::{Content, Transition};
use crate::command::Command;
use crate::draft::{DecideError, Draft, Progress};
use crate::event::Event;
use crate::facts::{Context, Fact};
use crate::id::InstanceId;
use crate::language::definition::Definition;
use crate::state::State;
use crate::time::Timestamp;

/// A history that cannot be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    #[error("version {version} of {instance} is not a transition of a process instance")]
    NotAnInstance { instance: InstanceId, version: u64 },
    #[error("the first transition of {0} does not start it")]
    NoStart(InstanceId),
    #[error("after version {after} of {instance} comes version {found}")]
    Gap { instance: InstanceId, after: u64, found: u64 },
}

/// Folds one more transition into the state.
pub fn fold(state: Option<State>, version: u64, transition: &Transition) -> Result<State, FoldError> {
    let (instance, found) = (transition.instance, transition.version);
    if found != version + 1 {
        return Err(FoldError::Gap { instance, after: version, found });
    }
    let Content::Instance { events, .. } = &transition.content else {
        return Err(FoldError::NotAnInstance { instance, version: found });
    };
    fold_events(instance, state, events, transition.at).ok_or(FoldError::NoStart(instance))
}

/// Folds events that happened at `at`; `None` if there is no state and the first does not start one.
#[must_use]
pub fn fold_events(instance: InstanceId, state: Option<State>, events: &[Event], at: Timestamp) -> Option<State> {
    let mut state = state;
    for event in events {
        match &mut state {
            Some(state) => state.apply(event, at),
            None => state = Some(State::started(instance, event, at)?),
        }
    }
    state
}

/// What deciding again gave.
#[derive(Debug, PartialEq)]
pub enum Redecided {
    Same,
    /// Other events than the row's: the number of the first that differs, from 0.
    Differs {
        first: usize,
        decided: Vec<Event>,
    },
    Refused(DecideError),
}

/// Decides a row's command again, on the state before it, from the row's facts alone.
#[must_use]
pub fn redecide(
    definition: Arc<Definition>,
    before: Option<State>,
    context: Context,
    command: &Command,
    facts: &[Fact],
    events: &[Event],
) -> Redecided {
    redecide_to((definition, None), before, context, command, facts, events)
}

/// The same for a migration, with the definition that it goes to.
#[must_use]
pub fn redecide_to(
    (definition, target): (Arc<Definition>, Option<Arc<Definition>>),
    before: Option<State>,
    context: Context,
    command: &Command,
    facts: &[Fact],
    events: &[Event],
) -> Redecided {
    let mut draft = Draft::new(definition, before, command.clone(), context).to(target).replaying(facts.to_vec());
    match draft.advance() {
        Ok(Progress::Done) => {}
        Ok(Progress::Ask(_)) => return Redecided::Refused(DecideError::Diverged),
        Err(error) => return Redecided::Refused(error),
    }
    let decided = draft.finish().map(|decision| decision.events).unwrap_or_default();
    if decided == events {
        return Redecided::Same;
    }
    let first = decided.iter().zip(events).take_while(|(one, other)| one == other).count();
    Redecided::Differs { first, decided }
}
