//! What was done, in its order: the trace of a story, as nets are compared by.
//!
//! A step counts when its own work is done. What was withdrawn, or given up for an event, was not done; steps that
//! only hold others (`choose`, `parallel`, `each`, `repeat`, `steps`) and jumps have no work of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::script::Pattern;
use crate::event::Event;
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::{Definition, StepKind};

/// One step that was done, with the keys of the items around it, the nearest first.
pub(super) type Done = (StepKey, Vec<Arc<str>>);

#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) done: Vec<Done>,
    runs: BTreeMap<RunId, (StepKey, ScopeId)>,
    /// The run that holds a scope, and the item that the scope is for.
    scopes: BTreeMap<ScopeId, (RunId, Option<Arc<str>>)>,
    /// A run that an event takes the place of: what follows as its completion is none.
    given_up: Option<(RunId, Arc<str>)>,
}

impl Trace {
    pub(super) fn observe(&mut self, definition: &Definition, event: &Event) {
        match event {
            Event::ScopeOpened { scope, parent, item, purpose, .. } => {
                let item = item.as_ref().filter(|_| *purpose == crate::event::Purpose::Item);
                self.scopes.insert(*scope, (*parent, item.map(|item| item.key.clone())));
            }
            Event::StepEntered { run, scope, step, .. } => drop(self.runs.insert(*run, (step.clone(), *scope))),
            Event::HandlerTriggered { run, handler } => self.given_up = Some((*run, handler.clone())),
            Event::StepCompleted { run, outcome, .. } => {
                let given_up = self.given_up.take().is_some_and(|(host, name)| host == *run && name == *outcome);
                let Some((step, scope)) = self.runs.get(run).cloned().filter(|_| !given_up) else { return };
                if definition.step(&step).is_some_and(|step| works(&step.kind)) {
                    self.done.push((step, self.items(scope)));
                }
            }
            _ => {}
        }
    }

    fn items(&self, scope: ScopeId) -> Vec<Arc<str>> {
        let mut items = Vec::new();
        let mut scope = Some(scope);
        while let Some((parent, item)) = scope.and_then(|scope| self.scopes.get(&scope)) {
            items.extend(item.clone());
            scope = self.runs.get(parent).map(|(_, scope)| *scope);
        }
        items
    }

    /// Whether exactly these were done, in this order.
    pub(super) fn is(&self, wanted: &[Pattern]) -> bool {
        wanted.len() == self.done.len()
            && wanted.iter().zip(&self.done).all(|(wanted, (step, items))| wanted.fits(step, items))
    }
}

fn works(kind: &StepKind) -> bool {
    !matches!(
        kind,
        StepKind::Choose { .. }
            | StepKind::Parallel { .. }
            | StepKind::Each(_)
            | StepKind::Repeat(_)
            | StepKind::Steps { .. }
            | StepKind::End { .. }
            | StepKind::Fail { .. }
            | StepKind::BackTo(_)
    )
}
