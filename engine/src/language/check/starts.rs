//! Starts: each gives what the process needs, and what is signed is shown.

use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::definition::Start;
use crate::language::diagnostics::registry as codes;
use crate::language::types::Type;

impl Check<'_, '_> {
    pub(super) fn starts(&mut self) {
        for start in &self.definition.starts {
            match start {
                Start::People { form: Some(name), .. } => {
                    let Some(form) = self.definition.forms.get(name).filter(|form| !form.fields.is_empty()) else {
                        continue;
                    };
                    let place = self.compiler.process_places.get(&format!("form.{name}")).copied();
                    let missing = self.missing(|field| form.fields.contains_key(field));
                    self.lacks(&missing, place.unwrap_or_default());
                }
                Start::People { form: None, .. } | Start::Message { .. } | Start::Process { .. } => {}
                Start::Schedule { schedule, with } => {
                    let place = self.compiler.process_places.get(&format!("schedule.{}", schedule.source())).copied();
                    let missing = self.missing(|field| with.contains_key(field));
                    self.lacks(&missing, place.unwrap_or_default());
                }
            }
        }
    }

    /// Fields of the input that must be given, and are not.
    fn missing(&self, given: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let needed = |kind: &Type| !matches!(kind, Type::Optional(_) | Type::Any);
        let fields = self.definition.input.iter();
        fields
            .filter(|field| needed(&field.kind) && field.initial.is_null() && !given(&field.name))
            .map(|field| field.name.clone())
            .collect()
    }

    fn lacks(&mut self, missing: &[Arc<str>], place: (usize, usize)) {
        let Some(first) = missing.first() else { return };
        let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let message = text!(
            format!("`input` 需要 {}，这里却没有给出", names.join("、")),
            format!("`input` needs {}, which this does not give", names.join(", "))
        );
        let hint = text!(
            format!("在这里给出，或声明为 `{first}: optional …`"),
            format!("give it here, or declare `{first}: optional …`")
        );
        self.say(&codes::START_INPUT_MISSING, place, message, Some(hint));
    }
}
