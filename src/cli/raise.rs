//! `countersign raise`: an event of people, signed where it must be.

use anyhow::bail;
use clap::Args;
use serde_json::{Value as Json, json};

use super::{Target, output};
use crate::client::Client;

/// Raise an event of a running instance, or list what can be raised
///
/// Without EVENT it lists the events that are open, and why you may not raise those that you may not.
///
/// `countersign raise INSTANCE add_lots --answer '{"lots": ["L7"]}' --reason "two more found"`
///
/// An event of a step is named by the step too (`--step reply`), and inside an `each` by its item (`--item K2`). Where
/// it signs, give --password: what is to be signed is fetched, shown and signed.
#[derive(Args)]
pub(crate) struct RaiseArgs {
    /// The instance's id
    instance: String,
    /// The event's name; absent: list those that are open
    event: Option<String>,
    /// The open step that the event belongs to, where two have one of this name
    #[arg(long)]
    step: Option<String>,
    /// The key of the item around that step
    #[arg(long, value_name = "KEY")]
    item: Option<String>,
    /// The form's answer as JSON; `-` reads it from standard input
    #[arg(long, default_value = "null")]
    answer: String,
    /// Why; some events require it, and all keep it
    #[arg(long)]
    reason: Option<String>,
    /// Your password, where the event needs a signature; `-` reads it from standard input
    #[arg(long)]
    password: Option<String>,
    /// Repeating the same request with the same key raises it once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    target: Target,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: RaiseArgs) -> anyhow::Result<bool> {
    let answer = super::complete::json_argument(&args.answer, "--answer")?;
    let client = args.target.connect().await?;
    let done = match &args.event {
        Some(event) => raise(&client, &args, event, answer).await,
        None => open_events(&client, &args.instance).await.map(Json::Array),
    };
    client.close().await?;
    let done = done?;
    if args.json {
        output::json(&done)?;
    } else if let Some(events) = done.as_array() {
        list(events);
    } else {
        output::line(format!("raised, version {}", done.get("version").cloned().unwrap_or_default()));
    }
    Ok(true)
}

async fn raise(client: &Client, args: &RaiseArgs, event: &str, answer: Json) -> anyhow::Result<Json> {
    let path = format!("/api/v1/instances/{}/raise", args.instance);
    let host = match host_of(&open_events(client, &args.instance).await?, args, event)? {
        Some(host) => host,
        // The server says what there is, and what a request that was repeated has given.
        None if args.step.is_none() && args.item.is_none() => 0,
        None => bail!("no open step has this event `{event}`; `countersign raise {}` lists them", args.instance),
    };
    let mut body = json!({ "event": event, "host": host, "answer": answer });
    if let Some(reason) = &args.reason {
        body["reason"] = json!(reason);
    }
    if let Some(password) = &args.password {
        let password = if password == "-" { super::complete::stdin()?.trim_end().to_owned() } else { password.clone() };
        let shown = client.post(&format!("{path}/to-sign"), &body).await?;
        if !args.json {
            output::line(serde_json::to_string_pretty(&shown)?);
        }
        body["signature"] = json!({ "password": password, "record": shown.get("digest").cloned().unwrap_or_default() });
    }
    let key: Vec<(&str, &str)> = args.idempotency_key.iter().map(|key| ("Idempotency-Key", key.as_str())).collect();
    client.send(axum::http::Method::POST, &path, Some(&body), &key).await
}

async fn open_events(client: &Client, instance: &str) -> anyhow::Result<Vec<Json>> {
    let shown = client.get(&format!("/api/v1/instances/{instance}")).await?;
    Ok(shown.get("allowed_events").and_then(Json::as_array).cloned().unwrap_or_default())
}

/// The host of the one open event that is meant; none if there is none, so that the server says what there is.
fn host_of(events: &[Json], args: &RaiseArgs, event: &str) -> anyhow::Result<Option<u64>> {
    let text = |of: &Json, name: &str| of.get(name).and_then(Json::as_str).map(str::to_owned);
    let has_item = |of: &Json, item: &str| {
        of.get("items").and_then(Json::as_array).is_some_and(|items| items.iter().any(|one| one == item))
    };
    let meant: Vec<&Json> = events
        .iter()
        .filter(|one| text(one, "event").as_deref() == Some(event))
        .filter(|one| args.step.as_ref().is_none_or(|step| text(one, "step").as_ref() == Some(step)))
        .filter(|one| args.item.as_ref().is_none_or(|item| has_item(one, item)))
        .collect();
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Ok(one.get("host").and_then(Json::as_u64)),
        several => {
            let names: Vec<String> = several.iter().map(|one| place(one)).collect();
            bail!("`{event}` is open at {}: say which with --step and --item", names.join(", "))
        }
    }
}

/// Where an event is open: `reply[K2]`, or the process.
fn place(event: &Json) -> String {
    let step = event.get("step").and_then(Json::as_str).unwrap_or("the process");
    let items = event.get("items").and_then(Json::as_array).cloned().unwrap_or_default();
    items.iter().rev().filter_map(Json::as_str).fold(step.to_owned(), |text, item| format!("{text}[{item}]"))
}

fn list(events: &[Json]) {
    let mut table = output::table(&["event", "of", "title", "needs", "may you?"]);
    for event in events {
        let text = |name: &str| event.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let title = |language: &str| {
            event.pointer(&format!("/title/{language}")).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        let mut needs = Vec::new();
        needs.extend(event.get("form").map(|_| "an answer"));
        needs.extend((event.get("reason_required") == Some(&Json::Bool(true))).then_some("a reason"));
        needs.extend(event.get("sign").map(|_| "a signature"));
        let refused = |name: &str| event.pointer(&format!("/refused/{name}")).and_then(Json::as_str);
        let may = match (refused("detail"), refused("detail_zh")) {
            (Some(en), Some(zh)) => format!("{zh}\n{en}"),
            _ => "yes".to_owned(),
        };
        let titles = format!("{}\n{}", title("zh"), title("en"));
        table.add_row([text("event"), place(event), titles, needs.join(", "), may]);
    }
    output::line(table);
    output::line(format!("{} events", events.len()));
}
