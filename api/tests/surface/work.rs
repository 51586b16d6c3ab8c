//! What people and programs do to instances.

use axum::http::{Method, header};
use serde_json::{Value, json};
use store::testing::{on_both, sqlite, usual_options};

use crate::support::{NOW, PASSWORD, Plant};

#[tokio::test]
async fn a_leave_goes_from_request_to_letter() {
    on_both(|database| async move {
        let plant = Plant::open(database).await;
        let instance = plant.start("sam").await;

        // Whoever may take it sees it; the outsider does not.
        assert_eq!(plant.inbox("stranger").await.json()["items"], json!([]));
        let check = Plant::first_task(&plant.inbox("lou").await);
        let shown = plant.get("lou", &format!("/api/v1/tasks/{check}")).await.expect(200);
        assert_eq!(shown.headers[header::ETAG], "\"1\"");
        assert_eq!(shown.json()["form"]["required"], json!(["granted"]));
        let claim = plant.post("lou", &format!("/api/v1/tasks/{check}/claim"), json!({})).await.expect(200);
        assert_eq!(claim.json()["replayed"], false);
        plant.post("lea", &format!("/api/v1/tasks/{check}/claim"), json!({})).await.refused(409, "claimed_by");

        let path = format!("/api/v1/tasks/{check}/complete");
        let wrong = json!({ "outcome": "fine", "answer": { "granted": 99 } });
        let faults = plant.post("lou", &path, wrong).await.refused(422, "invalid_answer");
        assert_eq!(faults.json()["fields"][0]["field"], "/granted");
        let right = json!({ "outcome": "fine", "answer": { "granted": 3 } });
        plant.post("lou", &path, right.clone()).await.expect(200);
        plant.post("lou", &path, right).await.refused(410, "gone");

        // The signature is over what was shown.
        let grant = Plant::first_task(&plant.inbox("hedda").await);
        let path = format!("/api/v1/tasks/{grant}/complete");
        plant.post("hedda", &path, json!({ "outcome": "granted" })).await.refused(428, "signature_required");
        let to_sign = plant.post("hedda", &format!("/api/v1/tasks/{grant}/to-sign"), json!({ "outcome": "granted" })).await;
        let to_sign = to_sign.expect(200);
        assert_eq!(to_sign.json()["record"]["shown"]["granted"], 3);
        let digest = engine::id::Digest::of(to_sign.text_at("/canonical").as_bytes()).to_string();
        assert_eq!(digest, to_sign.text_at("/digest"));
        let sign = |password: &str, record: &str| {
            json!({ "outcome": "granted", "signature": { "password": password, "record": record } })
        };
        plant.post("hedda", &path, sign("wrong password", &digest)).await.refused(401, "wrong_password");
        plant.post("hedda", &path, sign(PASSWORD, &"0".repeat(64))).await.refused(409, "content_changed");
        plant.post("hedda", &path, sign(PASSWORD, &digest)).await.expect(200);

        // A program sends the letter.
        let lease = json!({ "worker": "w1", "activities": ["mail.send"], "max": 5 });
        plant.post("sam", "/api/v1/jobs/lease", lease.clone()).await.refused(403, "forbidden");
        let leased = plant.post("mailer", "/api/v1/jobs/lease", lease.clone()).await.expect(200).json();
        assert_eq!(leased["jobs"][0]["input"], json!({ "text": "granted 3" }));
        assert_eq!(plant.post("mailer", "/api/v1/jobs/lease", lease).await.json()["jobs"], json!([]));
        let job = leased["jobs"][0]["job"].as_str().unwrap();
        let beat = format!("/api/v1/jobs/{job}/heartbeat");
        let fence = &leased["jobs"][0]["fence"];
        plant.post("mailer", &beat, json!({ "fence": fence })).await.expect(200);
        plant.post("mailer", &beat, json!({ "fence": 99 })).await.refused(409, "stale_fence");
        let finish = format!("/api/v1/jobs/{job}/finish");
        let result = json!({ "attempt": leased["jobs"][0]["attempt"], "output": {} });
        let key = [("idempotency-key", "letter-1")];
        assert_eq!(plant.post_with("mailer", &finish, &key, result.clone()).await.expect(200).json()["replayed"], false);
        assert_eq!(plant.post_with("mailer", &finish, &key, result.clone()).await.expect(200).json()["replayed"], true);
        plant.post("mailer", &finish, result).await.refused(410, "gone");

        let ended = plant.get("sam", &format!("/api/v1/instances/{instance}")).await.expect(200).json();
        assert_eq!((&ended["status"], &ended["outcome"]), (&json!("ended"), &json!("granted")));
        let done = plant.get("hedda", "/api/v1/tasks?list=done").await.expect(200).json();
        assert_eq!(done["items"][0]["completed_by"], "hedda");
    })
    .await;
}

