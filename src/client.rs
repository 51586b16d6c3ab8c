//! How a command reaches the product: over HTTP to a server, or the same requests within this process on a database.
//!
//! So every command is written once, and what it may do is decided in one place.

use anyhow::{Context, bail};
use api::Policy;
use axum::body::Body;
use axum::http::{Method, Request, header};
use identity::Principal;
use serde_json::Value as Json;
use tower::ServiceExt;

use crate::wire::{self, ADMINISTRATOR, Options, Plant};

/// Where the commands go.
pub struct Client {
    target: Target,
    /// For whom the commands are given, as a substitute.
    behalf: Option<String>,
}

enum Target {
    Server { base: String, token: String, http: reqwest::Client },
    Local { plant: Option<Box<Plant>>, router: axum::Router, principal: Box<Principal> },
}

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refused {
    pub status: u16,
    pub code: String,
    pub detail: String,
    pub body: Json,
}

impl Client {
    /// A client of a running server.
    pub fn server(address: &str, token: String) -> anyhow::Result<Self> {
        let base = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let http = reqwest::Client::builder().build().context("cannot make an HTTP client")?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Client { target: Target::Server { base, token, http }, behalf: None })
    }

    /// A node within this process, acting as `actor` or as the administrator. Only where it may `create` it, a database
    /// that is not there is made: a mistyped path must not look like an empty plant.
    pub async fn local(url: &str, actor: Option<&str>, create: bool) -> anyhow::Result<Self> {
        let plant = wire::open(url, Options { policy: Policy::Open, create, ..Options::default() }).await?;
        let name = actor.unwrap_or(ADMINISTRATOR);
        let Some(principal) = plant.identity.in_process(name) else {
            plant.node.stop().await?;
            bail!("unknown_account: there is no active account `{name}`");
        };
        let router = api::router(plant.backend.clone());
        let target = Target::Local { plant: Some(Box::new(plant)), router, principal: Box::new(principal) };
        Ok(Client { target, behalf: None })
    }

    /// A client within this process that acts as somebody on a node that others keep.
    pub fn within(router: axum::Router, principal: Principal) -> Self {
        Client { target: Target::Local { plant: None, router, principal: Box::new(principal) }, behalf: None }
    }

    /// The same, acting for somebody who named this account as their substitute.
    #[must_use]
    pub fn on_behalf_of(self, absent: Option<&str>) -> Self {
        Client { behalf: absent.map(str::to_owned), ..self }
    }

    /// The node behind it, where it is in this process.
    #[must_use]
    pub fn plant(&self) -> Option<&Plant> {
        match &self.target {
            Target::Local { plant, .. } => plant.as_deref(),
            Target::Server { .. } => None,
        }
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Json> {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Json) -> anyhow::Result<Json> {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// Sends a request and reads the JSON of its answer; an answer that is no success is a [`Refused`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Json> {
        let absent = self.behalf.as_deref().map(|absent| ("On-Behalf-Of", absent));
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain(absent).collect();
        let (status, bytes) = match &self.target {
            Target::Server { base, token, http } => {
                let mut request = http.request(method, format!("{base}{path}")).bearer_auth(token);
                for (name, value) in &headers {
                    request = request.header(*name, *value);
                }
                if let Some(body) = body {
                    request = request.json(body);
                }
                let answer = request.send().await.with_context(|| format!("cannot reach the server at {base}"))?;
                (answer.status().as_u16(), answer.bytes().await.context("the answer broke off")?.to_vec())
            }
            Target::Local { router, principal, .. } => {
                let mut request = Request::builder().method(method).uri(path);
                for (name, value) in &headers {
                    request = request.header(*name, *value);
                }
                let content = match body {
                    Some(body) => {
                        request = request.header(header::CONTENT_TYPE, "application/json");
                        Body::from(serde_json::to_vec(body)?)
                    }
                    None => Body::empty(),
                };
                let mut request = request.body(content)?;
                request.extensions_mut().insert(Principal::clone(principal));
                let answer = router.clone().oneshot(request).await?;
                let status = answer.status().as_u16();
                (status, axum::body::to_bytes(answer.into_body(), usize::MAX).await?.to_vec())
            }
        };
        let json: Json = if bytes.is_empty() {
            Json::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&bytes).into_owned()))
        };
        if (200..300).contains(&status) {
            return Ok(json);
        }
        let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        Err(Refused { status, code: text("code"), detail: text("detail"), body: json }.into())
    }

    /// Follows the pages of a list; stops after `most` items.
    pub async fn list(&self, path: &str, most: usize) -> anyhow::Result<Vec<Json>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                Some(cursor) => self.get(&format!("{path}{joint}cursor={cursor}")).await?,
                None => self.get(path).await?,
            };
            items.extend(page.get("items").and_then(Json::as_array).cloned().unwrap_or_default());
            cursor = page.get("next_cursor").and_then(Json::as_str).map(str::to_owned);
            if cursor.is_none() || items.len() >= most {
                items.truncate(most);
                return Ok(items);
            }
        }
    }

    /// Ends it: a node in this process stops in good order.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Target::Local { plant: Some(plant), .. } = self.target {
            plant.node.stop().await?;
        }
        Ok(())
    }
}
