//! Folding a migration: everything that names a step or a list names it as the new release does.

use std::collections::BTreeMap;

use rpds::RedBlackTreeMapSync;

use crate::event::BlockMove;
use crate::id::{BlockKey, Digest, ScopeId, StepKey};
use crate::state::{Cursor, State};
use crate::value::Value;

type Map<K, V> = RedBlackTreeMapSync<K, V>;

impl State {
    pub(super) fn migrate(
        &mut self,
        to: Digest,
        steps: &BTreeMap<StepKey, StepKey>,
        blocks: &BTreeMap<BlockKey, BlockMove>,
        input: &Value,
        data: &Value,
    ) {
        self.release = to;
        for (held, added) in [(&mut self.input, input), (&mut self.data, data)] {
            for (name, value) in added.as_map().into_iter().flatten() {
                held.set(std::slice::from_ref(name), value.clone());
            }
        }
        if !blocks.is_empty() {
            self.move_blocks(blocks);
        }
        if !steps.is_empty() {
            self.rename_steps(steps);
        }
    }

    fn move_blocks(&mut self, blocks: &BTreeMap<BlockKey, BlockMove>) {
        let moved: Vec<(ScopeId, BlockMove)> = self
            .scopes
            .values()
            .filter_map(|scope| blocks.get(&scope.block).map(|moved| (scope.id, moved.clone())))
            .collect();
        for (id, moved) in moved {
            let Some(scope) = self.scopes.get_mut(&id) else { continue };
            scope.block = moved.to.clone();
            match &mut scope.cursor {
                Cursor::Ready { index, forced, .. } | Cursor::Blocked { index, forced, .. } => {
                    *index = moved.place(*index, *forced);
                }
                Cursor::Open { run } => {
                    if let Some(run) = self.runs.get_mut(run) {
                        run.index = moved.place(run.index, true);
                    }
                }
                Cursor::Held => {}
            }
        }
    }

    fn rename_steps(&mut self, steps: &BTreeMap<StepKey, StepKey>) {
        let name = |key: &StepKey| steps.get(key).unwrap_or(key).clone();
        let runs: Vec<_> = self.runs.values().filter(|run| steps.contains_key(&run.step)).map(|run| run.id).collect();
        for id in runs {
            self.run_mut(id, |run| run.step = name(&run.step));
        }
        let incidents: Vec<_> = self.incidents.keys().copied().collect();
        for id in incidents {
            if let Some(incident) = self.incidents.get_mut(&id) {
                incident.step = incident.step.as_ref().map(name);
            }
        }
        renamed(&mut self.records, &name);
        renamed(&mut self.visits, &name);
        renamed(&mut self.jumps, &name);
        renamed(&mut self.opened, &name);
        renamed(&mut self.acted, &name);
        renamed(&mut self.signatures, &name);
        let own: Vec<ScopeId> = self
            .scopes
            .values()
            .filter(|scope| scope.records.is_some() || scope.opened.is_some())
            .map(|scope| scope.id)
            .collect();
        for id in own {
            if let Some(scope) = self.scopes.get_mut(&id) {
                scope.records.iter_mut().for_each(|records| renamed(records, &name));
                scope.opened.iter_mut().for_each(|opened| renamed(opened, &name));
            }
        }
    }
}

fn renamed<V: Clone>(map: &mut Map<StepKey, V>, name: &impl Fn(&StepKey) -> StepKey) {
    *map = map.iter().map(|(key, value)| (name(key), value.clone())).collect();
}
