//! Failed access, and answers that came too late, in the log: who was refused what, at a bounded rate.
//!
//! Each is a command of the access stream like any other write. What the limit swallows is counted and told with the next
//! one that is written, so a flood leaves a trace and does not fill the disk.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use engine::command::Actor;
use engine::id::ServiceStream;
use engine::time::Timestamp;
use engine::value::Value;
use runtime::ServiceWrite;

use crate::backend::Backend;
use crate::problem::{Code, Problem};

/// Refusals written in a row before the limit bites.
const BURST_MAX: u32 = 20;
/// How long until one more may be written, in microseconds.
const REFILL_MICROS: i64 = 1_000_000;

/// The refusals that are a matter for an auditor.
const AUDITED: &[Code] = &[
    Code::Unauthenticated,
    Code::WrongPassword,
    Code::TooManyAttempts,
    Code::Forbidden,
    Code::NotCandidate,
    Code::SeparationOfDuties,
    Code::MayNotStart,
    Code::InactiveAccount,
];

/// What an answer to a task is told that came too late: somebody, a deadline or the end was first.
const LATE: &[Code] = &[Code::Gone, Code::InstanceEnded];

/// Whether a refusal is a matter for an auditor. Of what came too late, the work that somebody did is.
fn is_noted(code: Code, route: &str) -> bool {
    AUDITED.contains(&code) || (LATE.contains(&code) && route.ends_with("/tasks/{task}/complete"))
}

/// Filled by whoever authenticates the request.
#[derive(Clone, Default)]
pub(crate) struct Who(Arc<OnceLock<Actor>>);

impl Who {
    pub(crate) fn is(&self, actor: Actor) {
        // A request has one caller; a second extractor says the same.
        let _ = self.0.set(actor);
    }
}

/// How many may be written just now.
#[derive(Default)]
pub(crate) struct Rate {
    inner: Mutex<Bucket>,
}

#[derive(Default)]
struct Bucket {
    written: u32,
    since: i64,
    swallowed: u32,
}

impl Rate {
    /// Whether one may be written, and how many were swallowed before it.
    fn take(&self, now: Timestamp) -> Option<u32> {
        let mut bucket = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled = ((now.micros() - bucket.since).max(0) / REFILL_MICROS).min(i64::from(BURST_MAX));
        bucket.written = bucket.written.saturating_sub(u32::try_from(refilled).unwrap_or(BURST_MAX));
        bucket.since = if bucket.written == 0 { now.micros() } else { bucket.since + refilled * REFILL_MICROS };
        if bucket.written >= BURST_MAX {
            bucket.swallowed = bucket.swallowed.saturating_add(1);
            return None;
        }
        bucket.written += 1;
        Some(std::mem::take(&mut bucket.swallowed))
    }
}

/// Notes refusals of access after they were decided; the caller does not wait for it.
pub(crate) async fn noted(State(backend): State<Backend>, mut request: Request, next: Next) -> Response {
    let who = Who::default();
    request.extensions_mut().insert(who.clone());
    // Who sends no token at all tries nothing: browsers and probes do.
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    let address = request.uri().path().to_owned();
    let response = next.run(request).await;
    let code = response.extensions().get::<Problem>().map(|problem| problem.code);
    if let Some(code) = code.filter(|code| has_token && is_noted(*code, &route)) {
        metrics::counter!("countersign_access_refused_total", "code" => code.word()).increment(1);
        if let Some(swallowed) = backend.audit_rate().take(backend.now()) {
            let actor = who.0.get().cloned().unwrap_or(Actor::System);
            let input = Value::record([
                ("code", Value::text(code.word())),
                ("method", Value::text(method)),
                ("route", Value::text(route)),
                // Which work came too late; of other refusals the route is enough.
                ("address", if LATE.contains(&code) { Value::text(address) } else { Value::Null }),
                ("swallowed_before", Value::Int(i64::from(swallowed))),
            ]);
            tokio::spawn(write(backend, actor, input));
        }
    }
    response
}

async fn write(backend: Backend, actor: Actor, input: Value) {
    let nothing: ServiceWrite = Arc::new(|_, _| Box::pin(async { Ok(Value::Null) }));
    if let Err(error) = backend.handle().write(ServiceStream::Access, actor, "refused", input, nothing, None).await {
        tracing::warn!(code = error.code(), "a refusal of access could not be written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded_and_counted() {
        let rate = Rate::default();
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        assert!((0..BURST_MAX).all(|_| rate.take(at(100)) == Some(0)));
        assert!((0..7).all(|_| rate.take(at(100)).is_none()));
        assert_eq!(rate.take(at(101)), Some(7), "one more after a second, with what was swallowed");
        assert_eq!(rate.take(at(101)), None);
    }
}
