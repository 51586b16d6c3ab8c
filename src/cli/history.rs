//! `countersign history`: what happened to an instance.

use clap::Args;
use serde_json::Value as Json;

use super::{Target, output};

/// Show what happened to an instance
#[derive(Args)]
pub(crate) struct HistoryArgs {
    /// The instance
    instance: String,
    #[command(flatten)]
    target: Target,
    /// Print every transition as it is in the log
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: HistoryArgs) -> anyhow::Result<bool> {
    let client = args.target.connect().await?;
    let transitions = client.list(&format!("/api/v1/instances/{}/history", args.instance), usize::MAX).await;
    client.close().await?;
    let transitions = transitions?;
    if args.json {
        output::json(&transitions)?;
        return Ok(true);
    }
    let mut table = output::table(&["version", "at", "who", "command", "events"]);
    for transition in &transitions {
        let plain = |path: &str| match transition.pointer(path) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Null) | None => "-".to_owned(),
            Some(other) => other.to_string(),
        };
        let who = ["/command/actor/id", "/command/actor/kind"].iter().map(|path| plain(path)).find(|text| text != "-");
        let events = transition.get("events").and_then(Json::as_array).cloned().unwrap_or_default();
        let events: Vec<String> = events.iter().map(event_line).collect();
        table.add_row([
            plain("/version"),
            plain("/at"),
            who.unwrap_or_default(),
            plain("/command/action/type"),
            events.join("\n"),
        ]);
    }
    output::line(table);
    Ok(true)
}

/// An event in a line: its name, and what it is about.
fn event_line(event: &Json) -> String {
    let text = |name: &str| event.get(name).and_then(Json::as_str);
    let about: Vec<&str> =
        ["step", "outcome", "activity", "message", "code", "handler"].iter().filter_map(|name| text(name)).collect();
    format!("{} {}", text("type").unwrap_or("?"), about.join(" "))
}
