//! `Idempotency-Key`: the same key from the same account gets the same answer for seven days.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use engine::id::Digest;

use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::problem::{Code, Problem};

/// The key of a request, if it has one, with what the request is besides its body.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    target: String,
}

impl IdempotencyKey {
    /// The key and the digest of the whole request: another request with the same key is refused.
    #[must_use]
    pub fn with(self, body: Digest) -> Option<(String, Digest)> {
        let request = Digest::of(format!("{}\n{body}", self.target).as_bytes());
        self.key.map(|key| (key, request))
    }

    /// The same for a request without a body.
    #[must_use]
    pub fn alone(self) -> Option<(String, Digest)> {
        self.with(Digest::ZERO)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let target = format!("{} {}", parts.method, parts.uri.path());
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(IdempotencyKey { key: None, target });
        };
        let key = value.to_str().ok().map(str::trim).filter(|key| {
            (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        });
        let key = key.ok_or_else(|| Problem::plain(Code::InvalidIdempotencyKey))?;
        Ok(IdempotencyKey { key: Some(key.to_owned()), target })
    }
}
