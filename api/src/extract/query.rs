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
        // Bytes that are no text would be read as other text, and a filter would quietly find something else.
        if !is_text(parts.uri.query().unwrap_or_default()) {
            let (en, zh) =
                ("the query is not UTF-8, or has the character U+0000", "查询参数不是 UTF-8，或含有字符 U+0000");
            return Err(Problem::new(Code::InvalidRequest, en, zh));
        }
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

/// Whether a query is UTF-8 without U+0000 once `%XX` is read.
fn is_text(query: &str) -> bool {
    let query = query.as_bytes();
    let digit = |place: usize| query.get(place).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut place) = (Vec::with_capacity(query.len()), 0);
    while let Some(byte) = query.get(place) {
        match (byte, digit(place + 1), digit(place + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                place += 3;
            }
            _ => {
                bytes.push(*byte);
                place += 1;
            }
        }
    }
    !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_text() {
        for good in ["", "process=order_review&limit=5", "key=%E4%BC%9A", "key=100%", "key=%zz"] {
            assert!(is_text(good), "{good}");
        }
        for bad in ["key=%ff%fe", "key=a%00b", "key=%E4%BC"] {
            assert!(!is_text(bad), "{bad}");
        }
    }
}
