//! `If-Match` and `ETag`: a task's revision, so that nobody acts on what they have not seen.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use engine::command::{Action, WorkId};

use crate::problem::{Code, Problem};

/// The revision that the caller saw; none if they do not care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl IfMatch {
    /// Refuses when the thing has changed since.
    pub fn check(self, revision: u64) -> Result<(), Problem> {
        match self.0 {
            Some(seen) if seen != revision => Err(Problem::new(
                Code::RevisionChanged,
                format!("you saw revision {seen}, it is at {revision} now"),
                format!("您看到的是第 {seen} 版，现在是第 {revision} 版"),
            )),
            _ => Ok(()),
        }
    }

    /// The same said to the engine, which sees what has changed between the look and the act.
    #[must_use]
    pub fn guard(self, work: WorkId, action: Action) -> Action {
        match self.0 {
            Some(revision) => Action::IfUnchanged { work, revision, action: Box::new(action) },
            None => action,
        }
    }
}

/// The header for a revision.
#[must_use]
pub fn etag(revision: u64) -> (header::HeaderName, HeaderValue) {
    let value = HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    (header::ETAG, value)
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(IfMatch(None)) };
        match value.to_str().map(str::trim) {
            Ok("*") => Ok(IfMatch(None)),
            Ok(text) => text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .and_then(|number| number.parse().ok())
                .map(|revision| IfMatch(Some(revision)))
                .ok_or_else(|| Problem::plain(Code::InvalidPrecondition)),
            Err(_) => Err(Problem::plain(Code::InvalidPrecondition)),
        }
    }
}
