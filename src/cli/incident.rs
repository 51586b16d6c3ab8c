//! `countersign incident`: what stands still, and trying it again.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::{Target, output};

/// List what stands still, or try it again
#[derive(Args)]
pub(crate) struct IncidentArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List open incidents
    List {
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// Try again what an incident stopped
    Retry {
        /// The incident's id, as `list` prints it
        incident: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        target: Target,
    },
}

pub(crate) async fn run(args: IncidentArgs) -> anyhow::Result<bool> {
    match args.action {
        Action::List { target, json } => {
            let client = target.connect().await?;
            let incidents = client.list("/api/v1/incidents", 1_000).await;
            client.close().await?;
            let incidents = incidents?;
            if json {
                output::json(&incidents)?;
                return Ok(true);
            }
            let mut table = output::table(&["incident", "process", "step", "code", "raised"]);
            for incident in &incidents {
                let text = |name: &str| match incident.get(name) {
                    Some(Json::String(text)) => text.clone(),
                    Some(Json::Null) | None => "-".to_owned(),
                    Some(other) => other.to_string(),
                };
                table.add_row([text("incident"), text("process"), text("step"), text("code"), text("raised_at")]);
            }
            output::line(table);
        }
        Action::Retry { incident, reason, target } => {
            let client = target.connect().await?;
            let path = format!("/api/v1/incidents/{incident}/retry");
            let done = client.post(&path, &json!({ "reason": reason })).await;
            client.close().await?;
            output::json(&done?)?;
        }
    }
    Ok(true)
}
