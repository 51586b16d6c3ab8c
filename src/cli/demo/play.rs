//! The story of each order: who does what, and what happens when nobody does.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{Datelike, Duration, Weekday};
use engine::time::Timestamp;
use runtime::Clock;
use serde_json::{Value as Json, json};

use super::{acting, people};
use crate::client::{Client, Refused};
use crate::wire::{ADMINISTRATOR, Plant};

/// How one order's review went.
pub(super) struct Story {
    pub(super) order: String,
    pub(super) class: String,
    pub(super) way: Vec<String>,
    pub(super) outcome: String,
}

/// An order, its kind, its salesperson, and the answers to steps.
type Plot = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Orders, who starts them, and what people answer where the usual answer is not meant. The first answer given to a
/// step is the first in its list, and so on; the last one stays.
const ORDERS: [Plot; 15] = [
    ("SO-1001", "order", "li.wei", &[]),
    ("SO-1002", "order", "li.wei", &[]),
    ("SO-1003", "order", "li.wei", &[]),
    ("SO-1004", "order", "zhang.min", &[]),
    ("SO-1005", "order", "li.wei", &[]),
    ("SO-1006", "order", "zhang.min", &[("review_quality", "no"), ("negotiate", "withdrawn")]),
    ("SO-1007", "order", "li.wei", &[]),
    ("SO-1008", "order", "zhang.min", &[("commit", "rejected"), ("negotiate", "refused")]),
    ("SO-1009", "order", "zhang.min", &[]),
    ("SO-1010", "order", "li.wei", &[("review_finance", "no"), ("negotiate", "refused")]),
    ("SO-1011", "order", "zhang.min", &[("review_planning", "deviation")]),
    ("SO-1012", "order", "zhang.min", &[]),
    ("SO-1013", "order", "zhang.min", &[("shortage", "refuse")]),
    // Nobody reviews the quotation: it expires after 30 days.
    ("QT-2001", "quotation", "li.wei", &[("*", "leave")]),
    ("CT-3001", "contract", "zhang.min", &[("review_technical", "no"), ("negotiate", "refused")]),
];

const HOUR: i64 = 3_600_000_000;

/// The next working day's nine o'clock in China.
pub(super) fn working_morning(now: Timestamp) -> Timestamp {
    let mut day = (now.to_utc() + Duration::hours(8)).date_naive();
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day += Duration::days(1);
    }
    Timestamp::parse(&format!("{day}T09:00:00+08:00")).unwrap_or(now)
}

pub(super) fn client(plant: &Plant, account: &str) -> anyhow::Result<Client> {
    acting(plant, &api::router(plant.backend.clone()), account)
}

/// Starts every order and plays until each review has ended.
pub(super) async fn all(plant: &Plant, clock: &Clock) -> anyhow::Result<Vec<Story>> {
    let router = api::router(plant.backend.clone());
    let administrator = acting(plant, &router, ADMINISTRATOR)?;
    let mut hands = BTreeMap::new();
    for (account, _, _) in people::PEOPLE {
        hands.insert(account, acting(plant, &router, account)?);
    }
    let mut instances = Vec::new();
    for (order, kind, salesperson, answers) in ORDERS {
        let input = json!({ "order": order, "kind": kind, "site": "SZ", "salesperson": salesperson });
        let body = json!({ "process": "order_review", "input": input });
        let started =
            hands["cs.sun"].post("/api/v1/instances", &body).await.with_context(|| format!("cannot start {order}"))?;
        let id = started["instance"].as_str().unwrap_or_default().to_owned();
        instances.push((id, order, answers, BTreeMap::<String, usize>::new()));
    }
    // Each round people do what they can; when nobody can do anything, time passes.
    for _ in 0..400 {
        let mut acted = false;
        let mut open = false;
        for (id, _, answers, given) in &mut instances {
            let shown = administrator.get(&format!("/api/v1/instances/{id}")).await?;
            if shown["status"] != "running" {
                continue;
            }
            open = true;
            acted |= act(&administrator, &hands, id, answers, given).await?;
        }
        if !open {
            break;
        }
        if !acted {
            clock.advance_to(clock.now().plus_micros(8 * HOUR));
            settle(plant, clock).await?;
        }
    }
    let mut stories = Vec::new();
    for (id, order, _, _) in &instances {
        stories.push(tell(&administrator, id, order).await?);
    }
    Ok(stories)
}

/// Waits until every timer that is due has fired.
async fn settle(plant: &Plant, clock: &Clock) -> anyhow::Result<()> {
    let mut commits = plant.handle.subscribe();
    loop {
        let mut reader = plant.handle.database().read().await?;
        let mut due = 0;
        for shard in 0..plant.handle.database().shards() {
            due += store::timer::due(&mut reader, engine::id::ShardId(shard), clock.now(), 1).await?.len();
        }
        drop(reader);
        if due == 0 {
            return Ok(());
        }
        // A commit is what makes a timer go; a listener that missed some has seen one.
        let _ = commits.recv().await;
    }
}

