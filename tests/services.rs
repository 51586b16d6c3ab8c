//! The services keep the catalogue: on the sample plant's orders every activity takes what it declares and gives
//! what it declares, and the orders of the sample are of every kind that the classification knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use countersign::import::built_in;
use countersign::import::chunk::Chunk;
use countersign::import::run::{ChunkWriter, Writing, import};
use countersign::import::source::Source;
use engine::command::{ActivityFailure, Actor};
use engine::id::{InstanceId, RunId};
use engine::language::check;
use engine::language::definition::{ActivitySpec, Definition};
use engine::language::release::collect;
use engine::rules::expression::Names;
use engine::time::Timestamp;
use engine::value::{Map, Value};
use runtime::activity::{Activities, Call, CallError};
use store::testing::on_both;
use store::{Database, Tx};

struct Direct {
    database: Database,
}

impl ChunkWriter for Direct {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_> {
        Box::pin(async move {
            let mut tx = self.database.begin().await?;
            let written = chunk.apply(&mut tx).await?;
            tx.commit().await?;
            Ok(written)
        })
    }
}

fn definition() -> Definition {
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
    let own =
        shared.iter().filter_map(|(path, bytes)| Some((path.strip_prefix("order_review/")?.to_owned(), bytes.clone())));
    check(&collect(&own.collect(), &shared)).definition.expect("the process compiles")
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-02T01:00:00Z").expect("a moment")
}

/// Calls an activity and holds what goes in and what comes out against the catalogue.
async fn call(tx: &mut Tx, spec: &ActivitySpec, input: Value, now: Timestamp) -> Result<Value, ActivityFailure> {
    let mut activities = Activities::default();
    masterdata::activities::register(&mut activities);
    sales::activities::register(&mut activities);
    inventory::activities::register(&mut activities);
    let activity = activities.lookup(&spec.name).expect("registered").clone();
    spec.input.check(&input).unwrap_or_else(|fault| panic!("input of {}: {fault}", spec.name));
    let actor = Actor::System;
    let (instance, run) = (InstanceId::from_bytes([7; 16]), RunId(1));
    tx.savepoint().await.expect("a savepoint");
    match activity(Call { tx: &mut *tx, input: &input, now, actor: &actor, instance, run, key: "k" }).await {
        Ok(output) => {
            tx.release_savepoint().await.expect("released");
            spec.output.check(&output).unwrap_or_else(|fault| panic!("output of {}: {fault}", spec.name));
            Ok(output)
        }
        Err(CallError::Failed(failure)) => {
            tx.rollback_to_savepoint().await.expect("rolled back");
            assert!(spec.errors.contains(&failure.code), "{} declares no {}", spec.name, failure.code);
            Err(failure)
        }
        Err(CallError::Store(error)) => panic!("the store failed: {error:?}"),
    }
}

/// What the classification reads.
struct Data(Map);

impl Names for Data {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn visits(&self, _step: &str) -> i64 {
        0
    }

    fn reached(&self, _milestone: &str) -> bool {
        false
    }

    fn any_outcome(&self, _step: &str, _outcome: &str) -> bool {
        false
    }
}

