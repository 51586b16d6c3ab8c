//! All accounts, roles and live tokens in memory: asked by every request and every decision, so it never waits.
//!
//! The whole is replaced at once after each change, so a reader sees one moment. What another node changed is
//! seen at the next [`Directory::refresh`].

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use engine::event::Candidates;
use engine::facts::{PersonFact, RoleFact, Substitution};
use engine::id::{Digest, UserId};
use engine::time::Timestamp;
use store::{Database, StoreError};

use crate::account::{Account, Kind};
use crate::repo;

/// The directory. Cloning shares it.
#[derive(Clone, Default)]
pub struct Directory {
    current: Arc<RwLock<Arc<Snapshot>>>,
}

/// One moment of it.
#[derive(Default)]
pub struct Snapshot {
    accounts: BTreeMap<UserId, Entry>,
    /// Who holds a role at all, by id: the scope is looked at then.
    by_role: BTreeMap<Arc<str>, Vec<UserId>>,
    tokens: BTreeMap<Digest, Token>,
    /// Who acts in whose place, by the one who is away.
    substitutes: BTreeMap<UserId, Vec<(Arc<str>, Substitution)>>,
}

struct Entry {
    account: Account,
    roles: Vec<RoleFact>,
}

/// A live token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: Arc<str>,
    pub account: UserId,
    pub label: Arc<str>,
    pub last4: Arc<str>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

impl Directory {
    /// Reads the directory of a database whose migrations have run.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let directory = Directory::default();
        directory.refresh(database).await?;
        Ok(directory)
    }

    /// Reads everything anew.
    pub async fn refresh(&self, database: &Database) -> Result<(), StoreError> {
        let mut reader = database.read().await?;
        let mut snapshot = Snapshot::default();
        for stored in repo::account::all(&mut reader).await? {
            snapshot.accounts.insert(stored.account.id.clone(), Entry { account: stored.account, roles: vec![] });
        }
        for grant in repo::grant::all(&mut reader).await? {
            let Some(entry) = snapshot.accounts.get_mut(&grant.account) else { continue };
            let holders = snapshot.by_role.entry(grant.role.role.clone()).or_default();
            if holders.last() != Some(&grant.account) {
                holders.push(grant.account.clone());
            }
            entry.roles.push(grant.role);
        }
        for token in repo::token::all(&mut reader).await? {
            if token.revoked_at.is_none() {
                snapshot.tokens.insert(
                    token.digest,
                    Token {
                        id: token.id.into(),
                        account: token.account,
                        label: token.label.into(),
                        last4: token.last4.into(),
                        created_at: token.created_at,
                        expires_at: token.expires_at,
                    },
                );
            }
        }
        for period in repo::substitution::all(&mut reader).await? {
            if period.ended_at.is_none() {
                let known = (
                    period.id.into(),
                    Substitution { by: period.by, from: period.from, until: period.until, processes: period.processes },
                );
                snapshot.substitutes.entry(period.account).or_default().push(known);
            }
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }

    /// The present moment, for several questions that must agree.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What deciding asks.
impl runtime::directory::Directory for Directory {
    fn person(&self, id: &UserId) -> Option<PersonFact> {
        self.snapshot().person(id)
    }

    fn holders(&self, candidates: &Candidates, at_most: usize) -> Vec<UserId> {
        self.snapshot().holders(candidates, at_most)
    }
}

impl Snapshot {
    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id).map(|entry| &entry.account)
    }

    /// All accounts with their roles, by id, after a name.
    pub fn accounts_after(&self, name: &str) -> impl Iterator<Item = (&Account, &[RoleFact])> {
        let after = (Bound::Excluded(name), Bound::Unbounded);
        self.accounts.range::<str, _>(after).map(|(_, entry)| (&entry.account, entry.roles.as_slice()))
    }

    #[must_use]
    pub fn roles(&self, id: &str) -> &[RoleFact] {
        self.accounts.get(id).map_or(&[], |entry| entry.roles.as_slice())
    }

    #[must_use]
    pub fn person(&self, id: &str) -> Option<PersonFact> {
        self.accounts.get(id).map(|Entry { account, roles }| PersonFact {
            active: account.active,
            printed_name: account.printed_name.clone(),
            manager: account.manager.clone(),
            roles: roles.clone(),
            substitutes: self.substitutes_of(id).map(|(_, period)| period.clone()).collect(),
        })
    }

    /// Who could take this: active people, by id.
    #[must_use]
    pub fn holders(&self, of: &Candidates, at_most: usize) -> Vec<UserId> {
        let one = |id: Option<&UserId>| id.filter(|id| self.works(id)).cloned().into_iter().collect();
        match of {
            Candidates::User { id } => one(Some(id)),
            Candidates::ManagerOf { id } => one(self.account(id).and_then(|account| account.manager.as_ref())),
            Candidates::Role { role, scope } => {
                let holders = self.by_role.get(role).map_or(&[][..], Vec::as_slice);
                let covering =
                    |id: &&UserId| self.works(id) && self.roles(id).iter().any(|grant| grant.covers(role, scope));
                holders.iter().filter(covering).take(at_most).cloned().collect()
            }
        }
    }

    /// Who acts in somebody's place, with the name of each period, past ones included that nobody ended.
    pub fn substitutes_of(&self, id: &str) -> impl Iterator<Item = &(Arc<str>, Substitution)> {
        self.substitutes.get(id).into_iter().flatten()
    }

    /// For whom somebody may act in this process at this moment.
    #[must_use]
    pub fn stands_for(&self, id: &str, process: &str, at: Timestamp) -> Vec<UserId> {
        let named = self
            .substitutes
            .iter()
            .filter(|(_, periods)| periods.iter().any(|(_, period)| period.covers(id, process, at)));
        named.map(|(absent, _)| absent.clone()).collect()
    }

    /// Those whose manager this is.
    #[must_use]
    pub fn reports_of(&self, manager: &str) -> Vec<UserId> {
        let reports = self.accounts.values().filter(|entry| entry.account.manager.as_deref() == Some(manager));
        reports.map(|entry| entry.account.id.clone()).collect()
    }

    /// The live token behind a digest.
    #[must_use]
    pub fn token(&self, digest: &Digest) -> Option<&Token> {
        self.tokens.get(digest)
    }

    /// The live tokens of an account, oldest first.
    #[must_use]
    pub fn tokens_of(&self, account: &str) -> Vec<&Token> {
        let mut tokens: Vec<&Token> = self.tokens.values().filter(|token| token.account.as_ref() == account).collect();
        tokens.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        tokens
    }

    /// Whether there is anybody at all: a fresh database has nobody, and the first account is made at its machine.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    fn works(&self, id: &str) -> bool {
        self.account(id).is_some_and(|account| account.active && account.kind == Kind::Person)
    }
}