/// Does the first piece of open work of an instance that somebody may do; `false` if nobody may, or all leave it.
async fn act(
    administrator: &Client,
    hands: &BTreeMap<&str, Client>,
    instance: &str,
    answers: &[(&str, &str)],
    given: &mut BTreeMap<String, usize>,
) -> anyhow::Result<bool> {
    if answers.contains(&("*", "leave")) {
        return Ok(false);
    }
    let tasks = administrator.list("/api/v1/tasks?list=everybody", 1_000).await?;
    for task in tasks.iter().filter(|task| task["instance"] == instance) {
        let step = task["step"].as_str().unwrap_or_default();
        let outcomes: Vec<&str> = task["outcomes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let listed: Vec<&str> = answers.iter().filter(|(of, _)| *of == step).map(|(_, outcome)| *outcome).collect();
        let times = given.entry(step.to_owned()).or_default();
        let outcome = listed.get((*times).min(listed.len().saturating_sub(1))).copied();
        let outcome = outcome.unwrap_or_else(|| usual(&outcomes));
        let id = task["task"].as_str().unwrap_or_default();
        for (account, hand) in hands {
            if complete(hand, id, step, outcome, task["sign"].is_string()).await? {
                *times += 1;
                tracing::debug!(account, step, outcome, "played");
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn usual<'a>(outcomes: &[&'a str]) -> &'a str {
    ["approved", "ok", "changed", "backorder", "done"]
        .into_iter()
        .find_map(|usual| outcomes.iter().find(|outcome| **outcome == usual).copied())
        .or_else(|| outcomes.first().copied())
        .unwrap_or("done")
}

/// Completes a task as somebody; `false` if they may not.
async fn complete(hand: &Client, task: &str, step: &str, outcome: &str, signs: bool) -> anyhow::Result<bool> {
    let seen = match hand.get(&format!("/api/v1/tasks/{task}")).await {
        Ok(seen) => seen,
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| matches!(refused.status, 403 | 404)) => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let allowed = seen["allowed_actions"].as_array().into_iter().flatten();
    let may = allowed.clone().any(|action| action["action"] == "complete" && action["allowed"] == true);
    if !may {
        return Ok(false);
    }
    let answer = answer(step, outcome);
    let mut body = json!({ "outcome": outcome, "answer": answer, "comment": "demo" });
    if signs {
        let wanted = json!({ "outcome": outcome, "answer": answer });
        let shown = hand.post(&format!("/api/v1/tasks/{task}/to-sign"), &wanted).await?;
        body["signature"] = json!({ "password": people::PASSWORD, "record": shown["digest"] });
    }
    hand.post(&format!("/api/v1/tasks/{task}/complete"), &body)
        .await
        .with_context(|| format!("cannot complete {step} with {outcome}"))?;
    Ok(true)
}

/// What people write into the forms.
fn answer(step: &str, outcome: &str) -> Json {
    let day = |days: i64| (chrono_today() + Duration::days(days)).to_string();
    match (step, outcome) {
        ("review_technical", _) => json!({ "feasible": outcome != "no", "remarks": "as the drawing says" }),
        ("review_quality", _) => {
            json!({ "registered": outcome != "no", "label_language": true, "udi": true, "remarks": "checked against the registration" })
        }
        ("review_planning", _) => {
            json!({ "bottleneck_load": 80, "backorder": true, "promised": day(45), "remarks": "the rest is promised" })
        }
        ("review_finance", _) => {
            json!({ "exposure_accepted": outcome != "no", "margin_accepted": true, "remarks": "accepted with this order" })
        }
        ("negotiate", "changed") => json!({
            "change": { "requested": day(60) },
            "reason": "a later day is agreed",
            "technical": false, "quality": false, "planning": true, "finance": false
        }),
        ("negotiate", _) => {
            json!({ "reason": "no agreement", "technical": false, "quality": false, "planning": false, "finance": false })
        }
        ("shortage", "backorder") => json!({ "promised": day(45) }),
        _ => Json::Null,
    }
}

/// Today, for days that people write by hand.
#[expect(clippy::disallowed_methods, reason = "the demo plays people, who look at a calendar")]
fn chrono_today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

/// How it went, from the instance's own history.
async fn tell(administrator: &Client, id: &str, order: &str) -> anyhow::Result<Story> {
    let shown = administrator.get(&format!("/api/v1/instances/{id}")).await?;
    let state = administrator.get(&format!("/api/v1/instances/{id}/state")).await?;
    let history = administrator.list(&format!("/api/v1/instances/{id}/history"), usize::MAX).await?;
    let mut way: Vec<String> = Vec::new();
    let mut steps: BTreeMap<u64, String> = BTreeMap::new();
    for transition in &history {
        for event in transition["events"].as_array().into_iter().flatten() {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            match event["type"].as_str() {
                Some("step_entered") => {
                    steps.insert(event["run"].as_u64().unwrap_or_default(), text("step"));
                }
                Some("step_completed") if event["by"].is_object() => {
                    let step = steps.get(&event["run"].as_u64().unwrap_or_default()).cloned().unwrap_or_default();
                    way.push(format!("{step}: {}", text("outcome")));
                }
                Some("handler_triggered") => way.push(format!("({})", text("handler"))),
                Some("returned") => way.push(format!("⟲ {}", text("to"))),
                Some("incident_raised") => way.push(format!("⚠ {}", text("code"))),
                _ => {}
            }
        }
    }
    if way.is_empty() {
        way.push("by rule".to_owned());
    }
    let outcome = shown["outcome"].as_str().unwrap_or("still open").to_owned();
    let class = state.pointer("/data/order_class").or_else(|| state.pointer("/state/data/order_class"));
    let class = class.and_then(Json::as_str).unwrap_or("-").to_owned();
    Ok(Story { order: order.to_owned(), class, way, outcome })
}
