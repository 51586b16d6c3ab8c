//! The moves of a scenario, one after another, and what is expected of what they lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::coverage::Coverage;
use super::mocks::{self, Mocks};
use super::people::People;
use super::read::{is_scenario, read};
use super::report::{Fault, Report, Verdict};
use super::script::{Does, Pattern, Scenario, What};
use super::world::{Trouble, World, stuck};
use crate::command::{self, Action, Actor, Assertion, Cause, Command, Complete, SigningMethod, WorkId};
use crate::decide::{completed_input, start_rule};
use crate::event::Candidates;
use crate::id::{Digest, UserId};
use crate::language::definition::{Definition, StepKind};
use crate::language::diagnostics::nearest;
use crate::language::syntax::Node;
use crate::language::types::Type;
use crate::rejection::Rejection;
use crate::rules::span::DurationSpec;
use crate::signing::{record_digest, to_sign, to_sign_start};
use crate::time::Timestamp;
use crate::value::Value;

/// Runs every scenario of a process's folder. `folder` has the files by path; those that are no scenarios may be
/// named by them (mocks, people).
#[must_use]
pub fn run_all(definition: &Arc<Definition>, folder: &BTreeMap<String, Vec<u8>>) -> Report {
    let mut verdicts = Vec::new();
    let mut reached = BTreeSet::new();
    for (path, bytes) in folder.iter().filter(|(path, bytes)| is_scenario(path, bytes)) {
        match read(path, bytes, folder) {
            Err(faults) => {
                let file: Arc<str> = path.as_str().into();
                verdicts.push(Verdict { scenario: file.clone(), file, faults, transitions: 0 });
            }
            Ok(scenarios) => {
                for scenario in scenarios {
                    let mut player = Player::new(definition, &scenario);
                    player.play();
                    reached.append(&mut player.world.seen.points);
                    verdicts.push(Verdict {
                        file: scenario.source.file.clone(),
                        scenario: scenario.name.clone(),
                        faults: player.faults,
                        transitions: player.world.transitions,
                    });
                }
            }
        }
    }
    Report { process: definition.process.clone(), verdicts, coverage: Coverage::of(definition, &reached) }
}

pub(super) struct Player<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) world: World,
    pub(super) faults: Vec<Fault>,
}

impl<'s> Player<'s> {
    pub(super) fn new(definition: &Arc<Definition>, scenario: &'s Scenario) -> Self {
        let people = People::of(definition, scenario);
        let world = World::new(definition.clone(), scenario.at, people, Mocks::of(&scenario.mocks));
        Player { scenario, world, faults: Vec::new() }
    }

    pub(super) fn say(&mut self, offset: usize, zh: impl Into<Arc<str>>, en: impl Into<Arc<str>>) {
        self.faults.push(Fault::at(&self.scenario.source, offset, zh, en));
    }

    pub(super) fn play(&mut self) {
        let scenario = self.scenario;
        self.check_mocks();
        let start = self.start();
        let started = self.judge(scenario.start.offset, scenario.start.expect_error.as_ref(), start);
        if !started || self.world.state.is_none() {
            return;
        }
        for step in &scenario.play {
            // After a move that failed the others would only say the same in other words.
            let done = match &step.what {
                What::Expect(expected) => {
                    let before = self.faults.len();
                    self.expect(expected);
                    self.faults.len() == before
                }
                other => {
                    let result = self.act(other, step.offset);
                    self.judge(step.offset, expected_error(other), result)
                }
            };
            if !done {
                return;
            }
        }
        for (name, offset) in self.world.untaken() {
            self.say(offset, format!("没有人等到消息 `{name}`"), format!("nobody took the message `{name}`"));
        }
        self.expect(&scenario.end);
    }

