//! Every limit of the surface, with its name, so that each refusal can say which one was reached.

use std::time::Duration;

/// The longest body of an ordinary request: commands carry forms and references, no files.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// The longest bundle of process files.
pub const BUNDLE_BYTES_MAX: usize = 8 << 20;
/// The most files in one bundle.
pub const BUNDLE_FILES_MAX: usize = 2_000;
/// The most bytes of header names and values in one request.
pub const HEADER_BYTES_MAX: usize = 16 << 10;
/// The longest `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// The most rows of one page.
pub const PAGE_ROWS_MAX: u32 = 200;
/// The rows of a page that names no number.
pub const PAGE_ROWS_USUAL: u32 = 50;
/// The longest page cursor that is read at all.
pub const CURSOR_CHARS_MAX: usize = 512;
/// The longest text of a search.
pub const SEARCH_CHARS_MAX: usize = 200;
/// Requests that run at the same time; the next are refused at once and may try again.
pub const REQUESTS_AT_ONCE_MAX: usize = 1_024;
/// How long a request may take before it is answered with 503. It may still take effect: retry it with the same key.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// Open streams of events on one node.
pub const STREAMS_MAX: usize = 2_000;
/// How often a quiet stream says that it lives.
pub const STREAM_HEARTBEAT: Duration = Duration::from_secs(15);
/// The longest reason, comment or other free text of a command.
pub const REASON_CHARS_MAX: usize = 2_000;
/// The most jobs leased at once.
pub const JOBS_LEASED_MAX: u32 = 50;
/// The most activities that one worker may name.
pub const ACTIVITIES_MAX: usize = 100;
/// The longest time to live of a published message, in seconds: ninety days.
pub const MESSAGE_TTL_SECONDS_MAX: i64 = 90 * 86_400;
/// The most tasks that one request acts on.
pub const BULK_TASKS_MAX: u32 = 500;
