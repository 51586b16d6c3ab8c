//! Folding what moves control: blocks, steps, jumps, and what steps write.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use crate::command::Actor;
use crate::event::{self, FieldWrite, Item, Purpose, Then};
use crate::id::{BlockKey, RunId, ScopeId, StepKey};
use crate::state::{Body, Cursor, Phase, Record, ResumeAt, Run, Scope, ScopePeople, State, Variable};
use crate::time::Timestamp;
use crate::value::Value;

impl State {
    pub(super) fn open_scope(
        &mut self,
        scope: ScopeId,
        block: &BlockKey,
        parent: RunId,
        purpose: &Purpose,
        item: Option<&Item>,
    ) {
        self.took(scope.0);
        if let Purpose::Alongside { name } = purpose {
            self.begun.insert_mut(name.clone());
        }
        let records = matches!(purpose, Purpose::Item).then(RedBlackTreeMapSync::new_sync);
        let is_round = matches!(purpose, Purpose::Body)
            && matches!(self.runs.get(&parent).map(|run| &run.body), Some(Body::Repeat { .. }));
        let opened = (records.is_some() || is_round).then(RedBlackTreeMapSync::new_sync);
        let variable = item.map(|item| Variable {
            name: item.name.clone(),
            index: item.index,
            key: item.key.clone(),
            value: item.value.clone(),
        });
        self.scopes.insert_mut(
            scope,
            Scope {
                id: scope,
                block: block.clone(),
                parent,
                purpose: purpose.clone(),
                variable,
                cursor: Cursor::Held,
                records,
                opened,
                people: ScopePeople::default(),
                log: RedBlackTreeMapSync::new_sync(),
                rests: Vec::new(),
                known: self.known_to(parent, purpose),
            },
        );
        self.begin_undoing(parent, purpose);
        self.run_mut(parent, |run| {
            run.children.push(scope);
            match (&mut run.body, purpose) {
                (Body::Each { next, .. }, Purpose::Item) => *next += 1,
                (Body::Repeat { rounds }, Purpose::Body) => *rounds += 1,
                _ => {}
            }
        });
        self.note_growth(parent);
        self.ready_at(scope, 0, false);
    }

    pub(super) fn end_scope(&mut self, scope: ScopeId) {
        let Some(ended) = self.scopes.get(&scope).cloned() else { return };
        let result = ended.variable.as_ref().map(|variable| item_result(&ended, variable));
        self.remove_scope(scope);
        self.run_mut(ended.parent, |run| match (&mut run.body, &ended.purpose) {
            (Body::Parallel { ended, .. }, Purpose::Branch { .. }) => *ended += 1,
            (Body::Each { ended: count, results, .. }, Purpose::Item) => {
                *count += 1;
                if let (Some(variable), Some(result)) = (&ended.variable, result) {
                    results.insert_mut(variable.index, result);
                }
            }
            _ => {}
        });
        self.undone(ended.parent, &ended.purpose);
        self.note_idle(ended.parent);
        self.note_growth(ended.parent);
    }

    pub(super) fn hold_scope(&mut self, scope: ScopeId) {
        if let Some(held) = self.scopes.get_mut(&scope) {
            let before = held.cursor;
            held.cursor = Cursor::Held;
            self.unready(before);
        }
    }

    /// Makes a scope ready to run the step at `index`, behind all that are ready already.
    pub(super) fn ready_at(&mut self, id: ScopeId, index: usize, forced: bool) {
        let turn = self.next;
        self.next += 1;
        let Some(scope) = self.scopes.get_mut(&id) else { return };
        let before = scope.cursor;
        scope.cursor = Cursor::Ready { index, forced, turn };
        self.unready(before);
        self.ready.insert_mut(turn, id);
    }

    pub(super) fn unready(&mut self, cursor: Cursor) {
        if let Cursor::Ready { turn, .. } = cursor {
            self.ready.remove_mut(&turn);
        }
    }

    pub(super) fn remove_scope(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get(&id).cloned() else { return };
        self.unready(scope.cursor);
        self.scopes.remove_mut(&id);
        self.uncondemn(scope.parent, id);
        self.run_mut(scope.parent, |run| {
            if run.children.last() == Some(&id) {
                run.children.pop();
            } else {
                run.children.retain(|child| *child != id);
            }
        });
        self.keep_log(scope);
    }

