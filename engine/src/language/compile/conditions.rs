//! Conditions over the process's own data: waited for, and the cause of events.

use crate::language::compile::{Compiler, Expectation, ReferenceKind};
use crate::language::definition::Condition;
use crate::language::diagnostics::registry as codes;
use crate::language::syntax::Node;

impl Compiler<'_> {
    /// `condition: =…` or `milestone: x` of a map; other keys are the caller's.
    pub(crate) fn condition(&mut self, node: &Node) -> Option<Condition> {
        match (node.get("condition"), node.get("milestone")) {
            (Some(_), Some(milestone)) => {
                let message =
                    text!("`condition` 和 `milestone` 只能写一个", "`condition` and `milestone` exclude each other");
                self.say(&codes::SHAPE_INVALID_VALUE, milestone, message, None);
                None
            }
            (Some(condition), None) => {
                let expression = self.expression(condition, Expectation::When)?;
                self.timeless(condition, &expression);
                Some(Condition::Holds(expression))
            }
            (None, Some(milestone)) => {
                let name = self.name(milestone)?;
                self.refer(ReferenceKind::Milestone, &name, milestone);
                Some(Condition::Milestone(name))
            }
            (None, None) => None,
        }
    }

    /// A condition is judged when the instance changes; no change comes of time alone.
    pub(crate) fn timeless(&mut self, node: &Node, expression: &crate::rules::expression::Expression) {
        let reads_now = |reference: &crate::rules::expression::Reference| {
            reference.path.first().is_some_and(|first| first.as_ref() == "now")
        };
        if expression.references().iter().any(reads_now) {
            let message = text!(
                "条件在实例变化时判断；时间流逝本身不会使它重新判断",
                "a condition is judged when the instance changes, and time alone changes nothing"
            );
            let hint = text!(
                "等时间用 `wait: { until: … }`、`after` 或 `due`",
                "for time there are `wait: { until: … }`, `after` and `due`"
            );
            self.say(&codes::CONDITION_TIME, node, message, Some(hint));
        }
    }
}
