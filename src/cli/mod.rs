//! The command line. One command, one file; `docs/cli.md` is the contract.

mod check;
mod chinese;
mod clock;
mod complete;
mod copy;
mod demo;
mod deploy;
mod diagram;
mod doctor;
mod files;
mod fmt;
mod history;
mod import;
mod incident;
mod instances;
mod message;
mod mutate;
mod notices;
mod output;
mod raise;
mod releases;
mod replay;
mod schema;
mod serve;
mod start;
mod task;
mod tasks;
mod test;
mod user;

pub use chinese::chinese;
use clap::{Args, Parser, Subcommand};

use crate::client::Client;
use crate::config;

/// Countersign (会签): durable processes for manufacturers, from YAML, with signatures that hold.
///
/// Begin with `countersign demo`. A process owner's day is `check`, `test`, `diagram`, `deploy`; an operator's is
/// `serve`, `tasks`, `history`, `doctor`; an auditor's is `replay`.
#[derive(Parser)]
#[command(name = "countersign", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Fmt(fmt::FmtArgs),
    Schema(schema::SchemaArgs),
    Diagram(diagram::DiagramArgs),
    Deploy(deploy::DeployArgs),
    Start(start::StartArgs),
    Tasks(tasks::TasksArgs),
    Task(task::TaskArgs),
    Complete(complete::CompleteArgs),
    Raise(raise::RaiseArgs),
    Message(message::MessageArgs),
    Notices(notices::NoticesArgs),
    History(history::HistoryArgs),
    Incident(incident::IncidentArgs),
    Clock(clock::ClockArgs),
    Instances(instances::InstancesArgs),
    Releases(releases::ReleasesArgs),
    Import(import::ImportArgs),
    User(user::UserArgs),
    Replay(replay::ReplayArgs),
    Doctor(doctor::DoctorArgs),
    Copy(copy::CopyArgs),
    Bench(crate::bench::BenchArgs),
}

/// Where a command goes: to a database that nobody serves, or to a running server.
#[derive(Args, Clone)]
pub(crate) struct Target {
    /// The database, `sqlite:PATH` or `postgres://USER@HOST/NAME`, while no server runs on it [env: COUNTERSIGN_DATABASE]
    #[arg(long, global = true, conflicts_with = "server", value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The address of a running server, `HOST:PORT` or an URL [env: COUNTERSIGN_SERVER]
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) server: Option<String>,
    /// Your API token, for --server [env: COUNTERSIGN_TOKEN]
    #[arg(long, global = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// With --database: act as this account instead of the administrator
    #[arg(long = "as", global = true, value_name = "ACCOUNT", conflicts_with = "server")]
    pub(crate) actor: Option<String>,
}

impl Target {
    /// To a server, or to a database that is there.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        self.reach(false).await
    }

    /// The same, for what people do first with a new database: it is made where there is none.
    pub(crate) async fn connect_or_create(&self) -> anyhow::Result<Client> {
        self.reach(true).await
    }

    async fn reach(&self, create: bool) -> anyhow::Result<Client> {
        let server = match &self.database {
            Some(_) => None,
            None => config::or_variable(self.server.as_deref(), config::SERVER),
        };
        if let Some(server) = server {
            let token = config::or_variable(self.token.as_deref(), config::TOKEN);
            let token = token.ok_or_else(|| anyhow::anyhow!("--server needs --token, or {}", config::TOKEN))?;
            return Client::server(&server, token);
        }
        Client::local(&self.url()?, self.actor.as_deref(), create).await
    }

    /// The database's URL; for commands that need the database itself.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        config::or_variable(self.database.as_deref(), config::DATABASE)
            .ok_or_else(|| anyhow::anyhow!("say where: --database sqlite:PATH, or --server ADDR --token T"))
    }
}

/// Runs a command; `false`: it did its work and the answer is no (findings, failed scenarios, mismatches).
pub async fn run(cli: Cli) -> anyhow::Result<bool> {
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Diagram(args) => diagram::run(&args),
        Command::Deploy(args) => deploy::run(args).await,
        Command::Start(args) => start::run(args).await,
        Command::Tasks(args) => tasks::run(args).await,
        Command::Task(args) => task::run(args).await,
        Command::Complete(args) => complete::run(args).await,
        Command::Raise(args) => raise::run(args).await,
        Command::Message(args) => message::run(args).await,
        Command::Notices(args) => notices::run(args).await,
        Command::History(args) => history::run(args).await,
        Command::Incident(args) => incident::run(args).await,
        Command::Clock(args) => clock::run(args).await,
        Command::Instances(args) => instances::run(args).await,
        Command::Releases(args) => releases::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Copy(args) => copy::run(args).await,
        Command::Bench(args) => crate::bench::run(args).await.map(|()| true),
    }
}
