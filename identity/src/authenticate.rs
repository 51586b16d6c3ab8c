//! From a token to a [`Principal`], and from a password to what a signature needs.

use std::sync::Arc;

use engine::command::{Actor, SigningMethod};
use engine::facts::RoleFact;
use engine::id::{Digest, UserId};
use engine::time::Timestamp;
use store::Database;

use crate::account::Kind;
use crate::attempts::Attempts;
use crate::directory::Directory;
use crate::error::IdentityError;
use crate::password::Passwords;
use crate::repo;
use crate::token;

/// An authenticated caller, with the roles of this moment.
#[derive(Clone, Debug)]
pub struct Principal {
    pub id: UserId,
    pub kind: Kind,
    pub printed_name: Arc<str>,
    pub roles: Vec<RoleFact>,
    /// The name of the token that came with the request.
    pub token: Arc<str>,
    digest: Digest,
}

impl Principal {
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.kind {
            Kind::Person => Actor::Person { id: self.id.clone(), on_behalf_of: None },
            Kind::Service => Actor::Service { id: self.id.clone() },
        }
    }

    /// Whether a role is held, whatever its scope.
    #[must_use]
    pub fn holds(&self, role: &str) -> bool {
        self.roles.iter().any(|grant| grant.role.as_ref() == role)
    }

    /// Whether a role is held without any restriction; what the platform's own roles need.
    #[must_use]
    pub fn holds_everywhere(&self, role: &str) -> bool {
        self.roles.iter().any(|grant| grant.role.as_ref() == role && grant.scope.is_empty())
    }
}

/// What identity says for a signature: the rest of the assertion is what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reauthenticated {
    pub signer: UserId,
    pub printed_name: Arc<str>,
    pub method: SigningMethod,
    pub authenticated_at: Timestamp,
}

/// Everything about who somebody is. Cloning shares it.
#[derive(Clone)]
pub struct Identity {
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) passwords: Passwords,
    attempts: Arc<Attempts>,
}

impl Identity {
    /// Over the directory that the runtime decides with, so that both know the same people.
    #[must_use]
    pub fn new(database: Database, directory: Directory) -> Self {
        Identity { database, directory, passwords: Passwords::default(), attempts: Arc::new(Attempts::default()) }
    }

    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Who a token stands for, at this moment.
    pub fn authenticate(&self, secret: &str, now: Timestamp) -> Result<Principal, IdentityError> {
        let digest = token::digest_of(secret).ok_or(IdentityError::Unauthenticated)?;
        self.principal(digest, now).ok_or(IdentityError::Unauthenticated)
    }

    /// A caller of this very process, who proved nothing by a token: whoever runs the command on the database
    /// itself. None when the account is not there or has ended.
    #[must_use]
    pub fn in_process(&self, id: &str) -> Option<Principal> {
        let snapshot = self.directory.snapshot();
        let account = snapshot.account(id).filter(|account| account.active)?;
        Some(Principal {
            id: account.id.clone(),
            kind: account.kind,
            printed_name: account.printed_name.clone(),
            roles: snapshot.roles(&account.id).to_vec(),
            token: Arc::from("in process"),
            digest: Digest::ZERO,
        })
    }

    /// The same principal with the roles of this moment; none when the token or the account has ended since.
    #[must_use]
    pub fn look_again(&self, principal: &Principal, now: Timestamp) -> Option<Principal> {
        self.principal(principal.digest, now)
    }

    fn principal(&self, digest: Digest, now: Timestamp) -> Option<Principal> {
        let snapshot = self.directory.snapshot();
        let token = snapshot.token(&digest)?;
        let account = snapshot.account(&token.account).filter(|account| account.active)?;
        if token.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        Some(Principal {
            id: account.id.clone(),
            kind: account.kind,
            printed_name: account.printed_name.clone(),
            roles: snapshot.roles(&account.id).to_vec(),
            token: token.id.clone(),
            digest,
        })
    }

    /// Whether this is the person, by their password, now. Takes as long for an account that does not exist.
    pub async fn reauthenticate(
        &self,
        user: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Reauthenticated, IdentityError> {
        self.attempts.begin(user, now)?;
        let stored = repo::account::password_hash(&mut self.database.read().await?, user).await?;
        if !self.passwords.verify(password, stored.as_deref()).await? {
            return Err(IdentityError::WrongPassword);
        }
        self.attempts.succeeded(user);
        let snapshot = self.directory.snapshot();
        let account = snapshot.account(user).filter(|account| account.active).ok_or(IdentityError::WrongPassword)?;
        Ok(Reauthenticated {
            signer: account.id.clone(),
            printed_name: account.printed_name.clone(),
            method: SigningMethod::Password,
            authenticated_at: now,
        })
    }
}
