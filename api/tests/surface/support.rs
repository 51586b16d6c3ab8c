//! A small plant behind the router: a node on a fresh database, people with roles and tokens, one deployed process.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use countersign_api::{Backend, Parts, Policy, router};
use engine::command::Actor;
use engine::facts::RoleFact;
use engine::time::Timestamp;
use identity::command::NewAccount;
use identity::{Accounts, Directory, Identity, Kind};
use runtime::{Clock, Config, Node, Ports};
use serde_json::{Value, json};
use store::Database;
use tower::ServiceExt as _;

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_772_413_200_000_000);
pub(crate) const PASSWORD: &str = "correct horse";

/// People and programs, and the roles they hold.
const PEOPLE: &[(&str, Kind, &[&str])] = &[
    ("root", Kind::Person, &["admin"]),
    ("hana", Kind::Person, &["hr"]),
    ("sam", Kind::Person, &["staff"]),
    ("lea", Kind::Person, &["lead", "staff"]),
    ("lou", Kind::Person, &["lead"]),
    ("hedda", Kind::Person, &["head"]),
    ("stranger", Kind::Person, &[]),
    ("mailer", Kind::Service, &["worker", "messenger"]),
];

pub(crate) struct Plant {
    pub(crate) router: Router,
    /// Runs as long as this does.
    node: Node,
    pub(crate) clock: Clock,
    tokens: BTreeMap<&'static str, String>,
}

/// An answer with its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// A refusal with this code, in the shape that all have.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        let body = answer.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["type"], format!("/errors/{code}"));
        assert_eq!(body["status"], status);
        for part in ["title", "detail", "detail_zh"] {
            assert!(!body[part].as_str().unwrap().is_empty(), "{part} of {body}");
        }
        answer
    }

    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let body = self.json();
        body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {body}")).to_owned()
    }
}

impl Plant {
    pub(crate) async fn open(database: Database) -> Plant {
        let plant = Plant::bare(database).await;
        plant.post("root", "/api/v1/releases", json!({ "files": files() })).await.expect(201);
        plant
    }

    /// Without the process.
    pub(crate) async fn bare(database: Database) -> Plant {
        Plant::under(database, Policy::Open).await
    }

    /// Without the process, under a policy of deployments.
    pub(crate) async fn under(database: Database, policy: Policy) -> Plant {
        let directory = Directory::open(&database).await.unwrap();
        let clock = Clock::stopped_at(NOW);
        let ports =
            Ports { activities: Default::default(), directory: Arc::new(directory.clone()), clock: clock.clone() };
        let node = Node::start(database.clone(), ports, Config::default()).await.unwrap();
        let identity = Identity::new(database.clone(), directory);
        let tokens = people(&Accounts::new(identity.clone(), node.handle())).await;
        let backend = Backend::new(Parts {
            database,
            handle: node.handle(),
            identity,
            policy,
            metrics: Arc::new(|| "countersign_up 1\n".into()),
        });
        Plant { router: router(backend), node, clock, tokens }
    }

    /// Every commit from now on.
    pub(crate) fn commits(&self) -> tokio::sync::broadcast::Receiver<runtime::Receipt> {
        self.node.handle().subscribe()
    }

    pub(crate) fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) fn request(
        &self,
        method: Method,
        who: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token(who)));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
            }
            None => request.body(Body::empty()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, who, path, &[], None)).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.post_with(who, path, &[], body).await
    }

    pub(crate) async fn post_with(&self, who: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        self.send(self.request(Method::POST, who, path, headers, Some(body))).await
    }

    /// Starts a leave and gives its id.
    pub(crate) async fn start(&self, who: &str) -> String {
        let input = json!({ "process": "leave", "input": { "who": who, "days": 3 } });
        self.post(who, "/api/v1/instances", input).await.expect(201).text_at("/instance")
    }

    /// The first task of somebody's inbox.
    #[track_caller]
    pub(crate) fn first_task(answer: &Answer) -> String {
        answer.text_at("/items/0/task")
    }

    pub(crate) async fn inbox(&self, who: &str) -> Answer {
        self.get(who, "/api/v1/tasks").await.expect(200)
    }
}

/// The files of the process, by path.
pub(crate) fn files() -> Value {
    json!({
        "process.yaml": include_str!("leave/process.yaml"),
        "texts.yaml": include_str!("leave/texts.yaml"),
        "check.form.json": include_str!("leave/check.form.json"),
        "catalogue/mail.yaml": include_str!("leave/catalogue/mail.yaml"),
    })
}

async fn people(accounts: &Accounts) -> BTreeMap<&'static str, String> {
    let mut tokens = BTreeMap::new();
    for (name, kind, roles) in PEOPLE.iter().copied() {
        let new = NewAccount { id: name.into(), kind, printed_name: format!("Name of {name}").into(), manager: None };
        accounts.create_account(Actor::System, new).await.unwrap();
        for role in roles {
            let role = RoleFact { role: (*role).into(), scope: BTreeMap::new() };
            accounts.grant_role(Actor::System, name.into(), role).await.unwrap();
        }
        let (secret, _) = accounts.issue_token(Actor::System, name.into(), "test", None).await.unwrap();
        tokens.insert(name, secret.reveal().to_owned());
    }
    accounts.set_password(Actor::System, "hedda".into(), PASSWORD).await.unwrap();
    tokens
}
