//! What steps write: declared fields, of fitting types; and what people fill in goes somewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::check::types::fits;
use crate::language::definition::{Form, Start, Step, StepKind, Write};
use crate::language::diagnostics::registry as codes;
use crate::language::types::Type;

impl Check<'_, '_> {
    pub(super) fn writes(&mut self) {
        for step in self.steps() {
            let Some(places) = self.compiler.places.get(&step.key) else { continue };
            let (writes, sets) = (places.writes.clone(), places.sets.clone());
            for written in &writes {
                self.write(&step, &written.write, (written.start, written.end), &written.output);
            }
            for (path, start, end) in &sets {
                if self.target(&step, path).is_none() {
                    self.no_target(&step, path, (*start, *end));
                }
            }
            self.filled(&step);
        }
        for start in &self.definition.starts {
            let Start::People { form: Some(name), .. } = start else { continue };
            let Some(form) = self.definition.forms.get(name) else { continue };
            let known = |field: &str| self.definition.input.iter().any(|other| other.name.as_ref() == field);
            let lost: Vec<Arc<str>> = form.fields.keys().filter(|field| !known(field)).cloned().collect();
            let place = self.compiler.process_places.get(&format!("form.{name}")).copied().unwrap_or_default();
            self.lost(form, &lost, place);
        }
    }

    fn write(&mut self, step: &Step, write: &Write, place: (usize, usize), output: &Type) {
        let Some(wanted) = self.target(step, &write.to) else {
            return self.no_target(step, &write.to, place);
        };
        let given = write.from.iter().try_fold(output.clone(), |kind, name| kind.field(name));
        let (to, from) = (write.to.join("."), write.from.join("."));
        match given {
            None => {
                let fields: Vec<Arc<str>> = match output {
                    Type::Record(fields) => fields.keys().cloned().collect(),
                    _ => Vec::new(),
                };
                let is_form = matches!(step.kind, StepKind::Task(_) | StepKind::Approve(_));
                let code = if is_form { &codes::FORM_NO_FIELD } else { &codes::EXPR_UNKNOWN_FIELD };
                let message = text!(
                    format!("`{}` 的输出没有字段 `{from}`", step.key),
                    format!("what `{}` gives has no field `{from}`", step.key)
                );
                let hint = self.near(&from, fields.iter().map(AsRef::as_ref));
                self.say(code, place, message, hint);
            }
            Some(given) if !fits(&given, &wanted) => {
                let message = text!(
                    format!("`{to}` 声明为 {wanted}，写入的是 {given}"),
                    format!("`{to}` is declared as {wanted}, and {given} is written")
                );
                self.say(&codes::WRITE_TYPE, place, message, None);
            }
            Some(_) => {}
        }
    }

    fn no_target(&mut self, step: &Step, path: &[Arc<str>], place: (usize, usize)) {
        let written = path.join(".");
        let message = text!(format!("`data` 没有声明 `{written}`"), format!("`data` declares no `{written}`"));
        let items = self.items(step);
        let names = self.data_names().chain(items.iter().map(|(name, _)| name.as_ref())).collect::<Vec<_>>();
        let hint = self.near(&written, names);
        self.say(&codes::WRITE_UNKNOWN_FIELD, place, message, hint);
    }

    /// Fields of a form that nothing takes: neither written, nor shown, nor read as the step's output.
    fn filled(&mut self, step: &Step) {
        let (StepKind::Task(task), Some(places)) = (&step.kind, self.compiler.places.get(&step.key)) else { return };
        let Some(form) = task.form.as_ref().and_then(|name| self.definition.forms.get(name)) else { return };
        let place = places.parts.get("form").copied().unwrap_or(places.kind);
        if step.writes.iter().any(|write| write.from.is_empty()) || self.is_read(step) {
            return;
        }
        let taken: BTreeSet<&str> =
            step.writes.iter().filter_map(|write| write.from.first()).map(AsRef::as_ref).collect();
        let lost: Vec<Arc<str>> = form.fields.keys().filter(|field| !taken.contains(field.as_ref())).cloned().collect();
        self.lost(form, &lost, place);
    }

    pub(super) fn lost(&mut self, form: &Form, lost: &[Arc<str>], place: (usize, usize)) {
        let Some(first) = lost.first() else { return };
        let names = lost.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let message = text!(
            format!("{} 填写的 {} 没有去处", form.name, names.join("、")),
            format!("what is filled into {} of {} goes nowhere", names.join(", "), form.name)
        );
        let hint = text!(format!("例如 `fills: [ {first} ]`"), format!("for example `fills: [ {first} ]`"));
        self.say(&codes::FORM_FIELD_NOWHERE, place, message, Some(hint));
    }

    /// Whether the step's answer is shown to a signer or read by an expression, itself or as part of a step around it.
    fn is_read(&self, step: &Step) -> bool {
        let mut names = vec![step.key.clone()];
        names.extend(self.around(step).into_iter().map(|step| step.key.clone()));
        let shown = |name: &Arc<str>| {
            use crate::language::compile::ReferenceKind;
            let shows = |reference: &crate::language::compile::Reference| {
                reference.kind == ReferenceKind::Shows && reference.name.split('.').next() == Some(name)
            };
            self.compiler.references.iter().any(shows)
        };
        let read = |name: &Arc<str>| {
            self.compiler.sites.iter().flat_map(|site| site.expression.references()).any(|reference| {
                reference.path.first().is_some_and(|first| first.as_ref() == "steps")
                    && reference.path.get(1).is_some_and(|read| *read == *name || name.ends_with(&format!(".{read}")))
            })
        };
        let outputs = self.compiler.sites.iter().any(|site| {
            site.step.as_ref().and_then(|key| self.definition.step(key)).is_some_and(|inner| {
                self.around(inner).iter().any(|around| around.key == step.key)
                    && site
                        .expression
                        .references()
                        .iter()
                        .any(|r| r.path.first().is_some_and(|first| first.as_ref() == "output"))
            })
        });
        outputs || names.iter().any(|name| shown(name) || read(name))
    }
}
