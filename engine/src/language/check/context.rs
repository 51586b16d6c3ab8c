//! The compiled definition with the places of its parts, as the checks read it.

use std::sync::Arc;

use crate::id::StepKey;
use crate::language::compile::{Compiler, Site};
use crate::language::definition::{Block, Definition, HandlerAction, Route, Step, StepKind, Text};
use crate::language::diagnostics::{Code, nearest};
use crate::language::types::Type;

/// What every check is given.
pub(super) struct Check<'a, 'b> {
    pub(super) definition: &'a Definition,
    pub(super) compiler: &'a mut Compiler<'b>,
}

impl<'a> Check<'a, '_> {
    pub(super) fn say(&mut self, code: &'static Code, place: (usize, usize), message: Text, hint: Option<Text>) {
        self.compiler.say_at(code, place.0, place.1, message, hint);
    }

    /// `did you mean`, if one of the names is near.
    pub(super) fn near<'n>(&self, written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<Text> {
        nearest(written, names).map(|near| text!(format!("是否指 `{near}`？"), format!("did you mean `{near}`?")))
    }

    /// Where a part of a step stands: a key beside its kind, an outcome, an event; else the step's kind.
    pub(super) fn place(&self, step: &str, part: &str) -> (usize, usize) {
        let Some(places) = self.compiler.places.get(step) else { return (0, 0) };
        places.parts.get(part).copied().unwrap_or(places.kind)
    }

    pub(super) fn id_place(&self, step: &str) -> (usize, usize) {
        self.compiler.places.get(step).map_or((0, 0), |places| places.id)
    }

    /// The places of an expression of the definition.
    pub(super) fn site(&self, of: &crate::rules::expression::Expression) -> Option<&Site> {
        let same = |site: &&Site| std::ptr::eq(site.expression.source().as_ptr(), of.source().as_ptr());
        self.compiler.sites.iter().find(same)
    }

    pub(super) fn steps(&self) -> Vec<Arc<Step>> {
        self.definition.steps.values().cloned().collect()
    }

    /// The steps around a step, innermost first.
    pub(super) fn around(&self, step: &Step) -> Vec<Arc<Step>> {
        let mut around = Vec::new();
        let mut block = self.definition.block(&step.block);
        while let Some(owner) =
            block.and_then(|block| block.owner.as_ref()).and_then(|owner| self.definition.step(owner))
        {
            around.push(owner.clone());
            block = self.definition.block(&owner.block);
        }
        around
    }

    /// Every step inside a block, at any depth, with the steps of outcomes and events.
    pub(super) fn inside(&self, block: &str) -> Vec<Arc<Step>> {
        let mut found = Vec::new();
        let mut open: Vec<&Block> = self.definition.block(block).into_iter().collect();
        while let Some(block) = open.pop() {
            for key in &block.steps {
                let Some(step) = self.definition.step(key) else { continue };
                found.push(step.clone());
                open.extend(self.blocks_of(step).into_iter().filter_map(|key| self.definition.block(&key)));
            }
        }
        found
    }

    /// The blocks that a step owns.
    pub(super) fn blocks_of(&self, step: &Step) -> Vec<crate::id::BlockKey> {
        let mut keys = Vec::new();
        let mut route = |route: &Route| {
            if let Route::Steps(block) = route {
                keys.push(block.clone());
            }
        };
        step.outcomes.values().for_each(&mut route);
        match &step.kind {
            StepKind::Choose { branches } => branches.iter().for_each(|branch| route(&branch.route)),
            StepKind::First { alternatives } => alternatives.iter().for_each(|alternative| route(&alternative.route)),
            StepKind::Parallel { branches, .. } => keys.extend(branches.iter().map(|branch| branch.block.clone())),
            StepKind::Each(each) => keys.push(each.block.clone()),
            StepKind::Repeat(repeat) => keys.push(repeat.block.clone()),
            StepKind::Steps { block } => keys.push(block.clone()),
            _ => {}
        }
        for handler in &step.handlers {
            match &handler.action {
                HandlerAction::Steps(block) | HandlerAction::Instead { block, .. } => keys.push(block.clone()),
            }
        }
        keys
    }

    /// The items in scope of a step: names given by the `each` around it.
    pub(super) fn items(&self, step: &Step) -> Vec<(Arc<str>, Type)> {
        let around = self.around(step);
        let each = around.iter().filter_map(|step| match &step.kind {
            StepKind::Each(each) => Some(each),
            _ => None,
        });
        each.map(|each| {
            let kind = match self.infer(&each.of) {
                Some(Type::List(inner)) => (*inner).clone(),
                _ => Type::Any,
            };
            (each.name.clone(), kind)
        })
        .collect()
    }

    /// The type of a path that the process may write: data, or an item at hand.
    pub(super) fn target(&self, step: &Step, path: &[Arc<str>]) -> Option<Type> {
        let (first, rest) = path.split_first()?;
        let item = self.items(step).into_iter().find(|(name, _)| name == first).map(|(_, kind)| kind);
        let kind = match item {
            Some(kind) => kind,
            None => self.definition.data.iter().find(|field| field.name == *first)?.kind.clone(),
        };
        rest.iter().try_fold(kind, |kind, name| kind.field(name))
    }

    pub(super) fn data_names(&self) -> impl Iterator<Item = &'a str> {
        self.definition.data.iter().map(|field| field.name.as_ref())
    }

    /// Whether somebody must act, something must arrive or time must pass before the step is done.
    pub(super) fn waits(&self, step: &Step) -> bool {
        self.waits_itself(step)
            || self.blocks_of(step).iter().any(|block| self.inside(block).iter().any(|inner| self.waits_itself(inner)))
    }

    /// The same, of the step without what is inside it.
    pub(super) fn waits_itself(&self, step: &Step) -> bool {
        use crate::language::definition::ActivityMode;
        match &step.kind {
            StepKind::Task(_)
            | StepKind::Approve(_)
            | StepKind::Wait(_)
            | StepKind::First { .. }
            | StepKind::Run(_) => true,
            StepKind::Call(call) => {
                self.definition.activities.get(&call.activity).is_some_and(|spec| spec.mode != ActivityMode::Inline)
            }
            StepKind::Repeat(repeat) => repeat.every.is_some(),
            _ => false,
        }
    }

    /// Whether a person acts in the step or inside it.
    pub(super) fn has_people(&self, step: &StepKey) -> bool {
        let broken = |step: &Step| self.compiler.places.get(&step.key).is_some_and(|places| places.broken);
        let acts = |step: &Step| matches!(step.kind, StepKind::Task(_) | StepKind::Approve(_)) || broken(step);
        self.definition.step(step).is_some_and(|step| {
            acts(step) || self.blocks_of(step).iter().any(|block| self.inside(block).iter().any(|inner| acts(inner)))
        })
    }
}
