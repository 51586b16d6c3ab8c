//! Events that people raise, over HTTP.

use serde_json::{Value, json};
use store::testing::on_both;

use crate::support::{PASSWORD, Plant, files};

const PROCESS: &str = "
process: leave
title: { zh: 请假, en: Leave }
owner: hr
key: =input.who
input: { who: string, days: integer }
start:
  - { by: [ staff ] }
data:
  granted: { type: integer, initial: 0 }
  raised:  { type: integer, initial: 0 }
steps:
  - { id: check, task: { title: { zh: 核对, en: Check }, to: { role: lead } } }
  - { id: finished, end: granted }
alongside:
  letter: [ { id: write, task: { title: { zh: 通知, en: Write }, to: { role: lead } } } ]
events:
  more:
    by: [ head ]
    title: { zh: 增加天数, en: More days }
    while: =raised < 2
    form: check.form.json
    fills: [ granted ]
    reason: required
    sign: granted
    steps: [ { id: counted, set: { raised: =raised + 1 } } ]
  ask: { by: [ lead ], steps: [] }
";

async fn started(database: store::Database) -> (Plant, String) {
    let plant = Plant::bare(database).await;
    let mut files = files();
    files["process.yaml"] = PROCESS.into();
    plant.post("root", "/api/v1/releases", json!({ "files": files })).await.expect(201);
    let id = plant.start("sam").await;
    (plant, format!("/api/v1/instances/{id}"))
}

fn event(shown: &Value, name: &str) -> Value {
    let events = shown["allowed_events"].as_array().expect("a list");
    events.iter().find(|one| one["event"] == name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_instance_shows_what_can_be_raised_and_why_not() {
    on_both(|database| async move {
        let (plant, path) = started(database).await;
        // Whoever may raise something of it sees it, and nobody else does.
        let shown = plant.get("hedda", &path).await.expect(200).json();
        let more = event(&shown, "more");
        assert_eq!((&more["allowed"], &more["sign"], &more["host"]), (&json!(true), &json!("granted"), &json!(0)));
        assert_eq!((&more["title"]["en"], &more["reason_required"]), (&json!("More days"), &json!(true)));
        assert_eq!(more["form"]["required"], json!(["granted"]));
        assert_eq!(event(&shown, "ask")["refused"]["code"], "not_candidate");
        plant.get("stranger", &path).await.refused(404, "unknown_instance");
    })
    .await;
}

#[tokio::test]
async fn an_event_is_raised_signed_and_once_with_one_key() {
    on_both(|database| async move {
        let (plant, path) = started(database).await;
        let raise = format!("{path}/raise");
        let body = json!({ "event": "more", "answer": { "granted": 5 }, "reason": "ill" });
        plant.post("lou", &raise, body.clone()).await.refused(403, "not_candidate");
        plant.post("hedda", &raise, json!({ "event": "more" })).await.refused(422, "reason_required");
        plant.post("hedda", &raise, json!({ "event": "mre", "reason": "x" })).await.refused(404, "unknown_event");
        let wrong = json!({ "event": "more", "answer": { "granted": 99 }, "reason": "ill" });
        plant.post("hedda", &raise, wrong).await.refused(422, "invalid_answer");
        plant.post("hedda", &raise, body.clone()).await.refused(428, "signature_required");

        let to_sign = plant.post("hedda", &format!("{raise}/to-sign"), body.clone()).await.expect(200);
        assert_eq!(to_sign.json()["record"]["reason"], "ill");
        let mut signed = body.clone();
        signed["signature"] = json!({ "password": PASSWORD, "record": to_sign.text_at("/digest") });
        let mut other = signed.clone();
        other["reason"] = json!("bored");
        plant.post("hedda", &raise, other).await.refused(409, "content_changed");
        let key = [("Idempotency-Key", "\"k1\"")];
        let first = plant.post_with("hedda", &raise, &key, signed.clone()).await.expect(200).json();
        let again = plant.post_with("hedda", &raise, &key, signed.clone()).await.expect(200).json();
        assert_eq!((&again["version"], &again["replayed"]), (&first["version"], &json!(true)));
        // The signature was for once.
        plant.post("hedda", &raise, signed).await.refused(409, "content_changed");
        let state = plant.get("hedda", &format!("{path}/state")).await.expect(200).json();
        assert_eq!((&state["data"]["granted"], &state["data"]["raised"]), (&json!(5), &json!(1)));

        let to_sign = plant.post("hedda", &format!("{raise}/to-sign"), body.clone()).await.expect(200);
        let mut signed = body.clone();
        signed["signature"] = json!({ "password": PASSWORD, "record": to_sign.text_at("/digest") });
        plant.post("hedda", &raise, signed).await.expect(200);
        plant.post("hedda", &raise, body).await.refused(409, "event_not_now");
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_waits_for_what_runs_alongside_says_so() {
    on_both(|database| async move {
        let (plant, path) = started(database).await;
        let done = |step: &'static str| {
            let plant = &plant;
            async move {
                let tasks = plant.inbox("lou").await.json();
                let of_step = tasks["items"].as_array().unwrap().iter().find(|task| task["step"] == step).cloned();
                let task = of_step.expect("it is open")["task"].as_str().unwrap().to_owned();
                plant.post("lou", &format!("/api/v1/tasks/{task}/complete"), json!({})).await.expect(200);
            }
        };
        done("check").await;
        let shown = plant.get("sam", &path).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["ending"]), (&json!("running"), &json!("granted")));
        assert_eq!(shown["allowed_events"], json!([]));
        done("write").await;
        let shown = plant.get("sam", &path).await.expect(200).json();
        assert_eq!((&shown["status"], &shown["outcome"]), (&json!("ended"), &json!("granted")));
        plant
            .post("hedda", &format!("{path}/raise"), json!({ "event": "more" }))
            .await
            .refused(404, "unknown_instance");
        plant.post("sam", &format!("{path}/raise"), json!({ "event": "more" })).await.refused(409, "instance_ended");
    })
    .await;
}