#[tokio::test]
async fn a_retry_with_its_key_starts_nothing_new() {
    on_both(|database| async move {
        let plant = Plant::open(database).await;
        let start = json!({ "process": "leave", "input": { "who": "sam", "days": 3 } });
        let key = [("idempotency-key", "k-1")];
        let first = plant.post_with("sam", "/api/v1/instances", &key, start.clone()).await.expect(201);
        let again = plant.post_with("sam", "/api/v1/instances", &key, start.clone()).await.expect(201);
        assert_eq!(first.text_at("/instance"), again.text_at("/instance"));
        assert_eq!(again.json()["replayed"], true);
        let other = json!({ "process": "leave", "input": { "who": "sam", "days": 4 } });
        plant.post_with("sam", "/api/v1/instances", &key, other).await.refused(409, "idempotency_key_reused");
        // Without the key the business key stands in the way, and says which instance has it.
        let refused = plant.post("sam", "/api/v1/instances", start).await.refused(409, "duplicate_key");
        assert!(refused.text_at("/detail").contains(&first.text_at("/instance")));
        // A key belongs to its actor.
        let mine = json!({ "process": "leave", "input": { "who": "lea", "days": 1 } });
        plant.post_with("lea", "/api/v1/instances", &key, mine).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn nobody_acts_on_what_they_have_not_seen() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    plant.start("sam").await;
    let task = Plant::first_task(&plant.inbox("lou").await);
    let claim = format!("/api/v1/tasks/{task}/claim");
    plant.post_with("lou", &claim, &[("if-match", "\"9\"")], json!({})).await.refused(412, "revision_changed");
    plant.post_with("lou", &claim, &[("if-match", "nine")], json!({})).await.refused(400, "invalid_precondition");
    plant.post_with("lou", &claim, &[("if-match", "\"1\"")], json!({})).await.expect(200);
    plant.post_with("lou", &claim, &[("if-match", "\"1\"")], json!({})).await.refused(412, "revision_changed");
}

#[tokio::test]
async fn a_retry_is_answered_although_the_task_has_changed() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    plant.start("sam").await;
    let task = Plant::first_task(&plant.inbox("lou").await);
    for (action, body, revision) in
        [("claim", json!({}), "\"1\""), ("complete", json!({ "outcome": "fine", "answer": { "granted": 3 } }), "\"2\"")]
    {
        let path = format!("/api/v1/tasks/{task}/{action}");
        let headers = [("if-match", revision), ("idempotency-key", action)];
        let first = plant.post_with("lou", &path, &headers, body.clone()).await.expect(200).json();
        let again = plant.post_with("lou", &path, &headers, body).await.expect(200).json();
        assert_eq!((&first["replayed"], &again["replayed"]), (&json!(false), &json!(true)));
        assert_eq!(first["version"], again["version"]);
    }
}

/// The fence against guessing a password from what is kept: the same request with another password is the same request.
#[tokio::test]
async fn a_password_is_no_part_of_what_a_key_remembers() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    plant.start("sam").await;
    let check = Plant::first_task(&plant.inbox("lou").await);
    let answer = json!({ "outcome": "fine", "answer": { "granted": 3 } });
    plant.post("lou", &format!("/api/v1/tasks/{check}/complete"), answer).await.expect(200);
    let grant = Plant::first_task(&plant.inbox("hedda").await);
    let intent = json!({ "outcome": "granted" });
    let record = plant.post("hedda", &format!("/api/v1/tasks/{grant}/to-sign"), intent).await.text_at("/digest");
    let path = format!("/api/v1/tasks/{grant}/complete");
    let sign =
        |password: &str| json!({ "outcome": "granted", "signature": { "password": password, "record": record } });
    let key = [("idempotency-key", "sign-1")];
    plant.post_with("hedda", &path, &key, sign(PASSWORD)).await.expect(200);
    assert_eq!(plant.post_with("hedda", &path, &key, sign("another")).await.expect(200).json()["replayed"], true);
}

