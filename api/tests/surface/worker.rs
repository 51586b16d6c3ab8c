//! The worker in `examples/`, against a real socket: what it leases it finishes.

use std::process::Stdio;

use serde_json::json;
use store::testing::{sqlite, usual_options};

use crate::support::{PASSWORD, Plant};

#[tokio::test]
async fn the_python_worker_finishes_what_it_leases() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3");
        return;
    }
    let fresh = sqlite(usual_options()).await;
    let plant = Plant::open(fresh.database.clone()).await;
    let instance = plant.start("sam").await;
    let check = Plant::first_task(&plant.inbox("lou").await);
    let answer = json!({ "outcome": "fine", "answer": { "granted": 2 } });
    plant.post("lou", &format!("/api/v1/tasks/{check}/complete"), answer).await.expect(200);
    let grant = Plant::first_task(&plant.inbox("hedda").await);
    let intent = json!({ "outcome": "granted" });
    let record = plant.post("hedda", &format!("/api/v1/tasks/{grant}/to-sign"), intent).await.text_at("/digest");
    let answer = json!({ "outcome": "granted", "signature": { "password": PASSWORD, "record": record } });
    plant.post("hedda", &format!("/api/v1/tasks/{grant}/complete"), answer).await.expect(200);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let router = plant.router.clone();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let worker = tokio::process::Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/worker.py"))
        .args(["--server", &server, "--activity", "mail.send", "--drain"])
        .env("COUNTERSIGN_TOKEN", plant.token("mailer"))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    serving.abort();
    let said = String::from_utf8_lossy(&worker.stdout).into_owned() + &*String::from_utf8_lossy(&worker.stderr);
    assert!(worker.status.success(), "{said}");
    assert!(said.contains("granted 2"), "{said}");
    let ended = plant.get("sam", &format!("/api/v1/instances/{instance}")).await.expect(200).json();
    assert_eq!(ended["outcome"], "granted");
}
