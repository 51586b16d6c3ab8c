//! The bench's own plant: a node on its database, two people, and a process that nobody else uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use engine::command::{Action, Actor, Command, Complete, WorkId};
use engine::facts::RoleFact;
use engine::id::InstanceId;
use engine::language;
use engine::language::release::collect;
use engine::value::Value;
use identity::command::NewAccount;
use identity::{Accounts, Directory, Identity, Kind as AccountKind};
use runtime::activity::Activities;
use runtime::{Clock, Config, Handle, Node, Ports, Receipt, StartRequest};
use store::{Database, OpenOptions};

use super::args::BenchArgs;

const STARTER: &str = "bench.starter";
const APPROVER: &str = "bench.approver";
const PROCESS: &str = include_str!("process.yaml");
const CATALOGUE: &str = include_str!("catalogue.yaml");

/// A node with the bench's process deployed.
pub(crate) struct Plant {
    pub(crate) database: Database,
    pub(crate) node: Node,
    pub(crate) handle: Handle,
    pub(crate) identity: Identity,
    /// This run's process: its name is its own.
    pub(crate) process: Arc<str>,
}

impl Plant {
    pub(crate) async fn open(args: &BenchArgs) -> anyhow::Result<Plant> {
        let options = OpenOptions { shards: None, ..OpenOptions::default() };
        let fresh = OpenOptions { shards: Some(args.shards), ..options.clone() };
        let database = match Database::open(&args.database, fresh).await {
            Ok(database) => database,
            // An earlier bench may have had another number of shards, which stays.
            Err(store::StoreError::Shards { .. }) => Database::open(&args.database, options).await?,
            Err(error) => return Err(error).context("the bench's database does not open"),
        };
        let directory = Directory::open(&database).await?;
        let known = directory.snapshot();
        let ours = known.account(APPROVER).is_some();
        if !ours {
            let used = store::log::of_shard(&mut database.read().await?, engine::id::ShardId(0), 0, 1).await?;
            if !known.is_empty() || !used.is_empty() {
                bail!("this database is in use by somebody else; give the bench an empty one of its own");
            }
        }
        let ports = Ports { activities: activities(), directory: Arc::new(directory.clone()), clock: Clock::system() };
        let node = Node::start(database.clone(), ports, Config::default()).await?;
        let handle = node.handle();
        let identity = Identity::new(database.clone(), directory);
        if !ours {
            people(&Accounts::new(identity.clone(), handle.clone())).await?;
        }
        let process: Arc<str> = format!("bench_{:x}", handle.now().micros()).into();
        let text = PROCESS.replace("PROCESS", &process).replace("BOUNDARY", args.boundary.word());
        deploy(&handle, &process, text).await?;
        Ok(Plant { database, node, handle, identity, process })
    }

    pub(crate) async fn start(&self, number: i64) -> anyhow::Result<Receipt> {
        start(&self.handle, &self.process, number).await
    }

    /// A token of one of the two people, for the server.
    pub(crate) async fn token(&self, who: Who) -> anyhow::Result<String> {
        let accounts = Accounts::new(self.identity.clone(), self.handle.clone());
        let (secret, _) = accounts.issue_token(Actor::System, who.name().into(), "bench", None).await?;
        Ok(secret.reveal().to_owned())
    }
}

/// The two people.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Starter,
    Approver,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Who::Starter => STARTER,
            Who::Approver => APPROVER,
        }
    }
}

pub(crate) async fn start(handle: &Handle, process: &Arc<str>, number: i64) -> anyhow::Result<Receipt> {
    start_with(handle, process, Value::record([("amount", Value::Int(number))])).await
}

pub(crate) async fn start_with(handle: &Handle, process: &Arc<str>, input: Value) -> anyhow::Result<Receipt> {
    let request = StartRequest { process: process.clone(), ..StartRequest::by(Actor::person(STARTER), "", input) };
    Ok(handle.start(request).await?)
}

