//! Refusals of the floors below as problems: the one place where a cause gets its status.

use engine::rejection::Rejection;
use identity::{ChangeError, IdentityError};
use runtime::SubmitError;
use store::{ErrorKind, StoreError};

use super::body::{FieldProblem, Problem};
use super::code::Code;

/// How long to wait when the database or the queues had no room.
const RETRY_SECONDS: u32 = 1;

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let code = match &rejection {
            Rejection::UnknownInstance => Code::UnknownInstance,
            Rejection::UnknownProcess(_) => Code::UnknownProcess,
            Rejection::Ended { .. } => Code::InstanceEnded,
            Rejection::Gone(_) => Code::Gone,
            Rejection::ClaimedBy { .. } => Code::ClaimedBy,
            Rejection::NotClaimed => Code::NotClaimed,
            Rejection::NotYourTurn => Code::NotYourTurn,
            Rejection::NotCandidate { .. } => Code::NotCandidate,
            Rejection::SeparationOfDuties { .. } => Code::SeparationOfDuties,
            Rejection::InactiveAccount(_) => Code::InactiveAccount,
            Rejection::MayNotStart => Code::MayNotStart,
            Rejection::Forbidden(_) => Code::Forbidden,
            Rejection::UnknownOutcome { .. } => Code::UnknownOutcome,
            Rejection::ChooseTarget { .. } => Code::ChooseTarget,
            Rejection::InvalidInput(_) => Code::InvalidInput,
            Rejection::InvalidAnswer(_) => Code::InvalidAnswer,
            Rejection::SignatureRequired => Code::SignatureRequired,
            Rejection::ContentChanged => Code::ContentChanged,
            Rejection::DuplicateKey { .. } => Code::DuplicateKey,
            Rejection::ReasonRequired => Code::ReasonRequired,
            Rejection::UnknownEvent { .. } => Code::UnknownEvent,
            Rejection::EventNotNow { .. } => Code::EventNotNow,
            Rejection::EventUnjudged { .. } => Code::EventUnjudged,
            Rejection::UnknownIncident => Code::UnknownIncident,
            Rejection::AmbiguousMessage { .. } => Code::AmbiguousMessage,
            Rejection::LimitReached(_) => Code::LimitReached,
            Rejection::Suspended { .. } => Code::Suspended,
            Rejection::Quarantined { .. } => Code::Quarantined,
            Rejection::NotSuspended => Code::NotSuspended,
            Rejection::NotLegal { .. } => Code::NotLegal,
            Rejection::CannotMigrate { .. } => Code::CannotMigrate,
            Rejection::NotSubstitute { .. } => Code::NotSubstitute,
            Rejection::RevisionChanged { .. } => Code::RevisionChanged,
            Rejection::Delegated { .. } => Code::Delegated,
            Rejection::NotDelegated => Code::NotDelegated,
            Rejection::NotReturnable { .. } => Code::NotReturnable,
            Rejection::SeatFixed(_) => Code::SeatFixed,
            Rejection::ActedAfter(_) => Code::ActedAfter,
            Rejection::NotConcerned => Code::NotConcerned,
        };
        let mut problem = Problem::new(code, rejection.to_string(), rejection.message_zh());
        match rejection {
            Rejection::InvalidAnswer(faults) => {
                let shape =
                    |fault: engine::rejection::FieldFault| FieldProblem { field: fault.field, message: fault.message };
                problem.fields = faults.into_iter().map(shape).collect();
            }
            Rejection::CannotMigrate { faults } => {
                let shape = |fault: engine::operate::migrate::Fault| FieldProblem {
                    field: fault.at.to_string(),
                    message: fault.en.to_string(),
                };
                problem.fields = faults.into_iter().map(shape).collect();
            }
            _ => {}
        }
        problem
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let (en, zh) = (error.to_string(), error.message_zh());
        let code = match error {
            IdentityError::InvalidName { .. }
            | IdentityError::InvalidPrintedName
            | IdentityError::InvalidRole
            | IdentityError::InvalidScope
            | IdentityError::InvalidPassword
            | IdentityError::InvalidLabel
            | IdentityError::ManagerLoop(_)
            | IdentityError::LastAdministrator(_)
            | IdentityError::InvalidPeriod
            | IdentityError::SubstituteLoop(_)
            | IdentityError::NotAPerson => Code::InvalidInput,
            IdentityError::AccountExists(_) => Code::AccountExists,
            IdentityError::UnknownAccount(_)
            | IdentityError::UnknownGrant { .. }
            | IdentityError::UnknownSubstitution
            | IdentityError::UnknownToken => Code::NotFound,
            IdentityError::InactiveAccount(_) => Code::InactiveAccount,
            IdentityError::Unauthenticated => Code::Unauthenticated,
            IdentityError::WrongPassword => Code::WrongPassword,
            IdentityError::TooManyAttempts { seconds } => {
                return Problem::new(Code::TooManyAttempts, en, zh).retry_after(seconds);
            }
            IdentityError::Hash(_) | IdentityError::Thread => {
                tracing::error!(error = %chain(&error), "cannot hash a password");
                return Problem::plain(Code::Internal);
            }
            IdentityError::Store(error) => return error.into(),
        };
        Problem::new(code, en, zh)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::NulCharacter { .. }) {
            // Refused before it reached the database: no text that anybody stores or looks for has it.
            return Problem::new(Code::InvalidInput, "a text has the character U+0000", "文本中含有字符 U+0000");
        }
        tracing::warn!(error = %chain(&error), "the store failed under a request");
        match error.kind() {
            ErrorKind::Retryable | ErrorKind::Unavailable => {
                Problem::plain(Code::StoreUnavailable).retry_after(RETRY_SECONDS)
            }
            ErrorKind::Full => Problem::plain(Code::DiskFull),
            ErrorKind::Corrupt { .. } | ErrorKind::Other => Problem::plain(Code::Internal),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::Refused { code, en, zh } => Problem::new(refused(&code), en, zh),
            SubmitError::Busy | SubmitError::Stopped => Problem::plain(Code::Busy).retry_after(RETRY_SECONDS),
            SubmitError::KeyReused => Problem::plain(Code::KeyReused),
            SubmitError::Store(error) => error.into(),
            SubmitError::Quarantined(why) => {
                tracing::error!(why, "a command met a quarantined instance");
                Problem::plain(Code::Quarantined)
            }
        }
    }
}

