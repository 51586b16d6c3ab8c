//! What operators do with instances and releases.

use serde_json::json;
use store::testing::{on_both, sqlite, usual_options};

use crate::support::{Plant, files};

#[tokio::test]
async fn an_operator_suspends_mends_moves_and_resumes() {
    on_both(|database| async move {
        let plant = Plant::open(database).await;
        let instance = plant.start("sam").await;
        let path = |verb: &str| format!("/api/v1/instances/{instance}/{verb}");
        let why = json!({ "reason": "recount" });
        plant.post("sam", &path("suspend"), why.clone()).await.refused(403, "forbidden");
        plant.post("stranger", &path("suspend"), why.clone()).await.refused(404, "unknown_instance");
        plant.post("hana", &path("suspend"), json!({ "reason": " " })).await.refused(422, "reason_required");
        plant.post("hana", &path("suspend"), why.clone()).await.expect(200);
        let held = plant.get("hana", "/api/v1/instances?process=leave&status=suspended").await.expect(200).json();
        assert_eq!(held["items"][0]["status"], "suspended");
        let check = Plant::first_task(&plant.inbox("lou").await);
        let frozen = plant.post("lou", &format!("/api/v1/tasks/{check}/claim"), json!({})).await;
        let frozen = frozen.refused(409, "suspended");
        assert!(frozen.text_at("/detail").contains("hana") && frozen.text_at("/detail_zh").contains("recount"));
        let state = plant.get("hana", &path("state")).await.expect(200).json();
        assert_eq!(state["hold"]["reason"], "recount");
        let run = state["open"][0]["run"].as_u64().unwrap();

        let moves = plant.get("hana", &path(&format!("moves?run={run}"))).await.expect(200).json();
        assert_eq!(moves["targets"][1], json!({ "step": "grant", "legal": true, "gives_up": ["check"] }));
        plant.get("hana", &path("moves")).await.refused(400, "invalid_request");
        let fix = |value: serde_json::Value| json!({ "reason": "typo", "writes": { "granted": value } });
        plant.post("hana", &path("fix"), fix(json!("two"))).await.refused(422, "invalid_input");
        plant.post("hana", &path("fix"), fix(json!(2))).await.expect(200);
        let step = json!({ "reason": "on paper", "at": { "run": run }, "to": "nowhere" });
        plant.post("hana", &path("move"), step).await.refused(422, "not_legal");
        let skip = json!({ "reason": "on paper", "at": { "run": run }, "outcome": "perhaps" });
        plant.post("hana", &path("skip"), skip).await.refused(422, "unknown_outcome");
        let skip = json!({ "reason": "on paper", "at": { "run": run }, "outcome": "fine" });
        plant.post("hana", &path("skip"), skip).await.expect(200);
        plant.post("hana", &path("resume"), json!({ "reason": "counted", "timers": "shift" })).await.expect(200);
        plant.post("hana", &path("resume"), why).await.refused(409, "not_suspended");
        let state = plant.get("hana", &path("state")).await.expect(200).json();
        assert_eq!(state["data"]["granted"], 2, "what was fixed stays: the skip gave no output");
        assert_eq!(state["open"][0]["step"], "grant");
    })
    .await;
}

#[tokio::test]
async fn two_releases_are_compared_and_instances_migrate_after_a_dry_run() {
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    let shown = plant.get("hana", &format!("/api/v1/instances/{instance}")).await.expect(200);
    let old = shown.text_at("/release");
    let mut changed = files();
    let text = changed["process.yaml"].as_str().unwrap();
    let text = text.replace("Check the leave", "Look at the leave").replace("- id: check\n", "- id: look\n");
    changed["process.yaml"] = text.into();
    let deployed = plant.post("hana", "/api/v1/releases", json!({ "files": changed })).await.expect(201);
    let new = deployed.text_at("/release/release");

    let diff = plant.get("hana", &format!("/api/v1/releases/{old}/diff/{new}")).await.expect(200).json();
    let steps: Vec<(&str, &str)> = diff["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["change"].as_str().unwrap()))
        .collect();
    assert!(steps.contains(&("look", "added")) && steps.contains(&("check", "removed")), "{diff}");
    assert_eq!(diff["instances"], 1);
    assert!(diff["files"][0]["lines"].as_array().unwrap().contains(&json!("-  - id: check")), "{diff}");

    let path = format!("/api/v1/releases/{new}/migrate");
    let body = |plan: serde_json::Value, dry_run: bool| json!({ "reason": "release 2", "from": old, "plan": plan, "dry_run": dry_run });
    plant.post("sam", &path, body(json!({}), true)).await.refused(403, "forbidden");
    let dry = plant.post("hana", &path, body(json!({}), true)).await.expect(200).json();
    assert_eq!(dry["instances"][0]["verdict"], "stays");
    assert_eq!(dry["instances"][0]["faults"][0]["at"], "check");
    let plan = json!({ "map": { "check": "look" } });
    let dry = plant.post("hana", &path, body(plan.clone(), true)).await.expect(200).json();
    assert_eq!((&dry["instances"][0]["verdict"], &dry["instances"][0]["carried"]), (&json!("migrates"), &json!(1)));
    let done = plant.post("hana", &path, body(plan.clone(), false)).await.expect(200).json();
    assert_eq!(done["instances"][0]["verdict"], "migrated");
    let shown = plant.get("hana", &format!("/api/v1/instances/{instance}")).await.expect(200);
    assert_eq!(shown.text_at("/release"), new);
    let again = plant.post("hana", &path, body(plan, false)).await.expect(200).json();
    assert_eq!(again["instances"], json!([]), "what has migrated is not found again");
}
