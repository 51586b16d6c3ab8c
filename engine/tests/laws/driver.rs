//! A world in memory: instances, their rows, messages, children, people and time, with every law checked at every step.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use countersign_engine::command::{Action, Actor, Cause, Command, Start, WorkId};
use countersign_engine::draft::{DecideError, Draft, Progress};
use countersign_engine::event::{Candidates, Event};
use countersign_engine::facts::{ActivityResult, Ask, Context, Fact, PersonFact, RoleFact, Substitution};
use countersign_engine::history::replay::{Redecided, fold_events, redecide_to};
use countersign_engine::id::{Digest, IncidentId, InstanceId, RunId, ShardId, SubscriptionId, TimerId, UserId};
use countersign_engine::language::definition::Definition;
use countersign_engine::project::{JobRow, Outgoing, RowChange, TaskRow, TaskStatus, TimerRow, changes, standing};
use countersign_engine::rejection::Rejection;
use countersign_engine::state::State;
use countersign_engine::time::Timestamp;
use countersign_engine::value::Value;

use crate::inputs::{input, process};

const NOON: &str = "2026-03-02T12:00:00Z";
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How an activity answers: the value that it was given, or what was queued for it.
#[derive(Default)]
pub(crate) struct Answers {
    queued: BTreeMap<String, VecDeque<ActivityResult>>,
}

pub(crate) struct Row {
    pub(crate) command: Command,
    pub(crate) facts: Vec<Fact>,
    pub(crate) events: Vec<Event>,
    pub(crate) at: Timestamp,
}

pub(crate) struct Instance {
    pub(crate) state: State,
    pub(crate) definition: Arc<Definition>,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Sent {
    pub(crate) message: Arc<str>,
    pub(crate) id: Arc<str>,
    pub(crate) payload: Value,
    pub(crate) expires: Timestamp,
}

pub(crate) struct Waiter {
    pub(crate) message: Arc<str>,
    pub(crate) matches: Value,
    pub(crate) instance: InstanceId,
    pub(crate) subscription: SubscriptionId,
}

/// Everything that is derived from events.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) tasks: BTreeMap<(InstanceId, WorkId), TaskRow>,
    pub(crate) jobs: BTreeMap<(InstanceId, RunId), JobRow>,
    pub(crate) timers: BTreeMap<(InstanceId, TimerId), TimerRow>,
    pub(crate) incidents: BTreeMap<(InstanceId, IncidentId), RowChange>,
}

pub(crate) struct World {
    pub(crate) definitions: BTreeMap<Arc<str>, Arc<Definition>>,
    pub(crate) releases: BTreeMap<Digest, Arc<Definition>>,
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    pub(crate) now: Timestamp,
    pub(crate) people: Vec<(&'static str, Vec<&'static str>)>,
    /// Who acts for whom, until when; none: everybody for everybody, for ever.
    pub(crate) substitutes: Option<Vec<(&'static str, Substitution)>>,
    pub(crate) answers: Answers,
    /// Idempotency keys of activities that were run.
    pub(crate) effects: Vec<String>,
    pub(crate) outbox: VecDeque<Outgoing>,
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) sent: Vec<Sent>,
    /// Messages that were given to somebody; they may come back.
    pub(crate) given: Vec<Sent>,
    pub(crate) seen: Vec<(Arc<str>, Arc<str>)>,
    pub(crate) keys: BTreeMap<(Arc<str>, Arc<str>), InstanceId>,
    pub(crate) tables: Tables,
    pub(crate) ids: u128,
    pub(crate) transitions: u32,
}

