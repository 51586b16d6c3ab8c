//! Which refusals an endpoint may give. The families are what handlers return and what the OpenAPI document
//! lists, so that the document cannot promise less than what is sent.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use utoipa::openapi::{Content, RefOr, Response as ResponseDoc, ResponseBuilder, schema::Ref};

use super::body::Problem;
use super::code::Code;

/// Any endpoint may give these, through the layers around it.
const ANYWHERE: &[Code] = &[
    Code::InvalidRequest,
    Code::LimitReached,
    Code::HeadersTooLarge,
    Code::Internal,
    Code::Busy,
    Code::StoreUnavailable,
    Code::TimedOut,
];
const READING: &[Code] = &[
    Code::Unauthenticated,
    Code::Forbidden,
    Code::InvalidCursor,
    Code::NotFound,
    Code::UnknownInstance,
    Code::UnknownProcess,
    Code::NotSubstitute,
];
const ACTING: &[Code] = &[
    Code::Unauthenticated,
    Code::InvalidJson,
    Code::InvalidIdempotencyKey,
    Code::InvalidPrecondition,
    Code::Forbidden,
    Code::NotCandidate,
    Code::SeparationOfDuties,
    Code::MayNotStart,
    Code::InactiveAccount,
    Code::NotFound,
    Code::UnknownInstance,
    Code::UnknownProcess,
    Code::UnknownIncident,
    Code::ClaimedBy,
    Code::NotClaimed,
    Code::NotYourTurn,
    Code::Delegated,
    Code::NotDelegated,
    Code::SeatFixed,
    Code::ActedAfter,
    Code::NotConcerned,
    Code::NotReturnable,
    Code::InstanceEnded,
    Code::Suspended,
    Code::NotSuspended,
    Code::NotLegal,
    Code::CannotMigrate,
    Code::DuplicateKey,
    Code::AmbiguousMessage,
    Code::KeyReused,
    Code::StaleFence,
    Code::AccountExists,
    Code::Gone,
    Code::RevisionChanged,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidInput,
    Code::ReasonRequired,
    Code::Quarantined,
    Code::DiskFull,
];
const SIGNING: &[Code] = &[
    Code::WrongPassword,
    Code::ContentChanged,
    Code::InvalidAnswer,
    Code::UnknownOutcome,
    Code::UnknownEvent,
    Code::EventNotNow,
    Code::EventUnjudged,
    Code::ChooseTarget,
    Code::SignatureRequired,
    Code::TooManyAttempts,
    Code::ClockInDoubt,
];
const DEPLOYING: &[Code] = &[Code::BundleHasFaults];

macro_rules! family {
    ($(#[$doc:meta])* $name:ident = $($part:ident)|*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(pub Problem);

        impl $name {
            const PARTS: &'static [&'static [Code]] = &[ANYWHERE, $($part),*];
        }

        impl<E: Into<Problem>> From<E> for $name {
            fn from(cause: E) -> Self {
                $name(cause.into())
            }
        }

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                debug_assert!(
                    Self::PARTS.iter().any(|part| part.contains(&self.0.code)),
                    "`{}` is not among the documented refusals of {}", self.0.code.word(), stringify!($name)
                );
                self.0.into_response()
            }
        }

        impl utoipa::IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<ResponseDoc>> {
                document(Self::PARTS)
            }
        }
    };
}

family!(
    /// Of endpoints that need no token.
    Open =
);
family!(
    /// Of endpoints that only read.
    Reading = READING
);
family!(
    /// Of endpoints that change something.
    Acting = READING | ACTING
);
family!(
    /// Of endpoints that complete work and may take a signature.
    Signing = READING | ACTING | SIGNING
);
family!(
    /// Of endpoints that take process files.
    Deploying = READING | ACTING | DEPLOYING
);

fn document(parts: &[&[Code]]) -> BTreeMap<String, RefOr<ResponseDoc>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in parts.iter().flat_map(|part| part.iter()) {
        by_status.entry(code.status()).or_default().push(*code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| {
            let lines: Vec<String> =
                codes.iter().map(|code| format!("`{}`: {}.", code.word(), code.title().en)).collect();
            let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
            let response = ResponseBuilder::new()
                .description(lines.join(" "))
                .content("application/problem+json", content)
                .build();
            (status.to_string(), RefOr::T(response))
        })
        .collect()
}
