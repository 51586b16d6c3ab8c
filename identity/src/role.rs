//! Roles and their scopes, and the few roles that the platform itself knows.
//!
//! Every other role is a word of a process. A grant without a scope is good everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::facts::RoleFact;
use engine::value::Value;

use crate::error::IdentityError;

/// Gives roles, makes accounts and tokens, and stands in for every process's owner.
pub const ADMINISTRATOR: &str = "admin";
/// Deploys and releases processes of any owner.
pub const PUBLISHER: &str = "publisher";
/// Reads every instance and the log, changes nothing.
pub const AUDITOR: &str = "auditor";
/// Leases remote jobs.
pub const WORKER: &str = "worker";
/// Publishes messages.
pub const MESSENGER: &str = "messenger";

/// How long a role's name and the parts of a scope may be.
pub const ROLE_CHARS_MAX: usize = 64;
/// How many dimensions a scope may restrict.
pub const SCOPE_ENTRIES_MAX: usize = 8;

/// Reads a role's name: words of letters and digits with underscores, dots or hyphens between.
pub fn parse_role(text: &str) -> Result<Arc<str>, IdentityError> {
    let fits = !text.is_empty()
        && text.chars().count() <= ROLE_CHARS_MAX
        && text.chars().all(|letter| letter.is_alphanumeric() || "_.-".contains(letter));
    if fits { Ok(text.into()) } else { Err(IdentityError::InvalidRole) }
}

/// Checks a scope's size and texts.
pub fn check_scope(scope: &BTreeMap<Arc<str>, Arc<str>>) -> Result<(), IdentityError> {
    let fits =
        |text: &str| !text.is_empty() && text.chars().count() <= ROLE_CHARS_MAX && !text.chars().any(char::is_control);
    if scope.len() <= SCOPE_ENTRIES_MAX && scope.iter().all(|(name, value)| fits(name) && fits(value)) {
        Ok(())
    } else {
        Err(IdentityError::InvalidScope)
    }
}

/// Its stored text: JSON with sorted keys and no spaces, so that equal scopes are equal texts.
#[must_use]
pub fn scope_text(scope: &BTreeMap<Arc<str>, Arc<str>>) -> String {
    let entries: serde_json::Map<String, serde_json::Value> =
        scope.iter().map(|(name, value)| (name.to_string(), value.as_ref().into())).collect();
    serde_json::Value::Object(entries).to_string()
}

pub(crate) fn scope_of(text: &str) -> Option<BTreeMap<Arc<str>, Arc<str>>> {
    serde_json::from_str(text).ok()
}

pub(crate) fn grant_value(account: &str, grant: &RoleFact) -> Value {
    let scope = grant.scope.iter().map(|(name, value)| (name.clone(), Value::Text(value.clone())));
    Value::record([
        ("account", Value::text(account)),
        ("role", Value::Text(grant.role.clone())),
        ("scope", Value::record(scope)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scopes_are_equal_texts() {
        let scope: BTreeMap<Arc<str>, Arc<str>> = [("site".into(), "SZ".into()), ("line".into(), "3".into())].into();
        assert_eq!(scope_text(&scope), r#"{"line":"3","site":"SZ"}"#);
        assert_eq!(scope_of(&scope_text(&scope)), Some(scope));
        assert_eq!(scope_text(&BTreeMap::new()), "{}");
    }

    #[test]
    fn roles_may_be_chinese_and_have_no_spaces() {
        assert!(parse_role("质量.经理").is_ok());
        assert!(parse_role("qa manager").is_err());
        assert!(parse_role("").is_err());
    }
}
