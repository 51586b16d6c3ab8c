//! Folding what stands beside the steps: events that people raise, and conditions.

use std::sync::Arc;

use crate::command::Actor;
use crate::event::{FieldWrite, SubscriptionPurpose};
use crate::id::{ConditionId, RunId, StepKey};
use crate::state::{ROOT_RUN, ROOT_SCOPE, State, Waiting};

impl State {
    /// Who raised it has acted there; how often it was raised numbers its signatures.
    pub(super) fn note_raised(&mut self, host: RunId, handler: &Arc<str>, by: &Actor, writes: &[FieldWrite]) {
        let Some((step, scope)) = self.runs.get(&host).map(|run| (run.step.clone(), run.scope)) else { return };
        let scope = if host == ROOT_RUN { ROOT_SCOPE } else { scope };
        for write in writes {
            self.write(scope, write);
        }
        let key = event_key(&step, handler);
        let times = self.visits.get(&key).copied().unwrap_or(0) + 1;
        self.visits.insert_mut(key.clone(), times);
        self.note_actor(scope, &key, by);
    }

    pub(super) fn arm_condition(&mut self, id: ConditionId, run: RunId, purpose: &SubscriptionPurpose, held: bool) {
        self.took(id.0);
        self.conditions.insert_mut(id, Waiting { id, run, purpose: purpose.clone(), held });
    }

    pub(super) fn turn_condition(&mut self, id: ConditionId, holds: bool) {
        if let Some(waiting) = self.conditions.get_mut(&id) {
            waiting.held = holds;
        }
    }

    /// How often an event of this step was raised.
    pub(crate) fn times_raised(&self, step: &str, handler: &str) -> u32 {
        self.visits.get(&event_key(step, handler)).copied().unwrap_or(0)
    }
}

/// An event among the steps: the key of the list that it opens.
fn event_key(step: &str, handler: &str) -> StepKey {
    format!("{step}@{handler}").into()
}