    pub(super) fn enter(
        &mut self,
        id: RunId,
        scope: ScopeId,
        step: &StepKey,
        index: usize,
        body: &event::Body,
        at: Timestamp,
    ) {
        self.took(id.0);
        let body = match body {
            event::Body::Plain => Body::Plain,
            event::Body::Parallel { branches, join, rest } => {
                Body::Parallel { branches: branches.clone(), join: *join, rest: *rest, ended: 0 }
            }
            event::Body::Each { name, items, keys, at_once, join, rest, grows } => Body::Each {
                name: name.clone(),
                items: items.clone(),
                keys: Arc::new(keys.clone()),
                at_once: *at_once,
                join: *join,
                rest: *rest,
                grows: *grows,
                next: 0,
                ended: 0,
                results: RedBlackTreeMapSync::new_sync(),
            },
            event::Body::Undo => Body::Undo { lanes: RedBlackTreeMapSync::new_sync(), then: event::UndoThen::Next },
            event::Body::Repeat => Body::Repeat { rounds: 0 },
            event::Body::First { alternatives } => Body::First { alternatives: alternatives.clone() },
        };
        let run = Run {
            id,
            scope,
            step: step.clone(),
            index,
            entered_at: at,
            phase: Phase::Open,
            body,
            children: Vec::new(),
            timers: Vec::new(),
            subscriptions: Vec::new(),
            incident: None,
            due: None,
            provisional: false,
            log: RedBlackTreeMapSync::new_sync(),
            noted: None,
        };
        let is_undo = matches!(run.body, Body::Undo { .. });
        self.runs.insert_mut(id, run);
        self.note_idle(id);
        if is_undo {
            // The way back is no visit.
            if let Some(open) = self.scopes.get_mut(&scope) {
                let before = open.cursor;
                open.cursor = Cursor::Open { run: id };
                self.unready(before);
            }
            return;
        }
        self.note_growth(id);
        let visits = self.visits.get(step).copied().unwrap_or(0) + 1;
        self.visits.insert_mut(step.clone(), visits);
        match self.clock_scope(scope) {
            Some(clocks) => {
                if let Some(Scope { opened: Some(opened), .. }) = self.scopes.get_mut(&clocks)
                    && !opened.contains_key(step)
                {
                    opened.insert_mut(step.clone(), at);
                }
            }
            None if !self.opened.contains_key(step) => self.opened.insert_mut(step.clone(), at),
            None => {}
        }
        if let Some(open) = self.scopes.get_mut(&scope) {
            let before = open.cursor;
            open.cursor = Cursor::Open { run: id };
            open.people.holder = None;
            self.unready(before);
        }
    }

    /// Notes what a step gave, and writes what it writes.
    pub(super) fn record(
        &mut self,
        id: RunId,
        outcome: &Arc<str>,
        output: &Value,
        by: Option<&Actor>,
        writes: &[FieldWrite],
        at: Timestamp,
    ) {
        let Some(run) = self.runs.get(&id) else { return };
        let (step, scope) = (run.step.clone(), run.scope);
        for write in writes {
            self.write(scope, write);
        }
        if let Some(actor) = by {
            self.note_actor(scope, &step, actor);
        }
        let record = Record {
            run: id,
            outcome: outcome.clone(),
            by: by.cloned(),
            at,
            output: output.clone(),
            within: Some(scope),
            act: by.map_or(0, |_| self.acts),
        };
        match self.item_scope(scope) {
            Some(item) => {
                if let Some(Scope { records: Some(records), .. }) = self.scopes.get_mut(&item) {
                    records.insert_mut(step, record);
                }
            }
            None => self.records.insert_mut(step, record),
        }
    }

    /// A milestone is reached once and for ever.
    pub(super) fn latch(&mut self, milestone: Option<&Arc<str>>, at: Timestamp) {
        if let Some(milestone) = milestone
            && !self.milestones.contains_key(milestone)
        {
            self.milestones.insert_mut(milestone.clone(), at);
            self.watchers.remove_mut(milestone);
        }
    }

    pub(super) fn go_on(&mut self, run: RunId, then: &Then) {
        self.keep_done(run);
        self.operations.growing.remove_mut(&run);
        match then {
            Then::Next => self.leave(run),
            Then::Into => self.run_mut(run, |run| {
                run.phase = Phase::Leaving;
                run.body = Body::Plain;
            }),
            Then::Apart => self.leave_apart(run),
            Then::Stop => self.remove_run(run),
        }
    }

