//! Outcomes: those that a step can have, and those that must lead somewhere.

use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::definition::{Step, StepKind};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn outcomes(&mut self) {
        for step in self.steps() {
            match &step.kind {
                StepKind::Approve(_) => {
                    self.only(&step, &["approved", "rejected"]);
                    if !step.outcomes.contains_key("rejected") && !self.told_by_doer(&step, "rejected") {
                        let place = self.place(&step.key, "approve");
                        let message = text!(
                            format!("没有说明 `{}` 被否决之后怎样", step.key),
                            format!("it is not said what follows when `{}` is rejected", step.key)
                        );
                        let hint = text!(
                            "加上 `outcomes: { rejected: { back_to: … } }`",
                            "add `outcomes: { rejected: { back_to: … } }`"
                        );
                        self.say(&codes::OUTCOME_UNROUTED, place, message, Some(hint));
                    }
                }
                StepKind::Call(call) => {
                    if let Some(spec) = self.definition.activities.get(&call.activity) {
                        let errors: Vec<&str> = spec.errors.iter().map(AsRef::as_ref).collect();
                        self.only(&step, &errors);
                    }
                }
                StepKind::Do { .. } => {
                    if let Some(known) = self.outcomes_of(&step.key) {
                        let late = step.due.is_some().then_some(crate::deadline::LATE);
                        let known: Vec<&str> = known.iter().map(AsRef::as_ref).chain(late).collect();
                        self.only(&step, &known);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the step that does the part, of which this is the last step, says where the outcome leads.
    fn told_by_doer(&self, step: &Step, outcome: &str) -> bool {
        let doer = self.definition.done_by(&step.key).and_then(|doer| self.definition.step(doer));
        doer.is_some_and(|doer| doer.outcomes.contains_key(outcome) || self.told_by_doer(doer, outcome))
    }

    /// The outcomes that a part can have: those of its last step. None where they are not known.
    fn outcomes_of(&self, step: &str) -> Option<Vec<Arc<str>>> {
        let last = self.definition.step(self.definition.last_of(step)?)?;
        let mut known: Vec<Arc<str>> = last.outcomes.keys().cloned().collect();
        match &last.kind {
            StepKind::Do { .. } => known.extend(self.outcomes_of(&last.key)?),
            StepKind::Approve(_) => known.extend(["approved".into(), "rejected".into()]),
            StepKind::Task(task) => known.extend(crate::step::task::outcomes(task)),
            StepKind::Call(call) => {
                known.extend(self.definition.activities.get(&call.activity)?.errors.iter().cloned());
                known.push("done".into());
            }
            StepKind::Run(_) => return None,
            StepKind::First { alternatives } => known.extend(alternatives.iter().map(|one| one.name.clone())),
            _ => known.push("done".into()),
        }
        // Left out, the last step leaves the part done.
        known.extend(last.when.is_some().then(|| "done".into()));
        Some(known)
    }

    /// The step has these outcomes only.
    fn only(&mut self, step: &Step, known: &[&str]) {
        for name in step.outcomes.keys().filter(|name| !known.contains(&name.as_ref())) {
            let place = self.place(&step.key, &format!("outcomes.{name}"));
            let message = text!(format!("此步骤没有结果 `{name}`"), format!("the step has no outcome `{name}`"));
            let near = self.near(name, known.iter().copied());
            let hint = near.unwrap_or_else(|| {
                text!(format!("它的结果：{}", known.join("、")), format!("it has: {}", known.join(", ")))
            });
            self.say(&codes::OUTCOME_UNKNOWN, place, message, Some(hint));
        }
    }
}
