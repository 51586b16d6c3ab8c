//! A node for tests: processes from YAML in place, people from a table, activities that write rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_runtime::activity::Activities;
use countersign_runtime::directory::Directory;
use countersign_runtime::releases::Releases;
use countersign_runtime::{Clock, Config, Handle, Node, Ports, Publish, Receipt, StartRequest, SubmitError};
use engine::command::{Action, ActivityFailure, Actor, Command, Complete, WorkId};
use engine::event::Candidates;
use engine::facts::{PersonFact, RoleFact};
use engine::id::{InstanceId, UserId};
use engine::incident::IncidentCode;
use engine::language;
use engine::language::definition::Definition;
use engine::language::release::{Bundle, collect};
use engine::time::Timestamp;
use engine::value::Value;
use store::Database;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const DAY: i64 = 86_400 * SECOND;
pub(crate) const NOON: &str = "2026-03-02T12:00:00Z";

/// People by id, with their roles.
pub(crate) struct People(pub(crate) Vec<(&'static str, Vec<&'static str>)>);

impl Directory for People {
    fn person(&self, id: &UserId) -> Option<PersonFact> {
        let (_, roles) = self.0.iter().find(|(name, _)| *name == id.as_ref())?;
        let roles = roles.iter().map(|role| RoleFact { role: Arc::from(*role), scope: BTreeMap::new() }).collect();
        Some(PersonFact { active: true, printed_name: id.clone(), manager: None, roles, ..PersonFact::default() })
    }

    fn holders(&self, candidates: &Candidates, at_most: usize) -> Vec<UserId> {
        let fits = |(name, roles): &&(&'static str, Vec<&'static str>)| match candidates {
            Candidates::Role { role, .. } => roles.contains(&role.as_ref()),
            Candidates::User { id } => *name == id.as_ref(),
            Candidates::ManagerOf { .. } => false,
        };
        self.0.iter().filter(fits).take(at_most).map(|(name, _)| UserId::from(*name)).collect()
    }
}

/// A node on a database, with a clock that stands at noon of 2 March 2026.
pub(crate) struct Plant {
    pub(crate) node: Node,
    pub(crate) handle: Handle,
    pub(crate) clock: Clock,
}

/// A definition from YAML in place; its catalogue declares the activities of [`activities`].
pub(crate) fn define(yaml: &str) -> Arc<Definition> {
    let folder = BTreeMap::from([("process.yaml".to_owned(), yaml.as_bytes().to_vec())]);
    let shared = BTreeMap::from([("catalogue/test.yaml".to_owned(), CATALOGUE.as_bytes().to_vec())]);
    let bundle: Bundle = collect(&folder, &shared);
    let checked = language::check(&bundle);
    let findings: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| {
            format!("{}:{}:{} {} {}", found.file, found.span.line, found.span.column, found.code.id, found.message.en)
        })
        .collect();
    Arc::new(checked.definition.unwrap_or_else(|| panic!("the test's process is wrong:\n{}", findings.join("\n"))))
}

const CATALOGUE: &str = r"

activities:
  test.take:
    input: { item: string, quantity: integer }
    output: { left: integer }
    errors: [ SHORTAGE ]
  test.echo:
    input: { value: integer }
    output: { value: integer }
  test.panic:
    input: { value: integer }
    output: { value: integer }
  test.flaky:
    input: { item: string }
    output: { value: integer }
  test.remote:
    mode: remote
    lease: 30s
    input: { value: integer }
    output: { value: integer }
    errors: [ REFUSED ]
  test.long:
    mode: background
    input: { item: string, quantity: integer }
    output: { left: integer }
    errors: [ SHORTAGE ]
  test.wrong:
    mode: background
    input: { item: string }
    output: { left: integer }
  test.clash:
    input: { item: string }
    output: { value: integer }
  test.late_panic:
    input: { item: string }
    output: { value: integer }
  test.swap:
    input: { first: string, second: string }
    output: { value: integer }
messages:
  paid: { fields: { order: string, amount: integer }, ttl: 7 days }
";

/// How many are between their first row and their second, by their first.
static BETWEEN: std::sync::LazyLock<tokio::sync::watch::Sender<BTreeMap<String, u32>>> =
    std::sync::LazyLock::new(tokio::sync::watch::Sender::default);

/// Stays between two rows until somebody who takes them in the other order is there too, or for a moment.
async fn meet(first: &str) {
    struct Leave(String);
    impl Drop for Leave {
        fn drop(&mut self) {
            BETWEEN.send_modify(|between| *between.entry(self.0.clone()).or_default() -= 1);
        }
    }
    BETWEEN.send_modify(|between| *between.entry(first.to_owned()).or_default() += 1);
    let _leave = Leave(first.to_owned());
    let mut others = BETWEEN.subscribe();
    let met = others.wait_for(|between| between.iter().any(|(other, count)| other != first && *count > 0));
    let _ = tokio::time::timeout(std::time::Duration::from_millis(50), met).await;
}

