//! Names of steps, meanings, ladders and calendars that must exist.

use crate::language::check::context::Check;
use crate::language::compile::{Reference, ReferenceKind};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn names(&mut self) {
        for reference in std::mem::take(&mut self.compiler.references) {
            self.name(&reference);
            self.compiler.references.push(reference);
        }
        if self.definition.calendar.is_some() {
            return;
        }
        for business in std::mem::take(&mut self.compiler.business) {
            let message = text!("工作时间要由日历来数", "business time is counted by a calendar");
            let hint = text!("给流程加上 `calendar: …`", "give the process a `calendar: …`");
            self.say(&codes::CALENDAR_MISSING, (business.start, business.end), message, Some(hint));
        }
    }

    fn name(&mut self, reference: &Reference) {
        let (name, definition) = (&reference.name, self.definition);
        let place = (reference.start, reference.end);
        let steps = || definition.steps.keys().map(AsRef::as_ref);
        match reference.kind {
            ReferenceKind::Back => self.back(reference),
            ReferenceKind::Undo => self.undone(reference),
            ReferenceKind::Not if definition.step(name).is_none() => {
                let message = text!(format!("没有步骤 `{name}`"), format!("there is no step `{name}`"));
                let hint = self.near(name, steps().chain(["initiator"]));
                self.say(&codes::NOT_UNKNOWN, place, message, hint);
            }
            ReferenceKind::Not if !self.has_people(name) => {
                let message =
                    text!(format!("步骤 `{name}` 没有人参与"), format!("no person acts in the step `{name}`"));
                self.say(&codes::NOT_NO_PERSON, place, message, None);
            }
            ReferenceKind::Not => {}
            ReferenceKind::Shows => {
                let path: Vec<std::sync::Arc<str>> = name.split('.').map(std::sync::Arc::from).collect();
                let first = path.first().map_or("", AsRef::as_ref);
                let of_input = first == "input"
                    && path.get(1).is_none_or(|field| definition.input.iter().any(|other| other.name == *field));
                let field = reference
                    .step
                    .as_ref()
                    .and_then(|step| definition.step(step).cloned())
                    .and_then(|step| self.target(&step, &path))
                    .or_else(|| self.compiler_field(&path));
                if !of_input && field.is_none() && definition.step_in(&path).is_none() {
                    let message = text!(
                        format!("`{name}` 既不是字段也不是步骤"),
                        format!("`{name}` is neither a field nor a step")
                    );
                    let hint = self.near(name, self.data_names().chain(steps()).chain(["input"]));
                    self.say(&codes::SHOWS_UNKNOWN, place, message, hint);
                }
            }
            ReferenceKind::Meaning if !definition.texts.contains_key(name) => {
                let message = text!(
                    format!("texts.yaml 没有签名含义 `{name}` 的文字"),
                    format!("texts.yaml has no text for the meaning `{name}`")
                );
                let hint = self.near(name, definition.texts.keys().map(AsRef::as_ref));
                self.say(&codes::SIGN_UNKNOWN_MEANING, place, message, hint);
            }
            ReferenceKind::Meaning => {}
            ReferenceKind::Ladder if !definition.ladders.contains_key(name) => {
                let message = text!(format!("`late` 没有 `{name}`"), format!("`late` has no ladder `{name}`"));
                let hint = self.near(name, definition.ladders.keys().map(AsRef::as_ref));
                self.say(&codes::LADDER_UNKNOWN, place, message, hint);
            }
            ReferenceKind::Ladder => {}
            ReferenceKind::Calendar if !self.compiler.calendar_names.contains(name) => {
                let message = text!(format!("没有日历 `{name}`"), format!("there is no calendar `{name}`"));
                let names = self.compiler.calendar_names.clone();
                let hint = self.near(name, names.iter().map(AsRef::as_ref));
                self.say(&codes::CALENDAR_UNKNOWN, place, message, hint);
            }
            ReferenceKind::Calendar => {}
            ReferenceKind::Milestone => self.milestone(name, place),
            ReferenceKind::Role => self.role(name, place),
        }
    }

    /// A role of the catalogue, where it lists them.
    fn role(&mut self, name: &str, place: (usize, usize)) {
        let roles = &self.compiler.library.roles;
        if roles.is_empty() || roles.contains(name) {
            return;
        }
        let message = text!(format!("目录没有角色 `{name}`"), format!("the catalogue has no role `{name}`"));
        let hint = self.near(name, roles.iter().map(AsRef::as_ref));
        self.say(&codes::ROLE_UNKNOWN, place, message, hint);
    }

    pub(super) fn compiler_field(&self, path: &[std::sync::Arc<str>]) -> Option<crate::language::types::Type> {
        let (first, rest) = path.split_first()?;
        let field = self.definition.data.iter().find(|field| field.name == *first)?;
        rest.iter().try_fold(field.kind.clone(), |kind, name| kind.field(name))
    }
}
