//! A clock in doubt: what stops, until somebody says that it may be believed again (law 17).
//!
//! ```text
//! trusted ──step back over 1 s, or ahead over 60 s──▶ in doubt ──acknowledged, with a reason──▶ trusted
//! ```
//!
//! While it is in doubt, time goes on from the last reading that was believed, by the machine's steady counter; so nothing is
//! dated by a clock that was set by mistake. Timers and schedules do not fire and nobody signs; other work goes on. The
//! doubt and the acknowledgement are commands of the log and survive a restart.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Action, Actor, Cause, Command};
use engine::id::ServiceStream;
use engine::rejection::Rejection;
use engine::time::Timestamp;
use engine::value::Value;
use store::clock_alarm::{self, Acknowledged, AlarmRow};
use store::{Database, StoreError};
use tokio::sync::watch;

use crate::clock::{Clock, Skew};
use crate::error::SubmitError;
use crate::handle::Handle;
use crate::request::{Receipt, ServiceError, ServiceWrite};
use crate::writer::chain;

/// The name of the table, as the log says it.
pub const TABLE: &str = "clock_alarm";

/// What an alarm's row is, for its digest in the log and for whoever compares the two.
#[must_use]
pub fn record(row: &AlarmRow) -> Value {
    let word = row.acknowledged.as_ref();
    Value::record([
        ("id", Value::Int(number(row.id))),
        ("expected", Value::Int(row.expected.micros())),
        ("seen", Value::Int(row.seen.micros())),
        ("acknowledged_at", word.map_or(Value::Null, |word| Value::Int(word.at.micros()))),
        ("acknowledged_by", word.map_or(Value::Null, |word| Value::Text(word.by.clone()))),
        ("reason", word.map_or(Value::Null, |word| Value::Text(word.reason.clone()))),
    ])
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// A doubt that nobody has dealt with yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub skew: Skew,
    /// Its number in the log; none until it is written there.
    pub id: Option<u64>,
}

/// Whether the clock is believed, for all loops of a node.
pub(crate) struct Watch {
    doubt: watch::Sender<Option<Doubt>>,
}

impl Watch {
    /// As it was left, and as the clock is found now: behind the newest transition, or as expected.
    pub(crate) fn open(clock: &Clock, reading: Timestamp, last_at: Timestamp, latest: Option<&AlarmRow>) -> Self {
        clock.adopt(reading);
        let doubt = match latest {
            // Nobody can tell how long the node was down, so time goes on from what was surely past.
            Some(row) if row.acknowledged.is_none() => {
                Some(Doubt { skew: Skew { expected: row.expected.max(last_at), seen: reading }, id: Some(row.id) })
            }
            // That the clock lies behind was looked at, and nothing was written since that it had not been behind of.
            Some(AlarmRow { acknowledged: Some(word), .. }) if last_at <= word.at => None,
            _ => Skew::between(last_at, reading).filter(|_| reading < last_at).map(|skew| Doubt { skew, id: None }),
        };
        if let Some(doubt) = &doubt {
            clock.adopt(doubt.skew.expected);
        }
        Watch { doubt: watch::Sender::new(doubt) }
    }

    pub(crate) fn doubt(&self) -> Option<Doubt> {
        *self.doubt.borrow()
    }

    /// Looks at what the database's clock says; one that is already in doubt stays so.
    pub(crate) fn look(&self, clock: &Clock, database: Timestamp) {
        if self.doubt().is_some() {
            return;
        }
        if let Some(skew) = clock.look(database) {
            tracing::error!(
                expected = %skew.expected, seen = %skew.seen,
                "the database's clock was set: timers and signing stop until an administrator acknowledges it"
            );
            self.doubt.send_replace(Some(Doubt { skew, id: None }));
        }
    }

    fn written(&self, id: u64) {
        self.doubt.send_modify(|doubt| {
            if let Some(doubt) = doubt {
                doubt.id = Some(id);
            }
        });
    }

    fn close(&self) {
        self.doubt.send_replace(None);
    }

    /// The number of the doubt, once it is written down: what is not on record cannot be acknowledged on record.
    async fn on_record(&self) -> Option<u64> {
        let mut changes = self.doubt.subscribe();
        let settled = changes.wait_for(|doubt| doubt.is_none_or(|doubt| doubt.id.is_some())).await.ok()?;
        settled.and_then(|doubt| doubt.id)
    }

    /// Until the clock is believed.
    pub(crate) async fn trusted(&self) {
        let mut changes = self.doubt.subscribe();
        // The sender lives as long as this.
        let _ = changes.wait_for(Option::is_none).await;
    }

    /// Why a command may not be done just now.
    pub(crate) fn refuses(&self, command: &Command) -> Option<SubmitError> {
        self.doubt().filter(|_| needs_a_clock(&command.action)).map(|_| SubmitError::Refused {
            code: "clock_in_doubt".into(),
            en: "the clock was set and nobody has said yet that it may be believed; timers and signing wait".into(),
            zh: "时钟被改动，尚未有人确认可信；定时器与签名暂停".into(),
        })
    }
}

