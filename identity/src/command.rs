//! Every change of an account, inside the transaction of the identity stream's transition.
//!
//! Each gives what is recorded as its result, and never a secret: what goes in here is hashed already.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::facts::{RoleFact, Substitution};
use engine::id::{Digest, UserId};
use engine::time::Timestamp;
use engine::value::Value;
use store::Tx;

use crate::account::{Account, Kind};
use crate::error::IdentityError;
use crate::repo;
use crate::repo::account::Stored;
use crate::repo::grant::Grant;
use crate::repo::substitution::Stored as Substitute;
use crate::repo::token::Token;
use crate::role::{ADMINISTRATOR, grant_value};

/// How many managers there may be above somebody: a longer chain is a loop or a mistake.
const MANAGERS_MAX: usize = 32;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub id: UserId,
    pub kind: Kind,
    pub printed_name: Arc<str>,
    pub manager: Option<UserId>,
}

/// A token to be kept: what is left of a secret once it was shown.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub id: String,
    pub account: UserId,
    pub digest: Digest,
    pub label: String,
    pub last4: String,
    pub expires_at: Option<Timestamp>,
}

/// A period in which somebody acts in another's place, to be kept.
#[derive(Clone, Debug)]
pub struct NewSubstitute {
    pub id: String,
    pub account: UserId,
    pub period: Substitution,
}

/// Makes an account. Its name is never given again, not even after it was deactivated.
pub async fn create_account(tx: &mut Tx, now: Timestamp, new: &NewAccount) -> Result<Value, IdentityError> {
    alone(tx).await?;
    if let Some(manager) = &new.manager {
        active(tx, manager).await?;
    }
    let account = Account {
        id: new.id.clone(),
        kind: new.kind,
        printed_name: new.printed_name.clone(),
        active: true,
        manager: new.manager.clone(),
        has_password: false,
        created_at: now,
        deactivated_at: None,
        revision: 1,
    };
    if !repo::account::insert(tx, &account).await? {
        return Err(IdentityError::AccountExists(new.id.clone()));
    }
    written(tx, &new.id).await
}

/// Sets the password's hash.
pub async fn set_password(tx: &mut Tx, now: Timestamp, account: &UserId, hash: &str) -> Result<Value, IdentityError> {
    alone(tx).await?;
    let mut stored = active(tx, account).await?;
    if stored.account.kind != Kind::Person {
        return Err(IdentityError::NotAPerson);
    }
    stored.password_hash = Some(hash.to_owned());
    stored.password_set_at = Some(now);
    save(tx, &stored).await
}

/// Says who somebody's manager is; none: nobody.
pub async fn set_manager(tx: &mut Tx, account: &UserId, manager: Option<&UserId>) -> Result<Value, IdentityError> {
    alone(tx).await?;
    let mut stored = active(tx, account).await?;
    let mut above = manager.cloned();
    for height in 0.. {
        let Some(next) = above else { break };
        if next == *account || height == MANAGERS_MAX {
            return Err(IdentityError::ManagerLoop(account.clone()));
        }
        above = if height == 0 { active(tx, &next).await? } else { known(tx, &next).await? }.account.manager;
    }
    stored.account.manager = manager.cloned();
    save(tx, &stored).await
}

/// Gives a role; giving it twice changes nothing.
pub async fn grant_role(
    tx: &mut Tx,
    now: Timestamp,
    account: &UserId,
    role: &RoleFact,
) -> Result<Value, IdentityError> {
    alone(tx).await?;
    active(tx, account).await?;
    let grant = Grant { account: account.clone(), role: role.clone(), granted_at: now };
    repo::grant::insert(tx, &grant).await?;
    Ok(grant_value(account, role))
}

/// Takes a role away. The last administrator keeps theirs.
pub async fn remove_role(
    tx: &mut Tx,
    now: Timestamp,
    account: &UserId,
    role: &RoleFact,
) -> Result<Value, IdentityError> {
    alone(tx).await?;
    known(tx, account).await?;
    if role.role.as_ref() == ADMINISTRATOR && role.scope == BTreeMap::new() {
        another_administrator(tx, account).await?;
    }
    let grant = Grant { account: account.clone(), role: role.clone(), granted_at: now };
    if !repo::grant::delete(tx, &grant).await? {
        return Err(IdentityError::UnknownGrant { account: account.clone(), role: role.role.to_string() });
    }
    Ok(grant_value(account, role))
}

