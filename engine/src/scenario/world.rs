//! One instance on a virtual clock: the engine's own decisions, with the outside played by the scenario.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::coverage::Seen;
use super::mocks::Mocks;
use super::people::People;
use super::report::Fault;
use super::trace::Trace;
use crate::command::{Action, ActivityFailure, Actor, Command, JobResult, WorkId};
use crate::draft::{DecideError, Draft, Progress};
use crate::event::{Candidates, Event};
use crate::facts::{ActivityResult, Ask, Context, Fact};
use crate::history::replay::{Redecided, redecide};
use crate::id::{Digest, InstanceId, RunId, ShardId, StepKey, SubscriptionId};
use crate::language::definition::Definition;
use crate::rejection::Rejection;
use crate::state::{Body, Phase, State};
use crate::time::Timestamp;
use crate::value::Value;

/// Transitions after which a scenario is given up: something goes round in a circle.
const TRANSITIONS_MAX: u32 = 20_000;

/// Why a command did not happen.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The process refused it, which a scenario may expect.
    Refused(Rejection),
    /// In both languages: the scenario cannot go on.
    Stuck { zh: String, en: String },
    /// The same, at a place of its own.
    Fault(Fault),
}

pub(super) fn stuck<T>(zh: impl Into<String>, en: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Stuck { zh: zh.into(), en: en.into() })
}

/// A deadline and what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    due: Timestamp,
    done: Option<Timestamp>,
}

/// A message that was sent.
struct Sent {
    name: Arc<str>,
    id: Arc<str>,
    payload: Value,
    /// Where the scenario sends it.
    offset: usize,
    tried: Vec<SubscriptionId>,
    taken: bool,
}

pub(super) struct World {
    pub(super) definition: Arc<Definition>,
    pub(super) state: Option<State>,
    pub(super) now: Timestamp,
    pub(super) people: People,
    pub(super) mocks: Mocks,
    pub(super) seen: Seen,
    pub(super) trace: Trace,
    pub(super) transitions: u32,
    /// Transitions after which it is given up.
    pub(super) limit: u32,
    clocks: BTreeMap<RunId, (StepKey, Clock)>,
    sent: Vec<Sent>,
    children: u64,
}

impl World {
    pub(super) fn new(definition: Arc<Definition>, now: Timestamp, people: People, mocks: Mocks) -> Self {
        World {
            definition,
            state: None,
            now,
            people,
            mocks,
            seen: Seen::default(),
            trace: Trace::default(),
            transitions: 0,
            limit: TRANSITIONS_MAX,
            clocks: BTreeMap::new(),
            sent: Vec::new(),
            children: 0,
        }
    }

    /// A command and all that follows from it without anybody's help.
    pub(super) fn submit(&mut self, actor: Actor, action: Action) -> Result<(), Trouble> {
        self.decide(Command { actor, action })?;
        self.settle()
    }

    pub(super) fn send(&mut self, name: Arc<str>, payload: Value, offset: usize) -> Result<(), Trouble> {
        let id = Arc::from(format!("message-{}", self.sent.len() + 1));
        self.sent.push(Sent { name, id, payload, offset, tried: Vec::new(), taken: false });
        self.settle()
    }

    /// Messages that nobody took, and where they were sent.
    pub(super) fn untaken(&self) -> Vec<(Arc<str>, usize)> {
        self.sent.iter().filter(|sent| !sent.taken).map(|sent| (sent.name.clone(), sent.offset)).collect()
    }

    fn context(&self) -> Context {
        // Any fixed id: scenarios do not meet.
        Context { instance: InstanceId::new(Uuid::from_u128(1), ShardId(0)), now: self.now }
    }

    fn decide(&mut self, command: Command) -> Result<(), Trouble> {
        self.transitions += 1;
        if self.transitions > self.limit {
            let limit = self.limit;
            return stuck(format!("超过 {limit} 次转换"), format!("more than {limit} transitions"));
        }
        let before = self.state.clone();
        let mut draft = Draft::new(self.definition.clone(), before.clone(), command.clone(), self.context());
        loop {
            match draft.advance() {
                Ok(Progress::Ask(ask)) => {
                    let fact = self.answer(&draft, ask)?;
                    draft.answer(fact);
                }
                Ok(Progress::Done) => break,
                Err(DecideError::Rejected(rejection)) => return Err(Trouble::Refused(rejection)),
                Err(DecideError::Diverged) => {
                    return stuck("引擎所问与所答不符", "the engine asked for what it was not told");
                }
            }
        }
        let Some(decision) = draft.finish() else {
            return stuck("命令没有产生实例", "the command made no instance");
        };
        let again =
            redecide(self.definition.clone(), before, self.context(), &command, &decision.facts, &decision.events);
        if again != Redecided::Same {
            return stuck("按记录的事实重新决定，结果不同", "deciding again from the recorded facts gave other events");
        }
        if let Some(fault) = decision.state.faults().first() {
            return stuck(format!("实例状态有误：{fault}"), format!("the instance's state is faulty: {fault}"));
        }
        decision.events.iter().for_each(|event| self.observe(event));
        for run in decision.state.runs.values() {
            if let Some(due) = run.due {
                let clock = (run.step.clone(), Clock { due, done: None });
                self.clocks.entry(run.id).or_insert(clock);
            }
        }
        self.state = Some(decision.state);
        Ok(())
    }

