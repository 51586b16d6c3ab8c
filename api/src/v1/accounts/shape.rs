//! Accounts as callers see them.

use std::collections::BTreeMap;

use engine::facts::RoleFact;
use identity::Account;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountShape {
    #[schema(example = "w.fang")]
    pub account: String,
    /// `person` or `service`.
    pub kind: String,
    /// The name beside a signature.
    pub printed_name: String,
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    pub roles: Vec<RoleShape>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A role that is held, within a scope; without one, everywhere.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(deny_unknown_fields)]
pub struct RoleShape {
    pub role: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scope: BTreeMap<String, String>,
}

impl AccountShape {
    #[must_use]
    pub fn of(account: &Account, roles: &[RoleFact]) -> Self {
        AccountShape {
            account: account.id.to_string(),
            kind: account.kind.word().into(),
            printed_name: account.printed_name.to_string(),
            active: account.active,
            manager: account.manager.as_ref().map(ToString::to_string),
            roles: roles.iter().map(RoleShape::of).collect(),
            created_at: account.created_at.to_string(),
        }
    }
}

impl RoleShape {
    #[must_use]
    pub fn of(role: &RoleFact) -> Self {
        let scope = role.scope.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        RoleShape { role: role.role.to_string(), scope }
    }
}
