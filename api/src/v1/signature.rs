//! Signatures in requests: a password over a record that was shown.

use std::sync::Arc;

use engine::command::Assertion;
use engine::id::Digest;
use engine::language::definition::Definition;
use engine::signing::{meaning_text, record_digest};
use engine::value::Value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backend::Backend;
use crate::extract::{Caller, Language};
use crate::problem::{Code, Problem};
use crate::v1::shape::TextShape;

/// A signature: the password once more, over the record that was shown.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureGiven {
    /// The caller's password. It is checked and forgotten.
    // Never written anywhere, not even as part of a digest: a fast hash would let it be guessed.
    #[serde(skip_serializing)]
    pub password: String,
    /// `digest` of `to-sign`.
    pub record: String,
}

impl std::fmt::Debug for SignatureGiven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureGiven").field("record", &self.record).finish_non_exhaustive()
    }
}

/// The caller proves who they are, over this record. Nobody signs with another's token.
pub(crate) async fn assertion(
    backend: &Backend,
    caller: &Caller,
    language: Language,
    given: SignatureGiven,
) -> Result<Assertion, Problem> {
    let record: Digest = given.record.parse().map_err(|_| {
        Problem::field(
            Code::InvalidInput,
            "/signature/record",
            "the digest that to-sign gave",
            "应为 to-sign 返回的摘要",
        )
    })?;
    let proof = backend.identity().reauthenticate(&caller.id, &given.password, backend.now()).await?;
    Ok(Assertion {
        signer: proof.signer,
        printed_name: proof.printed_name,
        method: proof.method,
        authenticated_at: proof.authenticated_at,
        record,
        locale: language.tag().into(),
    })
}

/// What is to be signed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ToSign {
    /// The record as people read it.
    #[schema(value_type = Object)]
    pub record: serde_json::Value,
    /// Its bytes in RFC 8785 form: SHA-256 over these gives `digest`.
    pub canonical: String,
    /// Send it with the password when completing.
    pub digest: String,
    pub meaning: String,
    pub meaning_text: TextShape,
}

impl ToSign {
    pub(crate) fn of(definition: &Definition, record: &Value, meaning: &Arc<str>) -> Result<Self, Problem> {
        Ok(ToSign {
            canonical: serde_json_canonicalizer::to_string(record).map_err(|_| Problem::plain(Code::Internal))?,
            digest: record_digest(record).to_string(),
            record: record.to_json(),
            meaning_text: TextShape::from(&meaning_text(definition, meaning)),
            meaning: meaning.to_string(),
        })
    }
}
