//! Folding what goes on beside after a join, and lists that grow.

use std::sync::Arc;

use crate::id::{RunId, ScopeId};
use crate::state::{Body, Cursor, Phase, State};
use crate::value::Value;

impl State {
    /// The flow goes on after a step in which something is still open.
    pub(super) fn leave_apart(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.phase = Phase::Resting;
        let (scope, index) = (run.scope, run.index);
        self.idle.remove_mut(&id);
        if let Some(scope) = self.scopes.get_mut(&scope) {
            scope.rests.push(id);
        }
        self.ready_at(scope, index + 1, false);
    }

    /// What went on beside is over; a list that waited for it goes on to its end.
    pub(super) fn end_rest(&mut self, id: RunId) {
        self.keep_done(id);
        let Some(scope) = self.runs.get(&id).map(|run| run.scope) else { return };
        self.forget(id);
        let Some(list) = self.scopes.get_mut(&scope) else { return };
        list.rests.retain(|rest| *rest != id);
        if let Cursor::Resting { index } = list.cursor
            && list.rests.is_empty()
        {
            self.ready_at(scope, index, false);
        }
    }

    /// A list is at its end and waits for what goes on beside.
    pub(super) fn rest(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get_mut(&id) else { return };
        let before = scope.cursor;
        if let Cursor::Ready { index, .. } = before {
            scope.cursor = Cursor::Resting { index };
        }
        self.unready(before);
    }

    pub(super) fn add_items(&mut self, id: RunId, added: &Value, more: &[Arc<str>]) {
        self.idle.remove_mut(&id);
        self.run_mut(id, |run| {
            if let Body::Each { items, keys, .. } = &mut run.body {
                let all = items.as_list().into_iter().chain(added.as_list()).flatten().cloned().collect();
                *items = Value::list(all);
                Arc::make_mut(keys).extend(more.iter().cloned());
            }
        });
        self.note_growth(id);
    }

    /// Items that grow are idle when all have ended.
    pub(super) fn note_idle(&mut self, id: RunId) {
        let idle = self.runs.get(&id).is_some_and(|run| {
            matches!(&run.body, Body::Each { grows: true, keys, ended, .. } if *ended == keys.len() as u64)
                && run.phase == Phase::Open
        });
        if idle {
            self.idle.insert_mut(id);
        }
    }

    pub(super) fn forget(&mut self, id: RunId) {
        self.runs.remove_mut(&id);
        self.idle.remove_mut(&id);
        self.operations.growing.remove_mut(&id);
    }
}
