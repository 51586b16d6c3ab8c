//! The surface as a black box: a request goes in, an answer comes out, on both databases.

mod support;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;
use store::testing::{on_both, sqlite, usual_options};
use support::{PASSWORD, Plant, files};

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
async fn every_door_but_the_open_ones_needs_a_token() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let document: serde_json::Value = serde_json::from_str(&countersign_api::openapi_json()).unwrap();
    let mut closed = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let open = operation["security"] == json!([{}]);
            assert_eq!(open, countersign_api::OPEN_ADDRESSES.contains(&path.as_str()), "{method} {path}");
            if open {
                continue;
            }
            closed += 1;
            let path = path.replace('{', "").replace('}', "");
            let method: Method = method.to_uppercase().parse().unwrap();
            for token in [None, Some("Bearer nonsense"), Some("Bearer cs_AAAA"), Some("Basic cm9vdDpyb290")] {
                let mut request = Request::builder().method(method.clone()).uri(&path);
                if let Some(token) = token {
                    request = request.header(header::AUTHORIZATION, token);
                }
                let answer = plant.send(request.body(Body::empty()).unwrap()).await;
                let answer = answer.refused(401, "unauthenticated");
                assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
            }
        }
    }
    assert!(closed > 30, "{closed} closed operations");
    for path in ["/healthz", "/readyz", "/metrics", "/docs", "/docs/docs.js", "/errors/gone", "/api/v1/openapi.json"] {
        plant.get("", path).await.expect(200);
    }
}

#[tokio::test]
async fn the_document_names_each_operation_once_and_every_schema() {
    let document: serde_json::Value = serde_json::from_str(&countersign_api::openapi_json()).unwrap();
    let mut names: Vec<&str> = vec![];
    for item in document["paths"].as_object().unwrap().values() {
        names.extend(item.as_object().unwrap().values().map(|operation| operation["operationId"].as_str().unwrap()));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let text = document.to_string();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "no schema {name}");
    }
}

#[test]
fn the_committed_document_is_the_present_one() {
    assert!(
        include_str!("../openapi.json") == countersign_api::openapi_json(),
        "run `cargo run -p countersign-api --example openapi > api/openapi.json`"
    );
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
    assert!(shown["allowed_actions"].as_array().unwrap().iter().any(|one| one["action"] == "claim" && one["allowed"] == true));
}

#[tokio::test]
async fn reading_is_granted_too() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    for part in ["", "/state", "/history", "/events"] {
        let path = format!("/api/v1/instances/{instance}{part}");
        plant.get("stranger", &path).await.refused(404, "unknown_instance");
    }
    for reader in ["sam", "hana", "root", "lou"] {
        plant.get(reader, &format!("/api/v1/instances/{instance}/state")).await.expect(200);
    }
    // `cost` is for payroll: the owner's readers do not get it, nor what it could be computed from.
    let state = plant.get("hana", &format!("/api/v1/instances/{instance}/state")).await.json();
    assert!(state["data"].get("cost").is_none() && state["data"].get("granted").is_some(), "{state}");
    let history = plant.get("hana", &format!("/api/v1/instances/{instance}/history")).await.json();
    assert_eq!(history["items"][0]["narrowed"], true);
    assert!(history["items"][0]["events"][0].get("input").is_none(), "{history}");
    let whole = plant.get("root", &format!("/api/v1/instances/{instance}/history")).await.json();
    assert_eq!(whole["items"][0]["events"][0]["input"]["who"], "sam");
    plant.get("stranger", "/api/v1/instances?process=leave").await.refused(403, "forbidden");
    plant.get("sam", "/api/v1/instances").await.refused(400, "invalid_request");
    assert_eq!(plant.get("sam", "/api/v1/instances?mine=true").await.expect(200).json()["items"][0]["instance"], *instance);
}