/// Reviews an order as its process does where nobody has to decide: what it is classified as, and what comes of it.
async fn review(
    database: &Database,
    definition: &Definition,
    number: &str,
    now: Timestamp,
) -> (String, String, String) {
    let spec = |name: &str| definition.activities[name].clone();
    let mut tx = database.begin().await.expect("a transaction");
    let order = Value::record([("order", Value::from(number))]);
    let facts = call(&mut tx, &spec("order.review_facts"), order, now).await.expect("facts");
    let of = |name: &str| facts.get(name).cloned().unwrap_or_default();
    let lines = of("lines");
    let input = Value::record([("country", of("country")), ("day", of("requested")), ("lines", lines.clone())]);
    let market = call(&mut tx, &spec("item.check_market"), input, now).await.expect("a market");
    let input = Value::record([("customer", of("customer")), ("day", of("ordered")), ("lines", lines.clone())]);
    let price = call(&mut tx, &spec("price.check"), input, now).await.expect("prices");
    let input = Value::record(["customer", "currency", "exposure", "value"].map(|name| (name, of(name))));
    let credit = call(&mut tx, &spec("customer.credit"), input, now).await.expect("a credit");
    let with_lead = price.get("lines").cloned().unwrap_or_default();
    let input = Value::record([("requested", of("requested")), ("lines", with_lead)]);
    let stock = call(&mut tx, &spec("stock.availability"), input, now).await.expect("stock");
    let (ceiling, version) = (credit.get("after").cloned().unwrap_or_default(), of("version"));
    let needed = of("requested");
    let data = [("facts", facts), ("market", market), ("price", price), ("credit", credit), ("stock", stock)];
    let data = Data(data.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let hit = definition.tables["classify.table.yaml"].evaluate(&data).expect("a row fits");
    let word = |name: &str| hit.value.get(name).and_then(Value::as_str).expect("a word").to_owned();
    let demand = Value::record([
        ("demand", Value::from(number)),
        ("lines", lines),
        ("needed", needed),
        ("policy", Value::from("HARD")),
    ]);
    let outcome = match call(&mut tx, &spec("stock.reserve"), demand, now).await {
        Err(failure) => failure.code.to_string(),
        Ok(_) => {
            let input = [("order", Value::from(number)), ("version", version), ("ceiling", ceiling)];
            let confirmed = call(&mut tx, &spec("order.confirm"), Value::record(input), now).await;
            confirmed.map_or_else(|failure| failure.code.to_string(), |_| "confirmed".to_owned())
        }
    };
    tx.commit().await.expect("committed");
    (word("order_class"), word("release"), outcome)
}

async fn orders(database: &Database) -> BTreeMap<String, Value> {
    let mut reader = database.read().await.expect("a reader");
    sales::repo::rows(&mut reader, "sales_order", None, 10_000).await.expect("readable").into_iter().collect()
}

async fn sound(database: &Database) {
    let mut reader = database.read().await.expect("a reader");
    assert_eq!(inventory::repo::faults(&mut reader).await.expect("readable"), Vec::<String>::new());
    assert_eq!(sales::repo::exposure_faults(&mut reader).await.expect("readable"), Vec::<String>::new());
}

#[tokio::test]
async fn the_sample_orders_are_of_every_kind_and_the_services_keep_the_catalogue() {
    let definition = Arc::new(definition());
    on_both(|database| {
        let definition = definition.clone();
        async move {
            let mapping = built_in::mapping("plant").expect("built in").expect("a sound mapping");
            let writer = Direct { database: database.clone() };
            import(&writer, &mapping, &built_in::plant(), now(), &|_| {}).await.expect("imported");
            let (mut kinds, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
            for number in orders(&database).await.into_keys() {
                let (class, release, outcome) = review(&database, &definition, &number, now()).await;
                kinds.insert((class, release));
                outcomes.insert(outcome);
            }
            let wanted = [
                ("standard", "by_rule"),
                ("standard", "one_signature"),
                ("non_standard", "full_review"),
                ("critical", "full_review"),
            ];
            assert_eq!(kinds, wanted.map(|(class, release)| (class.to_owned(), release.to_owned())).into());
            assert_eq!(outcomes, ["SHORTAGE", "confirmed"].map(str::to_owned).into());
            sound(&database).await;
        }
    })
    .await;
}

/// A folder of the data that lies beside the repository; a worktree lies one folder deeper.
fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"].iter().map(|beside| root.join(beside).join(name)).find(|folder| folder.exists())
}

#[tokio::test]
async fn both_databases_decide_a_thousand_real_orders_alike() {
    let Some(folder) = shared("data/adventureworks") else {
        eprintln!("skipped: the export is not here");
        return;
    };
    let definition = Arc::new(definition());
    let decided = Arc::new(Mutex::new(Vec::new()));
    on_both(|database| {
        let (definition, folder, decided) = (definition.clone(), folder.clone(), decided.clone());
        async move {
            let mapping = built_in::mapping("adventureworks").expect("built in").expect("a sound mapping");
            let writer = Direct { database: database.clone() };
            import(&writer, &mapping, &Source::Folder(folder), now(), &|_| {}).await.expect("imported");
            let mut all = BTreeMap::new();
            // By number, each on the day it was ordered: stock is short, so the order of orders matters.
            for (number, row) in orders(&database).await {
                let day = row.get("ordered").and_then(Value::as_str).expect("a day");
                let at = Timestamp::parse(&format!("{day}T01:00:00Z")).expect("a moment");
                all.insert(number.clone(), review(&database, &definition, &number, at).await);
            }
            let mut counts = BTreeMap::new();
            all.values().for_each(|decision| *counts.entry(decision.clone()).or_insert(0) += 1);
            assert!(counts.keys().any(|(_, _, outcome)| outcome == "SHORTAGE"), "{counts:?}");
            assert!(counts.contains_key(&("standard".into(), "by_rule".into(), "confirmed".into())), "{counts:?}");
            sound(&database).await;
            decided.lock().expect("unpoisoned").push(all);
        }
    })
    .await;
    let decided = decided.lock().expect("unpoisoned");
    assert!(decided.windows(2).all(|pair| pair[0] == pair[1]));
}