    /// A mock of something that the process never calls is a slip of the pen.
    fn check_mocks(&mut self) {
        let definition = self.world.definition.clone();
        let mut known: BTreeSet<&str> = definition.activities.keys().map(AsRef::as_ref).collect();
        known.extend(definition.steps.values().filter_map(|step| match &step.kind {
            StepKind::Run(run) | StepKind::Start(run) => Some(run.process.as_ref()),
            _ => None,
        }));
        // A file of mocks is shared between processes; only what the scenario itself says is judged.
        let own = self.world.mocks.names().filter(|(_, _, source)| source.file == self.scenario.source.file);
        let unknown: Vec<(Arc<str>, usize)> =
            own.filter(|(name, _, _)| !known.contains(name.as_ref())).map(|(name, at, _)| (name.clone(), at)).collect();
        for (name, at) in unknown {
            let hint = nearest(&name, known.iter().copied());
            let (zh, en) = hint.map_or_else(Default::default, |hint| {
                (format!("；是否指 `{hint}`？"), format!("; did you mean `{hint}`?"))
            });
            self.say(at, format!("流程不调用 `{name}`{zh}"), format!("the process never calls `{name}`{en}"));
        }
    }

    /// Whether a move went as the scenario says.
    fn judge(&mut self, offset: usize, expected: Option<&Arc<str>>, result: Result<(), Trouble>) -> bool {
        match (result, expected) {
            (Ok(()), None) => return true,
            (Ok(()), Some(code)) => {
                self.say(
                    offset,
                    format!("应被拒绝（{code}），却被接受"),
                    format!("should be refused with `{code}`, but was accepted"),
                );
            }
            (Err(Trouble::Refused(rejection)), Some(code)) if rejection.code() == code.as_ref() => return true,
            (Err(Trouble::Refused(rejection)), expected) => {
                let (zh, en) = expected.map_or_else(Default::default, |code| {
                    (format!("应以 {code} 拒绝；"), format!("should be refused with `{code}`; "))
                });
                let code = rejection.code();
                self.say(
                    offset,
                    format!("{zh}被拒绝：{}（{code}）", rejection.message_zh()),
                    format!("{en}refused with `{code}`: {rejection}"),
                );
            }
            (Err(Trouble::Stuck { zh, en }), _) => self.say(offset, zh, en),
            (Err(Trouble::Fault(fault)), _) => self.faults.push(fault),
        }
        false
    }

    pub(super) fn value(&self, node: Option<&Node>, kind: Option<&Type>) -> Result<Value, Trouble> {
        node.map_or(Ok(Value::Null), |node| mocks::value(&self.scenario.source, node, kind)).map_err(Trouble::Fault)
    }

    fn start(&mut self) -> Result<(), Trouble> {
        let definition = self.world.definition.clone();
        let start = &self.scenario.start;
        let fields = definition.input.iter().map(|field| (field.name.clone(), field.kind.clone())).collect();
        let input = self.value(start.with.as_ref(), Some(&Type::Record(Arc::new(fields))))?;
        let (actor, cause) = match (&start.message, &start.by) {
            (Some(message), _) => (Actor::System, Cause::Message { message: message.clone(), id: "start".into() }),
            (None, Some(by)) => (Actor::person(by), Cause::Person),
            (None, None) => return stuck("`start` 缺少 `by` 或 `message`", "`start` needs `by` or `message`"),
        };
        let signature = start.by.as_ref().filter(|_| start.signs).and_then(|by| self.sign_start(by, &input));
        let start = command::Start {
            process: definition.process.clone(),
            release: definition.release,
            input,
            cause,
            signature,
        };
        self.world.submit(actor, Action::Start(start))
    }

    /// The signature under a start, by the rule that lets this person start. Where none demands one there is none.
    fn sign_start(&self, by: &UserId, input: &Value) -> Option<Assertion> {
        let definition = &self.world.definition;
        let roles = self.world.people.fact(by)?.roles;
        let meaning = start_rule(definition, &roles).ok()??.sign?;
        // What cannot be completed is refused by deciding, with what is wrong.
        let input = completed_input(&definition.input, input).ok()?;
        Some(self.assertion(by, record_digest(&to_sign_start(definition, &meaning, &input))))
    }

    pub(super) fn assertion(&self, who: &UserId, record: Digest) -> Assertion {
        Assertion {
            signer: who.clone(),
            printed_name: who.clone(),
            method: SigningMethod::Password,
            authenticated_at: self.world.now,
            record,
            locale: "zh-CN".into(),
        }
    }