    pub(super) fn go_back(
        &mut self,
        scope: ScopeId,
        to: &StepKey,
        index: usize,
        from: &StepKey,
        chosen: Option<&event::Chosen>,
    ) {
        // A step done anew is no return: neither is it counted, nor does it change where the list goes on.
        if !from.is_empty() {
            let next = self.next;
            self.rewound.insert_mut(to.clone(), next);
            if chosen.is_none() {
                self.count_jump(scope, from);
            }
            if let Some(list) = self.scopes.get_mut(&scope) {
                list.people.holder = chosen.and_then(|chosen| Some((index, chosen.holder.clone()?)));
                list.people.resume = chosen.and_then(|chosen| {
                    let holder = chosen.by.principals().last().cloned();
                    Some(ResumeAt { after: index, to: chosen.resume?, holder })
                });
            }
        }
        if let Some(chosen) = chosen {
            self.note_actor(scope, from, &chosen.by);
        }
        self.ready_at(scope, index, true);
    }

    /// A jump inside an item is the item's own.
    fn count_jump(&mut self, scope: ScopeId, from: &StepKey) {
        let item = self.item_scope(scope);
        match item.and_then(|item| self.scopes.get_mut(&item)) {
            Some(item) => {
                let jumps = item.people.jumps.get_or_insert_with(RedBlackTreeMapSync::new_sync);
                let count = jumps.get(from).copied().unwrap_or(0) + 1;
                jumps.insert_mut(from.clone(), count);
            }
            None => {
                let count = self.jumps.get(from).copied().unwrap_or(0) + 1;
                self.jumps.insert_mut(from.clone(), count);
            }
        }
    }

    /// The nearest scope around that is an item's.
    pub(super) fn item_scope(&self, mut id: ScopeId) -> Option<ScopeId> {
        while let Some(scope) = self.scopes.get(&id) {
            if scope.records.is_some() {
                return Some(id);
            }
            id = self.runs.get(&scope.parent)?.scope;
        }
        None
    }

    /// The nearest scope around that has clocks of its own: an item, or a round.
    fn clock_scope(&self, id: ScopeId) -> Option<ScopeId> {
        self.scopes_around(id).find(|scope| scope.opened.is_some()).map(|scope| scope.id)
    }

    /// Writes to the nearest variable of that name around, else to the process's data.
    pub(super) fn write(&mut self, from: ScopeId, write: &FieldWrite) {
        let Some((root, rest)) = write.path.split_first() else { return };
        let mut id = from;
        while let Some(scope) = self.scopes.get(&id) {
            if let Some(known) = &scope.known
                && known.get(root).is_some()
            {
                // Steps that undo another see what they write themselves; a variable that is gone has no other place.
                if let Some(Scope { known: Some(known), .. }) = self.scopes.get_mut(&id) {
                    known.set(&write.path, write.value.clone());
                }
                if self.data.get(root).is_none() {
                    return;
                }
                break;
            }
            if scope.variable.as_ref().is_some_and(|variable| variable.name == *root) {
                if let Some(Scope { variable: Some(variable), .. }) = self.scopes.get_mut(&id) {
                    variable.value.set(rest, write.value.clone());
                }
                return;
            }
            let Some(parent) = self.runs.get(&scope.parent) else { break };
            id = parent.scope;
        }
        self.data.set(&write.path, write.value.clone());
    }

    /// The flow goes on after the run's step.
    pub(super) fn leave(&mut self, id: RunId) {
        self.keep_done(id);
        let Some(run) = self.runs.get(&id) else { return };
        let (scope, index) = (run.scope, run.index);
        self.forget(id);
        // The target of a return is done: it goes on where the return wants it to.
        let resume = self.scopes.get(&scope).and_then(|scope| scope.people.resume.clone());
        if let Some(resume) = resume.filter(|resume| resume.after == index) {
            if let Some(list) = self.scopes.get_mut(&scope) {
                list.people.resume = None;
                list.people.holder = resume.holder.map(|holder| (resume.to, holder));
            }
            return self.ready_at(scope, resume.to, true);
        }
        self.ready_at(scope, index + 1, false);
    }

    pub(super) fn remove_run(&mut self, id: RunId) {
        self.keep_done(id);
        let Some(run) = self.runs.get(&id) else { return };
        let scope = run.scope;
        if run.phase == Phase::Resting {
            return self.end_rest(id);
        }
        self.forget(id);
        if let Some(open) = self.scopes.get_mut(&scope) {
            open.cursor = Cursor::Held;
        }
    }
}

/// What an item leaves in the output of its `each`.
fn item_result(scope: &Scope, variable: &Variable) -> Value {
    let outcomes = scope
        .records
        .iter()
        .flat_map(|records| records.iter().map(|(step, record)| (step.clone(), Value::Text(record.outcome.clone()))));
    Value::record([
        ("key", Value::Text(variable.key.clone())),
        ("value", variable.value.clone()),
        ("outcomes", Value::map(outcomes.collect())),
    ])
}
