//! The authenticated caller. A handler that takes one cannot be reached without a token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use engine::command::Actor;
use engine::facts::RoleFact;
use engine::id::UserId;
use engine::rejection::Rejection;
use identity::Principal;

use crate::audit::Who;
use crate::backend::Backend;
use crate::problem::{Code, Problem};

/// The header that names the one for whom the caller acts.
pub(crate) const ON_BEHALF_OF: &str = "on-behalf-of";

/// Who asks, with the roles of this moment.
#[derive(Clone, Debug)]
pub struct Caller {
    principal: Principal,
    absent: Option<Absent>,
}

/// For whom the caller stands, as far as the directory says so now. Deciding looks again.
#[derive(Clone, Debug)]
pub(crate) struct Absent {
    pub id: UserId,
    pub roles: Vec<RoleFact>,
    /// The processes that the period names; none: all.
    pub processes: Option<Vec<Arc<str>>>,
}

impl std::ops::Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl Caller {
    /// As whom the caller does something to an instance: for another, where the request says so.
    pub(crate) fn acting(&self) -> Actor {
        match (self.principal.actor(), &self.absent) {
            (Actor::Person { id, .. }, Some(absent)) => Actor::Person { id, on_behalf_of: Some(absent.id.clone()) },
            (actor, _) => actor,
        }
    }

    /// For whom the caller stands.
    pub(crate) fn absent(&self) -> Option<&Absent> {
        self.absent.as_ref()
    }

    /// For whom the caller stands in a process.
    pub(crate) fn absent_in(&self, process: &str) -> Option<&Absent> {
        let named = |absent: &&Absent| {
            absent.processes.as_ref().is_none_or(|names| names.iter().any(|name| name.as_ref() == process))
        };
        self.absent.as_ref().filter(named)
    }

    /// The same caller as they are now; none when their token or account has ended. For what lasts longer than a request.
    pub(crate) fn again(&self, backend: &Backend) -> Option<Caller> {
        let principal = backend.identity().look_again(&self.principal, backend.now())?;
        let absent = match &self.absent {
            Some(absent) => Some(stands_for(backend, &principal, &absent.id).ok()?),
            None => None,
        };
        Some(Caller { principal, absent })
    }

    /// Refuses whoever holds none of these roles of the platform.
    pub fn require(&self, roles: &[&str]) -> Result<(), Problem> {
        if roles.iter().any(|role| self.holds_everywhere(role)) {
            return Ok(());
        }
        let list = roles.join(", ");
        Err(Problem::new(
            Code::Forbidden,
            format!("this needs one of the roles: {list}"),
            format!("需要以下角色之一：{list}"),
        ))
    }
}

impl FromRequestParts<Backend> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, backend: &Backend) -> Result<Self, Problem> {
        // Only code of this process can put one there: the command line on the database itself.
        if let Some(principal) = parts.extensions.get::<Principal>() {
            let principal = principal.clone();
            let absent = absent(parts, backend, &principal)?;
            return Ok(Caller { principal, absent });
        }
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| Problem::plain(Code::Unauthenticated))?;
        let principal = backend.identity().authenticate(token, backend.now()).map_err(Problem::from)?;
        if let Some(who) = parts.extensions.get::<Who>() {
            who.is(principal.actor());
        }
        tracing::Span::current().record("account.id", tracing::field::display(&principal.id));
        let absent = absent(parts, backend, &principal)?;
        Ok(Caller { principal, absent })
    }
}

fn absent(parts: &Parts, backend: &Backend, principal: &Principal) -> Result<Option<Absent>, Problem> {
    let Some(value) = parts.headers.get(ON_BEHALF_OF) else { return Ok(None) };
    let id = value.to_str().map_err(|_| Problem::plain(Code::NotSubstitute))?.trim();
    stands_for(backend, principal, id).map(Some)
}

/// Refuses whoever is not named as a substitute for this moment.
fn stands_for(backend: &Backend, principal: &Principal, of: &str) -> Result<Absent, Problem> {
    let (snapshot, now) = (backend.identity().directory().snapshot(), backend.now());
    let periods = snapshot.substitutes_of(of).map(|(_, period)| period);
    let live: Vec<_> = periods.filter(|one| one.by == principal.id && one.from <= now && now < one.until).collect();
    if live.is_empty() {
        let rejection = Rejection::NotSubstitute { who: principal.id.clone(), of: of.into() };
        return Err(rejection.into());
    }
    let all = live.iter().any(|period| period.processes.is_empty());
    let processes = (!all).then(|| live.iter().flat_map(|period| period.processes.iter().cloned()).collect());
    Ok(Absent { id: of.into(), roles: snapshot.roles(of).to_vec(), processes })
}
