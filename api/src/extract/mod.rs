//! What handlers are given: parts of a request, read, bounded and checked, or a [`crate::problem::Problem`].

mod body;
mod caller;
mod idempotency;
mod if_match;
mod language;
mod page;
mod path;
mod query;

pub use body::{Body, BundleBody, to_value};
pub use caller::Caller;
pub use idempotency::IdempotencyKey;
pub use if_match::{IfMatch, etag};
pub use language::Language;
pub use page::{Page, Paging};
pub use path::{IncidentRef, JobRef, NoticeRef, Path, TaskRef};
pub use query::Query;
