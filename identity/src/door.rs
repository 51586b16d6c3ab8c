//! Changes of accounts through the runtime's door: each is a command of the identity stream, with its actor.
//!
//! Secrets are hashed before they come here: neither a password nor a token is in a command, a transition or a log.

use std::sync::Arc;

use engine::command::Actor;
use engine::facts::{RoleFact, Substitution};
use engine::id::{ServiceStream, UserId};
use engine::time::Timestamp;
use engine::value::Value;
use runtime::{Handle, Receipt, ServiceError, ServiceWrite, SubmitError};
use store::Tx;

use crate::account::{parse_name, parse_printed_name};
use crate::authenticate::Identity;
use crate::command::{self, NewAccount, NewSubstitute, NewToken};
use crate::error::IdentityError;
use crate::password::SALT_BYTES;
use crate::role::{ROLE_CHARS_MAX, check_scope, grant_value, parse_role};
use crate::token::{Secret, check_label};

/// A change has no effect.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the change was not written")]
    Submit(#[from] SubmitError),
}

macro_rules! write {
    ($($captured:ident),*; |$tx:ident, $now:ident| $command:expr) => {{
        let write: ServiceWrite = Arc::new(move |$tx: &mut Tx, $now: Timestamp| {
            $(let $captured = $captured.clone();)*
            Box::pin(async move { $command.await.map_err(refused) })
        });
        write
    }};
}

/// Who may be known: the changes of accounts. Cloning shares it.
#[derive(Clone)]
pub struct Accounts {
    identity: Identity,
    handle: Handle,
}

impl Accounts {
    #[must_use]
    pub fn new(identity: Identity, handle: Handle) -> Self {
        Accounts { identity, handle }
    }

    /// Makes an account.
    pub async fn create_account(&self, actor: Actor, new: NewAccount) -> Result<Receipt, ChangeError> {
        let id = parse_name(&new.id)?;
        let printed_name = parse_printed_name(&new.printed_name)?;
        let new = NewAccount { id, printed_name, ..new };
        let input = Value::record([
            ("account", Value::text(new.id.clone())),
            ("kind", Value::text(new.kind.word())),
            ("printed_name", Value::text(new.printed_name.clone())),
            ("manager", new.manager.clone().map_or(Value::Null, Value::Text)),
        ]);
        let write = write!(new; |tx, now| command::create_account(tx, now, &new));
        self.change(actor, "create_account", input, write).await
    }

    /// Sets somebody's password.
    pub async fn set_password(&self, actor: Actor, account: UserId, password: &str) -> Result<Receipt, ChangeError> {
        let mut salt = [0u8; SALT_BYTES];
        rand::fill(&mut salt);
        let hash = self.identity.passwords.hash(password, salt).await?;
        let input = about(&account);
        let write = write!(account, hash; |tx, now| command::set_password(tx, now, &account, &hash));
        self.change(actor, "set_password", input, write).await
    }

    /// Says who somebody's manager is.
    pub async fn set_manager(
        &self,
        actor: Actor,
        account: UserId,
        manager: Option<UserId>,
    ) -> Result<Receipt, ChangeError> {
        let input = Value::record([
            ("account", Value::text(account.clone())),
            ("manager", manager.clone().map_or(Value::Null, Value::Text)),
        ]);
        let write = write!(account, manager; |tx, _now| command::set_manager(tx, &account, manager.as_ref()));
        self.change(actor, "set_manager", input, write).await
    }

    /// Gives a role.
    pub async fn grant_role(&self, actor: Actor, account: UserId, role: RoleFact) -> Result<Receipt, ChangeError> {
        check(&role)?;
        let input = grant_value(&account, &role);
        let write = write!(account, role; |tx, now| command::grant_role(tx, now, &account, &role));
        self.change(actor, "grant_role", input, write).await
    }

    /// Takes a role away.
    pub async fn remove_role(&self, actor: Actor, account: UserId, role: RoleFact) -> Result<Receipt, ChangeError> {
        check(&role)?;
        let input = grant_value(&account, &role);
        let write = write!(account, role; |tx, now| command::remove_role(tx, now, &account, &role));
        self.change(actor, "remove_role", input, write).await
    }

