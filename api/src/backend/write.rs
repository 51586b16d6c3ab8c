//! Writing: commands through the runtime's door, in the caller's name.

use std::sync::Arc;

use engine::command::{Action, Assertion, Cause, Command};
use engine::id::{Digest, InstanceId};
use engine::language::definition::Definition;
use engine::language::release::Bundle;
use engine::time::Timestamp;
use engine::value::Value;
use runtime::{Idempotency, Publish, Receipt, StartRequest};

use super::{Backend, Policy};
use crate::extract::Caller;
use crate::problem::{Code, Problem};

/// A caller's key with the digest of the request.
pub(crate) type Key = (String, Digest);

impl Backend {
    /// Does something to an instance.
    pub(crate) async fn submit(
        &self,
        caller: &Caller,
        instance: InstanceId,
        action: Action,
        key: Option<Key>,
    ) -> Result<Receipt, Problem> {
        let command = Command { actor: caller.acting(), action };
        Ok(self.handle().submit(instance, command, idempotency(caller, key)).await?)
    }

    /// Starts an instance of the effective release.
    pub(crate) async fn start(
        &self,
        caller: &Caller,
        process: &str,
        input: Value,
        cause: Cause,
        signature: Option<Assertion>,
        key: Option<Key>,
    ) -> Result<Receipt, Problem> {
        let request = StartRequest {
            cause,
            signature,
            idempotency: idempotency(caller, key),
            ..StartRequest::by(caller.acting(), process, input)
        };
        Ok(self.handle().start(request).await?)
    }

    /// Publishes a message; whether it was published before.
    pub(crate) async fn publish(
        &self,
        caller: &Caller,
        name: &str,
        id: &str,
        payload: Value,
        ttl_micros: i64,
    ) -> Result<bool, Problem> {
        let publish = Publish { message: name.into(), id: id.into(), payload, ttl_micros, actor: caller.actor() };
        Ok(self.handle().publish(publish).await?.replayed)
    }

    /// Deploys a checked bundle.
    pub(crate) async fn deploy(
        &self,
        caller: &Caller,
        bundle: &Bundle,
        definition: &Definition,
        effective_from: Option<Timestamp>,
    ) -> Result<Receipt, Problem> {
        let effective_from = match self.policy() {
            Policy::Open => Some(effective_from.unwrap_or(self.now())),
            Policy::Approval => None,
        };
        Ok(self.handle().deploy(caller.actor(), bundle, definition, effective_from).await?)
    }

    /// Makes a draft effective.
    pub(crate) async fn approve(
        &self,
        caller: &Caller,
        release: Digest,
        effective_from: Option<Timestamp>,
    ) -> Result<Receipt, Problem> {
        Ok(self.handle().approve_release(caller.actor(), release, effective_from).await?)
    }

    /// The answer that was given to this key before: a handler that checks something first looks here, so that
    /// a retry is answered although the check would now fail.
    pub(crate) async fn answered(&self, caller: &Caller, key: Option<&Key>) -> Result<Option<Receipt>, Problem> {
        let Some((key, request)) = key else { return Ok(None) };
        let mut reader = self.database().read().await?;
        let Some(answer) = store::idempotency::find(&mut reader, &caller.id, key).await? else { return Ok(None) };
        if answer.request_hash != *request {
            return Err(Problem::plain(Code::KeyReused));
        }
        let receipt: Receipt = serde_json::from_slice(&answer.body).map_err(|error| {
            tracing::error!(%error, "a stored answer cannot be read");
            Problem::plain(Code::Internal)
        })?;
        Ok(Some(Receipt { replayed: true, ..receipt }))
    }
}

fn idempotency(caller: &Caller, key: Option<Key>) -> Option<Idempotency> {
    let actor: Arc<str> = caller.id.clone();
    key.map(|(key, request)| Idempotency { actor, key: key.into(), request })
}
