//! Putting releases into use: `draft ──approve──▶ effective` from a moment on; under the open policy a deployment is effective at once.
//!
//! Each is a command of the releases' stream, with its actor; the same bundle again is the same release.

use std::sync::Arc;

use engine::command::Actor;
use engine::id::{Digest, ServiceStream};
use engine::language::definition::Definition;
use engine::language::release::Bundle;
use engine::time::Timestamp;
use engine::value::Value;
use store::release::{self, ReleaseRow, State};

use crate::error::SubmitError;
use crate::handle::Handle;
use crate::request::{Receipt, ServiceError, ServiceWrite};

/// The name of the table, as the log says it.
pub const TABLE: &str = "release";

/// What a release's row is, for its digest in the log and for whoever compares the two.
#[must_use]
pub fn record(row: &ReleaseRow) -> Value {
    Value::record([
        ("digest", Value::text(row.digest.to_string())),
        ("process", Value::Text(row.process.clone())),
        ("state", Value::text(row.state.word())),
        ("effective_from", row.effective_from.map_or(Value::Null, |from| Value::Int(from.micros()))),
        ("deployed_at", Value::Int(row.deployed_at.micros())),
        ("deployed_by", Value::Text(row.deployed_by.clone())),
    ])
}

impl Handle {
    /// Stores a bundle that was checked. `effective_from` none: it is a draft until somebody approves it.
    pub async fn deploy(
        &self,
        actor: Actor,
        bundle: &Bundle,
        definition: &Definition,
        effective_from: Option<Timestamp>,
    ) -> Result<Receipt, SubmitError> {
        let digest = bundle.digest();
        let input = Value::record([
            ("release", Value::text(digest.to_string())),
            ("process", Value::Text(definition.process.clone())),
            ("effective_from", effective_from.map_or(Value::Null, |from| Value::text(from.to_string()))),
        ]);
        let process = definition.process.clone();
        let bytes: Arc<[u8]> = bundle.to_bytes().into();
        let deployed_by: Arc<str> = actor.id().cloned().unwrap_or_else(|| "system".into());
        let write: ServiceWrite = Arc::new(move |tx, now| {
            let (bytes, process, deployed_by) = (bytes.clone(), process.clone(), deployed_by.clone());
            Box::pin(async move {
                let row = ReleaseRow {
                    digest,
                    process,
                    state: if effective_from.is_some() { State::Effective } else { State::Draft },
                    // What is asked for in the past begins now: nothing is changed backwards.
                    effective_from: effective_from.map(|from| from.max(now)),
                    deployed_at: now,
                    deployed_by,
                };
                let fresh = release::put(tx, &row, &bytes).await?;
                if fresh {
                    tx.wrote(TABLE, &digest.to_string(), Some(&record(&row)));
                }
                Ok(Value::record([("release", Value::text(digest.to_string())), ("new", Value::Bool(fresh))]))
            })
        });
        let receipt = self.write(ServiceStream::Releases, actor, "deploy", input, write, None).await?;
        self.releases().refresh().await?;
        Ok(receipt)
    }

    /// Makes a draft effective. Not by whoever deployed it.
    pub async fn approve_release(
        &self,
        actor: Actor,
        digest: Digest,
        effective_from: Option<Timestamp>,
    ) -> Result<Receipt, SubmitError> {
        let input = Value::record([
            ("release", Value::text(digest.to_string())),
            ("effective_from", effective_from.map_or(Value::Null, |from| Value::text(from.to_string()))),
        ]);
        let who = actor.clone();
        let write: ServiceWrite = Arc::new(move |tx, now| {
            let who = who.clone();
            Box::pin(async move {
                let Some(row) = release::find(tx, digest).await? else {
                    return Err(refuse(
                        "not_found",
                        format!("there is no release {digest}"),
                        format!("没有版本 {digest}"),
                    ));
                };
                if who.principals().any(|id| *id == row.deployed_by) {
                    let (en, zh) = ("whoever deployed a release does not approve it", "部署者不得批准自己部署的版本");
                    return Err(refuse("separation_of_duties", en.into(), zh.into()));
                }
                let from = effective_from.map_or(now, |from| from.max(now));
                if !release::set_state(tx, digest, State::Draft, State::Effective, Some(from)).await? {
                    return Err(refuse("gone", "it is no draft any more".into(), "该版本已不是草稿".into()));
                }
                let row = ReleaseRow { state: State::Effective, effective_from: Some(from), ..row };
                tx.wrote(TABLE, &digest.to_string(), Some(&record(&row)));
                Ok(Value::record([("release", Value::text(digest.to_string()))]))
            })
        });
        let receipt = self.write(ServiceStream::Releases, actor, "approve_release", input, write, None).await?;
        self.releases().refresh().await?;
        Ok(receipt)
    }
}

fn refuse(code: &str, en: String, zh: String) -> ServiceError {
    ServiceError::Refused { code: code.into(), en, zh }
}