    /// Makes a token. The secret is given back once and kept nowhere.
    pub async fn issue_token(
        &self,
        actor: Actor,
        account: UserId,
        label: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(Secret, Receipt), ChangeError> {
        check_label(label)?;
        let secret = Secret::draw();
        let new = NewToken {
            id: secret.id(),
            account: account.clone(),
            digest: secret.digest(),
            label: label.to_owned(),
            last4: secret.last4().to_owned(),
            expires_at,
        };
        let input = Value::record([
            ("account", Value::text(account)),
            ("token", Value::text(new.id.as_str())),
            ("label", Value::text(label)),
            ("expires_at", expires_at.map_or(Value::Null, |end| Value::text(end.to_string()))),
        ]);
        let write = write!(new; |tx, now| command::issue_token(tx, now, &new));
        let receipt = self.change(actor, "issue_token", input, write).await?;
        Ok((secret, receipt))
    }

    /// Ends a token.
    pub async fn revoke_token(&self, actor: Actor, id: String) -> Result<Receipt, ChangeError> {
        let input = Value::record([("token", Value::text(id.as_str()))]);
        let write = write!(id; |tx, now| command::revoke_token(tx, now, &id));
        self.change(actor, "revoke_token", input, write).await
    }

    /// Names a substitute for a period.
    pub async fn name_substitute(
        &self,
        actor: Actor,
        account: UserId,
        period: Substitution,
    ) -> Result<(String, Receipt), ChangeError> {
        check_period(&account, &period)?;
        let new = NewSubstitute { id: Secret::draw().id(), account, period };
        let names = new.period.processes.iter().map(|name| Value::text(name.clone())).collect();
        let input = Value::record([
            ("substitution", Value::text(new.id.as_str())),
            ("account", Value::text(new.account.clone())),
            ("substitute", Value::text(new.period.by.clone())),
            ("from", Value::text(new.period.from.to_string())),
            ("until", Value::text(new.period.until.to_string())),
            ("processes", Value::list(names)),
        ]);
        let id = new.id.clone();
        let write = write!(new; |tx, now| command::name_substitute(tx, now, &new));
        let receipt = self.change(actor, "name_substitute", input, write).await?;
        Ok((id, receipt))
    }

    /// Ends a period of substitution before its time.
    pub async fn end_substitution(&self, actor: Actor, account: UserId, id: String) -> Result<Receipt, ChangeError> {
        let input =
            Value::record([("substitution", Value::text(id.as_str())), ("account", Value::text(account.clone()))]);
        let write = write!(account, id; |tx, now| command::end_substitution(tx, now, &account, &id));
        self.change(actor, "end_substitution", input, write).await
    }

    /// Ends an account for good.
    pub async fn deactivate(&self, actor: Actor, account: UserId) -> Result<Receipt, ChangeError> {
        let input = about(&account);
        let write = write!(account; |tx, now| command::deactivate(tx, now, &account));
        self.change(actor, "deactivate_account", input, write).await
    }

    /// Writes, and then sees it: who asks next is answered by the new directory.
    async fn change(
        &self,
        actor: Actor,
        name: &'static str,
        input: Value,
        write: ServiceWrite,
    ) -> Result<Receipt, ChangeError> {
        let receipt = self.handle.write(ServiceStream::Identity, actor, name, input, write, None).await?;
        self.identity.directory.refresh(&self.identity.database).await.map_err(IdentityError::from)?;
        Ok(receipt)
    }
}

fn about(account: &UserId) -> Value {
    Value::record([("account", Value::text(account.clone()))])
}

fn check(role: &RoleFact) -> Result<(), IdentityError> {
    parse_role(&role.role)?;
    check_scope(&role.scope)
}

/// How many processes a period may name.
pub const SUBSTITUTION_PROCESSES_MAX: usize = 100;

fn check_period(account: &UserId, period: &Substitution) -> Result<(), IdentityError> {
    let named = |name: &Arc<str>| !name.is_empty() && name.chars().count() <= ROLE_CHARS_MAX;
    let fits = period.from < period.until
        && period.by != *account
        && period.processes.len() <= SUBSTITUTION_PROCESSES_MAX
        && period.processes.iter().all(named);
    if fits { Ok(()) } else { Err(IdentityError::InvalidPeriod) }
}

fn refused(error: IdentityError) -> ServiceError {
    match error {
        IdentityError::Store(error) => ServiceError::Store(error),
        error => ServiceError::Refused { code: error.code().into(), en: error.to_string(), zh: error.message_zh() },
    }
}