/// A service's own code: ours where we know it by the same word, else an input that does not fit.
fn refused(word: &str) -> Code {
    match word {
        "unknown_account" | "unknown_grant" | "unknown_substitution" | "unknown_token" => Code::NotFound,
        word => Code::lookup(word).unwrap_or(Code::InvalidInput),
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Identity(error) => error.into(),
            ChangeError::Submit(error) => error.into(),
        }
    }
}

/// An error with its causes, for the log; callers never see it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rejection: Rejection) {
        let word = rejection.code();
        assert_eq!(Problem::from(rejection).code.word(), word);
    }

    #[test]
    fn a_rejection_keeps_its_code() {
        check(Rejection::UnknownInstance);
        check(Rejection::Ended { outcome: "done".into() });
        check(Rejection::Gone("completed".into()));
        check(Rejection::ClaimedBy { holder: "a".into() });
        check(Rejection::NotCandidate { wanted: "qa".into() });
        check(Rejection::SeparationOfDuties { who: "a".into(), step: "b".into() });
        check(Rejection::InactiveAccount("a".into()));
        check(Rejection::MayNotStart);
        check(Rejection::Forbidden("qa".into()));
        check(Rejection::InvalidInput("x".into()));
        check(Rejection::SignatureRequired);
        check(Rejection::ContentChanged);
        check(Rejection::LimitReached("x".into()));
        check(Rejection::NotSubstitute { who: "a".into(), of: "b".into() });
        check(Rejection::RevisionChanged { seen: 1, now: 2 });
        check(Rejection::Delegated { to: "a".into() });
        check(Rejection::NotDelegated);
        check(Rejection::NotReturnable { to: "a".into(), allowed: Vec::new() });
        check(Rejection::SeatFixed("x".into()));
        check(Rejection::ActedAfter("x".into()));
        check(Rejection::NotConcerned);
    }
}
