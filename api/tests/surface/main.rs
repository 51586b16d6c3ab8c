//! The surface as a black box: a request goes in, an answer comes out.

mod doors;
mod reading;
mod setup;
mod support;
mod work;
mod worker;