#[tokio::test]
async fn allowed_actions_say_why_not_and_actions_agree() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    // The one who starts it is a lead as well, and may not check their own.
    plant.start("lea").await;
    let task = Plant::first_task(&plant.inbox("lou").await);
    let shown = plant.get("lea", &format!("/api/v1/tasks/{task}")).await.expect(200).json();
    let complete = shown["allowed_actions"].as_array().unwrap().iter().find(|one| one["action"] == "complete").unwrap();
    assert_eq!((&complete["allowed"], &complete["refused"]["code"]), (&json!(false), &json!("separation_of_duties")));
    let answer = json!({ "outcome": "fine", "answer": { "granted": 3 } });
    let path = format!("/api/v1/tasks/{task}/complete");
    plant.post("lea", &path, answer.clone()).await.refused(403, "separation_of_duties");
    plant.post("stranger", &path, answer).await.refused(404, "not_found");
    let shown = plant.get("lou", &format!("/api/v1/tasks/{task}")).await.expect(200).json();
    assert!(
        shown["allowed_actions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["action"] == "claim" && one["allowed"] == true)
    );
}

#[tokio::test]
async fn an_instance_tells_what_happens_to_it() {
    use axum::body::BodyDataStream;
    use futures_util::StreamExt as _;
    use tower::ServiceExt as _;

    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    let path = format!("/api/v1/instances/{instance}/events");
    let missed = plant.request(Method::GET, "sam", &path, &[("last-event-id", "0")], None);
    let response = plant.router.clone().oneshot(missed).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream: BodyDataStream = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.contains("id: 1"), "what was missed comes first");
    let task = Plant::first_task(&plant.inbox("lou").await);
    plant.post("lou", &format!("/api/v1/tasks/{task}/claim"), json!({})).await.expect(200);
    let heard = next().await;
    assert!(heard.contains("event: transition") && heard.contains("id: 2"), "{heard}");
}

#[tokio::test]
async fn messages_are_taken_once() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let message = json!({ "name": "paid", "id": "m-1", "payload": { "order": "SO-1" } });
    plant.post("sam", "/api/v1/messages", message.clone()).await.refused(403, "forbidden");
    assert_eq!(plant.post("mailer", "/api/v1/messages", message.clone()).await.expect(202).json()["replayed"], false);
    assert_eq!(plant.post("mailer", "/api/v1/messages", message).await.expect(202).json()["replayed"], true);
    let endless = json!({ "name": "paid", "id": "m-2", "payload": {}, "ttl_seconds": 0 });
    plant.post("mailer", "/api/v1/messages", endless).await.refused(422, "invalid_input");
}

