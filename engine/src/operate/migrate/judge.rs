//! What a migration would do to one instance, spot by spot: the dry run, and what the migration goes by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fit::{self, Why};
use super::{Fault, Moves, Otherwise, Plan};
use crate::event::Purpose;
use crate::id::{RunId, ScopeId, StepKey};
use crate::language::definition::{Definition, Field};
use crate::state::{Cursor, ROOT_RUN, State};
use crate::value::Value;

/// What happens to one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What is not carried over as it is.
    pub acts: Vec<Act>,
    /// Why it stays at its release; empty: it migrates.
    pub faults: Vec<Fault>,
    /// How many open steps go on as they are.
    pub carried: usize,
    pub(crate) blocks: Moves,
    pub(crate) steps: BTreeMap<StepKey, StepKey>,
}

/// What happens to one spot.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    pub what: What,
    /// The step or the branch.
    pub at: Arc<str>,
    pub en: Arc<str>,
    pub zh: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The run is given up; the flow goes on behind its step.
    Cancel { run: RunId },
    /// The run is given up; its step is opened anew.
    Restart { run: RunId },
    /// The run is given up; an incident stops its list. `again`: retrying opens the step, else it goes on behind it.
    Park { run: RunId, again: bool },
    /// A block that the new release does not have is given up, and counts as ended.
    Withdraw { scope: ScopeId },
}

/// How spots that cannot be carried over are treated.
struct Judge<'a> {
    old: &'a Definition,
    new: &'a Definition,
    state: &'a State,
    plan: &'a Plan,
    found: Judgement,
}

/// Judges one instance.
#[must_use]
pub fn judge(old: &Definition, new: &Definition, state: &State, plan: &Plan) -> Judgement {
    let (blocks, steps) = fit::moves(old, new, plan);
    let found = Judgement { acts: Vec::new(), faults: Vec::new(), carried: 0, blocks, steps };
    let mut judge = Judge { old, new, state, plan, found };
    judge.names();
    judge.fields(&new.input, &state.input, "input.");
    judge.fields(&new.data, &state.data, "");
    judge.contents(ROOT_RUN);
    judge.found
}

