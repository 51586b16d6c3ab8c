//! `countersign demo`: a small plant whose order reviews run to their ends before your eyes.

mod people;
mod play;

use std::path::PathBuf;

use anyhow::Context;
use api::Policy;
use clap::Args;
use engine::command::Actor;
use engine::diagram;
use engine::language;
use runtime::Clock;
use serde_json::json;
use store::{Database, OpenOptions};
use tokio::net::TcpListener;

use super::{output, serve};
use crate::client::Client;
use crate::import::door::Door;
use crate::import::{built_in, run as importing};
use crate::wire::{self, ADMINISTRATOR, Options, Plant};

/// Run order reviews of a small plant to their ends, then serve it
///
/// Makes an embedded database, deploys the shipped order review, imports a sample plant, and plays its people: orders
/// accepted by rule, by signatures, after a negotiation; refused, short of stock, expired. Then it serves, and says
/// where and with which tokens.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Exit when the reviews have ended
    #[arg(long)]
    once: bool,
    /// The folder for the demo's files; made anew each time
    #[arg(long, value_name = "FOLDER", default_value = "countersign-demo")]
    folder: PathBuf,
    /// Where to serve afterwards
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
}

/// Days before today on which the story begins, so that all its deadlines lie behind.
const BEGINS_DAYS_AGO: i64 = 60;
const DAY_MICROS: i64 = 86_400_000_000;
/// The file that tells our folder from somebody's.
const MARK: &str = ".countersign-demo";

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<bool> {
    fresh(&args.folder)?;
    let url = format!("sqlite:{}", args.folder.join("plant.db").display());
    let database = Database::open(&url, OpenOptions::default()).await?;
    let clock =
        Clock::stopped_at(play::working_morning(database.now().await?.plus_micros(-BEGINS_DAYS_AGO * DAY_MICROS)));
    let options = Options { policy: Policy::Open, clock: clock.clone(), ..Options::default() };
    let plant = wire::on(database, options).await?;
    let diagram = prepare(&plant, &args).await?;
    let stories = play::all(&plant, &clock).await?;
    let mut table = output::table(&["order", "class", "how it went", "outcome"]);
    for story in &stories {
        table.add_row([story.order.clone(), story.class.clone(), story.way.join(" → "), story.outcome.clone()]);
    }
    output::line(table);
    output::line(format!("diagram   {}", diagram.display()));
    output::line(format!("database  {url}"));
    plant.node.stop().await?;
    if args.once {
        return Ok(true);
    }
    let plant = wire::open(&url, Options { policy: Policy::Open, ..Options::default() }).await?;
    let tokens = people::tokens(&plant).await?;
    let listener =
        TcpListener::bind(&args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let mut table = output::table(&["account", "roles", "token"]);
    for (account, roles, token) in tokens {
        table.add_row([account, roles, token]);
    }
    output::line(table);
    output::line(format!("every password is `{}`", people::PASSWORD));
    output::line(format!("serving   http://{address}      API http://{address}/docs"));
    output::line(format!("try       countersign tasks --server {address} --token TOKEN"));
    serve::until_stopped(plant, listener).await?;
    Ok(true)
}

/// A folder of our own, empty. One that we did not make is left alone.
fn fresh(folder: &PathBuf) -> anyhow::Result<()> {
    if folder.exists() {
        if !folder.join(MARK).exists() {
            anyhow::bail!("{} exists and is not a demo's folder; give another with --folder", folder.display());
        }
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join(MARK), "made by `countersign demo`, and removed by the next one\n")?;
    Ok(())
}

/// People, the process, the plant's data, and the picture of the process.
async fn prepare(plant: &Plant, args: &DemoArgs) -> anyhow::Result<PathBuf> {
    people::make(plant).await?;
    let bundle = shipped()?;
    let files: std::collections::BTreeMap<&String, std::borrow::Cow<'_, str>> =
        bundle.files.iter().map(|(path, bytes)| (path, String::from_utf8_lossy(bytes))).collect();
    let administrator = play::client(plant, ADMINISTRATOR)?;
    administrator.post("/api/v1/releases", &json!({ "files": files })).await?;
    let mapping = built_in::mapping("plant").context("the sample plant has no mapping")??;
    let writer = Door { handle: plant.handle.clone(), actor: Actor::person(ADMINISTRATOR) };
    let report = importing::import(&writer, &mapping, &built_in::plant(), plant.handle.now(), &|_| {}).await?;
    anyhow::ensure!(
        report.rejected.is_empty(),
        "the sample plant has rows that cannot be loaded: {:?}",
        report.rejected
    );
    let definition = language::check(&bundle).definition.context("the shipped process is not sound")?;
    let path = args.folder.join("order_review.svg");
    std::fs::write(&path, diagram::svg(&definition, diagram::Language::Zh))?;
    std::fs::write(args.folder.join("order_review.en.svg"), diagram::svg(&definition, diagram::Language::En))?;
    Ok(path)
}

#[derive(rust_embed::RustEmbed)]
#[folder = "processes"]
struct Processes;

/// The shipped order review, from within the program.
fn shipped() -> anyhow::Result<language::release::Bundle> {
    let (mut own, mut shared) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    for name in <Processes as rust_embed::RustEmbed>::iter() {
        let Some(file) = <Processes as rust_embed::RustEmbed>::get(&name) else { continue };
        let bytes = file.data.into_owned();
        match name.strip_prefix("order_review/") {
            Some(inner) => own.insert(inner.to_owned(), bytes),
            None => shared.insert(name.to_string(), bytes),
        };
    }
    anyhow::ensure!(own.contains_key("process.yaml"), "the program was built without its processes");
    Ok(language::release::collect(&own, &shared))
}

/// A client that acts as one of the demo's people.
pub(crate) fn acting(plant: &Plant, router: &axum::Router, account: &str) -> anyhow::Result<Client> {
    let principal = plant.identity.in_process(account).with_context(|| format!("there is no account {account}"))?;
    Ok(Client::within(router.clone(), principal))
}