#[tokio::test]
async fn an_owner_cancels_with_a_reason() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    let path = format!("/api/v1/instances/{instance}/cancel");
    plant.post("sam", &path, json!({ "reason": "changed my mind" })).await.refused(403, "forbidden");
    plant.post("hana", &path, json!({ "reason": " " })).await.refused(422, "reason_required");
    plant.post("hana", &path, json!({ "reason": "duplicate request" })).await.expect(200);
    plant.post("hana", &path, json!({ "reason": "again" })).await.refused(409, "instance_ended");
    assert_eq!(plant.inbox("lou").await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_stands_still_is_listed_and_tried_again() {
    on_both(|database| async move {
        let plant = Plant::bare(database).await;
        let files = json!({ "process.yaml": include_str!("stuck/process.yaml") });
        plant.post("hana", "/api/v1/releases", json!({ "files": files })).await.expect(201);
        let start = json!({ "process": "stuck", "input": { "number": 7 } });
        let instance = plant.post("sam", "/api/v1/instances", start).await.expect(201).text_at("/instance");
        plant.get("sam", "/api/v1/incidents").await.refused(400, "invalid_request");
        plant.get("sam", "/api/v1/incidents?process=stuck").await.refused(403, "forbidden");
        let listed = plant.get("hana", "/api/v1/incidents?process=stuck").await.expect(200);
        assert_eq!(listed.text_at("/items/0/code"), "no_branch");
        let incident = listed.text_at("/items/0/incident");
        let path = format!("/api/v1/incidents/{incident}/retry");
        plant.post("sam", &path, json!({ "reason": "please" })).await.refused(403, "forbidden");
        plant.post("hana", &path, json!({ "reason": "the table was mended" })).await.expect(200);
        plant.post("hana", &path, json!({ "reason": "again" })).await.refused(404, "unknown_incident");
        // Nothing was mended in truth, so it stands still again, under a new number.
        let listed = plant.get("root", &format!("/api/v1/incidents?instance={instance}")).await.expect(200);
        assert_ne!(listed.text_at("/items/0/incident"), incident);
        let all = plant.get("root", &format!("/api/v1/incidents?instance={instance}&resolved=true")).await.expect(200);
        assert_eq!(all.json()["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_inbox_tells_that_it_has_changed() {
    use futures_util::StreamExt as _;
    use tower::ServiceExt as _;

    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let request = plant.request(Method::GET, "lou", "/api/v1/inbox/events", &[], None);
    let response = plant.router.clone().oneshot(request).await.unwrap();
    let mut stream = response.into_body().into_data_stream();
    plant.start("sam").await;
    let heard = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(heard.contains("event: changed"), "{heard}");
    // A stranger's inbox is not moved by it: the stream of one who has no role hears only heartbeats.
    assert_eq!(plant.inbox("stranger").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    use futures_util::StreamExt as _;
    use tower::ServiceExt as _;

    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    let request = plant.request(Method::GET, "sam", &format!("/api/v1/instances/{instance}/events"), &[], None);
    let response = plant.router.clone().oneshot(request).await.unwrap();
    plant.post("root", "/api/v1/accounts/sam/deactivate", json!({})).await.expect(204);
    assert!(response.into_body().into_data_stream().next().await.is_none());
}

#[tokio::test]
async fn the_clock_is_shown_and_only_a_doubt_is_acknowledged_by_an_administrator() {
    on_both(|database| async move {
        let plant = Plant::open(database).await;
        let clock = plant.get("root", "/api/v1/clock").await.expect(200).json();
        assert_eq!((&clock["state"], &clock["doubt"]), (&json!("trusted"), &Value::Null));
        plant.get("sam", "/api/v1/clock").await.refused(403, "forbidden");
        let reason = || json!({ "reason": "the time server was wrong" });
        plant.post("root", "/api/v1/clock/acknowledge", reason()).await.refused(410, "gone");
        plant.clock.step(3_600_000_000);
        let clock = plant.get("root", "/api/v1/clock").await.expect(200).json();
        assert_eq!((&clock["state"], &clock["now"]), (&json!("in_doubt"), &json!(NOW.to_string())));
        let ready = plant.get("", "/readyz").await.expect(200).json();
        assert_eq!(ready, json!({ "status": "ok", "clock": "in_doubt" }));
        plant.post("sam", "/api/v1/clock/acknowledge", reason()).await.refused(403, "forbidden");
        plant.post("root", "/api/v1/clock/acknowledge", json!({ "reason": " " })).await.refused(422, "reason_required");
        plant.post("root", "/api/v1/clock/acknowledge", reason()).await.expect(200);
        let clock = plant.get("root", "/api/v1/clock").await.expect(200).json();
        assert_eq!((&clock["state"], &clock["now"]), (&json!("trusted"), &clock["database"]));
    })
    .await;
}