impl Judge<'_> {
    fn fault(&mut self, at: &str, (en, zh): Why) {
        self.found.faults.push(Fault { at: at.into(), en: en.into(), zh: zh.into() });
    }

    /// The plan itself: it names what is there.
    fn names(&mut self) {
        if self.old.process != self.new.process {
            let (was, is) = (&self.old.process, &self.new.process);
            let why =
                (format!("it is a release of `{is}`, not of `{was}`"), format!("这是 `{is}` 的版本，而不是 `{was}`"));
            self.fault(is, why);
        }
        let plan = self.plan;
        for (from, to) in &plan.map {
            if self.old.step(from).is_none() {
                self.fault(from, ("the old release has no such step".into(), "旧版本没有这个步骤".into()));
            }
            if self.new.step(to).is_none() {
                self.fault(to, ("the new release has no such step".into(), "新版本没有这个步骤".into()));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for to in plan.map.values() {
            if !seen.insert(to) {
                self.fault(to, ("two steps are mapped to it".into(), "有两个步骤映射到它".into()));
            }
        }
        for name in plan.cancel.iter().chain(&plan.park).chain(&plan.restart).chain(&plan.durations) {
            if self.old.step(name).is_none() && self.old.block(name).is_none() {
                let why = ("the old release has no such step or branch".into(), "旧版本没有这个步骤或分支".into());
                self.fault(name, why);
            }
        }
    }

    /// What is held must fit the types of the new release.
    fn fields(&mut self, fields: &[Field], held: &Value, prefix: &str) {
        for field in fields {
            let Some(value) = held.get(&field.name).filter(|value| !value.is_null()) else { continue };
            if let Err(mismatch) = field.kind.check(value) {
                let (wanted, found) = (mismatch.wanted, mismatch.found);
                let why = (
                    format!("it must be {wanted}, but is {found}: fix it first"),
                    format!("应为 {wanted}，实为 {found}：请先修正"),
                );
                self.fault(&format!("{prefix}{}", field.name), why);
            }
        }
    }

    /// Everything that a run holds.
    fn contents(&mut self, run: RunId) {
        let Some(run) = self.state.runs.get(&run) else { return };
        for scope in run.children.clone() {
            self.scope(scope);
        }
    }

    fn scope(&mut self, id: ScopeId) {
        let state = self.state;
        let Some(scope) = state.scopes.get(&id) else { return };
        let known = self.old.block(&scope.block).map(|block| fit::block_of(self.new, self.plan, block));
        if let Some(None) = known {
            let gone = ("the new release does not have it".to_owned(), "新版本中已不存在".to_owned());
            self.vanished(id, &scope.block.clone(), scope.parent, &scope.purpose.clone(), gone);
            return;
        }
        let Cursor::Open { run } = scope.cursor else { return };
        self.run(run);
    }

    fn run(&mut self, id: RunId) {
        let state = self.state;
        let (Some(run), Some(old)) =
            (state.runs.get(&id), state.runs.get(&id).and_then(|run| self.old.step(&run.step)))
        else {
            return;
        };
        let key = &run.step;
        let to = fit::step_of(self.plan, key);
        let list = self.old.block(&old.block).and_then(|block| fit::block_of(self.new, self.plan, block));
        let found = self.new.step(to).filter(|step| Some(&step.block) == list.as_ref());
        if self.plan.restart.contains(key) && found.is_some() {
            let why = ("the plan opens it anew".into(), "按计划重新打开".into());
            return self.act(What::Restart { run: id }, key, why);
        }
        if self.plan.cancel.contains(key) {
            let why = ("the plan gives it up".into(), "按计划放弃".into());
            return self.act(What::Cancel { run: id }, key, why);
        }
        if self.plan.park.contains(key) {
            let why = ("the plan parks it".into(), "按计划停放".into());
            return self.act(What::Park { run: id, again: found.is_some() }, key, why);
        }
        let why = match found {
            Some(new) => match fit::fits(state, run, old, new, self.new) {
                Ok(()) => {
                    self.found.carried += 1;
                    return self.contents(id);
                }
                Err(why) => why,
            },
            None if self.new.step(to).is_some() => {
                ("it stands in another list now".to_owned(), "现位于另一个列表".to_owned())
            }
            None => ("the new release does not have it".to_owned(), "新版本中已不存在".to_owned()),
        };
        match self.plan.otherwise {
            Otherwise::Park => self.act(What::Park { run: id, again: found.is_some() }, key, why),
            Otherwise::Reject => self.fault(key, why),
        }
    }

    /// A block that is gone: the branch is withdrawn, or the step that holds it is parked.
    fn vanished(&mut self, id: ScopeId, key: &str, parent: RunId, purpose: &Purpose, why: Why) {
        let withdrawable = match purpose {
            Purpose::Branch { .. } | Purpose::Route | Purpose::Beside { .. } | Purpose::Alongside { .. } => true,
            Purpose::Instead { .. } => parent != ROOT_RUN,
            Purpose::Body | Purpose::Item | Purpose::Undo { .. } => false,
        };
        if self.plan.cancel.contains(key) && withdrawable {
            return self.act(What::Withdraw { scope: id }, &key.into(), why);
        }
        if parent != ROOT_RUN && (self.plan.park.contains(key) || self.plan.otherwise == Otherwise::Park) {
            // One that was parked for another of its branches is parked once.
            let parked = self.found.acts.iter().any(|act| matches!(act.what, What::Park { run, .. } if run == parent));
            if !parked {
                self.act(What::Park { run: parent, again: true }, &key.into(), why);
            }
            return;
        }
        self.fault(key, why);
    }

    fn act(&mut self, what: What, at: &Arc<str>, (en, zh): Why) {
        self.found.acts.push(Act { what, at: at.clone(), en: en.into(), zh: zh.into() });
    }
}
