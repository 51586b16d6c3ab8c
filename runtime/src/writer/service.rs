//! A service's own command: master data, accounts, releases. It is in the log like everything else.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use engine::command::Actor;
use engine::history::transition::Content;
use engine::id::InstanceId;
use engine::project::InstanceStatus;
use engine::time::Timestamp;
use engine::value::Value;
use futures_util::FutureExt;
use store::{ErrorKind, StoreError, Tx};

use super::{Outcome, Writer};
use crate::batch::{Batch, NewTransition};
use crate::error::SubmitError;
use crate::request::{Receipt, Request, ServiceError, ServiceWrite};

/// A service's command.
pub(super) struct Asked<'a> {
    pub(super) stream: InstanceId,
    pub(super) actor: &'a Actor,
    pub(super) name: &'a Arc<str>,
    pub(super) input: &'a Value,
    pub(super) write: &'a ServiceWrite,
}

impl Writer {
    pub(super) async fn service(
        &mut self,
        tx: &mut Tx,
        batch: &mut Batch,
        request: &Request,
        asked: Asked<'_>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        tx.savepoint().await?;
        let written = AssertUnwindSafe(async { (asked.write)(tx, now).await }).catch_unwind().await;
        let result = match written {
            Ok(Ok(result)) => result,
            Ok(Err(ServiceError::Refused { code, en, zh })) => {
                tx.rollback_to_savepoint().await?;
                return Ok(Outcome::Answer(Err(SubmitError::Refused { code, en, zh })));
            }
            Ok(Err(ServiceError::Store(error))) => {
                if error.kind() != ErrorKind::Retryable {
                    return Err(error);
                }
                tx.rollback_to_savepoint().await?;
                return Ok(Outcome::PutOff);
            }
            Err(_) => {
                tx.rollback_to_savepoint().await?;
                let why = format!("the service command `{}` panicked", asked.name);
                tracing::error!("{why}");
                return Ok(Outcome::Answer(Err(SubmitError::Quarantined(why))));
            }
        };
        tx.release_savepoint().await?;
        let content = Content::Service {
            actor: asked.actor.clone(),
            command: asked.name.clone(),
            input: asked.input.clone(),
            result: result.clone(),
        };
        let Some(receipt) = self.record(tx, batch, asked.stream, content, result, now) else {
            return Ok(Outcome::Answer(Err(SubmitError::Stopped)));
        };
        if let Some(key) = &request.idempotency {
            batch.remember(key, &receipt, now);
        }
        Ok(Outcome::Answer(Ok(receipt)))
    }

    /// Appends a transition to a service's stream.
    pub(super) fn record(
        &self,
        tx: &mut Tx,
        batch: &mut Batch,
        stream: InstanceId,
        content: Content,
        result: Value,
        now: Timestamp,
    ) -> Option<Receipt> {
        let before = batch.versions.get(&stream).or_else(|| self.versions.get(&stream)).copied().unwrap_or(0);
        let version = before + 1;
        let position = batch.append(NewTransition { instance: stream, version, at: now, content }, tx)?;
        batch.versions.insert(stream, version);
        Some(Receipt {
            instance: stream,
            version,
            position,
            status: InstanceStatus::Running,
            outcome: None,
            result,
            replayed: false,
        })
    }
}
