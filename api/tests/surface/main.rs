//! The surface as a black box: a request goes in, an answer comes out.

#![expect(clippy::unwrap_used, reason = "what a helper of a test cannot do fails the test")]

mod doors;
mod operations;
mod people;
mod raising;
mod reading;
mod setup;
mod support;
mod work;
mod worker;
