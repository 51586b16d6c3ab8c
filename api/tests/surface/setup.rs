//! Releases and accounts.

use axum::body::Body;
use axum::http::{Method, Request, header};
use countersign_api::Policy;
use serde_json::json;
use store::testing::{on_both, sqlite, usual_options};

use crate::support::{PASSWORD, Plant, files};

#[tokio::test]
async fn faults_in_process_files_are_all_told() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let mut broken = files();
    broken["process.yaml"] =
        broken["process.yaml"].as_str().unwrap().replace("shows: [ granted ]", "shows: [ grantd ]").into();
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
        let mine =
            Request::builder().uri("/api/v1/accounts/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let me = plant.send(mine.body(Body::empty()).unwrap()).await.expect(200);
        assert_eq!(me.text_at("/printed_name"), "新人");
        let listed = plant.get("root", "/api/v1/accounts/n.ew/tokens").await.expect(200);
        assert!(!listed.text.contains(&token) && listed.text.contains("phone"));
        plant.get("sam", "/api/v1/accounts/n.ew/tokens").await.refused(403, "forbidden");
        plant.post("root", "/api/v1/accounts/root/deactivate", json!({})).await.refused(422, "invalid_input");
        plant.post("root", "/api/v1/accounts/n.ew/deactivate", json!({})).await.expect(204);
        let mine =
            Request::builder().uri("/api/v1/accounts/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        plant.send(mine.body(Body::empty()).unwrap()).await.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_made_effective_by_somebody_else() {
    on_both(|database| async move {
        let plant = Plant::under(database, Policy::Approval).await;
        let deployed = plant.post("hana", "/api/v1/releases", json!({ "files": files() })).await.expect(201);
        assert_eq!(deployed.text_at("/release/state"), "draft");
        let start = json!({ "process": "leave", "input": { "who": "sam", "days": 3 } });
        plant.post("sam", "/api/v1/instances", start.clone()).await.refused(404, "unknown_process");
        let path = format!("/api/v1/releases/{}/approve", deployed.text_at("/release/release"));
        plant.post("hana", &path, json!({})).await.refused(403, "separation_of_duties");
        plant.post("sam", &path, json!({})).await.refused(403, "forbidden");
        let approved = plant.post("root", &path, json!({})).await.expect(200);
        assert_eq!(approved.text_at("/state"), "effective");
        plant.post("root", &path, json!({})).await.refused(410, "gone");
        plant.post("sam", "/api/v1/instances", start).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn changing_ones_password_needs_the_present_one() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::bare(fresh.database.clone()).await;
    let put = |who: &'static str, body: serde_json::Value| {
        plant.request(Method::PUT, who, "/api/v1/accounts/hedda/password", &[], Some(body))
    };
    let new = json!({ "password": "battery staple" });
    plant.send(put("sam", new.clone())).await.refused(403, "forbidden");
    plant.send(put("hedda", new)).await.refused(422, "invalid_input");
    let guess = json!({ "password": "battery staple", "present": "not this one" });
    plant.send(put("hedda", guess)).await.refused(401, "wrong_password");
    let right = json!({ "password": "battery staple", "present": PASSWORD });
    plant.send(put("hedda", right)).await.expect(204);
    plant.send(put("root", json!({ "password": "short" }))).await.refused(422, "invalid_input");
    plant.send(put("root", json!({ "password": "set by another" }))).await.expect(204);
}
