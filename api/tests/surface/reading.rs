//! What is read, by whom, and in pages.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;
use store::testing::{on_both, sqlite, usual_options};

use crate::support::Plant;

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
    assert_eq!(
        plant.get("sam", "/api/v1/instances?mine=true").await.expect(200).json()["items"][0]["instance"],
        *instance
    );
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
            let page =
                plant.get("hana", &format!("/api/v1/instances?process=leave&limit=2{cursor}")).await.expect(200).json();
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