    fn observe(&mut self, event: &Event) {
        self.seen.observe(event);
        self.trace.observe(&self.definition, event);
        if let Event::StepCompleted { run, .. } = event
            && let Some((_, clock)) = self.clocks.get_mut(run)
        {
            clock.done.get_or_insert(self.now);
        }
    }

    fn answer(&mut self, draft: &Draft, ask: Ask) -> Result<Fact, Trouble> {
        Ok(match ask {
            Ask::Person(who) => Fact::Person { person: self.people.fact(&who) },
            Ask::Holders { candidates, at_most } => {
                Fact::Holders { holders: self.people.holders(&candidates, at_most) }
            }
            Ask::Key { .. } => Fact::Key { owner: self.context().instance },
            Ask::Child { .. } => {
                self.children += 1;
                let child = InstanceId::new(Uuid::from_u128(u128::from(self.children) << 64), ShardId(0));
                Fact::Child { release: Some(Digest::ZERO), child }
            }
            Ask::Activity { run, activity, .. } => {
                let result = match self.activity(&activity)? {
                    ActivityResult::Succeeded { output } => match draft.fits(run, &output) {
                        Ok(()) => ActivityResult::Succeeded { output },
                        Err(failure) => return misfit(&activity, &failure),
                    },
                    failed => failed,
                };
                Fact::Activity { result }
            }
        })
    }

    fn activity(&mut self, name: &Arc<str>) -> Result<ActivityResult, Trouble> {
        match self.mocks.activity(&self.definition, name) {
            Some(result) => result.map_err(Trouble::Fault),
            None => stuck(
                format!("活动 `{name}` 没有模拟；请写 `mocks: {{ {name}: {{ returns: … }} }}`"),
                format!("the activity `{name}` has no mock; write `mocks: {{ {name}: {{ returns: … }} }}`"),
            ),
        }
    }

