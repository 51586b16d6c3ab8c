//! The part of an address behind `?`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// The parameters of a query. One that is not known is refused: a misspelt filter must not list everything.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(inner)| Query(inner))
            .map_err(|fault| {
                Problem::new(
                    Code::InvalidRequest,
                    fault.body_text(),
                    format!("查询参数无法解析：{}", fault.body_text()),
                )
            })
    }
}
