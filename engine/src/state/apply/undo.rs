//! Folding what can be undone, and undoing it: each entry is in one place, and leaves it once.

use rpds::RedBlackTreeMapSync;

use crate::event::{Purpose, UndoLog, UndoOf, UndoThen};
use crate::id::{BlockKey, RunId, StepKey};
use crate::project::InstanceStatus;
use crate::state::{Body, Lane, Map, ROOT_RUN, Scope, State, Undoable, Undoing};
use crate::value::Value;

/// Items stand in a run's log by their places, everything else behind them.
const BEHIND_ITEMS: u64 = 1 << 40;

impl State {
    pub(super) fn note_undo(&mut self, run: RunId, block: &BlockKey, known: &Value) {
        let noted = Box::new(Undoing { block: block.clone(), known: known.clone() });
        self.run_mut(run, |run| run.noted = Some(noted));
    }

    /// A step is completed or given up: what can be undone of it goes to the log of its list.
    pub(super) fn keep_done(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let (entry, scope) = (run.undoable(), run.scope);
        let left = match &run.body {
            Body::Undo { lanes, .. } => lanes.values().flat_map(|lane| lane.left.values().cloned()).collect(),
            _ => Vec::new(),
        };
        if entry.is_none() && left.is_empty() {
            return;
        }
        self.run_mut(id, |run| {
            run.noted = None;
            run.log = RedBlackTreeMapSync::new_sync();
        });
        if let Some(scope) = self.scopes.get_mut(&scope) {
            left.into_iter().chain(entry).for_each(|entry| push(&mut scope.log, 0, entry));
        }
    }

    /// A block has ended or was closed: what can be undone of it goes to the step that holds it.
    pub(super) fn keep_log(&mut self, scope: Scope) {
        if scope.log.is_empty() || matches!(scope.purpose, Purpose::Undo { .. }) {
            return;
        }
        let Some(parent) = self.runs.get_mut(&scope.parent) else { return };
        let entry = Undoable { step: parent.step.clone(), run: parent.id, by: None, inside: scope.log };
        match (&scope.purpose, &scope.variable) {
            (Purpose::Item, Some(item)) => parent.log.insert_mut(item.index, entry),
            _ => push(&mut parent.log, BEHIND_ITEMS, entry),
        }
    }

    pub(super) fn begin_undo(&mut self, id: RunId, of: &[UndoOf], parallel: bool, then: &UndoThen) {
        let mut taken: Vec<Undoable> = of.iter().flat_map(|of| self.take(of)).collect();
        while let [Undoable { by: None, inside, .. }] = taken.as_slice()
            && parallel
        {
            taken = inside.values().cloned().collect();
        }
        let Some(run) = self.runs.get_mut(&id) else { return };
        let mut lanes = match std::mem::replace(&mut run.body, Body::Plain) {
            Body::Undo { lanes, .. } => lanes,
            _ => RedBlackTreeMapSync::new_sync(),
        };
        for (place, entry) in (0u64..).zip(taken) {
            let number = if parallel { place } else { 0 };
            let mut lane = lanes.get(&number).cloned().unwrap_or_default();
            flatten(&mut lane, entry);
            lanes.insert_mut(number, lane);
        }
        run.body = Body::Undo { lanes, then: then.clone() };
    }

    fn take(&mut self, of: &UndoOf) -> Vec<Undoable> {
        let log = match of.log {
            UndoLog::Scope { scope } => self.scopes.get_mut(&scope).map(|scope| &mut scope.log),
            UndoLog::Run { run } => self.runs.get_mut(&run).map(|run| &mut run.log),
        };
        let Some(log) = log else { return Vec::new() };
        let taken = of.entries.iter().filter_map(|key| log.get(key).cloned()).collect();
        for key in &of.entries {
            log.remove_mut(key);
        }
        taken
    }

    /// What the steps that undo an entry know.
    pub(super) fn known_to(&self, parent: RunId, purpose: &Purpose) -> Option<Value> {
        let Purpose::Undo { lane, entry } = purpose else { return None };
        let Body::Undo { lanes, .. } = &self.runs.get(&parent)?.body else { return None };
        Some(lanes.get(lane)?.left.get(entry)?.by.as_ref()?.known.clone())
    }

