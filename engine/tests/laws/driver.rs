//! A world in memory: instances, their rows, messages, children, people and time, with every law checked at every step.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use countersign_engine::command::{Action, ActivityFailure, Actor, Cause, Command, Complete, JobResult, Start, WorkId};
use countersign_engine::draft::{DecideError, Draft, Progress};
use countersign_engine::event::{Candidates, Event};
use countersign_engine::facts::{ActivityResult, Ask, Context, Fact, PersonFact, RoleFact};
use countersign_engine::history::replay::{Redecided, fold_events, redecide};
use countersign_engine::id::{IncidentId, InstanceId, RunId, ShardId, SubscriptionId, TimerId, UserId};
use countersign_engine::incident::IncidentCode;
use countersign_engine::language::check;
use countersign_engine::language::definition::Definition;
use countersign_engine::language::release::collect;
use countersign_engine::project::{JobRow, Outgoing, RowChange, TaskRow, TaskStatus, TimerRow, changes, standing};
use countersign_engine::rejection::Rejection;
use countersign_engine::state::State;
use countersign_engine::time::Timestamp;
use countersign_engine::value::Value;

const NOON: &str = "2026-03-02T12:00:00Z";
/// Transitions that may follow from one command before a test is told that something goes round in a circle.
const TRANSITIONS_MAX: u32 = 5_000;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;

