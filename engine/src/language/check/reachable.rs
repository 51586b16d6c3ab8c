//! What can never happen or never be seen: errors that nothing raises, joins that nobody can satisfy, steps of items read from outside.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::compile::Site;
use crate::language::definition::{Handler, Join, Step, StepKind, Trigger};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn reachable(&mut self) {
        let all = self.steps();
        let root = self.raised(all.iter().map(AsRef::as_ref));
        for handler in &self.definition.handlers {
            let place = self.compiler.process_places.get(&format!("event.{}", handler.name)).copied();
            self.error_never(handler, root.as_ref(), place.unwrap_or_default());
        }
        for step in &all {
            self.join_never(step);
            if step.handlers.is_empty() {
                continue;
            }
            let mut inside = vec![step.clone()];
            inside.extend(self.blocks_of(step).iter().flat_map(|block| self.inside(block)));
            let raised = self.raised(inside.iter().map(AsRef::as_ref));
            for handler in &step.handlers {
                let place = self.place(&step.key, &format!("event.{}", handler.name));
                self.error_never(handler, raised.as_ref(), place);
            }
        }
        for site in std::mem::take(&mut self.compiler.sites) {
            self.item_steps(&site);
            self.compiler.sites.push(site);
        }
    }

    /// The codes that these steps can raise; none if that cannot be known.
    fn raised<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> Option<BTreeSet<Arc<str>>> {
        let mut codes = BTreeSet::new();
        for step in steps {
            match &step.kind {
                StepKind::Call(call) => {
                    codes.extend(self.definition.activities.get(&call.activity)?.errors.iter().cloned())
                }
                StepKind::Fail { error, .. } => {
                    codes.insert(error.clone());
                }
                // What another process may end with is not known here.
                StepKind::Run(_) => return None,
                _ => {}
            }
        }
        Some(codes)
    }

    fn error_never(&mut self, handler: &Handler, raised: Option<&BTreeSet<Arc<str>>>, place: (usize, usize)) {
        let (Trigger::Error(code), Some(raised)) = (&handler.on, raised) else { return };
        if code.as_ref() == "any" || raised.contains(code) {
            return;
        }
        let message = text!(
            format!("没有步骤会报告错误 `{code}`"),
            format!("no step that this event is for raises the error `{code}`")
        );
        let hint = self.near(code, raised.iter().map(AsRef::as_ref));
        self.say(&codes::EVENT_ERROR_NEVER, place, message, hint);
    }

    fn join_never(&mut self, step: &Step) {
        let StepKind::Parallel { branches, join: Join::AtLeast(wanted), .. } = &step.kind else { return };
        if *wanted as usize <= branches.len() {
            return;
        }
        let message = text!(
            format!("要求完成 {wanted} 个分支，却只有 {} 个", branches.len()),
            format!("{wanted} branches are wanted, and there are {}", branches.len())
        );
        let place = self.place(&step.key, "join");
        self.say(&codes::JOIN_UNSATISFIABLE, place, message, None);
    }

    /// `steps.x` of a step inside an `each` is seen inside the same item only.
    fn item_steps(&mut self, site: &Site) {
        let own: Vec<Arc<str>> = site
            .step
            .as_ref()
            .and_then(|key| self.definition.step(key))
            .map(|step| {
                let mut own = vec![step.key.clone()];
                own.extend(self.around(step).iter().map(|around| around.key.clone()));
                own
            })
            .unwrap_or_default();
        for reference in site.expression.references() {
            let [first, name, ..] = reference.path.as_slice() else { continue };
            let Some(read) = self.definition.step(name).filter(|_| first.as_ref() == "steps") else { continue };
            let each = self.around(read).into_iter().find(|step| matches!(step.kind, StepKind::Each(_)));
            let Some(each) = each.filter(|each| !own.contains(&each.key)) else { continue };
            let message = text!(
                format!("`{name}` 在 `{}` 的各项之内，从这里读不到", each.key),
                format!("`{name}` is inside the items of `{}` and cannot be read from here", each.key)
            );
            let hint =
                text!("让每一项写自己的字段，再读取列表", "let each item write a field of itself, and read the list");
            let place = site.range(reference.offset, reference.path.join(".").chars().count());
            self.say(&codes::EXPR_ITEM_STEP, place, message, Some(hint));
        }
    }
}
