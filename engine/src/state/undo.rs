//! What can be undone: a log in each scope, and the lanes in which it is undone.

use serde::{Deserialize, Serialize};

use super::{Map, Run, State, pairs};
use crate::event::{UndoLog, UndoOf};
use crate::id::{BlockKey, RunId, ScopeId, StepKey};
use crate::value::Value;

/// A completed step, or one that was given up with completed steps inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undoable {
    pub(crate) step: StepKey,
    pub(crate) run: RunId,
    /// What undoes it; without it, what is inside is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Box<Undoing>>,
    #[serde(default, skip_serializing_if = "Map::is_empty", with = "pairs")]
    pub(crate) inside: Map<u64, Undoable>,
}

/// The steps that undo something, and what was known when it was completed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undoing {
    pub(crate) block: BlockKey,
    pub(crate) known: Value,
}

/// Things that are undone one after another, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    #[serde(default, skip_serializing_if = "Map::is_empty", with = "pairs")]
    pub(crate) left: Map<u64, Undoable>,
    /// The newest is being undone.
    pub(crate) open: bool,
}

impl State {
    /// The log of a scope or a run.
    pub(crate) fn undo_log(&self, log: UndoLog) -> Option<&Map<u64, Undoable>> {
        match log {
            UndoLog::Scope { scope } => self.scopes.get(&scope).map(|scope| &scope.log),
            UndoLog::Run { run } => self.runs.get(&run).map(|run| &run.log),
        }
    }

    /// The entries of a scope's log that concern certain steps.
    pub(crate) fn done_in(&self, scope: ScopeId, wanted: impl Fn(&Undoable) -> bool) -> Option<UndoOf> {
        self.undo_of(UndoLog::Scope { scope }, wanted)
    }

    /// What the blocks under a run have left.
    pub(crate) fn done_under(&self, run: RunId) -> Option<UndoOf> {
        self.undo_of(UndoLog::Run { run }, |_| true)
    }

    fn undo_of(&self, log: UndoLog, wanted: impl Fn(&Undoable) -> bool) -> Option<UndoOf> {
        let found = self.undo_log(log)?.iter().filter(|(_, entry)| wanted(entry)).map(|(key, _)| *key);
        let entries: Vec<u64> = found.collect();
        (!entries.is_empty()).then_some(UndoOf { log, entries })
    }
}

impl Run {
    /// What a run leaves to be undone, whichever way it goes; none if there is nothing.
    pub(crate) fn undoable(&self) -> Option<Undoable> {
        let (by, inside) = match &self.noted {
            Some(noted) => (Some(noted.clone()), Map::new_sync()),
            None => (None, self.log.clone()),
        };
        let any = by.is_some() || !inside.is_empty();
        any.then(|| Undoable { step: self.step.clone(), run: self.id, by, inside })
    }
}
