//! `countersign task`: what people do with one piece of work beside completing it.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value as Json, json};

use super::{Target, output};

/// Look at a task, pass it on, ask others in, go back
///
/// A task's name is in `countersign tasks`. What may be done with it now, and why not, is told by `task show`.
#[derive(Args)]
pub(crate) struct TaskArgs {
    #[command(subcommand)]
    action: Action,
    /// Act for this person, who named you as their substitute
    #[arg(long = "for", global = true, value_name = "ACCOUNT")]
    behalf: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Show a task, and what may be done with it
    Show { task: String },
    /// Take it
    Claim { task: String },
    /// Give it back to its candidates
    Release { task: String },
    /// Give it to another candidate for good (转办)
    Transfer {
        task: String,
        to: String,
        #[arg(long)]
        reason: String,
    },
    /// Have somebody prepare it; their answer comes back (委派)
    Delegate {
        task: String,
        to: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Answer what was delegated to you
    Resolve {
        task: String,
        #[arg(long)]
        outcome: Option<String>,
        /// The form's fields as JSON
        #[arg(long, value_name = "JSON")]
        answer: Option<String>,
        #[arg(long)]
        comment: Option<String>,
    },
    /// Take it back from the delegate
    Recall {
        task: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ask somebody else to approve, too (加签)
    AddApprover {
        task: String,
        who: String,
        #[arg(long, value_enum, default_value_t = Place::Beside)]
        place: Place,
        #[arg(long)]
        reason: String,
    },
    /// Ask this seat no more (减签)
    RemoveApprover {
        task: String,
        #[arg(long)]
        reason: String,
    },
    /// Go back to an earlier step (退回)
    Return {
        task: String,
        /// The step; `task show` lists them
        to: String,
        /// Come back here at once when that step is done
        #[arg(long)]
        back_to_me: bool,
        #[arg(long)]
        reason: String,
    },
    /// Take your own completion or vote back (撤回)
    Withdraw {
        task: String,
        #[arg(long)]
        reason: String,
    },
    /// Remind whoever has it (催办)
    Urge {
        task: String,
        #[arg(long)]
        text: Option<String>,
    },
    /// Give the open tasks of one account to another, such as a leaver's; without --yes it only shows what would happen
    HandOver {
        from: String,
        to: String,
        #[arg(long)]
        reason: String,
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Place {
    Before,
    Beside,
    After,
}

pub(crate) async fn run(args: TaskArgs) -> anyhow::Result<bool> {
    let client = args.target.connect().await?.on_behalf_of(args.behalf.as_deref());
    let answer = act(&client, &args.action).await;
    client.close().await?;
    let answer = answer?;
    if args.json {
        output::json(&answer)?;
        return Ok(true);
    }
    match &args.action {
        Action::Show { .. } => show(&answer),
        Action::HandOver { yes, .. } => return Ok(told(&answer, *yes)),
        _ => output::line(format!("done: {}", answer.get("instance").and_then(Json::as_str).unwrap_or_default())),
    }
    Ok(true)
}

async fn act(client: &crate::client::Client, action: &Action) -> anyhow::Result<Json> {
    let (task, verb, body) = match action {
        Action::Show { task } => return client.get(&format!("/api/v1/tasks/{task}")).await,
        Action::Claim { task } => (task, "claim", Json::Null),
        Action::Release { task } => (task, "release", Json::Null),
        Action::Transfer { task, to, reason } => (task, "transfer", json!({ "to": to, "reason": reason })),
        Action::Delegate { task, to, reason } => (task, "delegate", json!({ "to": to, "reason": reason })),
        Action::Resolve { task, outcome, answer, comment } => {
            let answer: Json = answer.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
            (task, "resolve", json!({ "outcome": outcome, "answer": answer, "comment": comment }))
        }
        Action::Recall { task, reason } => (task, "recall", json!({ "reason": reason })),
        Action::AddApprover { task, who, place, reason } => {
            let place = match place {
                Place::Before => "before",
                Place::Beside => "beside",
                Place::After => "after",
            };
            (task, "approvers", json!({ "who": who, "place": place, "reason": reason }))
        }
        Action::RemoveApprover { task, reason } => (task, "remove", json!({ "reason": reason })),
        Action::Return { task, to, back_to_me, reason } => {
            let resume = if *back_to_me { "back_to_me" } else { "replay" };
            (task, "return", json!({ "to": to, "resume": resume, "reason": reason }))
        }
        Action::Withdraw { task, reason } => (task, "withdraw", json!({ "reason": reason })),
        Action::Urge { task, text } => (task, "urge", json!({ "text": text })),
        Action::HandOver { from, to, reason, yes } => {
            let body = json!({
                "preview": !yes,
                "tasks": { "held_by": from },
                "act": { "assign": { "to": to, "reason": reason } },
            });
            return client.post("/api/v1/tasks/bulk", &body).await;
        }
    };
    client.post(&format!("/api/v1/tasks/{task}/{verb}"), &body).await
}

fn show(answer: &Json) {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Json::as_str).unwrap_or("-").to_owned();
    output::line(format!("{}  {}  {}", text("/task/title/zh"), text("/task/title/en"), text("/task/status")));
    output::line(format!("has it: {}   due: {}", text("/task/assignee"), text("/task/due")));
    let mut table = output::table(&["action", "allowed", "with", "why not"]);
    for action in answer.get("allowed_actions").and_then(Json::as_array).into_iter().flatten() {
        let words = |name: &str| {
            let list = action.get(name).and_then(Json::as_array).into_iter().flatten();
            list.filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
        };
        let with = [words("outcomes"), words("targets")].into_iter().filter(|list| !list.is_empty());
        table.add_row([
            action.get("action").and_then(Json::as_str).unwrap_or_default().to_owned(),
            if action.get("allowed") == Some(&Json::Bool(true)) { "yes" } else { "no" }.to_owned(),
            with.collect::<Vec<_>>().join("; "),
            action.pointer("/refused/detail").and_then(Json::as_str).unwrap_or_default().to_owned(),
        ]);
    }
    output::line(table);
}

/// Whether every task was, or could be, given on.
fn told(answer: &Json, done: bool) -> bool {
    let mut table = output::table(&["task", "process", "step", if done { "done" } else { "possible" }, "why not"]);
    let results = answer.get("results").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut all = true;
    for result in &results {
        let text = |pointer: &str| result.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
        let good = result.get(if done { "done" } else { "possible" }) == Some(&Json::Bool(true));
        all &= good;
        let word = if good { "yes" } else { "no" };
        table.add_row([
            text("/task/task"),
            text("/task/process"),
            text("/task/step"),
            word.into(),
            text("/refused/detail"),
        ]);
    }
    output::line(table);
    output::line(format!("{} tasks{}", results.len(), if done { "" } else { "; give them on with --yes" }));
    all
}
