//! The flow: steps that are never reached and branches that are never taken.

use crate::language::check::context::Check;
use crate::language::check::scope::{Scope, path_type};
use crate::language::compile::{Expectation, Site};
use crate::language::definition::{Branch, HandlerAction, Route, Step, StepKind};
use crate::language::diagnostics::registry as codes;
use crate::rules::expression::Expression;

impl Check<'_, '_> {
    pub(super) fn flow(&mut self) {
        for block in self.definition.blocks.values() {
            let mut over: Option<&str> = None;
            for key in &block.steps {
                let Some(step) = self.definition.step(key) else { continue };
                if let Some(before) = over {
                    let message = text!(
                        format!("永远走不到 `{key}`：`{before}` 之后不再继续"),
                        format!("`{key}` is never reached: nothing goes on after `{before}`")
                    );
                    self.say(&codes::STEP_UNREACHED, self.id_place(key), message, None);
                    break;
                }
                if self.diverges(step) {
                    over = Some(&step.key);
                }
            }
        }
        self.literals();
        for step in self.steps() {
            self.always(&step);
        }
    }

    /// Conditions that can never hold.
    fn literals(&mut self) {
        let known = self.scope();
        let never: Vec<(usize, usize)> = self
            .compiler
            .sites
            .iter()
            .filter(|site| site.wanted == Expectation::When && always(site, &known) == Some(false))
            .map(crate::language::compile::Site::whole)
            .collect();
        for place in never {
            let message = text!("条件永远不成立，不会执行", "the condition never holds: this never happens");
            self.say(&codes::BRANCH_NEVER, place, message, None);
        }
    }

    /// Branches of a choice after one that always holds.
    fn always(&mut self, step: &Step) {
        let StepKind::Choose { branches } = &step.kind else { return };
        self.repeated(step, branches);
        let known = self.scope();
        let holds = |when: &Expression| self.site(when).is_some_and(|site| always(site, &known) == Some(true));
        let always = branches.iter().position(|branch| branch.when.as_ref().is_some_and(holds));
        let Some(always) = always.filter(|place| place + 1 < branches.len()) else { return };
        let part = format!("branch.{}", always + 1);
        let message =
            text!("前面的分支总是成立，走不到这里", "the branch before always holds: this one is never taken");
        let place = self.place(&step.key, &part);
        self.say(&codes::BRANCH_NEVER, place, message, None);
    }

    /// A branch with the condition of one before it.
    fn repeated(&mut self, step: &Step, branches: &[Branch]) {
        let written = |branch: &Branch| {
            let when = branch.when.as_ref()?;
            Some(when.source().chars().filter(|c| !c.is_whitespace()).collect::<String>())
        };
        for (number, branch) in branches.iter().enumerate() {
            let Some(own) = written(branch) else { continue };
            if branches[..number].iter().any(|before| written(before).as_ref() == Some(&own)) {
                let message = text!(
                    "前面的分支已有同样的条件，走不到这里",
                    "a branch before has the same condition: this one is never taken"
                );
                let place = self.place(&step.key, &format!("branch.{number}"));
                self.say(&codes::BRANCH_NEVER, place, message, None);
            }
        }
    }

    /// Whether the flow never goes on after the step.
    pub(super) fn diverges(&self, step: &Step) -> bool {
        let returns = |handler: &crate::language::definition::Handler| matches!(&handler.action, HandlerAction::Instead { block, .. } if !self.block_diverges(block));
        if step.when.is_some() || step.handlers.iter().any(returns) {
            return false;
        }
        let routes = |names: &[&str]| {
            names.iter().all(|name| step.outcomes.get(*name).is_some_and(|route| self.route_diverges(route)))
        };
        match &step.kind {
            StepKind::End { .. } | StepKind::Fail { .. } | StepKind::BackTo(_) => true,
            StepKind::Steps { block } => self.block_diverges(block),
            StepKind::Choose { branches } => {
                branches.last().is_some_and(|branch| branch.when.is_none())
                    && branches.iter().all(|branch| self.route_diverges(&branch.route))
            }
            StepKind::First { alternatives } => {
                !alternatives.is_empty() && alternatives.iter().all(|one| self.route_diverges(&one.route))
            }
            StepKind::Approve(_) => routes(&["approved", "rejected"]),
            StepKind::Task(task) => {
                let names: Vec<&str> = task.outcomes.iter().map(AsRef::as_ref).collect();
                !names.is_empty() && routes(&names)
            }
            _ => false,
        }
    }

    fn route_diverges(&self, route: &Route) -> bool {
        match route {
            Route::Next => false,
            Route::End { .. } | Route::Back(_) => true,
            Route::Steps(block) => self.block_diverges(block),
        }
    }

    pub(super) fn block_diverges(&self, block: &str) -> bool {
        let steps = self.definition.block(block).map(|block| block.steps.as_slice()).unwrap_or_default();
        steps.iter().filter_map(|key| self.definition.step(key)).any(|step| self.diverges(step))
    }
}

/// Whether a condition holds whatever happens, or never.
fn always(site: &Site, known: &Scope) -> Option<bool> {
    site.expression.always(&|path| path_type(path, &site.locals, known))
}