impl World {
    pub(crate) fn new(definitions: &[Arc<Definition>]) -> Self {
        World {
            definitions: definitions.iter().map(|one| (one.process.clone(), one.clone())).collect(),
            releases: definitions.iter().map(|one| (one.release, one.clone())).collect(),
            instances: BTreeMap::new(),
            now: Timestamp::parse(NOON).expect("a moment"),
            people: vec![
                ("li", vec!["clerk"]),
                ("wang", vec!["clerk", "checker"]),
                ("zhao", vec!["checker", "manager"]),
                ("qian", vec!["manager"]),
                ("sun", vec!["manager"]),
                ("admin", vec!["admin"]),
            ],
            substitutes: None,
            answers: Answers::default(),
            effects: Vec::new(),
            outbox: VecDeque::new(),
            waiters: Vec::new(),
            sent: Vec::new(),
            given: Vec::new(),
            seen: Vec::new(),
            keys: BTreeMap::new(),
            tables: Tables::default(),
            ids: 0,
            transitions: 0,
        }
    }

    /// A world with one process, and one started instance of it.
    pub(crate) fn started(rest: &str) -> (Self, InstanceId) {
        World::started_with(rest, input(0, 0))
    }

    pub(crate) fn started_with(rest: &str, input: Value) -> (Self, InstanceId) {
        let mut world = World::new(&[process("test", rest)]);
        let id = world.start("test", input).expect("it starts");
        (world, id)
    }

    pub(crate) fn queue(&mut self, activity: &str, result: ActivityResult) {
        self.answers.queued.entry(activity.to_owned()).or_default().push_back(result);
    }

    pub(crate) fn fresh_id(&mut self) -> InstanceId {
        self.ids += 1;
        InstanceId::new(uuid(self.ids), ShardId(0))
    }

    pub(crate) fn start(&mut self, name: &str, input: Value) -> Result<InstanceId, Rejection> {
        let definition = self.definitions[name].clone();
        let id = self.fresh_id();
        let action = Action::Start(Start {
            process: definition.process.clone(),
            release: definition.release,
            input,
            cause: Cause::Person,
            signature: None,
        });
        self.submit(id, Command { actor: Actor::person("li"), action })?;
        Ok(id)
    }

    /// A command, and everything that follows from it by itself.
    pub(crate) fn submit(&mut self, to: InstanceId, command: Command) -> Result<(), Rejection> {
        self.decide(to, command)?;
        self.settle();
        Ok(())
    }

    pub(crate) fn act(&mut self, to: InstanceId, who: &str, action: Action) -> Result<(), Rejection> {
        self.submit(to, Command { actor: Actor::person(who), action })
    }

    pub(crate) fn system(&mut self, to: InstanceId, action: Action) -> Result<(), Rejection> {
        self.submit(to, Command { actor: Actor::System, action })
    }

    /// One transition, with every law of it checked. What follows from it waits for [`World::settle`].
    pub(crate) fn decide(&mut self, to: InstanceId, command: Command) -> Result<(), Rejection> {
        let before = self.instances.get(&to).map(|instance| instance.state.clone());
        let definition = match (self.instances.get(&to), &command.action) {
            (Some(instance), _) => instance.definition.clone(),
            (None, Action::Start(start)) => self.definitions[&start.process].clone(),
            (None, _) => return Err(Rejection::UnknownInstance),
        };
        let context = Context { instance: to, now: self.now };
        let target = command.action.target().map(|release| self.releases[&release].clone());
        let mut draft = Draft::new(definition.clone(), before.clone(), command.clone(), context).to(target.clone());
        let effects = self.effects.len();
        loop {
            match draft.advance() {
                Ok(Progress::Ask(ask)) => {
                    let fact = self.answer(&draft, ask, to);
                    draft.answer(fact);
                }
                Ok(Progress::Done) => break,
                Err(DecideError::Rejected(rejection)) => {
                    self.effects.truncate(effects);
                    return Err(rejection);
                }
                Err(DecideError::Diverged) => panic!("deciding asked for what it was not told: {command:?}"),
            }
        }
        let decision = draft.finish().expect("a decision has a state");
        if decision.events.is_empty() {
            return Ok(());
        }
        self.transitions += 1;
        let faults = decision.state.faults();
        assert!(faults.is_empty(), "{faults:#?}\nafter {command:?}\n{:#?}", decision.events);
        let again = redecide_to(
            (definition.clone(), target),
            before.clone(),
            context,
            &command,
            &decision.facts,
            &decision.events,
        );
        assert_eq!(again, Redecided::Same, "deciding again differs for {command:?}");
        let stored: Vec<Event> =
            serde_json::from_slice(&serde_json::to_vec(&decision.events).expect("JSON")).expect("its own bytes");
        assert_eq!(stored, decision.events, "events survive their bytes");
        let folded = fold_events(to, before.clone(), &stored, self.now);
        assert!(folded.as_ref() == Some(&decision.state), "the fold differs from what was decided");
        let kept: State = serde_json::from_slice(&serde_json::to_vec(&decision.state).expect("JSON")).expect("a state");
        assert!(kept == decision.state, "the state survives its snapshot");
        let version = self.instances.get(&to).map_or(1, |instance| instance.rows.len() as u64 + 1);
        let definition = decision.definition.clone();
        let rows = changes(&definition, before.as_ref(), &decision.state, &decision.events, version);
        self.project(rows);
        self.check_rows(&definition, &decision.state, version);
        let row = Row { command, facts: decision.facts, events: decision.events, at: self.now };
        let instance = self.instances.entry(to).or_insert_with(|| Instance {
            state: decision.state.clone(),
            definition: definition.clone(),
            rows: Vec::new(),
        });
        instance.state = decision.state;
        instance.definition = definition;
        instance.rows.push(row);
        Ok(())
    }

