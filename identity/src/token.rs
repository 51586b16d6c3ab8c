//! Tokens of the API: `cs_` and 32 random bytes, shown once; only the digest stays.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::id::Digest;

use crate::error::IdentityError;

/// How long a label may be.
pub const LABEL_CHARS_MAX: usize = 120;
const PREFIX: &str = "cs_";
const SECRET_BYTES: usize = 32;

/// A token as its owner gets it. It prints itself only when asked by name.
pub struct Secret(String);

impl Secret {
    /// A fresh one from the system's random numbers.
    #[must_use]
    pub fn draw() -> Self {
        let mut bytes = [0u8; SECRET_BYTES];
        rand::fill(&mut bytes);
        Secret::from_bytes(bytes)
    }

    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Secret(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text to hand over, once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The name under which it is listed and revoked: the first digits of its digest.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(&self.digest())
    }

    #[must_use]
    pub fn last4(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(cs_…)")
    }
}

fn id_of(digest: &Digest) -> String {
    digest.to_string()[..16].to_owned()
}

/// The digest of a token that came in a request; none if it has not the form of one.
#[must_use]
pub fn digest_of(text: &str) -> Option<Digest> {
    let body = text.strip_prefix(PREFIX)?;
    let bytes = URL_SAFE_NO_PAD.decode(body).ok()?;
    (bytes.len() == SECRET_BYTES).then(|| Digest::of(text.as_bytes()))
}

/// Checks a label.
pub fn check_label(text: &str) -> Result<(), IdentityError> {
    let fits = text.chars().count() <= LABEL_CHARS_MAX && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(IdentityError::InvalidLabel) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_digest_and_does_not_print_itself() {
        let secret = Secret::from_bytes([9; 32]);
        assert_eq!(digest_of(secret.reveal()), Some(secret.digest()));
        assert_eq!(secret.id().len(), 16);
        assert!(!format!("{secret:?}").contains(&secret.reveal()[3..]));
    }

    #[test]
    fn what_is_no_token_costs_no_look_up() {
        for bad in ["", "cs_", "cs_short", "Bearer x", "xx_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"] {
            assert_eq!(digest_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(Secret::draw().reveal(), Secret::draw().reveal());
    }
}
