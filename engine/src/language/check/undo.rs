//! Undoing: there is something to undo, it is around, and what undoes a step neither ends the process nor undoes others.

use crate::language::check::context::Check;
use crate::language::compile::{Reference, UNDO};
use crate::language::definition::{Route, Step, StepKind};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    /// The step that is undone lies before, in this list or in one around it, or is itself around.
    pub(super) fn undone(&mut self, reference: &Reference) {
        let (name, definition) = (&reference.name, self.definition);
        let place = (reference.start, reference.end);
        let Some(target) = definition.step(name).cloned() else {
            let message = text!(format!("没有步骤 `{name}`"), format!("there is no step `{name}`"));
            let hint = self.near(name, definition.steps.keys().map(AsRef::as_ref));
            return self.say(&codes::COMPENSATE_UNKNOWN, place, message, hint);
        };
        let own = reference.step.as_ref().and_then(|step| definition.step(step)).cloned();
        let around = own.as_ref().map(|own| self.around(own)).unwrap_or_default();
        let before = |step: &std::sync::Arc<Step>| step.block == target.block && target.index <= step.index;
        let of_event = own.as_ref().is_some_and(|own| {
            let outermost = around.last().map_or(own, |last| last);
            outermost.block.starts_with('@') && target.block.is_empty()
        });
        if !of_event && !own.iter().chain(&around).any(before) {
            let message = text!(
                format!("不能撤销 `{name}`：它不在本列表或外层列表中、此步之前"),
                format!("`{name}` cannot be undone here: it is not before this, in this list or in one around it")
            );
            return self.say(&codes::COMPENSATE_NOT_AROUND, place, message, None);
        }
        let inner = self.blocks_of(&target).into_iter().flat_map(|block| self.inside(&block));
        if target.compensate.is_none() && inner.into_iter().all(|step| step.compensate.is_none()) {
            let message = text!(
                format!("`{name}` 及其内部都没有 `compensate`，没有可撤销的内容"),
                format!("neither `{name}` nor anything inside it has a `compensate`: there is nothing to undo")
            );
            let hint = text!("给要撤销的步骤加上 `compensate: …`", "give `compensate: …` to what is to be undone");
            self.say(&codes::COMPENSATE_NOTHING, place, message, Some(hint));
        }
    }

    /// Steps that undo another go to their end.
    pub(super) fn undoing(&mut self) {
        for step in self.steps() {
            let Some(compensation) = &step.compensate else { continue };
            for inner in self.inside(&compensation.block) {
                let ends = |route: &Route| matches!(route, Route::End { .. });
                let branches = match &inner.kind {
                    StepKind::Choose { branches } => branches.iter().any(|branch| ends(&branch.route)),
                    StepKind::First { alternatives } => alternatives.iter().any(|one| ends(&one.route)),
                    StepKind::End { .. } | StepKind::Compensate { .. } => true,
                    _ => false,
                };
                if branches || inner.compensate.is_some() || inner.outcomes.values().any(ends) {
                    let message = text!(
                        format!("`{}` 在撤销步骤里：那里不能结束流程，也不能再撤销", inner.key),
                        format!("`{}` undoes a step: it can neither end the process nor undo others", inner.key)
                    );
                    self.say(&codes::COMPENSATE_INSIDE, self.id_place(&inner.key), message, None);
                }
            }
        }
    }

    /// Whether a block undoes a step: nothing in it leads out of it.
    pub(super) fn undoes(block: &str) -> bool {
        block.ends_with(UNDO)
    }
}