#[tokio::test]
async fn instances_are_found_by_business_data_page_by_page() {
    on_both(|database| async move {
        let plant = Plant::open(database).await;
        for (who, days) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)] {
            let start = json!({ "process": "leave", "input": { "who": who, "days": days } });
            plant.post("sam", "/api/v1/instances", start).await.expect(201);
        }
        let found = plant.get("hana", "/api/v1/instances?process=leave&find=who:c").await.expect(200).json();
        assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["key"]), (1, &json!("c")));

        let (mut keys, mut cursor) = (vec![], String::new());
        loop {
            let page = plant.get("hana", &format!("/api/v1/instances?process=leave&limit=2{cursor}")).await.expect(200).json();
            keys.extend(page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        keys.sort();
        assert_eq!(keys, ["a", "b", "c", "d", "e"]);
        plant.get("hana", &format!("/api/v1/tasks?x=1{cursor}")).await.refused(400, "invalid_request");
        plant.get("lou", &format!("/api/v1/tasks?limit=2{cursor}")).await.refused(400, "invalid_cursor");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_speaks_the_callers_language() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let headers = [("accept-language", "zh-CN,zh;q=0.9")];
    let request = plant.request(Method::GET, "sam", "/api/v1/definitions/nothing", &headers, None);
    let answer = plant.send(request).await.refused(404, "unknown_process");
    assert_eq!(answer.text_at("/detail"), answer.text_at("/detail_zh"));
    assert_eq!(answer.headers[header::CONTENT_LANGUAGE], "zh");
    let english = plant.get("sam", "/api/v1/definitions/nothing").await.refused(404, "unknown_process");
    assert_ne!(english.text_at("/detail"), english.text_at("/detail_zh"));
}

#[tokio::test]
async fn what_is_too_much_or_unreadable_is_refused_by_name() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let long = "x".repeat(countersign_api::limits::BODY_BYTES_MAX);
    plant.post("sam", "/api/v1/instances", json!({ "process": long })).await.refused(413, "body_too_large");
    let header = "x".repeat(countersign_api::limits::HEADER_BYTES_MAX);
    plant.post_with("sam", "/api/v1/instances", &[("x-filler", &header)], json!({})).await.refused(431, "headers_too_large");
    let keys = ["x".repeat(129), "\u{e9}".into(), " ".into()];
    for key in &keys {
        let answer = plant.post_with("sam", "/api/v1/instances", &[("idempotency-key", key)], json!({})).await;
        answer.refused(400, "invalid_idempotency_key");
    }
    plant.post("sam", "/api/v1/instances", json!({ "proces": "leave" })).await.refused(400, "invalid_json");
    let plain = Request::builder().method(Method::POST).uri("/api/v1/instances");
    let plain = plain.header(header::AUTHORIZATION, format!("Bearer {}", plant.token("sam")));
    plant.send(plain.body(Body::from("{}")).unwrap()).await.refused(415, "unsupported_media_type");
    plant.get("sam", "/api/v1/tasks?limit=201").await.refused(400, "invalid_request");
    plant.get("sam", "/api/v1/nothing").await.refused(404, "not_found");
    plant.get("sam", "/api/v1/tasks/not-a-task").await.refused(404, "not_found");
    plant.post("sam", "/api/v1/accounts/me", json!({})).await.refused(405, "method_not_allowed");
    let nul = json!({ "process": "leave", "input": { "who": "a\u{0}b" } });
    plant.post("sam", "/api/v1/instances", nul).await.refused(422, "invalid_input");
    let answer = plant.get("sam", "/api/v1/accounts/me").await.expect(200);
    assert!(answer.headers.contains_key("x-request-id"));
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn numbers_are_kept_exactly() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let body = r#"{ "process": "leave", "input": { "who": "sam", "days": 3, "pay": 12345678901234.567890 } }"#;
    let request = Request::builder().method(Method::POST).uri("/api/v1/instances");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {}", plant.token("sam")));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
    let instance = plant.send(request).await.expect(201).text_at("/instance");
    let state = plant.get("root", &format!("/api/v1/instances/{instance}/state")).await.expect(200);
    assert_eq!(state.text_at("/input/pay"), "12345678901234.567890");
}