    fn act(&mut self, what: &What, offset: usize) -> Result<(), Trouble> {
        match what {
            What::Does(does) => does.by.iter().try_for_each(|who| self.complete(does, who)),
            What::Claims { by, step, release, .. } => {
                let (work, _) = self.find(step, by)?;
                let action = if *release { Action::Release { work } } else { Action::Claim { work } };
                self.world.submit(Actor::person(by), action)
            }
            What::Assigns { by, step, to, reason, .. } => {
                let (work, candidates) = self.find(step, by)?;
                self.world.people.entitle(to, &candidates);
                self.world.submit(Actor::person(by), Action::Assign { work, to: to.clone(), reason: reason.clone() })
            }
            What::Acts(acts) => self.perform(acts),
            What::Raises { by, event, with, reason, signs, .. } => {
                by.iter().try_for_each(|who| self.raise(who, event, (with.as_ref(), reason.as_ref(), *signs)))
            }
            What::Cancels { by, reason, undo, .. } => {
                self.world.submit(Actor::person(by), Action::Cancel { reason: reason.clone(), undo: *undo })
            }
            What::Retries { by, reason, .. } => self.retry(by, reason),
            What::Message { name, with } => {
                let payload = self.value(with.as_ref(), None)?;
                self.world.send(name.clone(), payload, offset)
            }
            What::Signal { name, with } => {
                let payload = self.value(with.as_ref(), None)?;
                self.world.signal(name, &payload)
            }
            What::Reached { milestone } => self.world.reach(milestone),
            What::Advance { span } => {
                let until = self.later(span)?;
                self.world.advance(until)
            }
            What::AdvanceTo { moment: Some(moment), .. } if *moment >= self.world.now => self.world.advance(*moment),
            What::AdvanceTo { moment: Some(moment), .. } => {
                let now = self.world.now;
                stuck(format!("{moment} 早于现在 {now}"), format!("{moment} is before now, which is {now}"))
            }
            What::AdvanceTo { moment: None, step } => self.advance_to(step),
            What::Expect(_) => Ok(()),
        }
    }

    fn retry(&mut self, by: &UserId, reason: &Arc<str>) -> Result<(), Trouble> {
        let open: Vec<_> =
            self.world.state.iter().flat_map(|state| state.open_incidents().map(|open| open.id())).collect();
        if open.is_empty() {
            return stuck("没有异常事件", "there is no incident");
        }
        open.into_iter().try_for_each(|incident| {
            self.world.submit(Actor::person(by), Action::Retry { incident, reason: reason.clone() })
        })
    }

    fn later(&self, span: &str) -> Result<Timestamp, Trouble> {
        let Ok(span) = DurationSpec::parse(span) else {
            return stuck(format!("`{span}` 不是时长"), format!("`{span}` is no duration"));
        };
        if let Some(micros) = span.clock_micros() {
            return Ok(self.world.now.plus_micros(micros));
        }
        let definition = &self.world.definition;
        let calendar = definition.calendar.as_ref().and_then(|name| definition.calendars.get(name));
        match calendar.map(|calendar| calendar.add(self.world.now, span)) {
            Some(Ok(moment)) => Ok(moment),
            Some(Err(error)) => stuck(format!("日历无法计算：{error}"), error.to_string()),
            None => stuck("流程没有日历", "the process has no calendar"),
        }
    }

    fn advance_to(&mut self, step: &Pattern) -> Result<(), Trouble> {
        self.known(step)?;
        while !self.is_open(step) {
            if self.world.next_due().is_none() {
                let (zh, en) = self.standing();
                return stuck(
                    format!("`{}` 不会因时间到来而打开；{zh}", step.written),
                    format!("time alone never opens `{}`; {en}", step.written),
                );
            }
            self.world.tick()?;
        }
        Ok(())
    }

    pub(super) fn is_open(&self, step: &Pattern) -> bool {
        self.world.open().iter().any(|(key, items)| step.fits(key, items))
    }

    /// A step that the process does not have is told at once, with the nearest name.
    pub(super) fn known(&self, step: &Pattern) -> Result<(), Trouble> {
        let definition = &self.world.definition;
        if definition.steps.keys().any(|key| step.names(key)) {
            return Ok(());
        }
        let hint = nearest(&step.step, definition.steps.keys().map(AsRef::as_ref));
        let (zh, en) = hint.map_or_else(Default::default, |hint| {
            (format!("；是否指 `{hint}`？"), format!("; did you mean `{hint}`?"))
        });
        stuck(format!("流程没有步骤 `{}`{zh}", step.step), format!("the process has no step `{}`{en}", step.step))
    }

