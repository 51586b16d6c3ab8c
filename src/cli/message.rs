//! `countersign message`: publishing one.

use clap::Args;
use serde_json::json;

use super::{Target, output};

/// Publish a message: to those who wait, to the processes it starts, or into the buffer
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
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: MessageArgs) -> anyhow::Result<bool> {
    let payload = super::complete::json_argument(&args.payload, "--payload")?;
    let client = args.target.connect().await?;
    let published =
        client.post("/api/v1/messages", &json!({ "name": args.name, "id": args.id, "payload": payload })).await;
    client.close().await?;
    let published = published?;
    if args.json {
        output::json(&published)?;
    } else {
        let before = published.get("replayed").and_then(serde_json::Value::as_bool).unwrap_or_default();
        output::line(if before { "published before; nothing has happened now" } else { "published" });
    }
    Ok(true)
}
