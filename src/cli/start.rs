//! `countersign start`: an instance of a process.

use clap::Args;
use serde_json::json;

use super::{Target, output};

/// Start an instance of a process
///
/// `countersign start order_review --input '{"order": "SO-1", "kind": "order"}' --database sqlite:plant.db`
#[derive(Args)]
pub(crate) struct StartArgs {
    /// The process
    process: String,
    /// The input as JSON; `-` reads it from standard input
    #[arg(long, default_value = "{}")]
    input: String,
    /// Repeating the same request with the same key starts no second instance
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: StartArgs) -> anyhow::Result<bool> {
    let input = super::complete::json_argument(&args.input, "--input")?;
    let client = args.target.connect().await?;
    let body = json!({ "process": args.process, "input": input });
    let headers: Vec<(&str, &str)> = args.idempotency_key.iter().map(|key| ("Idempotency-Key", key.as_str())).collect();
    let started = client.send(axum::http::Method::POST, "/api/v1/instances", Some(&body), &headers).await;
    let instance = match &started {
        Ok(started) => started.get("instance").and_then(|id| id.as_str()).map(str::to_owned),
        Err(_) => None,
    };
    let shown = match &instance {
        Some(id) => Some(client.get(&format!("/api/v1/instances/{id}")).await?),
        None => None,
    };
    client.close().await?;
    let started = started?;
    if args.json {
        output::json(&shown.unwrap_or(started))?;
    } else if let (Some(id), Some(shown)) = (instance, shown) {
        let text = |name: &str| shown.get(name).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
        output::line(format!("{id}  {}  {}", text("status"), text("outcome")));
    }
    Ok(true)
}