#[tokio::test]
async fn faults_in_process_files_are_all_told() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let mut broken = files();
    broken["process.yaml"] = broken["process.yaml"].as_str().unwrap().replace("shows: [ granted ]", "shows: [ grantd ]").into();
    let refused = plant.post("root", "/api/v1/releases", json!({ "files": broken })).await;
    let refused = refused.refused(422, "bundle_has_faults").json();
    assert_eq!(refused["diagnostics"][0]["file"], "process.yaml");
    assert!(refused["diagnostics"][0]["line"].as_u64().unwrap() > 1);
    plant.post("sam", "/api/v1/releases", json!({ "files": files() })).await.refused(403, "forbidden");
    let deployed = plant.post("hana", "/api/v1/releases", json!({ "files": files() })).await.expect(201);
    assert_eq!(deployed.text_at("/release/state"), "effective");
    let release = deployed.text_at("/release/release");
    let again = plant.post("root", "/api/v1/releases", json!({ "files": files() })).await.expect(201);
    assert_eq!(again.text_at("/release/release"), release);
    assert_eq!(again.text_at("/release/deployed_by"), "hana");
    let shown = plant.get("stranger", &format!("/api/v1/releases/{release}")).await.expect(200);
    assert_eq!(shown.json()["files"], files());
    let definition = plant.get("sam", "/api/v1/definitions/leave").await.expect(200).json();
    assert_eq!(definition["definition"]["may_start"], true);
    assert_eq!(definition["blocks"][0]["steps"][0], "check");
    let svg = plant.get("sam", "/api/v1/definitions/leave/diagram.svg?language=zh").await.expect(200);
    assert!(svg.text.starts_with("<svg") || svg.text.starts_with("<?xml"), "{}", &svg.text[..60]);
    assert!(svg.text.contains("核对请假"));
}

#[tokio::test]
async fn accounts_are_an_administrators_and_a_token_is_shown_once() {
    on_both(|database| async move {
        let plant = Plant::bare(database).await;
        let new = json!({ "account": "n.ew", "printed_name": "新人" });
        plant.post("sam", "/api/v1/accounts", new.clone()).await.refused(403, "forbidden");
        plant.post("root", "/api/v1/accounts", new.clone()).await.expect(201);
        plant.post("root", "/api/v1/accounts", new).await.refused(409, "account_exists");
        let role = json!({ "role": "lead", "scope": { "site": "SZ" } });
        let granted = plant.post("root", "/api/v1/accounts/n.ew/roles", role).await.expect(200).json();
        assert_eq!(granted["roles"], json!([{ "role": "lead", "scope": { "site": "SZ" } }]));
        let issued = plant.post("root", "/api/v1/accounts/n.ew/tokens", json!({ "label": "phone" })).await.expect(201);
        let token = issued.text_at("/token");
        let mine = Request::builder().uri("/api/v1/accounts/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let me = plant.send(mine.body(Body::empty()).unwrap()).await.expect(200);
        assert_eq!(me.text_at("/printed_name"), "新人");
        let listed = plant.get("root", "/api/v1/accounts/n.ew/tokens").await.expect(200);
        assert!(!listed.text.contains(&token) && listed.text.contains("phone"));
        plant.get("sam", "/api/v1/accounts/n.ew/tokens").await.refused(403, "forbidden");
        plant.post("root", "/api/v1/accounts/root/deactivate", json!({})).await.refused(422, "invalid_input");
        plant.post("root", "/api/v1/accounts/n.ew/deactivate", json!({})).await.expect(204);
        let mine = Request::builder().uri("/api/v1/accounts/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        plant.send(mine.body(Body::empty()).unwrap()).await.refused(401, "unauthenticated");
    })
    .await;
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