    pub(super) fn begin_undoing(&mut self, parent: RunId, purpose: &Purpose) {
        self.lane(parent, purpose, |lane, _| lane.open = true);
    }

    pub(super) fn undone(&mut self, parent: RunId, purpose: &Purpose) {
        self.lane(parent, purpose, |lane, entry| {
            lane.open = false;
            lane.left.remove_mut(&entry);
        });
    }

    fn lane(&mut self, parent: RunId, purpose: &Purpose, change: impl FnOnce(&mut Lane, u64)) {
        let Purpose::Undo { lane: number, entry } = purpose else { return };
        self.run_mut(parent, |run| {
            let Body::Undo { lanes, .. } = &mut run.body else { return };
            if let Some(lane) = lanes.get_mut(number) {
                change(lane, *entry);
                if lane.left.is_empty() {
                    lanes.remove_mut(number);
                }
            }
        });
    }

    /// Everything is undone: the way back is at its end, or the host goes on.
    pub(super) fn end_undo(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        match &run.body {
            Body::Undo { then: UndoThen::Back { .. }, .. } => self.remove_run(id),
            _ => self.run_mut(id, |run| run.body = if id == ROOT_RUN { Body::Process } else { Body::Plain }),
        }
    }

    pub(super) fn begin_cancel(&mut self) {
        // One that is held is called so until it goes on.
        if self.operations.hold.is_none() {
            self.status = InstanceStatus::Compensating;
        }
    }

    /// Whether the instance is given up, and is being undone first.
    pub(crate) fn is_cancelled_by_undoing(&self) -> bool {
        let root = self.runs.get(&ROOT_RUN).map(|root| &root.body);
        matches!(root, Some(Body::Undo { then: UndoThen::Cancel { .. }, .. }))
    }

    /// Another release names steps otherwise: what undoes them is named after them.
    pub(super) fn rename_logs(&mut self, name: &impl Fn(&StepKey) -> StepKey) {
        let scopes: Vec<_> = self.scopes.values().filter(|one| !one.log.is_empty()).map(|one| one.id).collect();
        for id in scopes {
            if let Some(scope) = self.scopes.get_mut(&id) {
                scope.log = renamed(&scope.log, name);
            }
        }
        let runs: Vec<_> = self.runs.keys().copied().collect();
        for id in runs {
            self.run_mut(id, |run| {
                run.log = renamed(&run.log, name);
                if let Body::Undo { lanes, .. } = &mut run.body {
                    let all: Vec<_> = lanes.iter().map(|(number, lane)| (*number, lane.clone())).collect();
                    for (number, mut lane) in all {
                        lane.left = renamed(&lane.left, name);
                        lanes.insert_mut(number, lane);
                    }
                }
            });
        }
    }

    /// Whether completed steps are being undone under a run.
    pub(crate) fn is_undoing(&self, run: RunId) -> bool {
        matches!(self.runs.get(&run).map(|run| &run.body), Some(Body::Undo { .. }))
    }
}

fn renamed(log: &Map<u64, Undoable>, name: &impl Fn(&StepKey) -> StepKey) -> Map<u64, Undoable> {
    let entry = |entry: &Undoable| {
        let (old, step) = (&entry.step, name(&entry.step));
        let by = entry.by.as_ref().map(|by| {
            let own = by.block.strip_prefix(old.as_ref()).filter(|rest| rest.starts_with('~'));
            let block = own.map_or_else(|| by.block.clone(), |rest| format!("{step}{rest}").into());
            Box::new(Undoing { block, known: by.known.clone() })
        });
        Undoable { step, run: entry.run, by, inside: renamed(&entry.inside, name) }
    };
    log.iter().map(|(key, one)| (*key, entry(one))).collect()
}

fn push(log: &mut Map<u64, Undoable>, least: u64, entry: Undoable) {
    let key = log.last().map_or(0, |(key, _)| key + 1).max(least);
    log.insert_mut(key, entry);
}

/// What undoes things stands in a lane by itself: what a block holds, in the block's own order.
fn flatten(lane: &mut Lane, entry: Undoable) {
    if entry.by.is_some() {
        push(&mut lane.left, 0, entry);
        return;
    }
    for (_, inner) in &entry.inside {
        flatten(lane, inner.clone());
    }
}