/// Activities over a table `test_stock (item, quantity)` and a log of effects `test_effect (key)`.
pub(crate) fn activities() -> Activities {
    let mut all = Activities::default();
    for name in ["test.take", "test.long"] {
        all.register(name, |call| {
            Box::pin(async move {
                let item = call.input.get("item").and_then(Value::as_str).unwrap_or_default().to_owned();
                let quantity = call.input.get("quantity").and_then(Value::as_int).unwrap_or_default();
                let effect = store::params![call.key];
                call.tx.execute("INSERT INTO test_effect (key) VALUES ($1)", &effect).await?;
                let row = call
                    .tx
                    .fetch_optional(
                        "UPDATE test_stock SET quantity = quantity - $1 WHERE item = $2 AND quantity >= $1 RETURNING quantity",
                        &store::params![quantity, item.as_str()],
                    )
                    .await?;
                let Some(row) = row else {
                    return Err(ActivityFailure::business("SHORTAGE", "there is not enough").into());
                };
                Ok(Value::record([("left", Value::Int(row.i64(0)?))]))
            })
        });
    }
    all.register("test.echo", |call| {
        Box::pin(async move { Ok(Value::record([("value", call.input.get("value").cloned().unwrap_or_default())])) })
    });
    all.register("test.panic", |_| Box::pin(async move { panic!("the activity has a bug") }));
    all.register("test.wrong", |call| {
        Box::pin(async move {
            call.tx.execute("INSERT INTO test_effect (key) VALUES ($1)", &store::params![call.key]).await?;
            Ok(Value::record([("left", Value::from("many"))]))
        })
    });
    all.register("test.clash", |call| {
        Box::pin(async move {
            for _ in 0..2 {
                call.tx.execute("INSERT INTO test_effect (key) VALUES ($1)", &store::params![call.key]).await?;
            }
            Ok(Value::Null)
        })
    });
    all.register("test.late_panic", |call| {
        Box::pin(async move {
            call.tx.execute("INSERT INTO test_effect (key) VALUES ($1)", &store::params![call.key]).await?;
            panic!("the activity has a bug")
        })
    });
    all.register("test.swap", |call| {
        Box::pin(async move {
            for name in ["first", "second"] {
                let item = call.input.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let taken = "UPDATE test_stock SET quantity = quantity - 1 WHERE item = $1";
                call.tx.execute(taken, &store::params![item.as_str()]).await?;
                if name == "first" {
                    meet(&item).await;
                }
            }
            call.tx.execute("INSERT INTO test_effect (key) VALUES ($1)", &store::params![call.key]).await?;
            Ok(Value::record([("value", Value::Int(1))]))
        })
    });
    all.register("test.flaky", |call| {
        Box::pin(async move {
            let item = call.input.get("item").and_then(Value::as_str).unwrap_or_default().to_owned();
            let tried = store::params![item.as_str()];
            call.tx.execute("UPDATE test_stock SET quantity = 0 WHERE item = $1", &tried).await?;
            Err(ActivityFailure {
                code: "activity.unreachable".into(),
                message: "try again".into(),
                detail: Value::Null,
                transient: true,
            }
            .into())
        })
    });
    all
}

impl Plant {
    pub(crate) async fn start(database: &Database, definitions: &[Arc<Definition>]) -> Plant {
        let clock = Clock::stopped_at(Timestamp::parse(NOON).expect("a moment"));
        Plant::start_at(database, definitions, clock).await
    }

    pub(crate) async fn start_at(database: &Database, definitions: &[Arc<Definition>], clock: Clock) -> Plant {
        let people = People(vec![
            ("li", vec!["sales"]),
            ("wang", vec!["manager"]),
            ("zhao", vec!["manager", "finance"]),
            ("admin", vec!["admin"]),
        ]);
        let ports = Ports { activities: activities(), directory: Arc::new(people), clock: clock.clone() };
        let node = Node::start(database.clone(), ports, Config::default()).await.expect("the node starts");
        let handle = node.handle();
        for definition in definitions {
            handle.releases().insert(definition.clone(), Timestamp::EPOCH);
        }
        Plant { node, handle, clock }
    }

    pub(crate) async fn begin(&self, process: &str, input: Value) -> Receipt {
        self.handle.start(StartRequest::by(Actor::person("li"), process, input)).await.expect("it starts")
    }

