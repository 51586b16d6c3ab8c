//! The connections that write: as many as may, handed from one transaction to the next as they are.
//!
//! The driver's pool asks a connection whether it lives each time it is given back; between two batches of the writer that
//! is a round trip for nothing. A connection comes back here only after its transaction ended in good order.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::Connection;
use crate::error::StoreError;

/// Idle connections, and how many more may be in use.
pub(crate) struct Lane {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    timeout: Duration,
}

/// A connection in use by one transaction. Dropping it closes the connection, which ends whatever is open on it.
pub(crate) struct Writer {
    connection: Option<Connection>,
    lane: Arc<Lane>,
    /// Given back last, after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Lane {
    pub(crate) fn new(width: u32, timeout: Duration) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(width as usize));
        Arc::new(Lane { permits, idle: Mutex::new(Vec::new()), timeout })
    }

    /// Waits for a turn, then takes an idle connection or a new one.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        connect: impl Future<Output = Result<Connection, StoreError>>,
    ) -> Result<Writer, StoreError> {
        let turn = tokio::time::timeout(self.timeout, self.permits.clone().acquire_owned()).await;
        let permit = match turn {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(StoreError::Connection(sqlx::Error::PoolClosed)),
            Err(_) => return Err(StoreError::Connection(sqlx::Error::PoolTimedOut)),
        };
        let idle = self.take();
        let connection = match idle {
            Some(connection) => connection,
            None => connect.await?,
        };
        Ok(Writer { connection: Some(connection), lane: self.clone(), _permit: permit })
    }

    /// Lets nobody in any more; what is idle goes back to the driver's pool, which then closes it.
    pub(crate) fn close(&self) {
        self.permits.close();
        while self.take().is_some() {}
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // The runtime may be gone, and giving a connection back to its pool needs one.
        while let Some(connection) = self.take() {
            connection.abandon();
        }
    }
}

impl Writer {
    pub(crate) fn connection(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    pub(crate) fn kind(&self) -> Option<crate::database::Kind> {
        self.connection.as_ref().map(Connection::kind)
    }

    /// The transaction ended in good order: the next one may have the connection.
    pub(crate) fn leave(mut self) {
        if let Some(connection) = self.connection.take()
            && !self.lane.permits.is_closed()
        {
            self.lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.as_mut() {
            connection.close_on_drop();
        }
    }
}
