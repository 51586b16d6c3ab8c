//! The authenticated caller. A handler that takes one cannot be reached without a token.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use identity::Principal;

use crate::audit::Who;
use crate::backend::Backend;
use crate::problem::{Code, Problem};

/// Who asks, with the roles of this moment.
#[derive(Clone, Debug)]
pub struct Caller(Principal);

impl std::ops::Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl Caller {
    /// The same caller as they are now; none when their token or account has ended. For what lasts longer than a request.
    pub(crate) fn again(&self, backend: &Backend) -> Option<Caller> {
        backend.identity().look_again(&self.0, backend.now()).map(Caller)
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
            return Ok(Caller(principal.clone()));
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
        Ok(Caller(principal))
    }
}