    /// Ready steps, jobs, children and messages, until nothing is left that happens by itself.
    fn settle(&mut self) -> Result<(), Trouble> {
        while let Some((command, message)) = self.next()? {
            match (self.decide(command), message) {
                (Ok(()), Some(sent)) => self.sent[sent].taken = true,
                (Ok(()), None) => {}
                // A wait's `when` did not take it; another may.
                (Err(Trouble::Refused(Rejection::Gone(_))), Some(_)) => {}
                (Err(trouble), _) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// The next command that the platform itself gives, and the message behind it.
    fn next(&mut self) -> Result<Option<(Command, Option<usize>)>, Trouble> {
        let system = |action| Command { actor: Actor::System, action };
        let Some(state) = self.state.clone().filter(State::is_live) else { return Ok(None) };
        if state.is_ready() {
            return Ok(Some((system(Action::Continue), None)));
        }
        for run in state.runs.values().filter(|run| run.phase == Phase::Open) {
            match &run.body {
                Body::Job { queued: true, attempt, activity, available_at, .. } if *available_at <= self.now => {
                    let result = match self.activity(activity)? {
                        ActivityResult::Succeeded { output } => JobResult::Succeeded { output },
                        ActivityResult::Failed { failure } => JobResult::Failed { failure },
                    };
                    return Ok(Some((system(Action::FinishJob { run: run.id, attempt: *attempt, result }), None)));
                }
                Body::Child { child, process } => {
                    let Some(end) = self.mocks.child(process) else {
                        return stuck(
                            format!("子流程 `{process}` 没有模拟；请写 `mocks: {{ {process}: {{ outcome: … }} }}`"),
                            format!(
                                "the process `{process}` has no mock; write `mocks: {{ {process}: {{ outcome: … }} }}`"
                            ),
                        );
                    };
                    let (outcome, output) = end.map_err(Trouble::Fault)?;
                    return Ok(Some((system(Action::EndChild { run: run.id, child: *child, outcome, output }), None)));
                }
                _ => {}
            }
        }
        // Each message is taken once, by the first wait that it suits; until then it is kept.
        for (place, sent) in self.sent.iter_mut().enumerate().filter(|(_, sent)| !sent.taken) {
            let suits = |held: &&crate::state::Subscription| {
                *held.message() == sent.name
                    && !sent.tried.contains(&held.id())
                    && agrees(held.matches(), &sent.payload)
            };
            if let Some(subscription) = state.subscribed().find(suits).map(crate::state::Subscription::id) {
                sent.tried.push(subscription);
                let (message, id, payload) = (sent.name.clone(), sent.id.clone(), sent.payload.clone());
                return Ok(Some((system(Action::Deliver { subscription, message, id, payload }), Some(place))));
            }
        }
        Ok(None)
    }

    /// Lets time pass up to a moment; what becomes due happens in its order.
    pub(super) fn advance(&mut self, until: Timestamp) -> Result<(), Trouble> {
        while self.next_due().is_some_and(|due| due <= until) {
            self.tick()?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// When something happens next by the clock alone.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let state = self.state.as_ref().filter(|state| state.is_live())?;
        let timer = state.armed().first().map(|timer| timer.due());
        let jobs = state.runs.values().filter_map(|run| match &run.body {
            Body::Job { queued: true, available_at, .. } if run.phase == Phase::Open => Some(*available_at),
            _ => None,
        });
        timer.into_iter().chain(jobs).min()
    }

    /// Lets time pass to whatever is due next.
    pub(super) fn tick(&mut self) -> Result<(), Trouble> {
        let Some(due) = self.next_due() else { return Ok(()) };
        self.now = self.now.max(due);
        let timer = self.state.as_ref().and_then(|state| state.armed().first().map(|timer| (timer.id(), timer.due())));
        match timer.filter(|(_, at)| *at <= self.now) {
            Some((timer, _)) => self.submit(Actor::System, Action::FireTimer { timer }),
            None => self.settle(),
        }
    }

    /// Open steps as people write them: `visit[K2]`.
    pub(super) fn open(&self) -> Vec<(StepKey, Vec<Arc<str>>)> {
        let Some(state) = self.state.as_ref().filter(|state| state.is_live()) else { return Vec::new() };
        state.open_steps().map(|(step, _, items)| (step.clone(), items)).collect()
    }

    /// Open work of a step that fits, best for this person first.
    pub(super) fn work(
        &self,
        fits: impl Fn(&str, &[Arc<str>]) -> bool,
        who: &str,
    ) -> Option<(WorkId, Vec<Candidates>)> {
        let state = self.state.as_ref()?;
        let who: Arc<str> = who.into();
        let mut found: Vec<(bool, WorkId, Vec<Candidates>)> = Vec::new();
        for (_, run, _) in state.open_steps().filter(|(step, _, items)| fits(step, items)) {
            for id in state.open_work().into_iter().filter(|id| id.run == run) {
                let Some((_, work)) = state.work(id) else { continue };
                let mine = work.assignee() == Some(&who);
                let suits = mine || work.candidates().iter().any(|group| self.people.is_candidate(&who, group));
                found.push((!suits, id, work.candidates().to_vec()));
            }
        }
        found.sort_by_key(|(unsuited, id, _)| (*unsuited, *id));
        found.into_iter().next().map(|(_, id, candidates)| (id, candidates))
    }

    /// What became of a step's deadline: `met`, `late` or `open`; the worst of its activations.
    pub(super) fn clock(&self, step: &str) -> Option<&'static str> {
        let judge = |clock: &Clock| match clock.done {
            Some(done) if done <= clock.due => "met",
            None if self.now <= clock.due => "open",
            _ => "late",
        };
        let verdicts: Vec<&str> =
            self.clocks.values().filter(|(key, _)| **key == *step).map(|(_, clock)| judge(clock)).collect();
        ["late", "open", "met"].into_iter().find(|word| verdicts.contains(word))
    }
}

fn misfit<T>(activity: &str, failure: &ActivityFailure) -> Result<T, Trouble> {
    let detail = failure.detail.to_json();
    stuck(
        format!("活动 `{activity}` 的模拟结果不符合其类型：{detail}"),
        format!("what the mock of `{activity}` returns does not fit: {detail}"),
    )
}

/// Whether a message has what a wait asks for.
fn agrees(matches: &Value, payload: &Value) -> bool {
    matches.as_map().is_none_or(|fields| fields.iter().all(|(name, wanted)| payload.get(name) == Some(wanted)))
}
