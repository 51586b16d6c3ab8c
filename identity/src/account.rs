//! Accounts: their names, which are for ever, and what is known of them.

use std::sync::Arc;

use engine::id::UserId;
use engine::time::Timestamp;
use engine::value::Value;

use crate::error::IdentityError;

/// How many characters a name may have, at least and at most.
pub const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=64;
/// How long the name printed beside a signature may be.
pub const PRINTED_NAME_CHARS_MAX: usize = 120;

/// Whether a human being stands behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Person,
    /// A program: it may start, publish and work on jobs, and takes no task that is for people.
    Service,
}

impl Kind {
    /// The word stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Service => "service",
        }
    }

    #[must_use]
    pub fn lookup(word: &str) -> Option<Self> {
        [Kind::Person, Kind::Service].into_iter().find(|kind| kind.word() == word)
    }
}

/// One account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub kind: Kind,
    /// The name beside a signature.
    pub printed_name: Arc<str>,
    pub active: bool,
    pub manager: Option<UserId>,
    pub has_password: bool,
    pub created_at: Timestamp,
    pub deactivated_at: Option<Timestamp>,
    /// Grows with each change.
    pub revision: i64,
}

impl Account {
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::record([
            ("account", Value::text(self.id.clone())),
            ("kind", Value::text(self.kind.word())),
            ("printed_name", Value::text(self.printed_name.clone())),
            ("active", Value::Bool(self.active)),
            ("manager", self.manager.clone().map_or(Value::Null, Value::Text)),
        ])
    }
}

/// Reads a name: a small letter, then small letters, digits, dots, underscores and hyphens.
pub fn parse_name(text: &str) -> Result<UserId, IdentityError> {
    let first = text.chars().next().is_some_and(|letter| letter.is_ascii_lowercase());
    let rest =
        text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter));
    if first && rest && NAME_CHARS.contains(&text.len()) {
        Ok(text.into())
    } else {
        Err(IdentityError::InvalidName { name: text.chars().take(*NAME_CHARS.end()).collect() })
    }
}

/// Reads a printed name: not empty, one line, not too long.
pub fn parse_printed_name(text: &str) -> Result<Arc<str>, IdentityError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > PRINTED_NAME_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(IdentityError::InvalidPrintedName);
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_bounded() {
        for good in ["li", "w.fang", "line-3", "a_1", &"a".repeat(64)] {
            assert!(parse_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "W.fang", "1st", ".a", "王芳", "a b", "a\0", &"a".repeat(65)] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_printed_name_is_one_line() {
        assert_eq!(parse_printed_name(" 王芳 ").ok().as_deref(), Some("王芳"));
        assert!(parse_printed_name("a\nb").is_err());
        assert!(parse_printed_name("  ").is_err());
    }
}
