//! People, programs, their roles and tokens.

pub mod create;
pub mod deactivate;
pub mod list;
pub mod me;
pub mod password;
pub mod roles;
mod shape;
pub mod substitutes;
pub mod tokens;

pub use shape::{AccountShape, RoleShape};

use crate::extract::Caller;
use crate::problem::Problem;

/// Accounts are an administrator's; one's own password and tokens are one's own.
fn administrator(caller: &Caller) -> Result<(), Problem> {
    caller.require(&[identity::role::ADMINISTRATOR])
}

fn self_or_administrator(caller: &Caller, account: &str) -> Result<(), Problem> {
    if caller.id.as_ref() == account { Ok(()) } else { administrator(caller) }
}