/// What is wrong for good when it is dated wrongly: what time alone brings about, and signatures.
fn needs_a_clock(action: &Action) -> bool {
    match action {
        Action::FireTimer { .. } => true,
        Action::Start(start) => start.signature.is_some() || matches!(start.cause, Cause::Schedule { .. }),
        Action::Complete(complete) => complete.signature.is_some(),
        _ => false,
    }
}

/// Writes doubts down, as long as it takes.
pub(crate) async fn run(handle: Handle) {
    let mut changes = handle.shared.skew.doubt.subscribe();
    loop {
        let unwritten = changes.borrow_and_update().filter(|doubt| doubt.id.is_none());
        match unwritten {
            Some(doubt) => {
                if let Err(error) = handle.write_doubt(doubt.skew).await {
                    tracing::warn!(error = %chain(&error), "cannot write down that the clock is in doubt");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            None => {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What a node needs to know of the past when it starts.
pub(crate) async fn latest(database: &Database) -> Result<Option<AlarmRow>, StoreError> {
    let mut reader = database.read().await?;
    clock_alarm::latest(&mut reader).await
}

impl Handle {
    /// The doubt about the clock that nobody has dealt with.
    #[must_use]
    pub fn clock_doubt(&self) -> Option<Doubt> {
        self.shared.skew.doubt()
    }

    /// Asks the database for the time now, rather than with the next renewal of the lease; gives its answer.
    pub async fn look_at_clock(&self) -> Result<Timestamp, StoreError> {
        let database = self.shared.database.now().await?;
        let reading = self.shared.clock.reading(database);
        self.shared.skew.look(&self.shared.clock, database);
        Ok(reading)
    }

    async fn write_doubt(&self, skew: Skew) -> Result<(), SubmitError> {
        let input = Value::record([
            ("expected", Value::text(skew.expected.to_string())),
            ("seen", Value::text(skew.seen.to_string())),
        ]);
        let write: ServiceWrite = Arc::new(move |tx, _| {
            Box::pin(async move {
                let id = clock_alarm::latest(tx).await?.map_or(1, |row| row.id + 1);
                let row = AlarmRow { id, expected: skew.expected, seen: skew.seen, acknowledged: None };
                if !clock_alarm::raise(tx, &row).await? {
                    return Err(gone());
                }
                tx.wrote(TABLE, &id.to_string(), Some(&record(&row)));
                Ok(Value::record([("alarm", Value::Int(number(id)))]))
            })
        });
        let receipt = self.write(ServiceStream::Services, Actor::System, "clock_in_doubt", input, write, None).await?;
        let id = receipt.result.get("alarm").and_then(Value::as_int).and_then(|id| u64::try_from(id).ok());
        self.shared.skew.written(id.unwrap_or_default());
        Ok(())
    }

    /// Somebody has looked and says that the database's clock may be believed as it is now.
    pub async fn acknowledge_clock(&self, actor: Actor, reason: &str) -> Result<Receipt, SubmitError> {
        if reason.trim().is_empty() {
            return Err(Rejection::ReasonRequired.into());
        }
        let Some(id) = self.shared.skew.on_record().await else { return Err(nothing_to_acknowledge()) };
        let reading = self.shared.clock.reading(self.shared.database.now().await?);
        let input = Value::record([
            ("alarm", Value::Int(number(id))),
            ("reason", Value::text(reason)),
            ("seen", Value::text(reading.to_string())),
        ]);
        let by: Arc<str> = actor.id().cloned().unwrap_or_else(|| "system".into());
        let reason: Arc<str> = reason.into();
        let write: ServiceWrite = Arc::new(move |tx, now| {
            let word = Acknowledged { at: now, by: by.clone(), reason: reason.clone() };
            Box::pin(async move {
                let Some(row) = clock_alarm::latest(tx).await?.filter(|row| row.id == id) else { return Err(gone()) };
                if !clock_alarm::acknowledge(tx, id, &word).await? {
                    return Err(gone());
                }
                let row = AlarmRow { acknowledged: Some(word), ..row };
                tx.wrote(TABLE, &id.to_string(), Some(&record(&row)));
                Ok(Value::record([("alarm", Value::Int(number(id)))]))
            })
        });
        let receipt = self.write(ServiceStream::Services, actor, "acknowledge_clock", input, write, None).await?;
        self.shared.clock.adopt(reading);
        self.shared.skew.close();
        self.shared.timers.notify_one();
        Ok(receipt)
    }
}

fn nothing_to_acknowledge() -> SubmitError {
    Rejection::Gone("the clock is not in doubt".into()).into()
}

fn gone() -> ServiceError {
    ServiceError::Refused {
        code: "gone".into(),
        en: "somebody acknowledged it already".into(),
        zh: "已由他人确认".into(),
    }
}
