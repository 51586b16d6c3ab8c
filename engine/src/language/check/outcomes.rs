//! Outcomes: those that a step can have, and those that must lead somewhere.

use crate::language::check::context::Check;
use crate::language::definition::{Step, StepKind};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn outcomes(&mut self) {
        for step in self.steps() {
            match &step.kind {
                StepKind::Approve(_) => {
                    self.only(&step, &["approved", "rejected"]);
                    if !step.outcomes.contains_key("rejected") {
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
                _ => {}
            }
        }
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
