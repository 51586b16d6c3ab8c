//! `countersign start`: instances of a process, one or many.

mod many;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::{Target, output};
use crate::client::Client;

/// Start an instance of a process, or many
///
/// One: `countersign start order_review --input '{"order": "SO-1001", "kind": "order", "site": "SZ", "salesperson":
/// "li.wei"}' --database sqlite:plant.db`
///
/// Many: `--inputs FILE` reads one input a line and prints one line of JSON for each, in their order: the instance, or
/// why there is none. With --idempotency-key the same file can be given again after a break: what was started is not
/// started twice.
#[derive(Args)]
pub(crate) struct StartArgs {
    /// The process
    process: String,
    /// The input as JSON; `-` reads it from standard input
    #[arg(long, default_value = "{}", conflicts_with = "inputs")]
    input: String,
    /// A file with one input a line, as JSON; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// With --inputs: so many at the same time
    #[arg(long, value_name = "N", default_value = "16", requires = "inputs")]
    concurrency: NonZeroUsize,
    /// Repeating the same request with the same key starts no second instance; with --inputs, each line has its own
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: StartArgs) -> anyhow::Result<bool> {
    if let Some(file) = &args.inputs {
        return many::run(&args, file).await;
    }
    let input = super::complete::json_argument(&args.input, "--input")?;
    let client = args.target.connect().await?;
    let shown = start(&client, &args.process, &input, args.idempotency_key.as_deref()).await;
    client.close().await?;
    let shown = shown?;
    if args.json {
        output::json(&shown)?;
        return Ok(true);
    }
    let text = |name: &str| shown.get(name).and_then(Json::as_str).unwrap_or("-").to_owned();
    output::line(format!("{}  {}  {}", text("instance"), text("status"), text("outcome")));
    if shown.get("open_incidents").and_then(Json::as_u64).is_some_and(|open| open > 0) {
        output::line(
            "it stands still: see `countersign incident list`    流程已停顿：请查看 `countersign incident list`",
        );
    }
    Ok(true)
}

/// Starts one and gives it as it stands then.
async fn start(client: &Client, process: &str, input: &Json, key: Option<&str>) -> anyhow::Result<Json> {
    let body = json!({ "process": process, "input": input });
    let headers: Vec<(&str, &str)> = key.iter().map(|key| ("Idempotency-Key", *key)).collect();
    let started = client.send(axum::http::Method::POST, "/api/v1/instances", Some(&body), &headers).await?;
    let id = started.get("instance").and_then(Json::as_str).unwrap_or_default();
    client.get(&format!("/api/v1/instances/{id}")).await
}