    pub(crate) async fn complete(
        &self,
        instance: InstanceId,
        work: WorkId,
        who: &str,
        outcome: &str,
        answer: Value,
    ) -> Result<Receipt, SubmitError> {
        let complete =
            Complete { work, outcome: Some(outcome.into()), answer, comment: None, back_to: None, signature: None };
        let command = Command { actor: Actor::person(who), action: Action::Complete(complete) };
        self.handle.submit(instance, command, None).await
    }

    pub(crate) async fn works(&self, instance: InstanceId) -> Vec<WorkId> {
        let committed = self.handle.state(instance).await.expect("it loads").expect("there is one");
        committed.state.open_work()
    }

    /// Waits, as transitions commit, until something holds.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let mut committed = self.handle.subscribe();
        let wait = async {
            while !holds().await {
                // What does not commit a transition is looked at again after a moment of the real clock.
                let _ = tokio::time::timeout(std::time::Duration::from_millis(100), committed.recv()).await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(60), wait).await;
        assert!(waited.is_ok(), "it did not happen: {what}");
    }

    pub(crate) async fn ended(&self, instance: InstanceId) -> String {
        self.until("an end", || async { self.outcome(instance).await.is_some() }).await;
        self.outcome(instance).await.expect("it has ended")
    }

    /// Stops, and shows that the record replays: the chain, the folds, deciding again, the rows.
    pub(crate) async fn stop(self, database: &Database) {
        self.node.stop().await.expect("stopped");
        assert_replays(database, self.handle.releases()).await;
    }

    pub(crate) async fn incidents(&self, instance: InstanceId) -> Vec<IncidentCode> {
        let committed = self.handle.state(instance).await.expect("it loads").expect("there is one");
        committed.state.open_incidents().map(|incident| incident.code()).collect()
    }

    pub(crate) async fn retry(&self, instance: InstanceId) {
        let committed = self.handle.state(instance).await.expect("it loads").expect("there is one");
        let incident = committed.state.open_incidents().next().expect("an incident").id();
        let action = Action::Retry { incident, reason: "mended".into() };
        let command = Command { actor: Actor::person("admin"), action };
        self.handle.submit(instance, command, None).await.expect("retried");
    }

    pub(crate) async fn data(&self, instance: InstanceId, field: &str) -> Value {
        let committed = self.handle.state(instance).await.expect("it loads").expect("there is one");
        committed.state.data().get(field).cloned().unwrap_or_default()
    }

    pub(crate) async fn publish(&self, id: &str, order: &str, amount: i64) -> Receipt {
        let payload = Value::record([("order", Value::from(order)), ("amount", Value::Int(amount))]);
        let publish = Publish {
            message: "paid".into(),
            id: id.into(),
            payload,
            ttl_micros: 7 * DAY,
            actor: Actor::Service { id: "bank".into() },
        };
        self.handle.publish(publish).await.expect("published")
    }

    pub(crate) fn pass(&self, micros: i64) {
        self.clock.advance_to(self.clock.now().plus_micros(micros));
    }

    pub(crate) async fn outcome(&self, instance: InstanceId) -> Option<String> {
        let committed = self.handle.state(instance).await.expect("it loads").expect("there is one");
        let faults = committed.state.faults();
        assert!(faults.is_empty(), "{faults:?}");
        committed.state.outcome().map(|outcome| outcome.to_string())
    }
}

/// The whole record replays to the same bytes, and what is derived from it is what the store holds.
pub(crate) async fn assert_replays(database: &Database, releases: &Releases) {
    let report = countersign_runtime::verify::all(database, releases, &mut |_| {}).await.expect("it can be read");
    assert!(report.mismatches.is_empty(), "{:#?}", report.mismatches);
}

/// Makes the tables of the test's activities.
pub(crate) async fn tables(database: &Database) {
    let mut tx = database.begin().await.expect("a transaction");
    tx.execute("CREATE TABLE test_stock (item TEXT NOT NULL PRIMARY KEY, quantity BIGINT NOT NULL)", &[])
        .await
        .expect("a table");
    tx.execute("CREATE TABLE test_effect (key TEXT NOT NULL PRIMARY KEY)", &[]).await.expect("a table");
    tx.commit().await.expect("committed");
}

pub(crate) async fn stock(database: &Database, item: &str, quantity: i64) {
    let mut tx = database.begin().await.expect("a transaction");
    let params = store::params![item, quantity];
    tx.execute("INSERT INTO test_stock (item, quantity) VALUES ($1, $2)", &params).await.expect("a row");
    tx.commit().await.expect("committed");
}

pub(crate) async fn number(database: &Database, sql: &'static str) -> i64 {
    let mut reader = database.read().await.expect("a reader");
    reader.fetch_optional(sql, &[]).await.expect("a row").expect("one").i64(0).expect("a number")
}
