//! What stands beside the steps: events of people, and lists that run alongside.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::language::check::context::Check;
use crate::language::check::types::fits;
use crate::language::definition::{
    AtEnd, Candidate, Handler, HandlerAction, NotWho, PersonEvent, RepeatKind, Step, StepKind, Trigger,
};
use crate::language::diagnostics::registry as codes;

impl Check<'_, '_> {
    pub(super) fn beside(&mut self) {
        self.endless();
        let definition = self.definition;
        for handler in &definition.handlers {
            let place = self.compiler.process_places.get(&format!("event.{}", handler.name)).copied();
            self.person_event(None, handler, place.unwrap_or_default());
        }
        for step in self.steps() {
            for handler in &step.handlers {
                let place = self.place(&step.key, &format!("event.{}", handler.name));
                self.person_event(Some(&step), handler, place);
            }
        }
        self.event_writes();
    }

    /// A loop without a condition that must be finished: the process could never end.
    fn endless(&mut self) {
        let definition = self.definition;
        for list in &definition.alongside {
            let steps = definition.block(&list.block).map(|block| block.steps.as_slice()).unwrap_or_default();
            for key in steps.iter().filter(|key| list.at_end(key) == AtEnd::Finish) {
                let Some(StepKind::Repeat(repeat)) = definition.step(key).map(|step| &step.kind) else { continue };
                let ends = self.inside(&repeat.block).iter().any(|step| self.diverges(step));
                if matches!(repeat.kind, RepeatKind::Always) && !ends {
                    let message = text!(
                        format!("`{key}` 没有终止条件，却须在流程结束前完成"),
                        format!("`{key}` has no condition to stop, and must be finished before the process ends")
                    );
                    let hint = text!(
                        format!("写 `at_end: {{ {key}: withdraw }}`，或给循环加上 `until`"),
                        format!("write `at_end: {{ {key}: withdraw }}`, or give the loop an `until`")
                    );
                    self.say(&codes::ALONGSIDE_ENDLESS, self.place(key, "repeat"), message, Some(hint));
                }
            }
        }
    }

    fn person_event(&mut self, host: Option<&Step>, handler: &Handler, place: (usize, usize)) {
        let Trigger::Person(event) = &handler.on else { return };
        if event.sign.is_some() && event.shows.is_empty() && event.form.is_none() && !event.reason_required {
            let message = text!("签名没有展示任何内容", "the signature shows nothing");
            let hint = text!(
                "加上 `shows`、`form` 或 `reason: required`",
                "give the event `shows`, a `form` or `reason: required`"
            );
            self.say(&codes::SIGN_SHOWS_NOTHING, place, message, Some(hint));
        }
        let initiator = |who: &Candidate| matches!(who, Candidate::Initiator);
        if !event.by.is_empty() && event.by.iter().all(initiator) && event.not.contains(&NotWho::Initiator) {
            let message = text!(
                format!("能触发 `{}` 的人都被 `not` 排除", handler.name),
                format!("`not` excludes everybody who could raise `{}`", handler.name)
            );
            self.say(&codes::BALLOT_EXCLUDED, place, message, None);
        }
        if host.is_none() && handler.ends_step {
            let message = text!(
                "流程的事件没有要结束的步骤；用 `instead` 或在步骤中写 `end`",
                "an event of the process has no step to end; use `instead`, or an `end` among its steps"
            );
            self.say(&codes::SHAPE_INVALID_VALUE, place, message, None);
        }
        self.answered(handler, event, place);
    }

    /// Fields of an event's form that nothing takes: neither written, nor read in its steps.
    fn answered(&mut self, handler: &Handler, event: &PersonEvent, place: (usize, usize)) {
        let Some(form) = event.form.as_ref().and_then(|name| self.definition.forms.get(name)) else { return };
        if event.writes.iter().any(|write| write.from.is_empty()) {
            return;
        }
        let mut taken: BTreeSet<&str> =
            event.writes.iter().filter_map(|write| write.from.first()).map(AsRef::as_ref).collect();
        let (HandlerAction::Steps(block) | HandlerAction::Instead { block, .. }) = &handler.action;
        let inside = self.inside(block);
        for site in &self.compiler.sites {
            let own = site.step.as_ref().is_some_and(|key| inside.iter().any(|step| step.key == *key));
            for reference in site.expression.references().iter().filter(|_| own) {
                match reference.path.as_slice() {
                    [only] if only.as_ref() == "form" => return,
                    [first, field, ..] if first.as_ref() == "form" => {
                        taken.insert(field);
                    }
                    _ => {}
                }
            }
        }
        let lost: Vec<Arc<str>> = form.fields.keys().filter(|field| !taken.contains(field.as_ref())).cloned().collect();
        self.lost(form, &lost, place);
    }

    /// What events of people write: declared fields, of fitting types.
    fn event_writes(&mut self) {
        for (host, written) in self.compiler.event_writes.clone() {
            let host = host.and_then(|host| self.definition.step(&host).cloned());
            let (path, place) = (written.write.to.join("."), (written.start, written.end));
            let wanted = match &host {
                Some(host) => self.target(host, &written.write.to),
                None => self.compiler_field(&written.write.to),
            };
            let Some(wanted) = wanted else {
                let message = text!(format!("`data` 没有声明 `{path}`"), format!("`data` declares no `{path}`"));
                let hint = self.near(&path, self.data_names());
                self.say(&codes::WRITE_UNKNOWN_FIELD, place, message, hint);
                continue;
            };
            let from = written.write.from.join(".");
            let given = written.write.from.iter().try_fold(written.output.clone(), |kind, name| kind.field(name));
            match given {
                None => {
                    let message = text!(format!("表单没有字段 `{from}`"), format!("the form has no field `{from}`"));
                    self.say(&codes::FORM_NO_FIELD, place, message, None);
                }
                Some(given) if !fits(&given, &wanted) => {
                    let message = text!(
                        format!("`{path}` 声明为 {wanted}，写入的是 {given}"),
                        format!("`{path}` is declared as {wanted}, and {given} is written")
                    );
                    self.say(&codes::WRITE_TYPE, place, message, None);
                }
                Some(_) => {}
            }
        }
    }
}