    fn project(&mut self, rows: Vec<RowChange>) {
        let tables = &mut self.tables;
        for row in rows {
            match row {
                RowChange::Instance(_) | RowChange::Attributes { .. } => {}
                RowChange::FreeKey { process, key, instance } => {
                    if self.keys.get(&(process.clone(), key.clone())) == Some(&instance) {
                        self.keys.remove(&(process, key));
                    }
                }
                RowChange::Task(row) => {
                    let before = tables.tasks.insert((row.instance, row.work), row.clone());
                    let closed = before.is_some_and(|before| before.status != TaskStatus::Open);
                    assert!(!closed, "work {:?} was closed before", row.work);
                }
                RowChange::Job(row) => drop(tables.jobs.insert((row.instance, row.run), row)),
                RowChange::RemoveJob { instance, run } => drop(tables.jobs.remove(&(instance, run))),
                RowChange::Timer(row) => drop(tables.timers.insert((row.instance, row.timer), row)),
                RowChange::RemoveTimer { instance, timer } => drop(tables.timers.remove(&(instance, timer))),
                RowChange::Incident(row) => {
                    let key = (row.instance, row.incident);
                    if row.resolved_at.is_some() {
                        tables.incidents.remove(&key);
                    } else {
                        tables.incidents.insert(key, RowChange::Incident(row));
                    }
                }
                RowChange::Outgoing(outgoing) => self.outbox.push_back(outgoing),
            }
        }
    }

    /// What was projected step by step equals what the state alone says.
    fn check_rows(&self, definition: &Definition, state: &State, version: u64) {
        let id = state.id();
        let mut wanted = standing(definition, state, version);
        if !state.is_live() {
            wanted.clear();
        }
        let mut found: Vec<RowChange> = Vec::new();
        let tables = &self.tables;
        let open = tables.tasks.iter().filter(|((instance, _), row)| *instance == id && row.status == TaskStatus::Open);
        found.extend(open.map(|(_, row)| RowChange::Task(row.clone())));
        found.extend(tables.jobs.iter().filter(|(key, _)| key.0 == id).map(|(_, row)| RowChange::Job(row.clone())));
        found.extend(tables.timers.iter().filter(|(key, _)| key.0 == id).map(|(_, row)| RowChange::Timer(row.clone())));
        found.extend(tables.incidents.iter().filter(|(key, _)| key.0 == id).map(|(_, row)| row.clone()));
        let text = |rows: Vec<RowChange>| {
            let mut texts: Vec<String> = rows
                .iter()
                .filter(|row| !matches!(row, RowChange::Instance(_)))
                .map(|row| format!("{row:?}"))
                .collect();
            texts.sort();
            texts
        };
        assert_eq!(text(found), text(wanted), "the rows are not those of the state");
    }