    /// What is open, in words.
    pub(super) fn standing(&self) -> (String, String) {
        let open: Vec<String> = self.world.open().iter().map(|(step, items)| shown(step, items)).collect();
        if let Some(state) = self.world.state.as_ref().filter(|state| !state.is_live()) {
            let outcome = state.outcome().map_or(state.status().word(), AsRef::as_ref);
            return (format!("实例已结束：{outcome}"), format!("the instance has ended: {outcome}"));
        }
        let incidents: Vec<String> = self.incidents();
        let (mut zh, mut en) = (format!("打开的步骤：{}", open.join("、")), format!("open are {}", open.join(", ")));
        if !incidents.is_empty() {
            zh += &format!("；异常事件：{}", incidents.join("、"));
            en += &format!("; incidents: {}", incidents.join(", "));
        }
        (zh, en)
    }

    pub(super) fn incidents(&self) -> Vec<String> {
        let code = |open: &crate::state::Incident| {
            serde_json::to_value(open.code()).ok().and_then(|word| word.as_str().map(str::to_owned))
        };
        let state = self.world.state.as_ref();
        state.iter().flat_map(|state| state.open_incidents()).map(|open| code(open).unwrap_or_default()).collect()
    }

    pub(super) fn find(&self, step: &Pattern, who: &UserId) -> Result<(WorkId, Vec<Candidates>), Trouble> {
        self.known(step)?;
        let found = self.world.work(|key, items| step.fits(key, items), who);
        if let Some(found) = found {
            return Ok(found);
        }
        if let Some(outcome) = self.world.state.as_ref().and_then(|state| state.outcome()) {
            return Err(Trouble::Refused(Rejection::Ended { outcome: outcome.clone() }));
        }
        let (zh, en) = self.standing();
        stuck(
            format!("`{}` 没有可做的工作；{zh}", step.written),
            format!("there is no open work of `{}`; {en}", step.written),
        )
    }

    fn complete(&mut self, does: &Does, who: &UserId) -> Result<(), Trouble> {
        let owner = does.behalf.as_ref().unwrap_or(who);
        let (work, candidates) = self.find(&does.step, owner)?;
        self.world.people.entitle(owner, &candidates);
        if does.behalf.is_some() {
            self.world.people.stand_in(owner, who);
        }
        let definition = self.world.definition.clone();
        let state = self.world.state.clone();
        let task = state.as_ref().and_then(|state| state.work(work)).map(|(_, work)| work.task().clone());
        let form = task.as_ref().and_then(|task| task.form.as_ref()).and_then(|form| definition.forms.get(form));
        let kind = form.map(|form| Type::Record(Arc::new(form.fields.clone())));
        let answer = self.value(does.with.as_ref(), kind.as_ref())?;
        let outcome = does.outcome.clone().or_else(|| match task.as_ref()?.outcomes.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        });
        let signature = match (does.signs, &outcome, &state) {
            (true, Some(outcome), Some(state)) => {
                let record = to_sign(&definition, state, work, outcome, &answer).unwrap_or_default();
                Some(self.assertion(who, record_digest(&record)))
            }
            _ => None,
        };
        let complete = Complete {
            work,
            outcome: does.outcome.clone(),
            answer,
            comment: does.comment.clone(),
            back_to: does.back_to.clone(),
            signature,
        };
        let actor = Actor::Person { id: who.clone(), on_behalf_of: does.behalf.clone() };
        let command = Command { actor, action: Action::Complete(complete) };
        self.world.submit(command.actor, command.action)
    }
}

fn expected_error(what: &What) -> Option<&Arc<str>> {
    match what {
        What::Does(does) => does.expect_error.as_ref(),
        What::Acts(acts) => acts.expect_error.as_ref(),
        What::Raises { expect_error, .. }
        | What::Claims { expect_error, .. }
        | What::Assigns { expect_error, .. }
        | What::Cancels { expect_error, .. }
        | What::Retries { expect_error, .. } => expect_error.as_ref(),
        What::Message { .. }
        | What::Signal { .. }
        | What::Reached { .. }
        | What::Advance { .. }
        | What::AdvanceTo { .. }
        | What::Expect(_) => None,
    }
}

pub(super) fn shown(step: &str, items: &[Arc<str>]) -> String {
    items.iter().rev().fold(step.to_owned(), |text, item| format!("{text}[{item}]"))
}
