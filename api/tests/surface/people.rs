//! What people do with tasks beside completing them: passing on, asking in, going back, standing in.

use axum::http::Method;
use serde_json::{Value, json};
use store::testing::{on_both, sqlite, usual_options};

use crate::support::{PASSWORD, Plant, files};

async fn leave(plant: &Plant) -> String {
    plant.post("hana", "/api/v1/releases", json!({ "files": files() })).await.expect(201);
    plant.start("sam").await
}

/// Checks the leave as somebody, and gives the task of the step after it.
async fn checked(plant: &Plant, who: &str) -> (String, String) {
    let check = Plant::first_task(&plant.inbox(who).await);
    let body = json!({ "outcome": "fine", "answer": { "granted": 3 } });
    plant.post(who, &format!("/api/v1/tasks/{check}/complete"), body).await.expect(200);
    (check, Plant::first_task(&plant.inbox("hedda").await))
}

fn action<'a>(shown: &'a Value, word: &str) -> &'a Value {
    let actions = shown["allowed_actions"].as_array().expect("a list");
    actions.iter().find(|one| one["action"] == word).unwrap_or_else(|| panic!("{word} is not listed"))
}

#[tokio::test]
async fn work_is_passed_on_prepared_and_signed_off() {
    on_both(|database| async move {
        let plant = Plant::bare(database).await;
        leave(&plant).await;
        let check = Plant::first_task(&plant.inbox("lou").await);
        let path = |verb: &str| format!("/api/v1/tasks/{check}/{verb}");
        let to = |who: &str| json!({ "to": who, "reason": "on leave" });
        plant.post("lou", &path("transfer"), to("hedda")).await.refused(403, "not_candidate");
        plant
            .post("lou", &path("transfer"), json!({ "to": "lea", "reason": " " }))
            .await
            .refused(422, "reason_required");
        plant.post("lou", &path("transfer"), to("lea")).await.expect(200);
        plant.post("lou", &path("transfer"), to("lea")).await.refused(409, "claimed_by");
        plant.post("lea", &path("delegate"), json!({ "to": "stranger" })).await.expect(200);
        plant.post("lea", &path("complete"), json!({ "outcome": "fine" })).await.refused(409, "delegated");
        let shown = plant.get("stranger", &format!("/api/v1/tasks/{check}")).await.expect(200).json();
        assert_eq!(action(&shown, "resolve")["allowed"], true);
        assert_eq!(action(&shown, "complete")["refused"]["code"], "delegated");
        plant
            .post("stranger", &path("resolve"), json!({ "outcome": "fine", "comment": "three days" }))
            .await
            .expect(200);
        plant.post("lea", &path("recall"), json!({})).await.refused(409, "not_delegated");
        let asked = json!({ "who": "hedda", "place": "before", "reason": "long leave" });
        plant.post("lea", &path("approvers"), asked).await.expect(200);
        let fine = json!({ "outcome": "fine", "answer": { "granted": 3 } });
        plant.post("lea", &path("complete"), fine.clone()).await.refused(409, "not_your_turn");
        let seat = Plant::first_task(&plant.inbox("hedda").await);
        assert_ne!(seat, check);
        plant.post("lea", &format!("/api/v1/tasks/{seat}/remove"), json!({ "reason": "not needed" })).await.expect(200);
        plant.post("lea", &path("complete"), fine).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_task_goes_back_and_is_taken_back_over_http() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let leave = leave(&plant).await;
    let (check, grant) = checked(&plant, "lou").await;
    plant
        .post("hedda", &format!("/api/v1/tasks/{check}/withdraw"), json!({ "reason": "x" }))
        .await
        .refused(409, "acted_after");
    plant.post("lou", &format!("/api/v1/tasks/{check}/withdraw"), json!({ "reason": "too early" })).await.expect(200);
    let (_, again) = checked(&plant, "lou").await;
    assert_ne!(grant, again, "it was opened anew");
    let shown = plant.get("hedda", &format!("/api/v1/tasks/{again}")).await.expect(200).json();
    assert_eq!(action(&shown, "return")["targets"], json!(["check"]));
    let path = format!("/api/v1/tasks/{again}/return");
    let wrong = json!({ "to": "nowhere", "reason": "x" });
    plant.post("hedda", &path, wrong).await.refused(422, "not_returnable");
    let back = json!({ "to": "check", "resume": "back_to_me", "reason": "how many days?" });
    plant.post("hedda", &path, back).await.expect(200);
    let (_, last) = checked(&plant, "lou").await;
    let shown = plant.get("hedda", &format!("/api/v1/tasks/{last}")).await.expect(200).json();
    assert_eq!(shown["task"]["assignee"], "hedda", "back to whoever returned it");
    plant
        .post("stranger", &format!("/api/v1/instances/{leave}/comments"), json!({ "text": "?" }))
        .await
        .refused(404, "unknown_instance");
    plant.post("sam", &format!("/api/v1/instances/{leave}/copies"), json!({ "to": ["stranger"] })).await.expect(200);
    plant.post("stranger", &format!("/api/v1/instances/{leave}/comments"), json!({ "text": "seen" })).await.expect(200);
    plant.post("sam", &format!("/api/v1/tasks/{last}/urge"), json!({})).await.expect(200);
    plant.post("sam", &format!("/api/v1/tasks/{last}/urge"), json!({})).await.refused(429, "limit_reached");
}

#[tokio::test]
async fn a_substitute_stands_in_for_a_period_and_signs_only_where_the_process_lets_them() {
    on_both(|database| async move {
        let plant = Plant::bare(database).await;
        leave(&plant).await;
        let behalf = |who: &'static str| [("on-behalf-of", who)];
        let check = Plant::first_task(&plant.inbox("lou").await);
        let complete = format!("/api/v1/tasks/{check}/complete");
        let fine = json!({ "outcome": "fine", "answer": { "granted": 3 } });
        plant.post_with("stranger", &complete, &behalf("lou"), fine.clone()).await.refused(403, "not_substitute");
        let period = json!({ "substitute": "stranger", "until": "2030-01-01T00:00:00Z", "processes": ["leave"] });
        plant.post("stranger", "/api/v1/accounts/lou/substitutes", period.clone()).await.refused(403, "forbidden");
        let named = plant.post("lou", "/api/v1/accounts/lou/substitutes", period.clone()).await.expect(200);
        let round = json!({ "substitute": "lou", "until": "2029-01-01T00:00:00Z" });
        plant.post("root", "/api/v1/accounts/stranger/substitutes", round).await.refused(422, "invalid_input");
        plant.post_with("stranger", &complete, &behalf("lou"), fine).await.expect(200);
        let record = plant.get("lou", "/api/v1/accounts/lou/substitutes").await.expect(200).json();
        assert_eq!(record[0]["id"], named.text_at("/id"));
        plant.post("root", "/api/v1/accounts/hedda/substitutes", period).await.expect(200);
        let password = json!({ "password": PASSWORD });
        let set = plant.request(Method::PUT, "root", "/api/v1/accounts/stranger/password", &[], Some(password));
        plant.send(set).await.expect(204);
        let grant = Plant::first_task(&plant.inbox("hedda").await);
        let to_sign = format!("/api/v1/tasks/{grant}/to-sign");
        let digest = plant
            .post_with("stranger", &to_sign, &behalf("hedda"), json!({ "outcome": "granted" }))
            .await
            .expect(200)
            .text_at("/digest");
        let signed = json!({ "outcome": "granted", "signature": { "password": PASSWORD, "record": digest } });
        let path = format!("/api/v1/tasks/{grant}/complete");
        plant.post_with("stranger", &path, &behalf("hedda"), signed).await.refused(403, "not_substitute");
        let end = format!("/api/v1/accounts/lou/substitutes/{}/end", named.text_at("/id"));
        plant.post("lou", &end, json!({})).await.expect(204);
        plant.post("lou", &end, json!({})).await.refused(404, "not_found");
        plant.post_with("stranger", &complete, &behalf("lou"), json!({})).await.refused(403, "not_substitute");
    })
    .await;
}

#[tokio::test]
async fn a_leaver_s_tasks_are_handed_over_after_a_preview_each_by_itself() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    leave(&plant).await;
    let check = Plant::first_task(&plant.inbox("lou").await);
    plant.post("lou", &format!("/api/v1/tasks/{check}/claim"), json!({})).await.expect(200);
    let bulk = |preview: bool, to: &str| json!({ "preview": preview, "tasks": { "held_by": "lou" }, "act": { "assign": { "to": to, "reason": "lou has left" } } });
    plant.post("lea", "/api/v1/tasks/bulk", bulk(true, "lea")).await.refused(403, "forbidden");
    let seen = plant.post("root", "/api/v1/tasks/bulk", bulk(true, "hedda")).await.expect(200).json();
    assert_eq!(seen["results"][0]["refused"]["code"], "not_candidate");
    let seen = plant.post("root", "/api/v1/tasks/bulk", bulk(true, "lea")).await.expect(200).json();
    assert_eq!((&seen["results"][0]["possible"], &seen["results"][0]["done"]), (&json!(true), &json!(false)));
    let done = plant.post("root", "/api/v1/tasks/bulk", bulk(false, "lea")).await.expect(200).json();
    assert_eq!(done["results"][0]["done"], true);
    let complete = |tasks: Value, preview: bool| json!({ "preview": preview, "tasks": { "these": tasks }, "act": { "complete": { "outcome": "fine", "answer": { "granted": 2 } } } });
    let seen = plant.post("lou", "/api/v1/tasks/bulk", complete(json!([check]), true)).await.expect(200).json();
    assert_eq!(seen["results"][0]["refused"]["code"], "claimed_by");
    let done = plant.post("lea", "/api/v1/tasks/bulk", complete(json!([check]), false)).await.expect(200).json();
    assert_eq!(done["results"][0]["done"], true);
    let grant = Plant::first_task(&plant.inbox("hedda").await);
    plant.post("hedda", "/api/v1/tasks/bulk", complete(json!([grant]), false)).await.refused(422, "invalid_input");
}
