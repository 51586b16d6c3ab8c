//! JSON bodies: bounded, of the right type, with exact numbers, and with the digest that makes a retry known.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use engine::id::Digest;
use engine::value::Value;
use serde::de::DeserializeOwned;

use crate::limits;
use crate::problem::{Code, Problem};

/// A body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Body<T, const LIMIT: usize = { limits::BODY_BYTES_MAX }> {
    pub content: T,
    /// SHA-256 of the bytes as they came.
    pub digest: Digest,
}

/// A body with process files.
pub type BundleBody<T> = Body<T, { limits::BUNDLE_BYTES_MAX }>;

impl<S: Send + Sync, T: DeserializeOwned, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Problem::plain(Code::UnsupportedMediaType));
        }
        let bytes = axum::body::to_bytes(request.into_body(), LIMIT).await.map_err(|_| {
            Problem::new(Code::BodyTooLarge, format!("at most {LIMIT} bytes"), format!("至多 {LIMIT} 字节"))
        })?;
        let content = serde_json::from_slice(&bytes).map_err(|fault| {
            Problem::new(
                Code::InvalidJson,
                fault.to_string(),
                format!("第 {} 行第 {} 列无法解析：{fault}", fault.line(), fault.column()),
            )
        })?;
        Ok(Body { content, digest: Digest::of(&bytes) })
    }
}

/// A caller's JSON as a value of the engine; `field` says where it stood in the body.
pub fn to_value(json: &serde_json::Value, field: &str) -> Result<Value, Problem> {
    Value::from_json(json)
        .map_err(|fault| Problem::field(Code::InvalidInput, field, fault.to_string(), format!("值无法接受：{fault}")))
}