const CATALOGUE: &str = r"
activities:
  test.echo: { input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
  test.long: { mode: background, input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
  test.remote: { mode: remote, lease: 30s, input: { value: integer }, output: { value: integer }, errors: [ REFUSED ] }
messages:
  paid: { fields: { order: string, amount: integer }, ttl: 7 days }
  moved: { fields: { order: string, amount: integer }, ttl: 1 hour }
";

const TEXTS: &str = r"
signed: { zh: 已签, en: Signed }
";

/// The definition of a process, or what the checker says of it.
pub(crate) fn compile(yaml: &str) -> Result<Arc<Definition>, String> {
    let file = |path: &str, text: &str| (path.to_owned(), text.trim_start().as_bytes().to_vec());
    let folder = BTreeMap::from([
        file("process.yaml", yaml),
        file("texts.yaml", TEXTS),
        file("catalogue/all.yaml", CATALOGUE),
        file(
            "form.form.json",
            r#"{ "type": "object", "properties": { "num": { "type": "integer" } }, "required": [ "num" ] }"#,
        ),
    ]);
    let checked = check(&collect(&folder, &BTreeMap::new()));
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| format!("{}:{} {} {}", found.span.line, found.span.column, found.code.id, found.message.en))
        .collect();
    checked.definition.map(Arc::new).ok_or_else(|| found.join("\n"))
}

/// A process around these steps; `order`, `a` and `items` are its input.
pub(crate) fn process(name: &str, rest: &str) -> Arc<Definition> {
    let yaml = yaml(name, rest);
    compile(&yaml).unwrap_or_else(|found| panic!("the test's process is wrong:\n{found}\n{yaml}"))
}

pub(crate) fn yaml(name: &str, rest: &str) -> String {
    format!(
        "process: {name}\ntitle: {{ zh: 测试, en: Test }}\nowner: boss\n\
         input: {{ order: optional string, a: {{ type: integer, initial: 0 }}, items: {{ list: {{ id: string, q: integer }} }} }}\n\
         start:\n  - {{ by: [ clerk ] }}\n{rest}"
    )
}

/// How an activity answers: the value that it was given, or what was queued for it.
#[derive(Default)]
struct Answers {
    queued: BTreeMap<String, VecDeque<ActivityResult>>,
}

struct Row {
    command: Command,
    facts: Vec<Fact>,
    events: Vec<Event>,
    at: Timestamp,
}

pub(crate) struct Instance {
    pub(crate) state: State,
    definition: Arc<Definition>,
    rows: Vec<Row>,
}

struct Sent {
    message: Arc<str>,
    id: Arc<str>,
    payload: Value,
    expires: Timestamp,
}

struct Waiter {
    message: Arc<str>,
    matches: Value,
    instance: InstanceId,
    subscription: SubscriptionId,
}

/// Everything that is derived from events.
#[derive(Default)]
struct Tables {
    tasks: BTreeMap<(InstanceId, WorkId), TaskRow>,
    jobs: BTreeMap<(InstanceId, RunId), JobRow>,
    timers: BTreeMap<(InstanceId, TimerId), TimerRow>,
    incidents: BTreeMap<(InstanceId, IncidentId), RowChange>,
}

pub(crate) struct World {
    definitions: BTreeMap<Arc<str>, Arc<Definition>>,
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    pub(crate) now: Timestamp,
    pub(crate) people: Vec<(&'static str, Vec<&'static str>)>,
    answers: Answers,
    /// Idempotency keys of activities that were run.
    pub(crate) effects: Vec<String>,
    outbox: VecDeque<Outgoing>,
    waiters: Vec<Waiter>,
    sent: Vec<Sent>,
    seen: Vec<(Arc<str>, Arc<str>)>,
    keys: BTreeMap<(Arc<str>, Arc<str>), InstanceId>,
    tables: Tables,
    ids: u128,
    pub(crate) transitions: u32,
}

impl World {
    pub(crate) fn new(definitions: &[Arc<Definition>]) -> Self {
        World {
            definitions: definitions.iter().map(|one| (one.process.clone(), one.clone())).collect(),
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
            answers: Answers::default(),
            effects: Vec::new(),
            outbox: VecDeque::new(),
            waiters: Vec::new(),
            sent: Vec::new(),
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
        let mut draft = Draft::new(definition.clone(), before.clone(), command.clone(), context);
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
        let again = redecide(definition.clone(), before.clone(), context, &command, &decision.facts, &decision.events);
        assert_eq!(again, Redecided::Same, "deciding again differs for {command:?}");
        let stored: Vec<Event> =
            serde_json::from_slice(&serde_json::to_vec(&decision.events).expect("JSON")).expect("its own bytes");
        assert_eq!(stored, decision.events, "events survive their bytes");
        let folded = fold_events(to, before.clone(), &stored, self.now);
        assert!(folded.as_ref() == Some(&decision.state), "the fold differs from what was decided");
        let kept: State = serde_json::from_slice(&serde_json::to_vec(&decision.state).expect("JSON")).expect("a state");
        assert!(kept == decision.state, "the state survives its snapshot");
        let version = self.instances.get(&to).map_or(1, |instance| instance.rows.len() as u64 + 1);
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
                let result = queued.unwrap_or_else(|| ActivityResult::Succeeded { output: input });
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

    fn person(&self, id: &UserId) -> Option<PersonFact> {
        let (_, roles) = self.people.iter().find(|(name, _)| *name == id.as_ref())?;
        let roles = roles.iter().map(|role| RoleFact { role: Arc::from(*role), scope: BTreeMap::new() }).collect();
        Some(PersonFact { active: true, printed_name: id.clone(), manager: Some("zhao".into()), roles })
    }

    fn holders(&self, candidates: &Candidates, at_most: usize) -> Vec<UserId> {
        let fits = |(name, roles): &&(&'static str, Vec<&'static str>)| match candidates {
            Candidates::Role { role, .. } => roles.contains(&role.as_ref()),
            Candidates::User { id } => *name == id.as_ref(),
            Candidates::ManagerOf { .. } => *name == "zhao",
        };
        self.people.iter().filter(fits).take(at_most).map(|(name, _)| UserId::from(*name)).collect()
    }

    /// Everything that happens by itself: what was sent arrives, what is ready goes on.
    pub(crate) fn settle(&mut self) {
        let before = self.transitions;
        loop {
            assert!(self.transitions - before < TRANSITIONS_MAX, "something goes round in a circle");
            if let Some(outgoing) = self.outbox.pop_front() {
                self.deliver(outgoing);
                continue;
            }
            let ready =
                self.instances.iter().find(|(_, instance)| instance.state.is_live() && instance.state.is_ready());
            let Some((&id, _)) = ready else { return };
            self.decide(id, Command { actor: Actor::System, action: Action::Continue }).expect("it is ready");
        }
    }

    fn deliver(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Command { to, command } => {
                let refusal = self.decide(to, command.clone()).err();
                let answer = refusal.as_ref().and_then(|why| Outgoing::of_refusal(to, &command, why));
                self.outbox.extend(answer);
                if let (true, Action::Deliver { subscription, message, id, .. }) = (refusal.is_some(), &command.action)
                {
                    let held = self.instances.get(&to).and_then(|instance| {
                        let mut all = instance.state.subscribed();
                        all.find(|held| held.id() == *subscription).map(|held| held.matches().clone())
                    });
                    self.outbox.push_back(match held {
                        Some(matches) => Outgoing::Subscribe {
                            message: message.clone(),
                            matches,
                            instance: to,
                            subscription: *subscription,
                        },
                        None => Outgoing::GiveBack { message: message.clone(), id: id.clone() },
                    });
                }
            }
            Outgoing::Subscribe { message, matches, instance, subscription } => {
                self.waiters.push(Waiter { message, matches, instance, subscription });
                self.pair();
            }
            Outgoing::Unsubscribe { instance, subscription, .. } => {
                self.waiters.retain(|waiter| (waiter.instance, waiter.subscription) != (instance, subscription));
            }
            Outgoing::GiveBack { .. } => self.pair(),
        }
    }

    /// A message from outside; `false` if its id was seen before.
    pub(crate) fn publish(&mut self, message: &str, id: &str, order: &str, amount: i64) -> bool {
        let key = (Arc::from(message), Arc::from(id));
        if self.seen.contains(&key) {
            return false;
        }
        self.seen.push(key.clone());
        let ttl = if message == "moved" { HOUR } else { 7 * DAY };
        let payload = Value::record([("order", Value::from(order)), ("amount", Value::Int(amount))]);
        self.sent.push(Sent { message: key.0, id: key.1, payload, expires: self.now.plus_micros(ttl) });
        self.pair();
        self.settle();
        true
    }

    /// Gives each message that waits to the first who waits for it.
    fn pair(&mut self) {
        let mut place = 0;
        while place < self.sent.len() {
            let sent = &self.sent[place];
            let fits = |waiter: &Waiter| {
                let mut wanted = waiter.matches.as_map().into_iter().flatten();
                waiter.message == sent.message
                    && sent.expires > self.now
                    && wanted.all(|(field, value)| sent.payload.get(field) == Some(value))
            };
            let Some(waiter) = self.waiters.iter().position(fits) else {
                place += 1;
                continue;
            };
            let (sent, waiter) = (self.sent.remove(place), self.waiters.remove(waiter));
            let action = Action::Deliver {
                subscription: waiter.subscription,
                message: sent.message,
                id: sent.id,
                payload: sent.payload,
            };
            let command = Command { actor: Actor::System, action };
            self.outbox.push_back(Outgoing::Command { to: waiter.instance, command });
        }
    }

    /// Time passes; timers fire at their moments.
    pub(crate) fn wait(&mut self, micros: i64) {
        let until = self.now.plus_micros(micros);
        while let Some((instance, timer, due)) = self.next_timer().filter(|(_, _, due)| *due <= until) {
            self.now = self.now.max(due);
            self.system(instance, Action::FireTimer { timer }).expect("an armed timer fires");
        }
        self.now = until;
    }

    pub(crate) fn next_timer(&self) -> Option<(InstanceId, TimerId, Timestamp)> {
        let timers = self.tables.timers.values().map(|row| (row.due, row.instance, row.timer));
        timers.min().map(|(due, instance, timer)| (instance, timer, due))
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
            let mut state = None;
            for row in &instance.rows {
                let context = Context { instance: *id, now: row.at };
                let again = redecide(
                    instance.definition.clone(),
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

    pub(crate) fn state(&self, id: InstanceId) -> &State {
        &self.instances[&id].state
    }

    pub(crate) fn outcome(&self, id: InstanceId) -> Option<String> {
        self.state(id).outcome().map(ToString::to_string)
    }

    pub(crate) fn data(&self, id: InstanceId, field: &str) -> Value {
        self.state(id).data().get(field).cloned().unwrap_or_default()
    }

    /// The open steps, sorted, with the keys of the items they are in.
    pub(crate) fn open(&self, id: InstanceId) -> Vec<String> {
        let name = |(step, _, items): (&Arc<str>, RunId, Vec<Arc<str>>)| match items.is_empty() {
            true => step.to_string(),
            false => format!("{step}[{}]", items.join(",")),
        };
        let mut open: Vec<String> = self.state(id).open_steps().map(name).collect();
        open.sort();
        open
    }

    pub(crate) fn run(&self, id: InstanceId, step: &str) -> RunId {
        let found = self.state(id).open_steps().find(|(open, _, _)| open.as_ref() == step);
        found.unwrap_or_else(|| panic!("{step} is not open; open are {:?}", self.open(id))).1
    }

    pub(crate) fn work(&self, id: InstanceId, step: &str) -> WorkId {
        WorkId { run: self.run(id, step), seat: 0 }
    }

    pub(crate) fn item_work(&self, id: InstanceId, step: &str, item: &str) -> WorkId {
        let mut open = self.state(id).open_steps();
        let found = open.find(|(open, _, items)| open.as_ref() == step && items.iter().any(|key| key.as_ref() == item));
        WorkId { run: found.expect("the item's step is open").1, seat: 0 }
    }

    pub(crate) fn complete(&mut self, id: InstanceId, step: &str, who: &str, outcome: &str) -> Result<(), Rejection> {
        let work = self.work(id, step);
        self.complete_work(id, work, Actor::person(who), outcome)
    }

    pub(crate) fn complete_work(
        &mut self,
        id: InstanceId,
        work: WorkId,
        actor: Actor,
        outcome: &str,
    ) -> Result<(), Rejection> {
        let action = Action::Complete(complete(work, outcome));
        self.submit(id, Command { actor, action })
    }

    pub(crate) fn vote(
        &mut self,
        id: InstanceId,
        step: &str,
        seat: u32,
        who: &str,
        yes: bool,
    ) -> Result<(), Rejection> {
        let work = WorkId { run: self.run(id, step), seat };
        self.complete_work(id, work, Actor::person(who), if yes { "approved" } else { "rejected" })
    }

    pub(crate) fn jobs(&self, id: InstanceId) -> Vec<JobRow> {
        self.tables.jobs.values().filter(|row| row.instance == id).cloned().collect()
    }

    pub(crate) fn finish_job(&mut self, id: InstanceId, job: &JobRow, result: JobResult) -> Result<(), Rejection> {
        self.system(id, Action::FinishJob { run: job.run, attempt: job.attempt, result })
    }

    pub(crate) fn task_status(&self, id: InstanceId, work: WorkId) -> TaskStatus {
        self.tables.tasks[&(id, work)].status
    }

    pub(crate) fn incidents(&self, id: InstanceId) -> Vec<IncidentCode> {
        self.state(id).open_incidents().map(|incident| incident.code()).collect()
    }

    pub(crate) fn retry(&mut self, id: InstanceId) -> Result<(), Rejection> {
        let incident = self.state(id).open_incidents().next().expect("an incident is open").id();
        self.act(id, "admin", Action::Retry { incident, reason: "mended".into() })
    }

    pub(crate) fn events(&self, id: InstanceId) -> impl Iterator<Item = &Event> {
        self.instances[&id].rows.iter().flat_map(|row| &row.events)
    }

    pub(crate) fn count(&self, id: InstanceId, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events(id).filter(|event| wanted(event)).count()
    }

    pub(crate) fn versions(&self, id: InstanceId) -> usize {
        self.instances[&id].rows.len()
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number << 16)
}

pub(crate) fn complete(work: WorkId, outcome: &str) -> Complete {
    Complete { work, outcome: Some(outcome.into()), answer: Value::Null, comment: None, back_to: None, signature: None }
}

/// The input: `a`, and a number of items `i1`, `i2`, …
pub(crate) fn input(a: i64, items: i64) -> Value {
    let item = |number: i64| Value::record([("id", Value::from(format!("i{number}"))), ("q", Value::Int(number))]);
    Value::record([
        ("order", Value::from("o1")),
        ("a", Value::Int(a)),
        ("items", Value::list((1..=items).map(item).collect())),
    ])
}

pub(crate) fn value(number: i64) -> Value {
    Value::record([("value", Value::Int(number))])
}

pub(crate) fn failed(code: &str, transient: bool) -> ActivityFailure {
    ActivityFailure { transient, ..ActivityFailure::business(code, "it failed") }
}

/// A task's line of YAML.
pub(crate) fn task(id: &str) -> String {
    format!("{{ id: {id}, task: {{ title: {{ zh: 做, en: Do }}, to: {{ role: clerk }} }} }}")
}
