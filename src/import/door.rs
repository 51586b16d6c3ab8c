//! Chunks through the door: each is a transition of the services' stream, so the log accounts for every row.

use std::sync::Arc;

use engine::command::Actor;
use engine::id::ServiceStream;
use engine::value::Value;
use runtime::{Handle, ServiceError, ServiceWrite};

use crate::import::chunk::{Chunk, Written};
use crate::import::error::ImportError;
use crate::import::run::{ChunkWriter, Writing};

/// Writes chunks through the door: each is a transition of the services' stream.
pub struct Door {
    pub handle: Handle,
    pub actor: Actor,
}

impl ChunkWriter for Door {
    fn write(&self, chunk: Arc<Chunk>) -> Writing<'_> {
        Box::pin(async move {
            let summary = chunk.summary();
            let written: Arc<std::sync::Mutex<Option<Written>>> = Arc::default();
            let result = written.clone();
            let write: ServiceWrite = Arc::new(move |tx, _| {
                let (chunk, result) = (chunk.clone(), result.clone());
                Box::pin(async move {
                    let written = chunk.apply(tx).await.map_err(ServiceError::Store)?;
                    let rows: u64 = written.loaded.iter().map(|(_, rows)| rows).sum();
                    let rows = Value::Int(i64::try_from(rows).unwrap_or(i64::MAX));
                    *result.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(written);
                    Ok(Value::record([("rows", rows)]))
                })
            });
            let actor = self.actor.clone();
            let receipt = self.handle.write(ServiceStream::Services, actor, "import.chunk", summary, write, None).await;
            receipt.map_err(|error| ImportError::Refused(error.to_string()))?;
            let written = written.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            Ok(written.unwrap_or_default())
        })
    }
}
