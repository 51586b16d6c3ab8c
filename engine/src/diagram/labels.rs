//! What is written into a step: its name, and notes on who, when, and under which condition.

use std::borrow::Cow;

use super::words::Language;
use crate::language::definition::{
    Alongside, AtEnd, BallotSpec, Candidate, Condition, Definition, Due, Join, Notify, Piece, Rest, Rule, Run, SIGNAL,
    SeatOrder, SeatSpec, Step, StepKind, TaskSpec, Template, Text, TextTemplate, Trigger, WaitFor,
};
use crate::value::Value;

/// How many seats of a ballot are listed.
const SEATS_MAX: usize = 5;

pub(super) struct Labels<'d> {
    pub(super) definition: &'d Definition,
    pub(super) language: Language,
}

impl Labels<'_> {
    pub(super) fn text<'t>(&self, text: &'t Text) -> &'t str {
        self.language.pick(&text.zh, &text.en)
    }

    /// A name that may have a text in `texts.yaml`; without one its underscores become spaces.
    pub(super) fn name(&self, name: &str) -> String {
        match self.definition.texts.get(name) {
            Some(text) => self.text(text).to_owned(),
            None => spoken(name).into_owned(),
        }
    }

    pub(super) fn title(&self, step: &Step) -> String {
        let own = match &step.kind {
            StepKind::Task(task) => Some(&task.title),
            StepKind::Approve(ballot) => ballot.title.as_ref(),
            _ => None,
        };
        let title = step.title.as_ref().or(own).map(|title| self.template_text(title)).unwrap_or_default();
        if title.trim().is_empty() { self.name(last_part(&step.key)) } else { title }
    }

    pub(super) fn notes(&self, step: &Step) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(when) = &step.when {
            notes.push(self.language.labelled("当", "if", when.source()));
        }
        match &step.kind {
            StepKind::Call(call) => notes.push(call.activity.to_string()),
            StepKind::Task(task) => self.task(task, &mut notes),
            StepKind::Approve(ballot) => self.ballot(ballot, &mut notes),
            StepKind::Decide { table, .. } => notes.push(self.language.labelled("决策表", "table", table)),
            StepKind::Script { script, .. } => notes.push(self.language.labelled("脚本", "script", script)),
            StepKind::Set { values } => {
                notes.extend(
                    values.iter().map(|(path, value)| format!("{} = {}", path.join("."), self.template(value))),
                );
            }
            StepKind::Add { values } => {
                notes.extend(
                    values.iter().map(|(path, value)| format!("{} + {}", path.join("."), self.template(value))),
                );
            }
            StepKind::Compensate { of, .. } => {
                let of = of
                    .as_ref()
                    .map_or_else(|| self.language.pick("本步骤块", "this block").into(), |of| self.name(last_part(of)));
                notes.push(self.language.labelled("撤销", "undoes", &of));
            }
            StepKind::Wait(wait) => notes.push(self.wait(wait)),
            StepKind::Run(run) | StepKind::Start(run) => self.child(run, &mut notes),
            StepKind::Send(send) => notes.push(self.heard(&send.message)),
            StepKind::Signal(signal) => notes.push(self.heard(&signal.signal)),
            StepKind::Notify(notify) => self.told(notify, &mut notes),
            StepKind::Escalate { code, .. } => {
                notes.push(self.language.labelled("升级", "escalates", &self.name(code)));
            }
            _ => {}
        }
        if let Some(due) = &step.due {
            notes.push(self.due(due));
        }
        if let Some(undo) = step.compensate.as_ref().and_then(|undo| self.definition.block(&undo.block)) {
            let steps: Vec<String> = undo
                .steps
                .iter()
                .filter_map(|key| self.definition.step(key))
                .map(|step| match &step.kind {
                    StepKind::Call(call) => call.activity.to_string(),
                    _ => self.title(step),
                })
                .collect();
            notes.push(self.language.labelled("撤销时", "undone by", &self.language.list(&steps)));
        }
        if let Some(milestone) = &step.milestone {
            notes.push(self.language.labelled("里程碑", "milestone", &self.name(milestone)));
        }
        notes
    }

    fn child(&self, run: &Run, notes: &mut Vec<String>) {
        notes.push(self.language.labelled("子流程", "process", &self.name(&run.process)));
        if let Some(until) = &run.until {
            notes.push(self.language.labelled("直到", "until", &self.name(until)));
        }
        if let Some(link) = &run.link {
            notes.push(self.language.labelled("关联", "link", &self.name(&link.relation)));
            if let Some(until) = &link.blocks_end_until {
                notes.push(self.language.labelled("未达到则不结束", "no end before", &self.name(until)));
            }
        }
    }

    fn told(&self, notify: &Notify, notes: &mut Vec<String>) {
        let mut who: Vec<String> = notify.to.iter().map(|candidate| self.candidate(candidate)).collect();
        who.extend(notify.webhook.iter().map(|webhook| webhook.to_string()));
        notes.push(self.language.list(&who));
        notes.push(self.template_text(&notify.text));
    }

    /// A message or a signal, by its name.
    fn heard(&self, name: &str) -> String {
        match name.strip_prefix(SIGNAL) {
            Some(signal) => self.language.labelled("信号", "signal", signal),
            None => self.language.labelled("消息", "message", name),
        }
    }

    fn task(&self, task: &TaskSpec, notes: &mut Vec<String>) {
        let who: Vec<String> = task.to.iter().map(|candidate| self.candidate(candidate)).collect();
        if !who.is_empty() {
            notes.push(self.language.list(&who));
        }
        if let Some(meaning) = &task.sign {
            notes.push(self.language.labelled("签名", "signs", &self.name(meaning)));
        }
    }

    fn ballot(&self, ballot: &BallotSpec, notes: &mut Vec<String>) {
        let order = match ballot.order {
            SeatOrder::AtOnce => "",
            SeatOrder::InTurn => self.language.pick("，依次", ", in turn"),
        };
        if ballot.seats.len() > 1 || ballot.seats.iter().any(|seat| seat.each.is_some()) {
            notes.push(format!("{}{order}", self.rule(ballot.rule)));
        }
        notes.extend(ballot.seats.iter().take(SEATS_MAX).map(|seat| self.seat(seat)));
        if ballot.seats.len() > SEATS_MAX {
            notes.push(format!("… +{}", ballot.seats.len() - SEATS_MAX));
        }
        if let Some(meaning) = &ballot.sign {
            notes.push(self.language.labelled("签名", "signs", &self.name(meaning)));
        }
    }

    fn seat(&self, seat: &SeatSpec) -> String {
        let mut text = format!("• {}", self.candidate(&seat.who));
        if seat.must {
            text += self.language.pick("（必须）", " (must)");
        }
        if let Some(rule) = seat.each {
            text = format!("{text} × {}", self.rule(rule));
        }
        if let Some(when) = &seat.when {
            text = format!("{text}, {}", self.language.labelled("当", "if", when.source()));
        }
        text
    }

    fn rule(&self, rule: Rule) -> String {
        match (rule, self.language) {
            (Rule::All, Language::Zh) => "会签".into(),
            (Rule::All, Language::En) => "all of".into(),
            (Rule::Any, Language::Zh) => "或签".into(),
            (Rule::Any, Language::En) => "any of".into(),
            (Rule::AtLeast(count), Language::Zh) => format!("至少 {count} 票"),
            (Rule::AtLeast(count), Language::En) => format!("at least {count} of"),
            (Rule::Ratio(millionths), Language::Zh) => format!("至少 {}% 同意", millionths / 10_000),
            (Rule::Ratio(millionths), Language::En) => format!("at least {}% of", millionths / 10_000),
        }
    }

    fn candidate(&self, candidate: &Candidate) -> String {
        match candidate {
            Candidate::Role { role, .. } => self.name(&self.template(role)),
            Candidate::User(user) => self.template(user),
            Candidate::ManagerOf(user) => {
                let user = self.template(user);
                match self.language {
                    Language::Zh => format!("{user} 的上级"),
                    Language::En => format!("manager of {user}"),
                }
            }
            Candidate::Initiator => self.language.pick("发起人", "initiator").into(),
        }
    }

    fn due(&self, due: &Due) -> String {
        let mut text = self.language.duration(&self.template(&due.within));
        if due.each_seat {
            text += self.language.pick("（每席）", " each");
        }
        if let Some(after) = &due.after {
            text = format!("{text}, {} {}", self.language.pick("起算", "after"), after.source());
        }
        self.language.labelled("期限", "due", &text)
    }

    pub(super) fn wait(&self, wait: &WaitFor) -> String {
        match wait {
            WaitFor::For(span) => self.language.duration(&self.template(span)),
            WaitFor::Until(moment) => self.language.labelled("直到", "until", &self.template(moment)),
            WaitFor::Message(wait) => self.heard(&wait.message),
            WaitFor::Milestone(wait) => {
                let text = format!("{} ({})", self.name(&wait.milestone), wait.process.source());
                self.language.labelled("里程碑", "milestone", &text)
            }
            WaitFor::Condition(condition) => self.condition(condition),
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Holds(expression) => self.language.labelled("直到", "until", expression.source()),
            Condition::Milestone(name) => self.language.labelled("里程碑", "milestone", &self.name(name)),
        }
    }

    /// A list alongside: from when, and what must be done before the end.
    pub(super) fn alongside(&self, list: &Alongside) -> String {
        let mut label = match &list.title {
            Some(title) => self.template_text(title),
            None => self.name(&list.name),
        };
        if let Some(when) = &list.when {
            label = format!("{label} ({})", self.language.labelled("当", "if", when.source()));
        }
        let steps = self.definition.block(&list.block).map(|block| block.steps.as_slice()).unwrap_or_default();
        let left: Vec<String> = steps
            .iter()
            .filter(|step| list.at_end(step) == AtEnd::Withdraw)
            .filter_map(|step| self.definition.step(step))
            .map(|step| self.title(step))
            .collect();
        if !left.is_empty() {
            let left = self.language.list(&left);
            label = format!("{label}; {}", self.language.labelled("流程结束时撤回", "withdrawn at the end", &left));
        }
        label
    }

    pub(super) fn trigger(&self, trigger: &Trigger) -> String {
        match trigger {
            Trigger::Message(wait) => wait.message.strip_prefix(SIGNAL).unwrap_or(&wait.message).to_owned(),
            Trigger::Error(code) if code.as_ref() == "any" => self.language.pick("任何错误", "any error").into(),
            Trigger::Error(code) => self.name(code),
            Trigger::Escalation(code) if code.as_ref() == "any" => {
                self.language.pick("任何升级", "any escalation").into()
            }
            Trigger::Escalation(code) => self.name(code),
            Trigger::Condition(condition) => self.condition(condition),
            Trigger::Person(event) => {
                let who: Vec<String> = event.by.iter().map(|candidate| self.candidate(candidate)).collect();
                self.language.list(&who)
            }
            Trigger::After(spans) => {
                let spans: Vec<String> =
                    spans.iter().map(|span| self.language.duration(&self.template(span))).collect();
                let list = self.language.list(&spans);
                match self.language {
                    Language::Zh => format!("{list}后"),
                    Language::En => format!("after {list}"),
                }
            }
        }
    }

    pub(super) fn join(&self, join: Join, rest: Rest) -> String {
        let enough = match (join, self.language) {
            (Join::All, _) => return String::new(),
            (Join::Any, Language::Zh) => "任一完成即继续".into(),
            (Join::Any, Language::En) => "any one is enough".into(),
            (Join::AtLeast(count), Language::Zh) => format!("至少 {count} 个完成"),
            (Join::AtLeast(count), Language::En) => format!("at least {count}"),
        };
        match rest {
            Rest::Cancel => enough,
            Rest::Finish | Rest::UntilEnd => enough + self.language.pick("，其余继续", ", the rest goes on"),
        }
    }

    pub(super) fn template_text(&self, text: &TextTemplate) -> String {
        pieces(match self.language {
            Language::Zh => &text.zh,
            Language::En => &text.en,
        })
    }

    pub(super) fn template(&self, template: &Template) -> String {
        match template {
            Template::Literal(Value::Text(text)) => text.to_string(),
            Template::Literal(value) => value.to_json().to_string(),
            Template::Expression(expression) => expression.source().to_owned(),
            Template::Text(parts) => pieces(parts),
            Template::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.template(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Template::Record(_) => "{…}".into(),
        }
    }
}

fn pieces(parts: &[Piece]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Piece::Literal(text) => out.push_str(text),
            Piece::Hole(expression) => {
                out.push('‹');
                out.push_str(expression.source());
                out.push('›');
            }
        }
    }
    out
}

/// A step of a part is named `part.step`; people know it by the second.
pub(super) fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A code in capitals stays as people know it.
fn spoken(name: &str) -> Cow<'_, str> {
    if name.contains('_') && name.contains(char::is_lowercase) { name.replace('_', " ").into() } else { name.into() }
}
