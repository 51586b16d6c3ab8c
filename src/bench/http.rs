//! Submitters over HTTP: the real server on a port of this machine, and clients that keep their connections.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::load::{Shared, clock, micros_since};
use super::plant::{Course, Plant, Who};

/// A running server and how to speak to it.
pub(crate) struct Server {
    base: String,
    client: reqwest::Client,
    starter: Arc<str>,
    approver: Arc<str>,
    stop: tokio::sync::oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(plant: &Plant) -> anyhow::Result<Server> {
        let (starter, approver) = (plant.token(Who::Starter).await?, plant.token(Who::Approver).await?);
        let backend = api::Backend::new(api::Parts {
            database: plant.database.clone(),
            handle: plant.handle.clone(),
            identity: plant.identity.clone(),
            policy: api::Policy::Open,
            metrics: Arc::new(String::new),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/api/v1", listener.local_addr()?);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(api::serve(listener, backend, async move {
            // A sender that is gone says stop as well.
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().pool_max_idle_per_host(2_000).tcp_nodelay(true).build()?;
        let bearer = |token: String| Arc::from(format!("Bearer {token}"));
        Ok(Server { base, client, starter: bearer(starter), approver: bearer(approver), stop, serving })
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop(self.client);
        // A server that has ended by itself tells why below.
        let _ = self.stop.send(());
        self.serving.await??;
        Ok(())
    }

    pub(crate) fn caller(&self, process: &str) -> Caller {
        Caller {
            base: self.base.clone(),
            client: self.client.clone(),
            starter: self.starter.clone(),
            approver: self.approver.clone(),
            process: process.to_owned(),
        }
    }
}

/// One client.
pub(crate) struct Caller {
    base: String,
    client: reqwest::Client,
    starter: Arc<str>,
    approver: Arc<str>,
    process: String,
}

impl Caller {
    async fn post(&self, token: &str, path: &str, body: Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.post(url).header("authorization", token).json(&body).send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        ensure!(status.is_success(), "{path} was answered with {status}: {}", String::from_utf8_lossy(&bytes));
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// One submitter; gives the micros from each approval to its answer, which comes when the end is durable.
    pub(crate) async fn submitter(self, course: Course, shared: Arc<Shared>) -> anyhow::Result<Vec<u64>> {
        let mut times = Vec::new();
        while !shared.stopped() {
            let start = json!({ "process": self.process, "input": { "amount": shared.next() } });
            let started = self.post(&self.starter, "/instances", start).await?;
            let id = started["instance"].as_str().context("an answer without its instance")?;
            let begun = clock();
            let path = format!("/tasks/{id}.{}.{}/complete", course.work.run, course.work.seat);
            let done = self.post(&self.approver, &path, json!({ "outcome": "approved" })).await?;
            ensure!(done["version"] == course.ends, "an approval was answered before the end: {done}");
            if shared.counts() {
                times.push(micros_since(begun));
            }
        }
        Ok(times)
    }
}