    fn answer(&mut self, draft: &Draft, ask: Ask, to: InstanceId) -> Fact {
        match ask {
            Ask::Person(id) => Fact::Person { person: self.person(&id) },
            Ask::Holders { candidates, at_most } => Fact::Holders { holders: self.holders(&candidates, at_most) },
            Ask::Key { process, key } => Fact::Key { owner: *self.keys.entry((process, key)).or_insert(to) },
            Ask::Child { process } => {
                let release = self.definitions.get(&process).map(|definition| definition.release);
                Fact::Child { release, child: self.fresh_id() }
            }
            Ask::Activity { run, activity, input, key } => {
                let queued = self.answers.queued.get_mut(activity.as_ref()).and_then(VecDeque::pop_front);
                let result = queued.unwrap_or(ActivityResult::Succeeded { output: input });
                if let ActivityResult::Succeeded { output } = &result {
                    if let Err(failure) = draft.fits(run, output) {
                        return Fact::Activity { result: ActivityResult::Failed { failure } };
                    }
                    self.effects.push(key.to_string());
                }
                Fact::Activity { result }
            }
        }
    }

    pub(crate) fn person(&self, id: &UserId) -> Option<PersonFact> {
        let (_, roles) = self.people.iter().find(|(name, _)| *name == id.as_ref())?;
        let roles = roles.iter().map(|role| RoleFact { role: Arc::from(*role), scope: BTreeMap::new() }).collect();
        let substitutes = match &self.substitutes {
            Some(named) => {
                let own = named.iter().filter(|(of, _)| *of == id.as_ref());
                own.map(|(_, period)| period.clone()).collect()
            }
            None => {
                let always = |by: &str| Substitution {
                    by: by.into(),
                    from: Timestamp::EPOCH,
                    until: Timestamp::from_micros(i64::MAX),
                    processes: Vec::new(),
                };
                self.people.iter().map(|(by, _)| always(by)).collect()
            }
        };
        Some(PersonFact { active: true, printed_name: id.clone(), manager: Some("zhao".into()), roles, substitutes })
    }

    fn holders(&self, candidates: &Candidates, at_most: usize) -> Vec<UserId> {
        let fits = |(name, roles): &&(&'static str, Vec<&'static str>)| match candidates {
            Candidates::Role { role, .. } => roles.contains(&role.as_ref()),
            Candidates::User { id } => *name == id.as_ref(),
            Candidates::ManagerOf { .. } => *name == "zhao",
        };
        self.people.iter().filter(fits).take(at_most).map(|(name, _)| UserId::from(*name)).collect()
    }

    /// The process forgets what it holds in memory; what is left is folded from the log.
    pub(crate) fn restart(&mut self) {
        for (id, instance) in &mut self.instances {
            let mut state = None;
            for row in &instance.rows {
                state = fold_events(*id, state, &row.events, row.at);
            }
            let state = state.expect("it was started");
            assert!(state == instance.state, "folding the whole history gives another state");
            instance.state = state;
        }
    }

    /// Every row of every instance decides again to the same bytes.
    pub(crate) fn redecide_all(&self) {
        for (id, instance) in &self.instances {
            let mut state: Option<State> = None;
            for row in &instance.rows {
                let release = match (&state, &row.command.action) {
                    (Some(state), _) => state.release(),
                    (None, Action::Start(start)) => start.release,
                    (None, _) => panic!("the history does not begin with a start"),
                };
                let target = row.command.action.target().map(|release| self.releases[&release].clone());
                let context = Context { instance: *id, now: row.at };
                let again = redecide_to(
                    (self.releases[&release].clone(), target),
                    state.clone(),
                    context,
                    &row.command,
                    &row.facts,
                    &row.events,
                );
                assert_eq!(again, Redecided::Same);
                state = fold_events(*id, state, &row.events, row.at);
            }
        }
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number << 16)
}
