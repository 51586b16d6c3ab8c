//! What expressions may read, with its types: data, input, and what every step leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::compile::{column_type, error_type, output_type};
use crate::language::definition::{Definition, Field, Step, StepKind};
use crate::language::types::Type;

/// Names and the types of what they hold.
pub(super) type Scope = BTreeMap<Arc<str>, Type>;

/// What every expression of a process may read, beside what its place adds; steps give anything.
pub(super) fn variables(definition: &Definition) -> Scope {
    let record = |fields: &[Field]| {
        Type::Record(Arc::new(fields.iter().map(|field| (field.name.clone(), field.kind.clone())).collect()))
    };
    let steps = definition.steps.keys().map(|key| (key.clone(), Type::Any)).collect();
    let mut known: Scope = definition.data.iter().map(|field| (field.name.clone(), field.kind.clone())).collect();
    known.insert("input".into(), record(&definition.input));
    known.insert("key".into(), Type::String);
    known.insert("initiator".into(), Type::User);
    known.insert("started_at".into(), Type::DateTime);
    known.insert("now".into(), Type::DateTime);
    known.insert("steps".into(), Type::Record(Arc::new(steps)));
    known
}

impl Check<'_, '_> {
    /// The same, with `steps.<id>` typed by the kind of the step.
    pub(super) fn scope(&self) -> Scope {
        let mut known = variables(self.definition);
        let steps = self.definition.steps.values().map(|step| (step.key.clone(), self.left_behind(step))).collect();
        known.insert("steps".into(), Type::Record(Arc::new(steps)));
        known
    }

    /// `outcome`, `by`, `at` and `output` of a completed step.
    fn left_behind(&self, step: &Step) -> Type {
        Type::Record(Arc::new(BTreeMap::from([
            ("outcome".into(), self.outcome_type(step)),
            ("by".into(), Type::Optional(Arc::new(Type::User))),
            ("at".into(), Type::DateTime),
            ("output".into(), self.given(step)),
        ])))
    }

    /// The words that the outcome of a step may be, where they can all be known.
    fn outcome_type(&self, step: &Step) -> Type {
        let mut words: BTreeSet<Arc<str>> = match &step.kind {
            StepKind::Task(task) => crate::step::task::outcomes(task).into_iter().collect(),
            StepKind::Approve(_) => ["approved", "rejected"].map(Arc::from).into(),
            StepKind::First { alternatives } => alternatives.iter().map(|one| one.name.clone()).collect(),
            _ => return Type::String,
        };
        words.extend(step.outcomes.keys().cloned());
        // Who ends the step by an event leaves it with the event's name.
        words.extend(step.handlers.iter().map(|handler| handler.name.clone()));
        for around in self.around(step) {
            words.extend(around.handlers.iter().map(|handler| handler.name.clone()));
        }
        words.extend(self.definition.handlers.iter().map(|handler| handler.name.clone()));
        Type::OneOf(words.into_iter().collect())
    }

    /// What a step gives, on whichever way it is left.
    fn given(&self, step: &Step) -> Type {
        match &step.kind {
            StepKind::Call(call) => {
                let Some(spec) = self.definition.activities.get(&call.activity) else { return Type::Any };
                match (&spec.output, error_type()) {
                    // After a business error it is the error.
                    (Type::Record(fields), Type::Record(error)) if !spec.errors.is_empty() => {
                        let mut fields = (**fields).clone();
                        for (name, kind) in error.iter() {
                            fields.entry(name.clone()).or_insert_with(|| kind.clone());
                        }
                        Type::Record(Arc::new(fields))
                    }
                    _ if spec.errors.is_empty() => spec.output.clone(),
                    _ => Type::Any,
                }
            }
            StepKind::Decide { table, .. } => {
                self.definition.tables.get(table).map_or(Type::Any, |table| output_type(table, column_type))
            }
            kind => self.compiler.output_type(kind),
        }
    }
}

/// The type of a path, of what its place adds or of what every expression may read.
pub(super) fn path_type(path: &[Arc<str>], locals: &[(Arc<str>, Type)], known: &Scope) -> Option<Type> {
    let (first, rest) = path.split_first()?;
    let local = locals.iter().rev().find(|(local, _)| local == first).map(|(_, kind)| kind.clone());
    let kind = local.or_else(|| known.get(first).cloned())?;
    rest.iter().try_fold(kind, |kind, name| kind.field(name))
}
