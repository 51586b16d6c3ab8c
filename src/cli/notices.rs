//! `countersign notices`: what one was told.

use clap::Args;
use serde_json::{Value as Json, json};

use super::{Target, output};

/// List what you were told: by steps (抄送), and by deadlines that are near or over
///
/// Newest first. `--read ID` notes that you have read one; `--unread` lists only those that you have not.
#[derive(Args)]
pub(crate) struct NoticesArgs {
    /// Only those that you have not read
    #[arg(long)]
    unread: bool,
    /// Note that you have read this one, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    read: Vec<String>,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: NoticesArgs) -> anyhow::Result<bool> {
    let client = args.target.connect().await?;
    if !args.read.is_empty() {
        let mut done = Ok(());
        for id in &args.read {
            done = client.post(&format!("/api/v1/notices/{id}/read"), &json!({})).await.map(drop);
            if done.is_err() {
                break;
            }
        }
        client.close().await?;
        done?;
        if !args.json {
            output::line(format!("{} read", args.read.len()));
        }
        return Ok(true);
    }
    let notices = client.list(&format!("/api/v1/notices?unread={}", args.unread), args.limit).await;
    client.close().await?;
    let notices = notices?;
    if args.json {
        output::json(&notices)?;
        return Ok(true);
    }
    let mut table = output::table(&["notice", "process", "key", "text", "at", "read"]);
    for notice in &notices {
        let text = |name: &str| notice.pointer(name).and_then(Json::as_str).unwrap_or("-").to_owned();
        let both = format!("{}\n{}", text("/text/zh"), text("/text/en"));
        table.add_row([text("/notice"), text("/process"), text("/key"), both, text("/at"), text("/read_at")]);
    }
    output::line(table);
    output::line(format!("{} notices", notices.len()));
    Ok(true)
}
