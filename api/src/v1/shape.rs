//! Small shapes that several resources share.

use engine::language::definition::Text;
use runtime::Receipt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// A text in both languages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Text)]
pub struct TextShape {
    pub zh: String,
    pub en: String,
}

impl From<&Text> for TextShape {
    fn from(text: &Text) -> Self {
        TextShape { zh: text.zh.to_string(), en: text.en.to_string() }
    }
}

/// What a command did: durable, and visible to the next read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub instance: String,
    /// The length of its history now.
    pub version: u64,
    /// The place in its shard's log.
    pub position: u64,
    /// The same request was done before; this is its answer again.
    pub replayed: bool,
}

impl From<&Receipt> for Done {
    fn from(receipt: &Receipt) -> Self {
        Done {
            instance: receipt.instance.to_string(),
            version: receipt.version,
            position: receipt.position,
            replayed: receipt.replayed,
        }
    }
}

/// Why somebody does something beyond the ordinary.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

impl Reason {
    /// The reason, which says something and is not endless.
    pub fn checked(self) -> Result<std::sync::Arc<str>, crate::problem::Problem> {
        checked_text("reason", &self.reason).map(Into::into)
    }
}

/// Free text of a command, within its limit.
pub(crate) fn checked_text<'a>(field: &str, text: &'a str) -> Result<&'a str, crate::problem::Problem> {
    use crate::limits::REASON_CHARS_MAX;
    use crate::problem::{Code, Problem};
    if text.chars().count() > REASON_CHARS_MAX || text.contains('\0') {
        let (en, zh) = (format!("at most {REASON_CHARS_MAX} characters"), format!("至多 {REASON_CHARS_MAX} 个字符"));
        return Err(Problem::field(Code::InvalidInput, field, en, zh));
    }
    if text.trim().is_empty() {
        return Err(Problem::plain(Code::ReasonRequired));
    }
    Ok(text)
}

/// Why not.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    pub code: String,
    pub detail: String,
    pub detail_zh: String,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Refused { code: problem.code.word().into(), detail: problem.detail_en, detail_zh: problem.detail_zh }
    }
}

/// The same for a text that may be left out.
pub(crate) fn optional_text(
    field: &str,
    text: Option<&str>,
) -> Result<Option<std::sync::Arc<str>>, crate::problem::Problem> {
    text.map(|text| checked_text(field, text).map(Into::into)).transpose()
}
