//! Reading what an operator names, and printing what the answers hold.

use anyhow::{Context, bail};
use serde_json::{Value as Json, json};

use super::At;
use crate::cli::output;
use crate::client::Client;

/// A text field as a table shows it.
pub(super) fn text(of: &Json, name: &str) -> String {
    match of.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// A value in the query of an address.
pub(super) fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(super) fn print_list(found: &[Json], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&found);
    }
    let names = ["instance", "process", "key", "status", "outcome", "open_incidents", "started_at"];
    let mut table = output::table(&["instance", "process", "key", "status", "outcome", "incidents", "started"]);
    for one in found {
        table.add_row(names.map(|name| text(one, name)));
    }
    output::line(table);
    Ok(())
}

pub(super) fn print_state(state: &Json, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(state);
    }
    for name in ["instance", "process", "release", "key", "status", "outcome", "started_at", "updated_at"] {
        output::line(format!("{name:12} {}", text(state, name)));
    }
    let hold = state.get("hold").filter(|hold| !hold.is_null());
    if let Some(hold) = hold {
        output::line(format!(
            "{:12} {} since {}: {}",
            "held",
            text(hold, "by"),
            text(hold, "since"),
            text(hold, "reason")
        ));
    }
    for open in state.get("open").and_then(Json::as_array).into_iter().flatten() {
        output::line(format!("{:12} {} (run {})", "open", named(open), text(open, "run")));
    }
    output::line(serde_json::to_string_pretty(&state["data"])?);
    Ok(())
}

/// An open step with the items it is in: `do_it[i1]`.
fn named(open: &Json) -> String {
    let items: Vec<&str> =
        open.get("items").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let step = text(open, "step");
    if items.is_empty() { step } else { format!("{step}[{}]", items.join(",")) }
}

/// Where to take hold, as the API names it.
pub(super) async fn spot(client: &Client, instance: &str, at: &At) -> anyhow::Result<Json> {
    if let Some(incident) = &at.incident {
        return Ok(json!({ "incident": incident }));
    }
    let wanted = at.at.as_deref().unwrap_or_default();
    let state = client.get(&format!("/api/v1/instances/{instance}/state")).await?;
    let open: Vec<&Json> = state.get("open").and_then(Json::as_array).into_iter().flatten().collect();
    let found: Vec<&&Json> = open.iter().filter(|open| named(open) == wanted || text(open, "step") == wanted).collect();
    let all: Vec<String> = open.iter().map(|open| named(open)).collect();
    match found.as_slice() {
        [one] => Ok(json!({ "run": one["run"] })),
        [] => bail!("`{wanted}` is not open; open are {}    `{wanted}` 未打开", all.join(", ")),
        many => {
            let names: Vec<String> = many.iter().map(|one| named(one)).collect();
            bail!("`{wanted}` is open more than once: say which of {}    `{wanted}` 打开了多次", names.join(", "))
        }
    }
}

pub(super) async fn moves(client: &Client, instance: &str, at: &At) -> anyhow::Result<Json> {
    let spot = spot(client, instance, at).await?;
    let query = match (spot.get("run"), spot.get("incident").and_then(Json::as_str)) {
        (Some(run), _) => format!("run={run}"),
        (None, Some(incident)) => {
            let number = incident.rsplit('.').next().unwrap_or_default();
            format!("incident={}", escaped(number))
        }
        (None, None) => bail!("nothing was named"),
    };
    client.get(&format!("/api/v1/instances/{instance}/moves?{query}")).await
}

pub(super) fn print_moves(found: &Json, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(found);
    }
    let mut table = output::table(&["step", "", "gives up / why not"]);
    for target in found.get("targets").and_then(Json::as_array).into_iter().flatten() {
        let legal = target.get("legal").and_then(Json::as_bool).unwrap_or_default();
        let list = target.get("gives_up").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        let note = if legal { list.collect::<Vec<_>>().join(", ") } else { text(target, "why_not_en") };
        table.add_row([text(target, "step"), if legal { "yes" } else { "no" }.to_owned(), note]);
    }
    output::line(table);
    Ok(())
}

/// `FIELD=VALUE` pairs as the API takes them.
pub(super) fn writes(pairs: &[String]) -> anyhow::Result<Json> {
    let mut writes = serde_json::Map::new();
    for pair in pairs {
        let (field, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not FIELD=VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
        writes.insert(field.to_owned(), value);
    }
    Ok(Json::Object(writes))
}
