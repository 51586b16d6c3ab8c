//! Who gets what: the one place that knows every service and puts a node together.

use std::sync::{Arc, OnceLock};

use anyhow::Context;
use api::{Backend, Parts, Policy};
use engine::command::Actor;
use engine::facts::RoleFact;
use identity::{Accounts, Directory, Identity};
use runtime::activity::Activities;
use runtime::{Clock, Config, Handle, Node, Ports};
use store::{Database, OpenOptions};

/// The account that whoever has the database itself acts as.
pub const ADMINISTRATOR: &str = "administrator";

/// Everything that answers requests on one database.
pub struct Plant {
    pub node: Node,
    pub handle: Handle,
    pub identity: Identity,
    pub accounts: Accounts,
    pub backend: Backend,
}

/// How a plant is opened.
pub struct Options {
    pub policy: Policy,
    pub clock: Clock,
    pub shards: Option<u16>,
    /// Whether a database that is not there is made.
    pub create: bool,
    pub config: Config,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            policy: Policy::default(),
            clock: Clock::system(),
            shards: None,
            create: true,
            config: Config::default(),
        }
    }
}

/// Every activity of every service.
#[must_use]
pub fn activities() -> Activities {
    let mut activities = Activities::default();
    masterdata::activities::register(&mut activities);
    sales::activities::register(&mut activities);
    inventory::activities::register(&mut activities);
    activities
}

/// Opens the database, made and migrated if need be, and starts a node on it.
pub async fn open(url: &str, options: Options) -> anyhow::Result<Plant> {
    let open = OpenOptions { shards: options.shards, create: options.create, ..OpenOptions::default() };
    let database = Database::open(url, open).await?;
    on(database, options).await
}

/// Starts a node on an open database.
pub async fn on(database: Database, options: Options) -> anyhow::Result<Plant> {
    let directory = Directory::open(&database).await?;
    let identity = Identity::new(database.clone(), directory.clone());
    let ports = Ports { activities: activities(), directory: Arc::new(directory), clock: options.clock };
    let node = Node::start(database.clone(), ports, options.config).await?;
    let handle = node.handle();
    let accounts = Accounts::new(identity.clone(), handle.clone());
    ensure_administrator(&identity, &accounts).await.context("cannot make the administrator's account")?;
    let backend = Backend::new(Parts {
        database,
        handle: handle.clone(),
        identity: identity.clone(),
        policy: options.policy,
        metrics: metrics(handle.clone()),
    });
    Ok(Plant { node, handle, identity, accounts, backend })
}

/// A new database knows one account: no password, no token, only for whoever has the database itself.
async fn ensure_administrator(identity: &Identity, accounts: &Accounts) -> anyhow::Result<()> {
    if identity.directory().snapshot().account(ADMINISTRATOR).is_some() {
        return Ok(());
    }
    let new = identity::command::NewAccount {
        id: ADMINISTRATOR.into(),
        kind: identity::Kind::Person,
        printed_name: "Administrator".into(),
        manager: None,
    };
    accounts.create_account(Actor::System, new).await?;
    let role = RoleFact { role: engine::decide::ADMIN.into(), scope: Default::default() };
    accounts.grant_role(Actor::System, ADMINISTRATOR.into(), role).await?;
    Ok(())
}

/// The text of `/metrics`: what was counted, and gauges of this moment.
fn metrics(handle: Handle) -> Arc<dyn Fn() -> String + Send + Sync> {
    static RECORDER: OnceLock<Option<metrics_exporter_prometheus::PrometheusHandle>> = OnceLock::new();
    let recorder =
        RECORDER.get_or_init(|| metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok()).clone();
    Arc::new(move || {
        let mut text = recorder.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
        let counts = handle.counts();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        for (name, kind, help, value) in [
            ("countersign_commits_total", "counter", "Group commits", read(&counts.commits)),
            ("countersign_transitions_total", "counter", "Transitions written to the log", read(&counts.transitions)),
            ("countersign_rows_total", "counter", "Rows written", read(&counts.rows)),
            ("countersign_rejections_total", "counter", "Commands refused", read(&counts.rejections)),
            ("countersign_put_off_total", "counter", "Commands put off by a lock", read(&counts.retried)),
            (
                "countersign_clock_in_doubt",
                "gauge",
                "1 while timers and signing wait for an administrator to acknowledge the clock",
                u64::from(handle.clock_doubt().is_some()),
            ),
            ("countersign_cached_bytes", "gauge", "Bytes of live states in memory", handle.cached_bytes() as u64),
            ("countersign_queue_length", "gauge", "Requests that wait for a writer", handle.queued() as u64),
        ] {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"));
        }
        text
    })
}