/// Keeps a token by its digest.
pub async fn issue_token(tx: &mut Tx, now: Timestamp, new: &NewToken) -> Result<Value, IdentityError> {
    alone(tx).await?;
    active(tx, &new.account).await?;
    let token = Token {
        id: new.id.clone(),
        account: new.account.clone(),
        digest: new.digest,
        label: new.label.clone(),
        last4: new.last4.clone(),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
    };
    repo::token::insert(tx, &token).await?;
    Ok(Value::record([("token", Value::text(token.id)), ("account", Value::text(token.account))]))
}

/// Ends a token.
pub async fn revoke_token(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Value, IdentityError> {
    alone(tx).await?;
    let token = repo::token::revoke(tx, id, now).await?.ok_or(IdentityError::UnknownToken)?;
    Ok(Value::record([("token", Value::text(token.id)), ("account", Value::text(token.account))]))
}

/// Names a substitute for a period. Two who stand for each other at the same time, directly or through others, are
/// refused: then nobody would be there.
pub async fn name_substitute(tx: &mut Tx, now: Timestamp, new: &NewSubstitute) -> Result<Value, IdentityError> {
    alone(tx).await?;
    active(tx, &new.account).await?;
    if active(tx, &new.period.by).await?.account.kind != Kind::Person {
        return Err(IdentityError::NotAPerson);
    }
    let Substitution { by, from, until, processes } = &new.period;
    let known = repo::substitution::going_on(tx).await?;
    let overlapping: Vec<_> = known.iter().filter(|one| one.from < *until && *from < one.until).collect();
    let mut reached = vec![by.clone()];
    let mut place = 0;
    while let Some(who) = reached.get(place).cloned() {
        if who == new.account {
            return Err(IdentityError::SubstituteLoop(new.account.clone()));
        }
        for next in overlapping.iter().filter(|one| one.account == who).map(|one| &one.by) {
            if !reached.contains(next) {
                reached.push(next.clone());
            }
        }
        place += 1;
    }
    let stored = Substitute {
        id: new.id.clone(),
        account: new.account.clone(),
        by: by.clone(),
        from: *from,
        until: *until,
        processes: processes.clone(),
        created_at: now,
        ended_at: None,
    };
    repo::substitution::insert(tx, &stored).await?;
    Ok(stored.record())
}

/// Ends a period before its time.
pub async fn end_substitution(tx: &mut Tx, now: Timestamp, account: &UserId, id: &str) -> Result<Value, IdentityError> {
    alone(tx).await?;
    let ended = repo::substitution::end(tx, account, id, now).await?;
    ended.map(|ended| ended.record()).ok_or(IdentityError::UnknownSubstitution)
}

/// Ends an account for good, with its tokens. Its name and its history stay.
pub async fn deactivate(tx: &mut Tx, now: Timestamp, account: &UserId) -> Result<Value, IdentityError> {
    alone(tx).await?;
    let mut stored = active(tx, account).await?;
    another_administrator(tx, account).await?;
    repo::token::revoke_all(tx, account, now).await?;
    stored.account.active = false;
    stored.account.deactivated_at = Some(now);
    stored.password_hash = None;
    stored.password_set_at = None;
    save(tx, &stored).await
}

/// Changes of accounts look first and write then, so they come one after another.
async fn alone(tx: &mut Tx) -> Result<(), IdentityError> {
    Ok(tx.lock(&mut ["identity".to_owned()]).await?)
}

async fn known(tx: &mut Tx, id: &UserId) -> Result<Stored, IdentityError> {
    repo::account::lookup(tx, id).await?.ok_or_else(|| IdentityError::UnknownAccount(id.clone()))
}

async fn active(tx: &mut Tx, id: &UserId) -> Result<Stored, IdentityError> {
    let stored = known(tx, id).await?;
    if stored.account.active { Ok(stored) } else { Err(IdentityError::InactiveAccount(id.clone())) }
}

/// Refuses what would leave nobody who can make accounts. An account that is no administrator may go.
async fn another_administrator(tx: &mut Tx, than: &UserId) -> Result<(), IdentityError> {
    let others = repo::account::count_other_holders(tx, ADMINISTRATOR, than).await?;
    if others == 0 && repo::account::holds_everywhere(tx, ADMINISTRATOR, than).await? {
        return Err(IdentityError::LastAdministrator(than.clone()));
    }
    Ok(())
}

async fn save(tx: &mut Tx, stored: &Stored) -> Result<Value, IdentityError> {
    let id = &stored.account.id;
    if !repo::account::update(tx, stored).await? {
        return Err(IdentityError::UnknownAccount(id.clone()));
    }
    written(tx, id).await
}

async fn written(tx: &mut Tx, id: &UserId) -> Result<Value, IdentityError> {
    let account = repo::account::wrote(tx, id).await?;
    Ok(account.ok_or_else(|| IdentityError::UnknownAccount(id.clone()))?.to_value())
}