pub(crate) async fn approve(handle: &Handle, instance: InstanceId, work: WorkId) -> anyhow::Result<Receipt> {
    complete(handle, instance, work, "approved").await
}

pub(crate) async fn complete(
    handle: &Handle,
    instance: InstanceId,
    work: WorkId,
    outcome: &str,
) -> anyhow::Result<Receipt> {
    let complete = Complete {
        work,
        outcome: Some(outcome.into()),
        answer: Value::Null,
        comment: None,
        back_to: None,
        signature: None,
    };
    act(handle, instance, Action::Complete(complete)).await
}

/// Something that the approver does.
pub(crate) async fn act(handle: &Handle, instance: InstanceId, action: Action) -> anyhow::Result<Receipt> {
    Ok(handle.submit(instance, Command { actor: Actor::person(APPROVER), action }, None).await?)
}

/// The one service step: adds one.
fn activities() -> Activities {
    let mut all = Activities::default();
    all.register("bench.step", |call| {
        Box::pin(async move {
            let value = call.input.get("value").and_then(Value::as_int).unwrap_or_default();
            Ok(Value::record([("value", Value::Int(value + 1))]))
        })
    });
    all
}

async fn people(accounts: &Accounts) -> anyhow::Result<()> {
    for (name, role) in [(STARTER, "bench_starter"), (APPROVER, "bench_approver")] {
        let new = NewAccount { id: name.into(), kind: AccountKind::Person, printed_name: name.into(), manager: None };
        accounts.create_account(Actor::System, new).await?;
        let role = RoleFact { role: role.into(), scope: BTreeMap::new() };
        accounts.grant_role(Actor::System, name.into(), role).await?;
    }
    Ok(())
}

/// Deploys a process from its text, effective at once.
pub(crate) async fn deploy(handle: &Handle, process: &str, text: String) -> anyhow::Result<()> {
    let folder = BTreeMap::from([("process.yaml".to_owned(), text.into_bytes())]);
    let shared = BTreeMap::from([("catalogue/bench.yaml".to_owned(), CATALOGUE.as_bytes().to_vec())]);
    let bundle = collect(&folder, &shared);
    let checked = language::check(&bundle);
    let faults: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|found| format!("{}:{} {} {}", found.file, found.span.line, found.code.id, found.message.en))
        .collect();
    let definition = checked.definition.with_context(|| format!("the bench's process: {}", faults.join("; ")))?;
    let now = handle.now();
    handle.deploy(Actor::System, &bundle, &definition, Some(now)).await?;
    // It is effective from the moment of its transition, which may be a little later than `now`.
    for _ in 0..1_000 {
        if handle.releases().effective(process, handle.now()).is_some() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    bail!("the bench's process was deployed but is not effective");
}

/// Where every instance of the process waits and ends: they are all alike, so one is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) work: WorkId,
    /// Transitions until it waits for the approval.
    pub(crate) waits: u64,
    /// Transitions until it has ended.
    pub(crate) ends: u64,
}

impl Course {
    /// Takes one instance through.
    pub(crate) async fn find(plant: &Plant) -> anyhow::Result<Course> {
        let handle = &plant.handle;
        let receipt = plant.start(1).await?;
        let id = receipt.instance;
        let (mut waiting, mut tries) = (None, 0);
        let (work, waits) = loop {
            let committed = handle.state(id).await?.context("the first instance is gone")?;
            ensure!(committed.state.open_incidents().count() == 0, "the first instance met an incident");
            if let Some(work) = committed.state.open_work().first().copied() {
                let now = (work, committed.version);
                if waiting == Some(now) {
                    break now;
                }
                waiting = Some(now);
            }
            tries += 1;
            ensure!(tries < 5_000, "the first instance does not come to its approval");
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        };
        approve(handle, id, work).await?;
        for _ in 0..5_000 {
            let committed = handle.state(id).await?.context("the first instance is gone")?;
            if !committed.state.is_live() {
                return Ok(Course { work, waits, ends: committed.version });
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        bail!("the first instance does not end");
    }
}
