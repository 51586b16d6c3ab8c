//! Countersign's command as a library, so that tests and the command share its parts.
//!
//! | module | for |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`client`] | how a command reaches the product |
//! | [`config`] | options and the environment |
//! | [`wire`] | who gets what |
//! | [`examine`] | whether a database is in order |
//! | [`import`] | reading another system's export |
//! | [`bench`] | what the platform does in a second, with what the database itself takes beside it |

pub mod bench;
pub mod cli;
pub mod client;
pub mod config;
pub mod examine;
pub mod import;
pub mod wire;
