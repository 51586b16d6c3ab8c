//! `countersign clock`: whether the clock is believed, and saying that it may be.

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::{Target, output};

/// Show whether the clock is believed, or say that it may be
///
/// When the database's clock is set back by more than a second, or ahead by more than a minute, timers, schedules and
/// signatures wait until an administrator has looked. Set the clock right first; then acknowledge.
#[derive(Args)]
pub(crate) struct ClockArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the node's time, the database's, and whether they agree
    Show {
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// Say that the database's clock may be believed as it is now
    Acknowledge {
        /// What happened, for the record
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        target: Target,
    },
}

pub(crate) async fn run(args: ClockArgs) -> anyhow::Result<bool> {
    match args.action {
        Action::Show { target, json } => {
            let client = target.connect().await?;
            let clock = client.get("/api/v1/clock").await;
            client.close().await?;
            let clock = clock?;
            let trusted = clock.get("state").and_then(Json::as_str) == Some("trusted");
            if json {
                output::json(&clock)?;
                return Ok(trusted);
            }
            let text = |pointer: &str| clock.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
            output::line(format!("{}: now {}, database {}", text("/state"), text("/now"), text("/database")));
            if !trusted {
                output::line(format!("expected {}, seen {}", text("/doubt/expected"), text("/doubt/seen")));
            }
            Ok(trusted)
        }
        Action::Acknowledge { reason, target } => {
            let client = target.connect().await?;
            let done = client.post("/api/v1/clock/acknowledge", &json!({ "reason": reason })).await;
            client.close().await?;
            output::json(&done?)?;
            Ok(true)
        }
    }
}
