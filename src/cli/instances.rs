//! `countersign instances`: what an operator does with instances.

mod verbs;

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::{Target, output};
use crate::client::Client;

/// List instances, and suspend, resume, mend, skip, move or cancel one
///
/// Everything but looking is for the process's owner and administrators, and needs `--reason`, which is kept for ever.
#[derive(Args)]
pub(crate) struct InstancesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List instances, newest first
    List {
        #[arg(long)]
        process: Option<String>,
        /// running, suspended, quarantined, cancelling, ended or cancelled
        #[arg(long)]
        status: Option<String>,
        #[arg(long)]
        key: Option<String>,
        /// At most so many
        #[arg(long, default_value = "100")]
        limit: usize,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// Show one: where it stands, what it holds
    Show {
        instance: String,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// List where what is open can be moved, and why not elsewhere
    Moves {
        instance: String,
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// Nothing goes on until it is resumed
    Suspend {
        instance: String,
        #[command(flatten)]
        act: Act,
    },
    /// Go on after a suspension or a quarantine
    Resume {
        instance: String,
        /// What becomes of timers that came due meanwhile; without it, what the process declares
        #[arg(long, value_parser = ["fire_on_resume", "shift", "skip"])]
        timers: Option<String>,
        #[command(flatten)]
        act: Act,
    },
    /// Write data fields: `fix ID plan.cost=100 --reason …`
    Fix {
        instance: String,
        /// FIELD=VALUE; the value as JSON, or a text that is none
        #[arg(required = true, value_name = "FIELD=VALUE")]
        writes: Vec<String>,
        #[command(flatten)]
        act: Act,
    },
    /// End a step in place of whoever should have
    Skip {
        instance: String,
        #[command(flatten)]
        at: At,
        /// One of the step's outcomes; may be left out where there is only one
        #[arg(long)]
        outcome: Option<String>,
        /// What the step gives, as JSON; without it nothing is written
        #[arg(long)]
        output: Option<String>,
        #[command(flatten)]
        act: Act,
    },
    /// Give up what is open and go on at another step
    Move {
        instance: String,
        #[command(flatten)]
        at: At,
        /// The step to go on at
        #[arg(long)]
        to: String,
        #[command(flatten)]
        act: Act,
    },
    /// Give an instance up
    Cancel {
        instance: String,
        #[command(flatten)]
        act: Act,
    },
}

/// What every act needs.
#[derive(Args)]
struct Act {
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

/// Where to take hold.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct At {
    /// An open step, in an item of an `each` as `STEP[KEY]`
    #[arg(long, value_name = "STEP")]
    at: Option<String>,
    /// What this incident stopped
    #[arg(long)]
    incident: Option<String>,
}

pub(crate) async fn run(args: InstancesArgs) -> anyhow::Result<bool> {
    match args.action {
        Action::List { process, status, key, limit, target, json } => {
            let mut path = "/api/v1/instances?limit=200".to_owned();
            for (name, value) in [("process", process), ("status", status), ("key", key)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", verbs::escaped(&value)));
                }
            }
            let client = target.connect().await?;
            let found = client.list(&path, limit).await;
            client.close().await?;
            verbs::print_list(&found?, json)?;
        }
        Action::Show { instance, target, json } => {
            let state = asked(&target, &format!("/api/v1/instances/{instance}/state")).await?;
            verbs::print_state(&state, json)?;
        }
        Action::Moves { instance, at, target, json } => {
            let client = target.connect().await?;
            let found = verbs::moves(&client, &instance, &at).await;
            client.close().await?;
            verbs::print_moves(&found?, json)?;
        }
        Action::Suspend { instance, act } => return act.post(&instance, "suspend", json!({})).await,
        Action::Resume { instance, timers, act } => {
            return act.post(&instance, "resume", json!({ "timers": timers })).await;
        }
        Action::Fix { instance, writes, act } => {
            let writes = verbs::writes(&writes)?;
            return act.post(&instance, "fix", json!({ "writes": writes })).await;
        }
        Action::Skip { instance, at, outcome, output, act } => {
            let output = match output.as_deref() {
                Some(text) => super::complete::json_argument(text, "--output")?,
                None => Json::Null,
            };
            let body = json!({ "outcome": outcome, "output": output });
            return act.post_at(&instance, "skip", &at, body).await;
        }
        Action::Move { instance, at, to, act } => {
            return act.post_at(&instance, "move", &at, json!({ "to": to })).await;
        }
        Action::Cancel { instance, act } => return act.post(&instance, "cancel", json!({})).await,
    }
    Ok(true)
}

async fn asked(target: &Target, path: &str) -> anyhow::Result<Json> {
    let client = target.connect().await?;
    let found = client.get(path).await;
    client.close().await?;
    found
}

impl Act {
    async fn post(&self, instance: &str, verb: &str, body: Json) -> anyhow::Result<bool> {
        let client = self.target.connect().await?;
        let done = self.send(&client, instance, verb, body).await;
        client.close().await?;
        self.print(&done?)
    }

    async fn post_at(&self, instance: &str, verb: &str, at: &At, mut body: Json) -> anyhow::Result<bool> {
        let client = self.target.connect().await?;
        let done = match verbs::spot(&client, instance, at).await {
            Ok(spot) => {
                body["at"] = spot;
                self.send(&client, instance, verb, body).await
            }
            Err(error) => Err(error),
        };
        client.close().await?;
        self.print(&done?)
    }

    async fn send(&self, client: &Client, instance: &str, verb: &str, mut body: Json) -> anyhow::Result<Json> {
        body["reason"] = self.reason.as_str().into();
        client.post(&format!("/api/v1/instances/{instance}/{verb}"), &body).await?;
        client.get(&format!("/api/v1/instances/{instance}")).await
    }

    fn print(&self, shown: &Json) -> anyhow::Result<bool> {
        if self.json {
            output::json(shown)?;
        } else {
            output::line(format!("{}  {}", verbs::text(shown, "instance"), verbs::text(shown, "status")));
        }
        Ok(true)
    }
}
