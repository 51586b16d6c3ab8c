//! Returns: the one jump, backwards, to a step of a list around; and loops that never rest.

use crate::language::check::context::Check;
use crate::language::compile::Reference;
use crate::language::definition::{Back, Route, Step, StepKind};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    /// The target of a return lies before it, in its own list or in one around it.
    pub(super) fn back(&mut self, reference: &Reference) {
        let (name, definition) = (&reference.name, self.definition);
        let place = (reference.start, reference.end);
        if definition.step(name).is_none() {
            let message = text!(format!("没有步骤 `{name}`"), format!("there is no step `{name}`"));
            let hint = self.near(name, definition.steps.keys().map(AsRef::as_ref));
            return self.say(&codes::BACK_TO_UNKNOWN, place, message, hint);
        }
        let own = reference.step.as_ref().and_then(|step| definition.step(step));
        // A step that is itself the return cannot return to itself.
        let itself = own.is_some_and(|step| matches!(step.kind, StepKind::BackTo(_)));
        let mut limit = own.map(|step| if itself { step.index } else { step.index + 1 });
        let mut block = definition.block(&reference.block);
        while let Some(list) = block {
            let index = list.steps.iter().position(|step| step == name);
            if index.is_some_and(|index| limit.is_none_or(|limit| index < limit)) {
                return;
            }
            (block, limit) = match list.owner.as_ref().and_then(|owner| definition.step(owner)) {
                Some(owner) => (definition.block(&owner.block), Some(owner.index + 1)),
                // An event of the process may go back to any of its steps.
                None if list.key.starts_with('@') => (definition.block(""), None),
                None => (None, None),
            };
        }
        let message = text!(
            format!("不能返回到 `{name}`：它不在本列表或外层列表中、此步之前"),
            format!("`{name}` cannot be returned to: it is not before this, in this list or in one around it")
        );
        let hint = text!(
            "只能往回走；可略过的步骤用 `when`，替代的步骤放进结果或分支",
            "the one jump leads backwards; give `when` to what may be left out, put alternatives into outcomes or branches"
        );
        self.say(&codes::BACK_TO_NOT_AROUND, place, message, Some(hint));
    }

    /// Loops in which nothing waits need a bound.
    pub(super) fn loops(&mut self) {
        for step in self.steps() {
            if let StepKind::Repeat(repeat) = &step.kind {
                let bounded =
                    self.compiler.places.get(&step.key).is_some_and(|p| p.parts.contains_key("repeat.at_most"));
                let rests = repeat.every.is_some() || self.inside(&repeat.block).iter().any(|inner| self.waits(inner));
                if !bounded && !rests {
                    self.unbounded(self.place(&step.key, "repeat"));
                }
            }
            for back in backs(&step) {
                if back.at_most.is_none() && !self.rests(&step, back) {
                    let place = self.back_place(&step, back);
                    self.unbounded(place);
                }
            }
        }
    }

    fn unbounded(&mut self, place: (usize, usize)) {
        let message = text!("这个循环既不等待，也没有上限", "this loop waits for nothing and has no bound");
        let hint = text!("加上 `at_most: …`，或在其中等待", "add `at_most: …`, or wait inside");
        self.say(&codes::LOOP_UNBOUNDED, place, message, Some(hint));
    }

    /// Whether something waits between the target and the return, or a condition counts the visits.
    fn rests(&self, step: &Step, back: &Back) -> bool {
        let mut chain = vec![self.definition.step(&step.key).cloned()];
        chain.extend(self.around(step).into_iter().map(Some));
        let chain: Vec<_> = chain.into_iter().flatten().collect();
        let counts = |step: &Step| {
            let own = step.when.iter();
            let branches: Vec<_> = match &step.kind {
                StepKind::Choose { branches } => branches.iter().filter_map(|branch| branch.when.as_ref()).collect(),
                _ => Vec::new(),
            };
            own.chain(branches).any(|when| when.functions().iter().any(|used| used.name.as_ref() == "visits"))
        };
        // What belongs to an event waited for the event.
        let in_event = step.block.contains('@') || chain.iter().any(|step| step.block.contains('@'));
        if in_event || chain.iter().any(|step| counts(step)) {
            return true;
        }
        back.targets.iter().all(|target| {
            let Some(target) = self.definition.step(target) else { return true };
            let Some(last) = chain.iter().find(|step| step.block == target.block) else { return true };
            let Some(block) = self.definition.block(&target.block) else { return true };
            let passes = |steps: &[crate::id::StepKey]| {
                steps.iter().filter_map(|key| self.definition.step(key)).any(|step| self.waits(step))
            };
            if target.index > last.index {
                return true;
            }
            // From the target to the step around, and below it whatever stands before the return; a step whose outcome
            // it is has been waited for.
            let mut below = chain.iter().take_while(|step| step.block != target.block);
            passes(block.steps.get(target.index..=last.index).unwrap_or_default())
                || below.any(|step| {
                    let before = self.definition.block(&step.block).and_then(|block| block.steps.get(..step.index));
                    passes(before.unwrap_or_default()) || self.waits_itself(step)
                })
        })
    }

    fn back_place(&self, step: &Step, back: &Back) -> (usize, usize) {
        let same = |reference: &&Reference| {
            reference.step.as_ref() == Some(&step.key) && back.targets.contains(&reference.name)
        };
        self.compiler.references.iter().find(same).map_or((0, 0), |reference| (reference.start, reference.end))
    }
}

/// Every return that a step may take.
fn backs(step: &Step) -> Vec<&Back> {
    let mut routes: Vec<&Route> = step.outcomes.values().collect();
    match &step.kind {
        StepKind::BackTo(back) => return vec![back],
        StepKind::Choose { branches } => routes.extend(branches.iter().map(|branch| &branch.route)),
        StepKind::First { alternatives } => routes.extend(alternatives.iter().map(|alternative| &alternative.route)),
        _ => {}
    }
    routes.into_iter().filter_map(|route| if let Route::Back(back) = route { Some(back) } else { None }).collect()
}
