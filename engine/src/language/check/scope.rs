//! What expressions may read, with its types: data, input, and what every step leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::compile::{Site, column_type, error_type, output_type};
use crate::language::definition::{Definition, Field, Step, StepKind, part_of, parts_around};
use crate::language::types::Type;

/// What every step leaves behind.
const LEFT: [&str; 4] = ["outcome", "by", "at", "output"];

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

/// What a step of a part leaves behind stands inside what the step that does the part leaves.
fn put(steps: &mut Scope, path: &[&str], kind: Type) {
    match path {
        [] => {}
        [name] => drop(steps.insert((*name).into(), kind)),
        [name, rest @ ..] => {
            let around = steps.entry((*name).into()).or_insert_with(|| Type::Record(Arc::default()));
            if let Type::Record(inner) = around {
                put(Arc::make_mut(inner), rest, kind);
            }
        }
    }
}

/// What an expression in a part may read: the part's own steps by the names that they have there.
pub(super) fn inside_part(site: &Site, known: &Scope) -> Option<Scope> {
    let part = site.step.as_deref().map(part_of).filter(|part| !part.is_empty())?;
    let reads = |path: &[Arc<str>]| path.first().is_some_and(|first| first.as_ref() == "steps");
    site.expression.references().iter().find(|reference| reads(&reference.path))?;
    let Some(Type::Record(steps)) = known.get("steps") else { return None };
    let mut named = Scope::clone(steps);
    let around: Vec<&str> = parts_around(part).collect();
    for part in around.into_iter().rev().filter_map(|part| part.strip_suffix('.')) {
        let inside = part.split('.').try_fold(Type::Record(steps.clone()), |kind, name| kind.field(name));
        let Some(Type::Record(own)) = inside else { continue };
        let own = own.iter().filter(|(name, _)| !LEFT.contains(&name.as_ref()));
        named.extend(own.map(|(name, kind)| (name.clone(), kind.clone())));
    }
    let mut known = known.clone();
    known.insert("steps".into(), Type::Record(Arc::new(named)));
    Some(known)
}

impl Check<'_, '_> {
    /// The same, with `steps.<id>` typed by the kind of the step.
    pub(super) fn scope(&self) -> Scope {
        let mut known = variables(self.definition);
        let mut steps = Scope::new();
        for step in self.definition.steps.values() {
            let path: Vec<&str> = step.key.split('.').collect();
            put(&mut steps, &path, self.left_behind(step));
        }
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
