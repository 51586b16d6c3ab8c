//! One refusal, from its cause to the bytes of the answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::code::Code;
use crate::extract::Language;

/// A refusal. Its language is chosen when the answer leaves, by [`crate::layers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub detail_en: String,
    pub detail_zh: String,
    pub fields: Vec<FieldProblem>,
    pub diagnostics: Vec<Diagnostic>,
    pub retry_after_seconds: Option<u32>,
}

/// A part of the request that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body, or the name of a parameter; empty for the whole.
    pub field: String,
    pub message: String,
}

/// A fault in a process file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diagnostic {
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// Stable code of the fault, explained at `/errors/<code>`.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    pub en: String,
    pub zh: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The body of every refusal (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `/errors/<code>`: the page that explains it.
    #[serde(rename = "type")]
    #[schema(example = "/errors/claimed_by")]
    pub kind: String,
    pub title: String,
    #[schema(example = 409)]
    pub status: u16,
    /// Stable: decide on this, never on the texts.
    #[schema(example = "claimed_by")]
    pub code: String,
    /// In the language of `Accept-Language`.
    pub detail: String,
    /// The same in Chinese, always.
    pub detail_zh: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

impl Problem {
    /// With what there is to say in particular.
    #[must_use]
    pub fn new(code: Code, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Problem {
            code,
            detail_en: en.into(),
            detail_zh: zh.into(),
            fields: vec![],
            diagnostics: vec![],
            retry_after_seconds: None,
        }
    }

    /// With nothing to say but what the code means and what to do.
    #[must_use]
    pub fn plain(code: Code) -> Self {
        Problem::new(code, code.remedy().en, code.remedy().zh)
    }

    /// A parameter or a part of the body that does not fit.
    #[must_use]
    pub fn field(code: Code, field: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        let (en, zh) = (en.into(), zh.into());
        let mut problem = Problem::new(code, format!("{field}: {en}"), format!("{field}：{zh}"));
        problem.fields.push(FieldProblem { field: field.into(), message: en });
        problem
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    #[must_use]
    pub fn body(&self, language: Language) -> ProblemBody {
        let (title, detail) = match language {
            Language::English => (self.code.title().en, &self.detail_en),
            Language::Chinese => (self.code.title().zh, &self.detail_zh),
        };
        ProblemBody {
            kind: format!("/errors/{}", self.code.word()),
            title: title.into(),
            status: self.code.status(),
            code: self.code.word().into(),
            detail: detail.clone(),
            detail_zh: self.detail_zh.clone(),
            fields: self.fields.clone(),
            diagnostics: self.diagnostics.clone(),
        }
    }

    /// The whole answer in one language.
    #[must_use]
    pub fn response(&self, language: Language) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.body(language))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// In English, with itself beside it so that the outermost layer can say it in the caller's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.response(Language::English);
        response.extensions_mut().insert(self);
        response
    }
}
