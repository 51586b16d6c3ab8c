//! `countersign tasks`: the inbox.

use clap::{Args, ValueEnum};
use serde_json::Value as Json;

use super::{Target, output};

/// List open work
///
/// Your own inbox; with `--list all`, everybody's, for those who may see it.
#[derive(Args)]
pub(crate) struct TasksArgs {
    #[arg(long, value_enum, default_value_t = List::Inbox)]
    list: List,
    /// Only of this process
    #[arg(long)]
    process: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// The inbox of this person, who named you as their substitute
    #[arg(long = "for", value_name = "ACCOUNT")]
    behalf: Option<String>,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum List {
    /// What you hold and what you could take
    Inbox,
    /// What you hold
    Mine,
    /// What you could take
    Claimable,
    /// Everything that is open
    All,
}

pub(crate) async fn run(args: TasksArgs) -> anyhow::Result<bool> {
    let client = args.target.connect().await?.on_behalf_of(args.behalf.as_deref());
    let list = match args.list {
        List::Inbox => "all",
        List::Mine => "mine",
        List::Claimable => "claimable",
        List::All => "everybody",
    };
    let process = args.process.map(|process| format!("&process={process}")).unwrap_or_default();
    let tasks = client.list(&format!("/api/v1/tasks?list={list}{process}"), args.limit).await;
    client.close().await?;
    let tasks = tasks?;
    if args.json {
        output::json(&tasks)?;
        return Ok(true);
    }
    let mut table = output::table(&["task", "process", "key", "title", "for", "due"]);
    for task in &tasks {
        let text = |name: &str| task.get(name).and_then(Json::as_str).unwrap_or("-").to_owned();
        let title = task.pointer("/title/zh").and_then(Json::as_str).unwrap_or_default();
        let english = task.pointer("/title/en").and_then(Json::as_str).unwrap_or_default();
        let who = task.get("assignee").and_then(Json::as_str).map_or_else(|| candidates(task), str::to_owned);
        table.add_row([text("task"), text("process"), text("key"), format!("{title}\n{english}"), who, text("due")]);
    }
    output::line(table);
    output::line(format!("{} tasks", tasks.len()));
    Ok(true)
}

fn candidates(task: &Json) -> String {
    let of = |candidate: &Json| candidate.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    let list = task.get("candidates").and_then(Json::as_array).cloned().unwrap_or_default();
    list.iter().map(of).collect::<Vec<_>>().join(", ")
}
