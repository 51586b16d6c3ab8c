//! Who gets in, what is documented, what is refused and how.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;
use store::testing::{on_both, sqlite, usual_options};

use crate::support::Plant;

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
            let path = path.replace(['{', '}'], "");
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
    assert!(include_str!("../../openapi.json") == countersign_api::openapi_json(), "run `cargo xtask openapi`");
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
    plant
        .post_with("sam", "/api/v1/instances", &[("x-filler", &header)], json!({}))
        .await
        .refused(431, "headers_too_large");
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

/// Law 3: failed access is in the log, without what was sent.
#[tokio::test]
async fn a_refused_attempt_is_written_down() {
    on_both(|database| async move {
        let plant = Plant::bare(database.clone()).await;
        let mut commits = plant.commits();
        let new = json!({ "account": "intruder", "printed_name": "X" });
        plant.post("sam", "/api/v1/accounts", new).await.refused(403, "forbidden");
        let written = commits.recv().await.unwrap();
        let mut reader = database.read().await.unwrap();
        let rows = store::log::of_instance(&mut reader, written.instance, written.version - 1, 1).await.unwrap();
        let text = String::from_utf8(rows[0].body.clone()).unwrap();
        assert!(text.contains(r#""code":"forbidden""#) && text.contains(r#""id":"sam""#), "{text}");
        assert!(!text.contains("intruder"), "{text}");
    })
    .await;
}

/// Somebody did the work, and it did not count: an auditor can see it.
#[tokio::test]
async fn an_answer_that_came_too_late_is_written_down() {
    on_both(|database| async move {
        let plant = Plant::open(database.clone()).await;
        plant.start("sam").await;
        let task = Plant::first_task(&plant.inbox("lou").await);
        let path = format!("/api/v1/tasks/{task}/complete");
        let answer = json!({ "outcome": "fine", "answer": { "granted": 3 } });
        plant.post("lou", &path, answer.clone()).await.expect(200);
        let mut commits = plant.commits();
        plant.post("lea", &path, answer).await.refused(410, "gone");
        let written = loop {
            let receipt = commits.recv().await.unwrap();
            if receipt.instance.service_stream() == Some(engine::id::ServiceStream::Access) {
                break receipt;
            }
        };
        let mut reader = database.read().await.unwrap();
        let rows = store::log::of_instance(&mut reader, written.instance, written.version - 1, 1).await.unwrap();
        let text = String::from_utf8(rows[0].body.clone()).unwrap();
        assert!(text.contains(r#""code":"gone""#) && text.contains(r#""id":"lea""#) && text.contains(&path), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_code_of_the_checker_has_its_page() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let page = plant.get("", "/errors/yaml.syntax").await.expect(200);
    assert!(page.text.contains("不是合法的 YAML"));
    plant.get("", "/errors/nonsense").await.refused(404, "not_found");
}
