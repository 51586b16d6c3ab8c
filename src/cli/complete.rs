//! `countersign complete`: a task or a vote, signed where it must be.

use std::io::Read;

use anyhow::Context;
use clap::Args;
use serde_json::{Value as Json, json};

use super::{Target, output};

/// Complete a task or cast a vote
///
/// Where the step signs, give --password: what is to be signed is fetched, shown and signed.
#[derive(Args)]
pub(crate) struct CompleteArgs {
    /// The task's id, as `tasks` prints it
    task: String,
    /// One of its outcomes; may be left out where there is only one
    #[arg(long)]
    outcome: Option<String>,
    /// The form's answer as JSON; `-` reads it from standard input
    #[arg(long, default_value = "null")]
    answer: String,
    #[arg(long)]
    comment: Option<String>,
    /// Where to go back to, when the outcome lets you choose
    #[arg(long, value_name = "STEP")]
    back_to: Option<String>,
    /// Your password, where the step needs a signature; `-` reads it from standard input
    #[arg(long)]
    password: Option<String>,
    /// Act for this person, who named you as their substitute
    #[arg(long = "for", value_name = "ACCOUNT")]
    behalf: Option<String>,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: CompleteArgs) -> anyhow::Result<bool> {
    let answer = json_argument(&args.answer, "--answer")?;
    let client = args.target.connect().await?.on_behalf_of(args.behalf.as_deref());
    let done = complete(&client, &args, answer).await;
    client.close().await?;
    let done = done?;
    if args.json {
        output::json(&done)?;
    } else {
        output::line(format!("done, version {}", done.get("version").cloned().unwrap_or_default()));
    }
    Ok(true)
}

async fn complete(client: &crate::client::Client, args: &CompleteArgs, answer: Json) -> anyhow::Result<Json> {
    let path = format!("/api/v1/tasks/{}", args.task);
    let mut body = json!({ "answer": answer });
    for (name, value) in [("outcome", &args.outcome), ("comment", &args.comment), ("back_to", &args.back_to)] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    if let Some(password) = &args.password {
        let password = if password == "-" { stdin()?.trim_end().to_owned() } else { password.clone() };
        let outcome =
            args.outcome.as_ref().ok_or_else(|| anyhow::anyhow!("a signature needs --outcome: it is signed too"))?;
        let wanted = json!({ "answer": body["answer"].clone(), "outcome": outcome });
        let shown = client.post(&format!("{path}/to-sign"), &wanted).await?;
        if !args.json {
            output::line(serde_json::to_string_pretty(&shown)?);
        }
        body["signature"] = json!({ "password": password, "record": shown.get("digest").cloned().unwrap_or_default() });
    }
    client.post(&format!("{path}/complete"), &body).await
}

/// JSON given as an argument, or on standard input.
pub(crate) fn json_argument(text: &str, option: &str) -> anyhow::Result<Json> {
    let text = if text == "-" { stdin()? } else { text.to_owned() };
    serde_json::from_str(&text).with_context(|| format!("{option} is not JSON"))
}

pub(super) fn stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}
