//! `countersign releases`: what was deployed, what differs, and taking instances from one to another.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};

use super::{Target, output};
use crate::client::Client;

/// List releases, compare two, and migrate running instances from one to another
///
/// A release is named by its digest, or by the first digits of it that no other has.
#[derive(Args)]
pub(crate) struct ReleasesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List releases
    List {
        #[arg(long)]
        process: Option<String>,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// What differs from A to B: steps by key and meaning, files line by line, instances concerned
    Diff {
        a: String,
        b: String,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
    /// Take running instances from one release to another
    ///
    /// Begin with --dry-run: it lists every instance with what would happen to it. Without it each instance migrates
    /// in one event of its own; what breaks off is begun again with the same command.
    Migrate {
        /// The release they are at
        #[arg(long)]
        from: String,
        /// The release they go to
        #[arg(long)]
        to: String,
        /// A plan, YAML or JSON: map, cancel, park, restart, durations, otherwise
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
        /// Only this instance; may be given several times
        #[arg(long, value_name = "ID")]
        instance: Vec<String>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        target: Target,
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: ReleasesArgs) -> anyhow::Result<bool> {
    match args.action {
        Action::List { process, target, json } => {
            let client = target.connect().await?;
            let found = all(&client).await;
            client.close().await?;
            let mut found = found?;
            found.retain(|one| process.as_deref().is_none_or(|process| text(one, "process") == process));
            print_list(&found, json)?;
            Ok(true)
        }
        Action::Diff { a, b, target, json } => {
            let client = target.connect().await?;
            let found = diff(&client, &a, &b).await;
            client.close().await?;
            print_diff(&found?, json)?;
            Ok(true)
        }
        Action::Migrate { from, to, plan, instance, dry_run, reason, target, json } => {
            let plan = match plan {
                Some(file) => read_plan(&file)?,
                None => json!({}),
            };
            let client = target.connect().await?;
            let mut body = json!({ "plan": plan, "dry_run": dry_run, "reason": reason });
            if !instance.is_empty() {
                body["instances"] = json!(instance);
            }
            let done = migrate(&client, &from, &to, body).await;
            client.close().await?;
            let done = done?;
            print_migration(&done, json)?;
            Ok(done.iter().all(|one| text(one, "verdict") != "stays"))
        }
    }
}

fn text(of: &Json, name: &str) -> String {
    match of.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

async fn all(client: &Client) -> anyhow::Result<Vec<Json>> {
    client.list("/api/v1/releases?limit=200", usize::MAX).await
}

/// The whole digest behind its first digits.
async fn digest(client: &Client, prefix: &str) -> anyhow::Result<String> {
    let releases = all(client).await?;
    let found: Vec<String> =
        releases.iter().map(|one| text(one, "release")).filter(|release| release.starts_with(prefix)).collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("there is no release `{prefix}`    没有版本 `{prefix}`"),
        many => bail!("`{prefix}` are the first digits of {} releases    `{prefix}` 不唯一", many.len()),
    }
}

async fn diff(client: &Client, a: &str, b: &str) -> anyhow::Result<Json> {
    let (a, b) = (digest(client, a).await?, digest(client, b).await?);
    client.get(&format!("/api/v1/releases/{a}/diff/{b}")).await
}

/// A plan is small and plain: JSON is YAML as well.
fn read_plan(file: &std::path::Path) -> anyhow::Result<Json> {
    let plan = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_yaml::from_str(&plan).with_context(|| format!("{} is no plan", file.display()))
}

/// Page after page, until the server says that there is none.
async fn migrate(client: &Client, from: &str, to: &str, mut body: Json) -> anyhow::Result<Vec<Json>> {
    let to = digest(client, to).await?;
    body["from"] = digest(client, from).await?.into();
    let path = format!("/api/v1/releases/{to}/migrate");
    let mut found = Vec::new();
    loop {
        let page = client.post(&path, &body).await?;
        found.extend(page.get("instances").and_then(Json::as_array).cloned().unwrap_or_default());
        match page.get("next").filter(|next| !next.is_null()) {
            Some(next) => body["cursor"] = next.clone(),
            None => return Ok(found),
        }
    }
}

fn print_list(found: &[Json], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&found);
    }
    let names = ["process", "release", "state", "effective_from", "deployed_by"];
    let mut table = output::table(&["process", "release", "state", "effective", "deployed by"]);
    for one in found {
        table.add_row(names.map(|name| text(one, name)));
    }
    output::line(table);
    Ok(())
}

fn print_diff(found: &Json, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(found);
    }
    let list = |name: &str| found.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    for step in list("steps") {
        let parts: Vec<String> =
            step["parts"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
        output::line(format!("step {} {} {}", text(&step, "step"), text(&step, "change"), parts.join(", ")));
    }
    for part in list("process") {
        output::line(format!("{} {}", text(&part, "part"), text(&part, "change")));
    }
    for file in list("files") {
        output::line(format!("\n{} {}", text(&file, "path"), text(&file, "change")));
        for line in file["lines"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            output::line(line);
        }
    }
    output::line(format!("\n{} instances run at the first release", text(found, "instances")));
    Ok(())
}

fn print_migration(found: &[Json], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&found);
    }
    let mut table = output::table(&["instance", "key", "verdict", "carried", "what else"]);
    for one in found {
        let spots = ["acts", "faults"].into_iter().flat_map(|name| one[name].as_array().cloned().unwrap_or_default());
        let notes: Vec<String> =
            spots.map(|spot| format!("{} {}: {}", text(&spot, "what"), text(&spot, "at"), text(&spot, "en"))).collect();
        let [instance, key, verdict, carried] = ["instance", "key", "verdict", "carried"].map(|name| text(one, name));
        table.add_row([instance, key, verdict, carried, notes.join("\n")]);
    }
    output::line(table);
    Ok(())
}
