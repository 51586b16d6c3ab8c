//! `countersign serve`: a node on a database, and its HTTP surface.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use api::Policy;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;

use super::output;
use crate::config;
use crate::wire::{self, Options, Plant};

/// Serve a database over HTTP
///
/// The pages of the API lie under /docs. Stops in good order on SIGTERM or Ctrl-C: what was taken is finished first.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME` [env: COUNTERSIGN_DATABASE]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// What a deployment is at first: a draft that somebody else approves, or effective at once
    #[arg(long, value_enum, default_value_t = Deployments::Approval)]
    policy: Deployments,
    /// The number of shards of a new database; it is fixed then
    #[arg(long)]
    shards: Option<u16>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Deployments {
    Approval,
    Open,
}

pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<bool> {
    let url = config::or_variable(args.database.as_deref(), config::DATABASE)
        .ok_or_else(|| anyhow::anyhow!("say which database: --database sqlite:PATH"))?;
    let policy = match args.policy {
        Deployments::Approval => Policy::Approval,
        Deployments::Open => Policy::Open,
    };
    // First the address: one that is taken must not cost a start on the database.
    let listener =
        TcpListener::bind(&args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let plant = wire::open(&url, Options { policy, shards: args.shards, ..Options::default() }).await?;
    output::line(format!("listening on http://{}", listener.local_addr()?));
    until_stopped(plant, listener).await?;
    Ok(true)
}

/// How long connections may take to end after a signal: a little more than a request may take.
const CONNECTIONS_END_MAX: Duration = Duration::from_secs(35);

/// Serves until a signal comes; then finishes what was taken.
pub(crate) async fn until_stopped(plant: Plant, listener: TcpListener) -> anyhow::Result<()> {
    let router = api::router(plant.backend.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let handle = plant.handle.clone();
    let (signal, signalled) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        stopped().await;
        // Streams end when they hear of it; else they would hold the server for ever.
        handle.close();
        drop(signal);
    });
    let too_long = async {
        // The other end is dropped, never used: either way it has happened.
        let _ = signalled.await;
        tokio::time::sleep(CONNECTIONS_END_MAX).await;
    };
    tokio::select! {
        served = serving.into_future() => served.context("cannot serve")?,
        () = too_long => tracing::warn!("connections that did not end are cut"),
    }
    plant.node.stop().await?;
    Ok(())
}

async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("stopping: what was taken is finished first");
}
