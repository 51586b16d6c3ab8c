//! Names inside parts: a part is expanded in place, and its steps are named after the step that does it.
//!
//! Inside a part a name means the part's own step first (`do_it`), then one around (`carry_out.do_it` from outside).

use std::sync::Arc;

use super::{Definition, StepKind};
use crate::id::StepKey;

/// What the keys of the steps beside this one begin with: `carry_out.` for `carry_out.do_it`.
#[must_use]
pub(crate) fn part_of(step: &str) -> &str {
    step.rfind('.').map_or("", |dot| &step[..=dot])
}

/// The part from inside out, and at last the process itself: `a.b.`, `a.` and nothing.
pub(crate) fn parts_around(part: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(part);
    std::iter::from_fn(move || {
        let part = next?;
        next = part.strip_suffix('.').map(part_of);
        Some(part)
    })
}

impl Definition {
    /// The step that a name means inside a part.
    pub(crate) fn named(&self, part: &str, name: &str) -> Option<&StepKey> {
        parts_around(part).find_map(|part| self.steps.get(format!("{part}{name}").as_str()).map(|step| &step.key))
    }

    /// The step that a path begins with, as long as can be, and what is left of the path.
    pub(crate) fn step_in<'p>(&self, path: &'p [Arc<str>]) -> Option<(&StepKey, &'p [Arc<str>])> {
        (1..=path.len()).rev().find_map(|count| {
            let step = self.steps.get(path[..count].join(".").as_str())?;
            Some((&step.key, &path[count..]))
        })
    }

    /// The last step of the part that `step` does: what it gives is what the part gives.
    pub(crate) fn last_of(&self, step: &str) -> Option<&StepKey> {
        match &self.step(step)?.kind {
            StepKind::Do { block, .. } => self.block(block)?.steps.last(),
            _ => None,
        }
    }

    /// The step that does the part of which `step` is the last.
    pub(crate) fn done_by(&self, step: &str) -> Option<&StepKey> {
        let owner = self.block(&self.step(step)?.block)?.owner.as_ref()?;
        (self.last_of(owner)?.as_ref() == step).then_some(owner)
    }
}
