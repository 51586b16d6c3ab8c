//! The plant's people: they take what they may take and answer it, over the surface that everybody uses.

use std::collections::BTreeMap;

use countersign::client::{Client, Refused};
use countersign::wire::ADMINISTRATOR;
use engine::id::InstanceId;
use serde_json::{Value as Json, json};

use crate::plant::{DESK, PASSWORD, Running};

/// Rounds in which a review must have come to its end.
const ROUNDS_MAX: usize = 60;

/// Plays reviews to their ends; gives how many came to each outcome.
pub(crate) async fn play(running: &Running, reviews: &[InstanceId]) -> BTreeMap<String, u64> {
    let router = api::router(running.plant.backend.clone());
    let client = |account: &str| {
        let principal = running.plant.identity.in_process(account).expect("an account");
        Client::within(router.clone(), principal)
    };
    let administrator = client(ADMINISTRATOR);
    // Whoever starts a review does not sign it, so the desk that started them all stays out.
    let everybody = running.accounts.iter().filter(|account| *account != DESK);
    let hands: BTreeMap<&str, Client> = everybody.map(|account| (account.as_str(), client(account))).collect();
    let mut outcomes = BTreeMap::new();
    for (place, review) in reviews.iter().enumerate() {
        let mut rounds = 0;
        loop {
            let shown = administrator.get(&format!("/api/v1/instances/{review}")).await.expect("shown");
            if shown["status"] != "running" {
                *outcomes.entry(shown["outcome"].as_str().unwrap_or("-").to_owned()).or_insert(0) += 1;
                break;
            }
            rounds += 1;
            assert!(rounds < ROUNDS_MAX, "{review} comes to no end: {shown:#}");
            act(running, &hands, *review, place).await;
        }
    }
    outcomes
}

/// Completes one open task of the review as somebody who may.
async fn act(running: &Running, hands: &BTreeMap<&str, Client>, review: InstanceId, place: usize) {
    let mut tried = Vec::new();
    for task in open(running, review).await {
        for (account, hand) in hands {
            let seen = match hand.get(&format!("/api/v1/tasks/{task}")).await {
                Ok(seen) => seen,
                Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status < 500) => continue,
                Err(error) => panic!("{error:#}"),
            };
            let mut allowed = seen["allowed_actions"].as_array().into_iter().flatten();
            if !allowed.any(|action| action["action"] == "complete" && action["allowed"] == true) {
                tried.push(format!("{account}: {}", seen["task"]["step"]));
                continue;
            }
            return complete(hand, &task, &seen["task"], place).await;
        }
    }
    panic!("nobody may go on with {review}: {tried:?}");
}

async fn open(running: &Running, review: InstanceId) -> Vec<String> {
    let mut reader = running.plant.handle.database().read().await.expect("a reader");
    let filter = store::task::Filter {
        instance: Some(review),
        status: Some(engine::project::TaskStatus::Open),
        ..store::task::Filter::default()
    };
    let rows = store::task::list(&mut reader, &filter, None, 200).await.expect("readable").rows;
    rows.iter().map(|task| format!("{}.{}.{}", task.instance, task.work.run, task.work.seat)).collect()
}

async fn complete(hand: &Client, task: &str, seen: &Json, place: usize) {
    let step = seen["step"].as_str().unwrap_or_default();
    let outcomes: Vec<&str> = seen["outcomes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let outcome = chosen(step, &outcomes, place);
    let answer = answer(step, outcome);
    let mut body = json!({ "outcome": outcome, "answer": answer });
    if seen["sign"].is_string() {
        let wanted = json!({ "outcome": outcome, "answer": answer });
        let shown = hand.post(&format!("/api/v1/tasks/{task}/to-sign"), &wanted).await.expect("shown");
        body["signature"] = json!({ "password": PASSWORD, "record": shown["digest"] });
    }
    let done = hand.post(&format!("/api/v1/tasks/{task}/complete"), &body).await;
    done.unwrap_or_else(|error| panic!("{step} with {outcome}: {error:#}"));
}

/// Mostly yes; every fifth review fails at the commitment, every third shortage is refused.
fn chosen<'a>(step: &str, outcomes: &[&'a str], place: usize) -> &'a str {
    let usual = match step {
        "commit" if place % 5 == 4 => "rejected",
        "negotiate" => "refused",
        "shortage" if place.is_multiple_of(3) => "refuse",
        "shortage" => "backorder",
        _ => "approved",
    };
    let wishes = [usual, "approved", "ok", "done"];
    let found = wishes.iter().find_map(|wish| outcomes.iter().find(|outcome| *outcome == wish).copied());
    found.unwrap_or_else(|| outcomes[0])
}

fn answer(step: &str, outcome: &str) -> Json {
    match step {
        "review_technical" => json!({ "feasible": true, "remarks": "it can be made" }),
        "review_quality" => {
            json!({ "registered": true, "label_language": true, "udi": true, "remarks": "no registration is needed" })
        }
        "review_planning" => {
            json!({ "bottleneck_load": 80, "backorder": false, "promised": "2022-09-30", "remarks": "from stock" })
        }
        "review_finance" => json!({ "exposure_accepted": true, "margin_accepted": true, "remarks": "accepted" }),
        "negotiate" => {
            json!({ "reason": "no agreement", "technical": false, "quality": false, "planning": false, "finance": false })
        }
        "shortage" if outcome == "backorder" => json!({ "promised": "2022-10-31" }),
        _ => Json::Null,
    }
}
