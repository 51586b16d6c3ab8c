//! Two writers at the same time: whoever comes last wins, which nobody can rely on.

use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::definition::{Path, Step, StepKind};
use crate::language::diagnostics::registry as codes;

/// A written path and where it stands.
type Written = (Path, (usize, usize));

impl Check<'_, '_> {
    pub(super) fn writers(&mut self) {
        self.alongside_writers();
        for step in self.steps() {
            match &step.kind {
                StepKind::Parallel { branches, .. } => {
                    let written: Vec<Vec<Written>> =
                        branches.iter().map(|branch| self.written(&branch.block, &[])).collect();
                    for (place, later) in written.iter().enumerate() {
                        for (path, at) in later {
                            let mut before = written[..place].iter().flatten();
                            if before.any(|(other, _)| overlaps(other, path)) {
                                self.twice(path, *at, "branches");
                            }
                        }
                    }
                }
                StepKind::Each(each) if each.at_once > 1 => {
                    for (path, at) in self.written(&each.block, std::slice::from_ref(&each.name)) {
                        self.twice(&path, at, "items");
                    }
                }
                _ => {}
            }
        }
    }

    /// What runs alongside runs at the same time as the process's own steps.
    fn alongside_writers(&mut self) {
        let blocks = self.definition.alongside.iter().map(|list| list.block.clone());
        let lists: Vec<Vec<Written>> =
            std::iter::once("".into()).chain(blocks).map(|block| self.written(&block, &[])).collect();
        for (place, later) in lists.iter().enumerate() {
            for (path, at) in later {
                let mut before = lists[..place].iter().flatten();
                if before.any(|(other, _)| overlaps(other, path)) {
                    self.twice(path, *at, "lists");
                }
            }
        }
    }

    /// What the steps of a block write, but for the items of their own.
    fn written(&self, block: &str, own: &[Arc<str>]) -> Vec<Written> {
        let mut written = Vec::new();
        for step in self.inside(block) {
            let mut items: Vec<Arc<str>> = own.to_vec();
            items.extend(self.items(&step).into_iter().map(|(name, _)| name));
            for (path, place) in self.writes_of(&step) {
                let local = path.first().is_some_and(|first| items.contains(first));
                if !local {
                    written.push((path, place));
                }
            }
        }
        written
    }

    fn writes_of(&self, step: &Step) -> Vec<Written> {
        let Some(places) = self.compiler.places.get(&step.key) else { return Vec::new() };
        let writes = places.writes.iter().map(|one| (one.write.to.clone(), (one.start, one.end)));
        writes.chain(places.sets.iter().map(|(path, start, end)| (path.clone(), (*start, *end)))).collect()
    }

    fn twice(&mut self, path: &Path, place: (usize, usize), who: &str) {
        let written = path.join(".");
        let (zh, en) = match who {
            "items" => ("各项", "items"),
            "lists" => ("各列步骤", "lists of steps"),
            _ => ("各分支", "branches"),
        };
        let message = text!(
            format!("`{written}` 被同时运行的{zh}写入"),
            format!("`{written}` is written by {en} that run at the same time")
        );
        let hint =
            text!("每一处写自己的字段，之后再合并", "let each write a field of its own, and join them afterwards");
        self.say(&codes::WRITE_PARALLEL, place, message, Some(hint));
    }
}

fn overlaps(one: &[Arc<str>], two: &[Arc<str>]) -> bool {
    one.iter().zip(two).all(|(a, b)| a == b)
}
