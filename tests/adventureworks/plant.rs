//! A running plant on the export: accounts, the shipped process, the import, reviews and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use countersign::import::door::Door;
use countersign::import::source::Source;
use countersign::import::{built_in, run};
use countersign::wire::{self, Options, Plant};
use engine::command::Actor;
use engine::facts::RoleFact;
use engine::id::{InstanceId, ShardId};
use engine::language::{check, release::collect};
use engine::project::InstanceStatus;
use engine::time::Timestamp;
use engine::value::Value;
use futures_util::{StreamExt, stream};
use identity::Kind;
use identity::command::NewAccount;
use runtime::{Clock, StartRequest};
use store::Database;

use crate::export::{Export, Order};

pub(crate) const PASSWORD: &str = "a password of the tests";

/// The account that starts every review.
pub(crate) const DESK: &str = "cs.desk";

/// Everybody whom the order review asks, by account and role.
const PEOPLE: [(&str, &str); 12] = [
    (DESK, "customer_service"),
    ("sm.one", "sales_manager"),
    ("sd.one", "sales_director"),
    ("eng.one", "engineering"),
    ("qa.one", "quality_regulatory"),
    ("pl.one", "planner"),
    ("ph.one", "planning_head"),
    ("fi.one", "finance"),
    ("fm.one", "finance_manager"),
    ("fd.one", "finance_director"),
    ("gm.one", "general_manager"),
    ("so.one", "sales_operations"),
];

pub(crate) struct Running {
    pub(crate) plant: Plant,
    pub(crate) clock: Clock,
    /// Everybody's account.
    pub(crate) accounts: Vec<String>,
    database: Database,
}

/// Nine o'clock in China.
pub(crate) fn morning(day: NaiveDate) -> Timestamp {
    Timestamp::parse(&format!("{day}T09:00:00+08:00")).expect("a moment")
}

/// A node on the database, its clock stopped.
pub(crate) async fn on(database: Database, now: Timestamp) -> Running {
    let clock = Clock::stopped_at(now);
    let options = Options { clock: clock.clone(), ..Options::default() };
    let plant = wire::on(database.clone(), options).await.expect("a plant");
    Running { plant, clock, accounts: Vec::new(), database }
}

/// The same with the export imported, the shipped process deployed and everybody there.
pub(crate) async fn open(database: Database, export: &Export, day: NaiveDate) -> Running {
    let mut running = on(database, morning(day)).await;
    let plant = &running.plant;
    let salespeople: BTreeSet<&str> = export.orders.iter().map(|order| order.salesperson.as_str()).collect();
    for (account, role) in PEOPLE.into_iter().chain(salespeople.into_iter().map(|account| (account, "sales"))) {
        let new = NewAccount { id: account.into(), kind: Kind::Person, printed_name: account.into(), manager: None };
        plant.accounts.create_account(Actor::System, new).await.expect("an account");
        let role = RoleFact { role: role.into(), scope: Default::default() };
        plant.accounts.grant_role(Actor::System, account.into(), role).await.expect("a role");
        plant.accounts.set_password(Actor::System, account.into(), PASSWORD).await.expect("a password");
        running.accounts.push(account.to_owned());
    }
    let bundle = shipped();
    let definition = check(&bundle).definition.expect("the shipped process is sound");
    let deployed = plant.handle.deploy(Actor::System, &bundle, &definition, Some(running.clock.now())).await;
    deployed.expect("deployed");
    let mapping = built_in::mapping("adventureworks").expect("built in").expect("a sound mapping");
    let door = Door { handle: plant.handle.clone(), actor: Actor::System };
    let source = Source::Folder(export.folder.clone());
    let began = tokio::time::Instant::now();
    let report = run::import(&door, &mapping, &source, running.clock.now(), &|_| {}).await.expect("imported");
    println!("{:?}: imported in {:?}", running.database.kind(), began.elapsed());
    assert_eq!(report.loaded["sales_order"], export.orders.len() as u64);
    running
}

fn shipped() -> engine::language::release::Bundle {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned();
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("processes");
    let mut shared = BTreeMap::new();
    walk(&root, &root, &mut shared);
    let own = shared.iter().filter_map(|(path, bytes)| Some((path.strip_prefix("order_review/")?, bytes)));
    let own = own.map(|(path, bytes)| (path.to_owned(), bytes.clone())).collect();
    collect(&own, &shared)
}

