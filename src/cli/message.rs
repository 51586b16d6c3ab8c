//! `countersign message`: publishing one, or sending a signal.

use clap::Args;
use serde_json::json;

use super::{Target, output};

/// Publish a message: to those who wait, to the processes it starts, or into the buffer
///
/// With `--signal`: to everybody who waits at this moment, and to nobody later.
#[derive(Args)]
pub(crate) struct MessageArgs {
    /// The message's name, as the catalogue declares it
    name: String,
    /// The sender's own id of it; a second one with the same id is not delivered again
    #[arg(long)]
    id: String,
    /// The payload as JSON; `-` reads it from standard input
    #[arg(long, default_value = "{}")]
    payload: String,
    /// It is a signal
    #[arg(long)]
    signal: bool,
    /// Refuse it, and name them, if several wait for it
    #[arg(long, conflicts_with = "signal")]
    to_one: bool,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: MessageArgs) -> anyhow::Result<bool> {
    let payload = super::complete::json_argument(&args.payload, "--payload")?;
    let client = args.target.connect().await?;
    let published = if args.signal {
        client.post("/api/v1/signals", &json!({ "name": args.name, "id": args.id, "payload": payload })).await
    } else {
        let message = json!({ "name": args.name, "id": args.id, "payload": payload, "to_one": args.to_one });
        client.post("/api/v1/messages", &message).await
    };
    client.close().await?;
    let published = published?;
    if args.json {
        output::json(&published)?;
    } else {
        let before = published.get("replayed").and_then(serde_json::Value::as_bool).unwrap_or_default();
        let text = |name: &str| published.get(name).and_then(serde_json::Value::as_str).unwrap_or("published");
        let to = published.get("to").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        output::line(match (before, to) {
            (true, _) => "published before; nothing has happened now".to_owned(),
            (false, 0) => text("verdict").to_owned(),
            (false, _) => format!("{}: {}", text("verdict"), receivers(&published)),
        });
    }
    Ok(true)
}

fn receivers(published: &serde_json::Value) -> String {
    let to = published.get("to").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    to.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
}