/// How a review stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) instance: InstanceId,
    pub(crate) status: InstanceStatus,
    pub(crate) outcome: Option<Arc<str>>,
    pub(crate) order_class: String,
    pub(crate) release: String,
    /// Steps at which somebody is asked.
    pub(crate) asks: BTreeSet<String>,
    pub(crate) incidents: usize,
}

impl Standing {
    /// It has ended, or somebody can go on with it. An incident would wait for an operator: here there is none.
    pub(crate) fn is_awaited(&self) -> bool {
        self.incidents == 0
            && match self.status {
                InstanceStatus::Running => self.outcome.is_none() && !self.asks.is_empty(),
                _ => self.outcome.is_some() && self.asks.is_empty(),
            }
    }

    pub(crate) fn told(&self) -> String {
        let asks: Vec<&str> = self.asks.iter().map(String::as_str).collect();
        let outcome = self.outcome.as_deref().map_or_else(|| format!("asks {}", asks.join(" + ")), str::to_owned);
        format!("{:12} {:13} {outcome}", self.order_class, self.release)
    }
}

impl Running {
    /// Starts the review of an order and looks how it stands then.
    pub(crate) async fn review(&self, order: &Order) -> Standing {
        let input = Value::record([
            ("order", Value::text(order.number.as_str())),
            ("kind", Value::from("order")),
            ("site", Value::from("AW")),
            ("salesperson", Value::text(order.salesperson.as_str())),
        ]);
        let request = StartRequest::by(Actor::person(DESK), "order_review", input);
        let receipt = self.plant.handle.start(request).await.expect("started");
        self.standing(receipt.instance).await
    }

    /// The same for many, some at a time.
    pub(crate) async fn review_many(&self, orders: &[Order], at_once: usize) -> BTreeMap<String, Standing> {
        let reviews = stream::iter(orders).map(|order| async move { (order.number.clone(), self.review(order).await) });
        reviews.buffer_unordered(at_once).collect().await
    }

    pub(crate) async fn standing(&self, instance: InstanceId) -> Standing {
        let found = self.plant.handle.state(instance).await.expect("readable").expect("it is there");
        let state = found.state;
        let mut reader = self.database.read().await.expect("a reader");
        let filter = store::task::Filter {
            instance: Some(instance),
            status: Some(engine::project::TaskStatus::Open),
            ..store::task::Filter::default()
        };
        let open = store::task::list(&mut reader, &filter, None, 200).await.expect("readable").rows;
        let view = state.to_view();
        let text = |name: &str| view["data"][name].as_str().unwrap_or("-").to_owned();
        Standing {
            instance,
            status: state.status(),
            outcome: state.outcome().cloned(),
            order_class: text("order_class"),
            release: text("release"),
            asks: open.iter().map(|task| task.step.to_string()).collect(),
            incidents: state.open_incidents().count(),
        }
    }

    /// How they stand now.
    pub(crate) async fn standings(&self, before: &BTreeMap<String, Standing>) -> BTreeMap<String, Standing> {
        let mut now = BTreeMap::new();
        for (number, standing) in before {
            now.insert(number.clone(), self.standing(standing.instance).await);
        }
        now
    }

    /// Waits until every timer that is due has fired.
    pub(crate) async fn settle(&self) {
        let mut commits = self.plant.handle.subscribe();
        loop {
            let mut reader = self.database.read().await.expect("a reader");
            let mut due = 0;
            for shard in (0..self.database.shards()).map(ShardId) {
                due += store::timer::due(&mut reader, shard, self.clock.now(), 1).await.expect("readable").len();
            }
            drop(reader);
            if due == 0 {
                return;
            }
            // A commit is what makes a timer go; a listener that missed some has seen one.
            let _ = commits.recv().await;
        }
    }

    /// Stops the node; the database stays open.
    pub(crate) async fn stop(self) -> Database {
        self.plant.node.stop().await.expect("stopped");
        self.database
    }
}

/// Every canonical record of one of inventory's tables.
pub(crate) async fn rows(database: &Database, table: &str) -> Vec<Value> {
    let mut reader = database.read().await.expect("a reader");
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = inventory::repo::rows(&mut reader, table, after.as_deref(), 1_000).await.expect("readable");
        let Some((last, _)) = page.last() else { break all };
        after = Some(last.clone());
        all.extend(page.into_iter().map(|(_, row)| row));
    }
}
